//===- Tokenize.td - tokens of each channel of an image -----------*- tablegen -*-===//
#ifndef DCHAG_TOKENIZE
#define DCHAG_TOKENIZE

include "dialects/dchag/DchagDialect.td"

def Dchag_TokenizeOp : Dchag_ModelOp<"tokenize",
    [Dchag_Decomposable, Dchag_OnTokens, ExactOpInterface, AttrSizedOperandSegments]> {
  let summary = "Embeds the patches of every channel of an image into tokens";
  let description = [{
    Sizes: B batch, C channels, I inputs of a channel (several if variables are embedded together),
    S1..Sk the spatial size (k = 1, 2 or 3), p1..pk the patch size, N = prod Si/pi positions (row
    major), D token width. With x[b,c,n] the I * p1 * .. * pk pixels of a patch (arXiv 2301.10343;
    docs/math.md)

        t[b,c,n,:] = weight[c] x[b,c,n] + bias[c] + embedding[c]

    - (C1) `image` is B x C x I x S1 x .. x Sk, `weight` (C or 1) x D x I x p1 x .. x pk, the
      result B x C x N x D; a weight whose first dimension is 1 is shared by all channels.
    - (C2) Each pi divides Si.
    - (C3) `bias` is (C or 1) x D with the first dimension of `weight`, `embedding` C x D.
    - (C4) All operands and the result have one floating-point element type; the result may be of f32 if
      that is narrower.

    B, C and D split freely; splitting I leaves a partial sum, allowed if there is neither bias nor
    embedding (which must be added once). The first spatial dimension splits by rows of patches, the
    others stay whole.
    ```mlir
    %t = dchag.tokenize %x weight(%w) bias(%b) embedding(%e)
      : (tensor<1x3x1x4x6xf32>, tensor<3x8x1x2x2xf32>, tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<1x3x6x8xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$image /*C1*/, Dchag_FloatTensor:$weight /*C1, C2*/,
      Optional<Dchag_FloatTensor>:$bias /*C3*/, Optional<Dchag_FloatTensor>:$embedding /*C3*/);
  let results = (outs Dchag_FloatTensor:$result /*C1*/);
  let hasVerifier = 1;
  let assemblyFormat = [{
    $image `weight` `(` $weight `)` (`bias` `(` $bias^ `)`)? (`embedding` `(` $embedding^ `)`)?
    attr-dict `:` functional-type(operands, results)
  }];
}

def Dchag_ChannelPatchesOp : Dchag_ModelOp<"channel_patches",
    [Dchag_Decomposable, Dchag_OnTokens, ExactOpInterface]> {
  let summary = "The pixels of the patches of every channel of an image";
  let description = [{
    What `dchag.tokenize` multiplies by its weight; sizes as there, with P = I p1 .. pk pixels of a patch
    in the order of the weight.

    - (C1) `image` is B x C x I x S1 x .. x Sk with k from 1 to 3, the result B x C x N x P.
    - (C2) `patch` has k positive entries and pi divides Si.  (C3) One element type.

    B, C and the first spatial dimension, by rows of patches, split freely.
    ```mlir
    %x = dchag.channel_patches %image {patch = array<i64: 2, 2>} : (tensor<1x3x1x4x6xf32>) -> tensor<1x3x6x4xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$image /*C1*/, DenseI64ArrayAttr:$patch /*C2*/);
  let results = (outs Dchag_FloatTensor:$result /*C1*/);
  let hasVerifier = 1;
  let assemblyFormat = "$image attr-dict `:` functional-type(operands, results)";
}

#endif // DCHAG_TOKENIZE
