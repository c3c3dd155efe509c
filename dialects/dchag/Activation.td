//===- Activation.td - activations upstream has no op for ----------*- tablegen -*-===//
#ifndef DCHAG_ACTIVATION
#define DCHAG_ACTIVATION

include "dialects/dchag/DchagDialect.td"

def Dchag_GeluKind : I32EnumAttr<"GeluKind", "form of the Gaussian error linear unit", [
    I32EnumAttrCase<"Erf", 0, "erf">, I32EnumAttrCase<"Tanh", 1, "tanh">]> {
  let cppNamespace = "::mlir::dchag";
  let genSpecializedAttr = 0;
}
def Dchag_GeluKindAttr : EnumAttr<Dchag_Dialect, Dchag_GeluKind, "gelu_kind"> {
  let assemblyFormat = "`<` $value `>`";
}

def Dchag_GeluOp : Dchag_ModelOp<"gelu", [Dchag_Decomposable, SameOperandsAndResultType]> {
  let summary = "Gaussian error linear unit";
  let description = [{
    Element-wise (arXiv 1606.08415), exact (`erf`) or by the tanh approximation (`tanh`):

        y = x/2 (1 + erf(x / sqrt 2))         y = x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))

    All dimensions split freely.
    ```mlir
    %y = dchag.gelu %x : tensor<2x3xf32>
    %z = dchag.gelu %x {form = #dchag.gelu_kind<tanh>} : tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$input,
      DefaultValuedAttr<Dchag_GeluKindAttr, "::mlir::dchag::GeluKind::Erf">:$form);
  let results = (outs Dchag_FloatTensor:$result);
  let assemblyFormat = "$input attr-dict `:` type($result)";
  let extraClassDeclaration = [{
    /// The function of one number.
    static double compute(double x, GeluKind form);
  }];
}

#endif // DCHAG_ACTIVATION
