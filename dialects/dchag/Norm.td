//===- Norm.td - normalisation and softmax --------------------------*- tablegen -*-===//
#ifndef DCHAG_NORM
#define DCHAG_NORM

include "dialects/dchag/DchagDialect.td"

def Dchag_LayerNormOp : Dchag_ModelOp<"layer_norm",
    [Dchag_Decomposable, Dchag_OnTokens, AttrSizedOperandSegments]> {
  let summary = "Layer normalisation over the last dimensions";
  let description = [{
    With mean and (biased) variance over the last `dims` dimensions (arXiv 1607.06450):

        y = (x - mean(x)) / sqrt(variance(x) + epsilon) * scale + bias

    - (C1) `dims` is at least 1 and at most the rank of `input`; the result has the type of `input`.
    - (C2) `scale` and `bias` have the shape of the last `dims` dimensions of `input`.
    - (C3) One floating-point element type; the result may be of f32
      where that is narrower.  (C4) `epsilon` is not negative.

    All other dimensions split freely; the last `dims` never split.
    ```mlir
    %y = dchag.layer_norm %x scale(%s) bias(%b) {dims = 1, epsilon = 1.0e-5} : (tensor<2x3x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$input, Optional<Dchag_FloatTensor>:$scale,
      Optional<Dchag_FloatTensor>:$bias, ConfinedAttr<I64Attr, [IntPositive]>:$dims, F64Attr:$epsilon);
  let results = (outs Dchag_FloatTensor:$result);
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
  let assemblyFormat = [{
    $input (`scale` `(` $scale^ `)`)? (`bias` `(` $bias^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
}

def Dchag_RmsNormOp : Dchag_ModelOp<"rms_norm", [Dchag_Decomposable, Dchag_OnTokens]> {
  let summary = "Root-mean-square normalisation over the last dimensions";
  let description = [{
        y = x / sqrt(mean(x^2) + epsilon) * scale

    with the mean over the last `dims` dimensions (arXiv 1910.07467).
    - (C1), (C2), (C3), (C4) as for `dchag.layer_norm`, without a bias.

    All other dimensions split freely; the last `dims` never split.
    ```mlir
    %y = dchag.rms_norm %x scale(%s) {dims = 1, epsilon = 1.0e-5} : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$input, Optional<Dchag_FloatTensor>:$scale,
      ConfinedAttr<I64Attr, [IntPositive]>:$dims, F64Attr:$epsilon);
  let results = (outs Dchag_FloatTensor:$result);
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
  let assemblyFormat = [{
    $input (`scale` `(` $scale^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
}

def Dchag_SoftmaxOp : Dchag_ModelOp<"softmax", [Dchag_Decomposable, SameOperandsAndResultType]> {
  let summary = "Softmax over one dimension";
  let description = [{
        y = exp(x - max(x)) / sum exp(x - max(x))          over dimension `dim`

    The softmax of values that are all minus infinity is NaN, or 0 with `zero_when_empty`.

    - (C1) 0 <= `dim` < rank.

    All other dimensions split freely; `dim` never splits.
    ```mlir
    %y = dchag.softmax %x {dim = 2} : tensor<2x3x5xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$input, ConfinedAttr<I64Attr, [IntNonNegative]>:$dim,
      UnitAttr:$zero_when_empty);
  let results = (outs Dchag_FloatTensor:$result);
  let hasVerifier = 1;
  let assemblyFormat = "$input attr-dict `:` type($result)";
}

#endif // DCHAG_NORM
