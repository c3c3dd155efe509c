//===- FoldedLinear.td - linear aggregations without tokens -------*- tablegen -*-===//
#ifndef DCHAG_FOLDEDLINEAR
#define DCHAG_FOLDEDLINEAR

include "dialects/dchag/DchagDialect.td"

def Dchag_FoldedLinearOp : Dchag_ModelOp<"folded_linear",
    [Dchag_Decomposable, Dchag_OnTokens, ExactOpInterface]> {
  let summary = "Aggregates the channels of each position linearly from their pixels";
  let description = [{
    `dchag.aggregate_linear` of tokens that are affine in pixels, without the tokens: the weights of the channels are
    multiplied into the tokenizers (docs/math.md, section 2). Sizes as for `dchag.folded_aggregate`, D the width of the
    tokens; what does not depend on pixels is added by other ops.

        y[b,g,i,n] = sum_c weight[g,i,:,c,:] pixels[b,g,c,n]

    - (C1) `pixels` is B x G x K x N x P, `weight` G x Q x D x K x P, the result B x G x Q x N x D.
    - (C2) Element types as in C8 of `folded_aggregate`.

    B, G, Q, N and D split freely; splitting K or P leaves a partial sum.
    ```mlir
    %y = dchag.folded_linear %x weight(%w) : (tensor<1x2x3x6x4xf32>, tensor<2x1x8x3x4xf32>) -> tensor<1x2x1x6x8xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$pixels, Dchag_FloatTensor:$weight);
  let results = (outs Dchag_FloatTensor:$result);
  let hasVerifier = 1;
  let assemblyFormat = "$pixels `weight` `(` $weight `)` attr-dict `:` functional-type(operands, results)";
}

#endif // DCHAG_FOLDEDLINEAR
