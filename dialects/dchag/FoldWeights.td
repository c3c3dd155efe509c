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
  let summary = "The variance of tokens or keys as a sum of few squares";
  let description = [{
    Sizes as for `dchag.folded_aggregate`; S parts of A numbers each that are normalised
    separately (heads, or one part). The numbers of a part are W x + o, where W is weight[g,c,s] and x are pixels; if `centered`
    (layer normalisation), their mean over A is subtracted, which is that from W and o. Then the mean of their
    squares is

        |factor x + linear|^2 + constant   with   linear = basis^T o,   constant = |o - A basis linear|^2 / A

    where A basis factor = W, factor is P x P, and columns of sqrt(A) basis are orthonormal or 0: W = Q R by Gram-Schmidt in f64,
    basis = Q / sqrt(A) and factor = R / sqrt(A). A quadratic form x^T W^T W x would lose all digits where the squares of
    terms of W x + o are large against the variance; this loses those that W x + o itself loses.

    - (C1) `weight` is G x (K or 1) x (S A) x P, `basis` G x (K or 1) x S x A x P with the S of `parts`, which divides S A, `factor`
      G x (K or 1) x S x P x P.
    - (C2) One floating-point element type; the results as in C8 of `folded_aggregate`.

    G, K and S split freely.
    ```mlir
    %basis, %factor = dchag.fold_norm %w {parts = 2, centered} : (tensor<1x3x8x4xf32>) -> (tensor<1x3x2x4x4xf32>, tensor<1x3x2x4x4xf32>)
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$weight, ConfinedAttr<I64Attr, [IntPositive]>:$parts, UnitAttr:$centered);
  let results = (outs Dchag_FloatTensor:$basis, Dchag_FloatTensor:$factor);
  let hasVerifier = 1;
  let assemblyFormat = "$weight attr-dict `:` functional-type(operands, results)";
}

#endif // DCHAG_FOLDWEIGHTS
