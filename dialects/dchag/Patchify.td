//===- Patchify.td - images to patches and back ---------------------*- tablegen -*-===//
#ifndef DCHAG_PATCHIFY
#define DCHAG_PATCHIFY

include "dialects/dchag/DchagDialect.td"

def Dchag_PatchLayout : I32EnumAttr<"PatchLayout", "order of the features of a patch", [
    I32EnumAttrCase<"ChannelsFirst", 0, "channels_first">,
    I32EnumAttrCase<"ChannelsLast", 1, "channels_last">]> {
  let cppNamespace = "::mlir::dchag";
  let genSpecializedAttr = 0;
}
def Dchag_PatchLayoutAttr : EnumAttr<Dchag_Dialect, Dchag_PatchLayout, "patch_layout"> {
  let assemblyFormat = "`<` $value `>`";
}

class Dchag_PatchOp<string mnemonic> : Dchag_ModelOp<mnemonic,
    [Dchag_Decomposable, Dchag_OnTokens, ExactOpInterface]> {
  let arguments = (ins Dchag_Tensor:$input, DenseI64ArrayAttr:$patch,
      DefaultValuedAttr<Dchag_PatchLayoutAttr, "::mlir::dchag::PatchLayout::ChannelsLast">:$layout);
  let results = (outs Dchag_Tensor:$result);
  let hasVerifier = 1;
  let hasFolder = 1;
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Dchag_PatchifyOp : Dchag_PatchOp<"patchify"> {
  let summary = "Splits an image into flattened patches";
  let description = [{
    Sizes: B batch, C channels, S1..Sk space, p1..pk = `patch`, N = prod Si/pi positions (row
    major), P = prod pi. The features of a patch are ordered (C, p1, .., pk) by
    `channels_first` and (p1, .., pk, C) by `channels_last`.
    - (C1) `input` is B x C x S1 x .. x Sk, the result B x N x (C P).
    - (C2) `patch` has k positive entries and pi divides Si.  (C3) One element type.

    B, C and the first spatial dimension (by rows of patches) split freely.
    ```mlir
    %y = dchag.patchify %x {patch = array<i64: 2, 2>} : (tensor<1x3x4x6xf32>) -> tensor<1x6x12xf32>
    ```
  }];
}

def Dchag_UnpatchifyOp : Dchag_PatchOp<"unpatchify"> {
  let summary = "Joins flattened patches to an image";
  let description = [{
    The inverse of `dchag.patchify`.
    - (C1) `input` is B x N x (C P), the result B x C x S1 x .. x Sk.
    - (C2) `patch` has k positive entries and pi divides Si.  (C3) One element type.

    B, C and the first spatial dimension (by rows of patches) split freely.
    ```mlir
    %x = dchag.unpatchify %y {patch = array<i64: 2, 2>} : (tensor<1x6x12xf32>) -> tensor<1x3x4x6xf32>
    ```
  }];
}

#endif // DCHAG_PATCHIFY
