//===- FoldedAggregate.td - aggregations without tokens -----------*- tablegen -*-===//
#ifndef DCHAG_FOLDEDAGGREGATE
#define DCHAG_FOLDEDAGGREGATE

include "dialects/dchag/DchagDialect.td"

class Dchag_FoldedOp<string mnemonic> : Dchag_ModelOp<mnemonic,
    [Dchag_Decomposable, Dchag_OnTokens, AttrSizedOperandSegments],
    ["getShardingRule", "cloneLocal"]> {
  dag common = (ins Dchag_FloatTensor:$pixels /*C1*/, Dchag_FloatTensor:$score_weight /*C2*/,
    Optional<Dchag_FloatTensor>:$score_offset /*C2, C5*/, Optional<Dchag_FloatTensor>:$score_bias /*C2*/,
    Optional<Dchag_FloatTensor>:$features /*C3*/, Optional<Dchag_FloatTensor>:$value_weight /*C3*/,
    Optional<Dchag_FloatTensor>:$value_offset /*C3, C5*/, Optional<Dchag_FloatTensor>:$value_bias /*C3*/,
    Optional<Dchag_FloatTensor>:$norm_factor /*C4*/, Optional<Dchag_FloatTensor>:$norm_linear /*C4, C5*/,
    Optional<Dchag_FloatTensor>:$norm_constant /*C4, C5*/, Optional<Dchag_BoolTensor>:$mask /*C6*/,
    ConfinedAttr<I64Attr, [IntPositive]>:$heads /*C7*/, DefaultValuedAttr<F64Attr, "0.0">:$epsilon /*C5*/,
    UnitAttr:$norm_values /*C5*/);
  let hasVerifier = 1;
  let assemblyFormat = [{
    $pixels `scores` `(` $score_weight `)` (`score_offset` `(` $score_offset^ `)`)?
    (`score_bias` `(` $score_bias^ `)`)? (`features` `(` $features^ `)`)?
    (`values` `(` $value_weight^ `)`)? (`value_offset` `(` $value_offset^ `)`)?
    (`value_bias` `(` $value_bias^ `)`)? (`norm_factor` `(` $norm_factor^ `)`)?
    (`norm_linear` `(` $norm_linear^ `)`)? (`norm_constant` `(` $norm_constant^ `)`)?
    (`mask` `(` $mask^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
}

def Dchag_FoldedAggregateOp : Dchag_FoldedOp<"folded_aggregate"> {
  let summary = "Aggregates the channels of each position from their pixels, by folded weights";
  let description = [{
    `dchag.aggregate` of tokens that are affine in pixels, without the tokens: the query, the
    projections and the tokenizers are multiplied into weights that depend only on parameters
    (docs/math.md, section 2). Sizes: B batch, G groups, K channels of a group, N positions, P pixels
    of a channel at a position, Q queries, h heads, V width of the values. With x = pixels[b,g,c,n], for every
    b, g, n, query i and head j, and c over the channels where the mask holds:

        s[c] = r (<score_weight[g,i,j,c], x> + score_offset[b,g,c,i,j]) + score_bias[b,g,c,i,j]
        v[c] = r' (value_weight[g,j,c] f + value_offset[b,g,c]_j) + value_bias[b,g,c]_j
        y[b,g,i,n]_j = sum_c softmax_c(s[c]) v[c]

    f is features[b,g,c,n], or x without them. r is 1 without `norm_factor`; with it, it normalises tokens or keys,
    whose variance is a sum of P squares and a constant (`dchag.fold_norm`):

        r = 1 / sqrt(|norm_factor[g,c,j] x + norm_linear[b,g,c,j]|^2 + norm_constant[b,g,c,j] + epsilon)

    r' is r with `norm_values` (tokens are normalised) and 1 otherwise (keys are). A weight without a
    size for the channels, (K or 1) = 1, is shared by all: then pixels are summed over the channels
    before they are projected.

    - (C1) `pixels` is B x G x K x N x P, the result B x G x Q x N x V.
    - (C2) `score_weight` is G x Q x h x (K or 1) x P, `score_offset` and `score_bias` (B or 1) x G x K x Q x h.
    - (C3) `features` is B x G x K x N x F, with F = P without it, `value_weight` G x V x (K or 1) x F; without
      it V = F. `value_offset` and `value_bias` are (B or 1) x G x (K or 1) x V.
    - (C4) `norm_factor` is G x (K or 1) x (h or 1) x P x P; `norm_linear` (B or 1) x G x K x (h or 1) x P and
      `norm_constant` (B or 1) x G x K x (h or 1), with the heads of `norm_factor`.
    - (C5) `score_offset`, `value_offset`, `norm_linear`, `norm_constant`, `epsilon` and `norm_values` need `norm_factor`;
      `epsilon` is finite and not negative, `value_offset` needs `norm_values`, which needs one `norm_factor` for all heads.
    - (C6) `mask` is (B or 1) x G x K; a group without a channel yields 0, and NaN with `nan_when_empty`.
    - (C7) `heads` divides V.
    - (C8) All operands except the mask, and the result, have one floating-point element type. If it is
      narrower than f32, each operand may be of f32, too, and so may the result, which is not rounded then.

    B, G, Q, N and the heads split freely. K stays whole: `dchag.folded_aggregate_partial` is the form
    that splits along it.

    Created by `fold-aggregate`; `split-aggregates` replaces it by `dchag.folded_aggregate_partial` and
    `dchag.merge_partials` where channels are split.
    ```mlir
    %y = dchag.folded_aggregate %x scores(%g) score_bias(%s) values(%m) value_bias(%v) {heads = 2}
      : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<1x2x3x1x2xf32>, tensor<2x8x3x4xf32>, tensor<1x2x3x8xf32>) -> tensor<1x2x1x6x8xf32>
    ```
  }];
  let arguments = !con(common, (ins UnitAttr:$nan_when_empty /*C6*/));
  let results = (outs Dchag_FloatTensor:$result);
  let extraClassDeclaration = [{
    /// Whether groups without a channel are possible and yield 0.
    bool zerosEmptyGroups();
  }];
}

def Dchag_FoldedAggregatePartialOp : Dchag_FoldedOp<"folded_aggregate_partial"> {
  let summary = "The part of a folded aggregation that some of the channels contribute";
  let description = [{
    As `dchag.folded_aggregate` over the given channels, as the three parts of an online softmax
    (`dchag.aggregate_partial`; docs/math.md, section 3):

        max = max(lowest finite number, max_c s[c])
        sum = sum_c exp(s[c] - max)      acc = sum_c exp(s[c] - max) v[c]

    - (C1) `pixels` is B x G x K x N x P; `max` and `sum` are B x G x Q x N x h, `acc` is B x G x Q x N x V.
    - (C2), (C3), (C4), (C5), (C6), (C7), (C8) as for `dchag.folded_aggregate`. A group without a channel
      yields the lowest finite number, 0 and 0.

    B, G, Q, N and the heads split freely. K splits as a softmax, unevenly with a mask that excludes the
    padding. `weighs_masked` as for `dchag.aggregate_partial`.
    ```mlir
    %m, %l, %u = dchag.folded_aggregate_partial %x scores(%g) values(%w) {heads = 2}
      : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xf32>) -> (tensor<1x2x1x6x2xf32>, tensor<1x2x1x6x2xf32>, tensor<1x2x1x6x8xf32>)
    ```
  }];
  let arguments = !con(common, (ins UnitAttr:$weighs_masked));
  let results = (outs Dchag_FloatTensor:$max, Dchag_FloatTensor:$sum, Dchag_FloatTensor:$acc);
}

#endif // DCHAG_FOLDEDAGGREGATE
