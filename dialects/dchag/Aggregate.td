//===- Aggregate.td - merging the channel tokens of a position ----*- tablegen -*-===//
#ifndef DCHAG_AGGREGATE
#define DCHAG_AGGREGATE

include "dialects/dchag/DchagAttrs.td"

def Dchag_AggregateOp : Dchag_ModelOp<"aggregate",
    [Dchag_Decomposable, Dchag_OnTokens, AttrSizedOperandSegments], ["getShardingRule", "cloneLocal"]> {
  let summary = "Merges the channel tokens of each position by cross-attention with learned queries";
  let description = [{
    Sizes: B batch, G groups, K channels of a group, N positions, Dt token width, Q queries, A
    width of queries and keys, V width of the values, h heads. For every b, g, n, query i and
    head j, with c over the channels where `mask[b, g, c]` holds (docs/math.md, section 1):

        k[c] = wk[g] t[b,g,c,n] + bk[g]     v[c] = wv[g] t[b,g,c,n] + bv[g]
        y[b,g,i,n] = wo[g] concat_j( sum_c softmax_c(scale <query[g,i]_j, k[c]_j>) v[c]_j ) + bo[g]

    The query is already projected: it depends only on parameters. Masked channels have no
    effect on the result, even if they are NaN; with `nan_when_empty` (the softmax of ONNX) they have
    weight 0.

    With `key_norm` keys are normalised before their product with the query, each head by itself or
    over all A features (`#dchag.key_norm`).

    - (C1) `tokens` is B x G x K x N x Dt, `query` G x Q x A, the result B x G x Q x N x Do.
    - (C2) `heads` divides A and V.
    - (C3) `wk` is G x A x Dt, `bk` G x A, `wv` G x V x Dt, `bv` G x V, `wo` G x Do x V, `bo` G x Do.
    - (C4) `mask` is (B or 1) x G x K; a group without a channel yields `bo`, or 0
      without one, and NaN with `nan_when_empty`.
    - (C5) Without `wk` A = Dt, without `wv` V = Dt, without `wo` Do = V.
    - (C6) A bias needs its weight.
    - (C7) All operands except the mask, and the result, have one floating-point element type. The
      result may be of f32 if that type is narrower; then it is not rounded.
    - (C8) The epsilon of `key_norm` is a finite number that is not negative.

    B, G, Q, N, Do and the heads split freely, the heads as a `sum` if there is `wo`. They stay whole with
    `bo`, which must be added once, if only one of `wk` and `wv` is given, and if keys are normalised over
    all heads (as a `sum` also if epsilon is 0, because zeros in the padding would become NaN). K
    stays whole: `dchag.aggregate_partial` is the form that splits along it.

    Created by `raise-aggregate`, merged with others by `group-aggregates`. `split-projections`
    moves the output projection out, `split-aggregates` replaces it by `dchag.aggregate_partial` and
    `dchag.merge_partials` where the channels of a group are split; `decompose` replaces the others
    by simpler ops.
    ```mlir
    %y = dchag.aggregate %t, %q keys(%wk, %bk) values(%wv) output(%wo) mask(%m) {heads = 2, scale = 0.5}
      : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<2x6xf32>, tensor<2x4x8xf32>, tensor<2x5x4xf32>, tensor<1x2x3xi1>) -> tensor<1x2x1x4x5xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$tokens /*C1*/, Dchag_FloatTensor:$query /*C1*/,
    Optional<Dchag_FloatTensor>:$wk /*C3, C5*/, Optional<Dchag_FloatTensor>:$bk /*C3, C6*/,
    Optional<Dchag_FloatTensor>:$wv /*C3, C5*/, Optional<Dchag_FloatTensor>:$bv /*C3, C6*/,
    Optional<Dchag_FloatTensor>:$wo /*C3, C5*/, Optional<Dchag_FloatTensor>:$bo /*C3, C6*/,
    Optional<Dchag_BoolTensor>:$mask /*C4*/, ConfinedAttr<I64Attr, [IntPositive]>:$heads /*C2*/,
    F64Attr:$scale, UnitAttr:$nan_when_empty /*C4*/,
    OptionalAttr<Dchag_KeyNormAttr>:$key_norm /*C8*/);
  let results = (outs Dchag_FloatTensor:$result);
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
  let extraClassDeclaration = [{
    /// Whether groups without a channel are possible and yield `bo`.
    bool zerosEmptyGroups();
    /// The output projection of values, B x G x Q x N x V, by other ops.
    ::mlir::Value buildProjection(::mlir::OpBuilder &builder, ::mlir::Value values);
  }];
  let assemblyFormat = [{
    $tokens `,` $query (`keys` `(` $wk^ (`,` $bk^)? `)`)? (`values` `(` $wv^ (`,` $bv^)? `)`)?
    (`output` `(` $wo^ (`,` $bo^)? `)`)? (`mask` `(` $mask^ `)`)?
    attr-dict `:` functional-type(operands, results)
  }];
}

def Dchag_AggregatePartialOp : Dchag_ModelOp<"aggregate_partial",
    [Dchag_Decomposable, Dchag_OnTokens, AttrSizedOperandSegments], ["getShardingRule", "cloneLocal"]> {
  let summary = "The part of an aggregation that some of the channels contribute";
  let description = [{
    As `dchag.aggregate` over the given channels, but without the division by the sum of the
    softmax and without an output projection, as the three parts of the online softmax
    (docs/math.md, section 3); s[c] are the scores and c runs over the channels where the mask
    holds:

        max = max(lowest finite number, max_c s[c])
        sum = sum_c exp(s[c] - max)      acc = sum_c exp(s[c] - max) v[c]

    - (C1) `tokens` is B x G x K x N x Dt, `query` G x Q x A; `max` and `sum` are
      B x G x Q x N x h, `acc` is B x G x Q x N x V.
    - (C2), (C3), (C4), (C5), (C6), (C7), (C8) as for `dchag.aggregate`, without `wo` and `bo`. A
      group without a channel yields the lowest finite number, 0 and 0.

    B, G, Q, N and the heads split freely (the heads stay whole where only one of `wk` and `wv` is
    given, or keys are normalised over all heads). K splits as a softmax: `max` is then partial as a
    maximum, `sum` and `acc` relative to it (`#dchag.sharding`). An uneven split needs a mask, which
    excludes the padding.

    With `weighs_masked` masked channels have weight 0 and must be finite, as in the
    softmax of ONNX; `partition` makes padding finite. Without it they have no effect on the result,
    even if they are NaN, which costs a pass over the tokens.

    Created by `split-aggregates` where an aggregation is to be split over its channels; combined by
    `dchag.merge_partials`.
    ```mlir
    %m, %l, %u = dchag.aggregate_partial %t, %q keys(%wk) {heads = 2, scale = 0.5} : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x8xf32>)
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$tokens, Dchag_FloatTensor:$query,
    Optional<Dchag_FloatTensor>:$wk, Optional<Dchag_FloatTensor>:$bk,
    Optional<Dchag_FloatTensor>:$wv, Optional<Dchag_FloatTensor>:$bv,
    Optional<Dchag_BoolTensor>:$mask, ConfinedAttr<I64Attr, [IntPositive]>:$heads, F64Attr:$scale,
    UnitAttr:$weighs_masked, OptionalAttr<Dchag_KeyNormAttr>:$key_norm);
  let results = (outs Dchag_FloatTensor:$max, Dchag_FloatTensor:$sum, Dchag_FloatTensor:$acc);
  let hasVerifier = 1;
  let assemblyFormat = [{
    $tokens `,` $query (`keys` `(` $wk^ (`,` $bk^)? `)`)? (`values` `(` $wv^ (`,` $bv^)? `)`)?
    (`mask` `(` $mask^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
}

def Dchag_MergePartialsOp : Dchag_ModelOp<"merge_partials", [Dchag_Decomposable]> {
  let summary = "Joins partial aggregations by the online-softmax merge";
  let description = [{
    With r over the R parts (docs/math.md, section 3) and j the head of each of the V values:

        m* = max_r max[r]     l* = sum_r sum[r] exp(max[r] - m*)
        y = (sum_r acc[r] exp(max[r] - m*)) / l*           (0 where l* is 0; NaN with `nan_when_empty`)

    - (C1) `max` and `sum` are R x B x G x Q x N x h, `acc` is R x B x G x Q x N x V, the result
      B x G x Q x N x V.
    - (C2) h divides V.  (C3) One floating-point element type; the result as in C7 of `aggregate`.

    Everything but R splits freely, V by heads.
    ```mlir
    %y = dchag.merge_partials %m, %l, %u : (tensor<2x1x1x1x6x2xf32>, tensor<2x1x1x1x6x2xf32>, tensor<2x1x1x1x6x8xf32>) -> tensor<1x1x1x6x8xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$max, Dchag_FloatTensor:$sum, Dchag_FloatTensor:$acc,
      UnitAttr:$nan_when_empty);
  let results = (outs Dchag_FloatTensor:$result);
  let extraClassDeclaration = [{
    /// The merge of `max`, `sum` and `acc` of each part, which lack the dimension R.
    static ::mlir::Value join(::mlir::OpBuilder &builder, ::mlir::Location loc,
                              ::mlir::ArrayRef<::mlir::ValueRange> parts, bool nanWhenEmpty);
  }];
  let hasVerifier = 1;
  let assemblyFormat = "$max `,` $sum `,` $acc attr-dict `:` functional-type(operands, results)";
}

def Dchag_AggregateLinearOp : Dchag_ModelOp<"aggregate_linear",
    [Dchag_Decomposable, Dchag_OnTokens, ExactOpInterface]> {
  let summary = "Merges the channel tokens of each position by a learned linear combination";
  let description = [{
    The linear ("-L") aggregation of D-CHAG (arXiv 2506.21411): Q learned combinations of the
    channels of a group, each with one weight per channel; sizes as for `dchag.aggregate`.

        y[b,g,i,n,:] = sum_c weight[g,i,c] t[b,g,c,n,:] + bias[g,i]

    - (C1) `tokens` is B x G x K x N x D, `weight` G x Q x K, the result B x G x Q x N x D.
    - (C2) `bias` is G x Q.  (C3) One floating-point element type; the result as in C7 of `aggregate`.

    B, G, N, Q and D split freely; splitting K leaves a partial sum, but with a bias, which must be added
    once, it stays whole.
    ```mlir
    %y = dchag.aggregate_linear %t weight(%w) bias(%b) : (tensor<1x2x3x4x5xf32>, tensor<2x1x3xf32>, tensor<2x1xf32>) -> tensor<1x2x1x4x5xf32>
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$tokens, Dchag_FloatTensor:$weight,
      Optional<Dchag_FloatTensor>:$bias);
  let results = (outs Dchag_FloatTensor:$result);
  let hasVerifier = 1;
  let assemblyFormat = [{
    $tokens `weight` `(` $weight `)` (`bias` `(` $bias^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
}

#endif // DCHAG_AGGREGATE
