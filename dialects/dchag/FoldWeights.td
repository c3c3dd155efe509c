//===- FoldWeights.td - weights of folded aggregations ------------*- tablegen -*-===//
#ifndef DCHAG_FOLDWEIGHTS
#define DCHAG_FOLDWEIGHTS

include "dialects/dchag/DchagDialect.td"

def Dchag_FoldQueryOp : Dchag_ModelOp<"fold_query", [Dchag_Decomposable],
    ["getShardingRule", "cloneLocal"]> {
  let summary = "Multiplies the query of an aggregation into the projection of its keys";
  let description = [{
    Sizes as for `dchag.aggregate`. The score of query i and head j for a token t is the product of t and row (i j), but for
    what is the same for all channels:

        result[g,(i j),:] = scale wk[g]_j^T query[g,i]_j

    Without `wk` keys are tokens: row (i j) is scale query[g,i]_j in the part of head j and 0 elsewhere.

    - (C1) `query` is G x Q x A, `wk` G x A x Dt, the result G x (Q h) x Dt; Dt = A without `wk`.
    - (C2) `heads` divides A.  (C3) One floating-point element type; the result as in C8 of `folded_aggregate`.

    G and Q split freely, heads and Dt if there is `wk`.
    ```mlir
    %r = dchag.fold_query %q keys(%wk) {heads = 2, scale = 0.5} : (tensor<2x1x6xf32>, tensor<2x6x8xf32>) -> tensor<2x2x8xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$query, Optional<Dchag_FloatTensor>:$wk,
      ConfinedAttr<I64Attr, [IntPositive]>:$heads, F64Attr:$scale);
  let results = (outs Dchag_FloatTensor:$result);
  let hasVerifier = 1;
  let assemblyFormat = "$query (`keys` `(` $wk^ `)`)? attr-dict `:` functional-type(operands, results)";
}

def Dchag_FoldProjectionOp : Dchag_ModelOp<"fold_projection", [Dchag_Decomposable, ExactOpInterface]> {
  let summary = "Multiplies a projection of tokens into the tokenizers";
  let description = [{
    Sizes as for `dchag.folded_aggregate`, R rows of a projection of tokens of width Dt. A row times a token
    E[g,c] x is this result times x:

        result[g,r,c,:] = E[g,c]^T rows[g,r]

    - (C1) `rows` is G x R x Dt, `tokenizer` (G or 1) x (K or 1) x Dt x P, the result G x R x (K or 1) x P.
    - (C2) One floating-point element type; the result as in C8 of `folded_aggregate`.

    G, K, R and P split freely, Dt as a sum.
    ```mlir
    %w = dchag.fold_projection %rows of %e : (tensor<2x4x8xf32>, tensor<2x3x8x6xf32>) -> tensor<2x4x3x6xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$rows, Dchag_FloatTensor:$tokenizer);
  let results = (outs Dchag_FloatTensor:$result);
  let hasVerifier = 1;
  let assemblyFormat = "$rows `of` $tokenizer attr-dict `:` functional-type(operands, results)";
}

def Dchag_FoldNormOp : Dchag_ModelOp<"fold_norm", [Dchag_Decomposable],
    ["getShardingRule", "cloneLocal"]> {
  let summary = "The variance of tokens or keys as a quadratic form in the pixels";
  let description = [{
    Sizes as for `dchag.folded_aggregate`; S parts of A numbers each that are normalised
    separately (heads, or one part). For numbers weight[g,c,s] x + offset[b,g,c,s] of each part, from which their mean over A
    is subtracted if `centered` (layer normalisation), the mean of their squares is

        x^T gram x + <linear, x> + constant

    with W = weight and o = offset, centered: gram = W^T W / A, linear = 2 W^T o / A, constant = |o|^2 / A (docs/math.md, section 2).

    - (C1) `weight` is G x (K or 1) x (S A) x P, `gram` G x (K or 1) x S x P x P with the S of `parts`, which divides S A.
    - (C2) `offset` is (B or 1) x G x K x (S A), `linear` (B or 1) x G x K x S x P, `constant` (B or 1) x G x K x S; both are there
      if `offset` is.
    - (C3) One floating-point element type; the results as in C8 of `folded_aggregate`.

    B, G, K and S split freely.
    ```mlir
    %gram, %linear, %constant = dchag.fold_norm %w offset(%o) {parts = 2, centered}
      : (tensor<1x3x8x4xf32>, tensor<1x1x3x8xf32>) -> (tensor<1x3x2x4x4xf32>, tensor<1x1x3x2x4xf32>, tensor<1x1x3x2xf32>)
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$weight, Optional<Dchag_FloatTensor>:$offset,
      ConfinedAttr<I64Attr, [IntPositive]>:$parts, UnitAttr:$centered);
  let results = (outs Dchag_FloatTensor:$gram, Variadic<Dchag_FloatTensor>:$linear_and_constant);
  let hasVerifier = 1;
  let assemblyFormat = "$weight (`offset` `(` $offset^ `)`)? attr-dict `:` functional-type(operands, results)";
}

#endif // DCHAG_FOLDWEIGHTS
