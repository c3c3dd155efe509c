//===- AggregateParts.td - an aggregation in parts for the ranks ----*- tablegen -*-===//
#ifndef DCHAG_AGGREGATEPARTS
#define DCHAG_AGGREGATEPARTS

include "dialects/dchag/DchagDialect.td"

def Dchag_AggregatePartsOp : Dchag_ModelOp<"aggregate_parts",
    [Dchag_Decomposable, AttrSizedOperandSegments], ["getShardingRule", "cloneLocal"]> {
  let summary = "Partial aggregations of several runs of units";
  let description = [{
    Cuts the K units in `parts` = R runs of Kr = ceil(K / R) units, the last shorter or empty,
    and computes `dchag.aggregate_partial` of each: dimension 0 of the results counts the
    runs. It splits over ranks together with the units, which a softmax over all units does
    not. Made by `split-aggregates`; with one part, as on a rank of the whole axis, it is
    `dchag.aggregate_partial` again (canonicalization).

    - (C1) `tokens` is B x G x K x N x Dt, `query` G x Q x A; `max` and `sum` are
      R x B x G x Q x N x h, `acc` is R x B x G x Q x N x V.
    - (C2) The operands and a run's results are as `dchag.aggregate_partial` wants them.

    R splits freely if R divides K or there is a mask (of padding), B, G, N and heads as in
    `dchag.aggregate_partial`.

    ```mlir
    %m, %l, %u = dchag.aggregate_parts %t, %q keys(%wk) values(%wv) mask(%k) {heads = 2, scale = 0.5, parts = 3}
      : (tensor<1x1x5x6x4xf32>, tensor<1x1x2xf32>, tensor<1x2x4xf32>, tensor<1x4x4xf32>, tensor<1x1x5xi1>) -> (tensor<3x1x1x1x6x2xf32>, tensor<3x1x1x1x6x2xf32>, tensor<3x1x1x1x6x4xf32>)
    ```
  }];
  let arguments = (ins Dchag_FloatTensor:$tokens, Dchag_FloatTensor:$query,
    Optional<Dchag_FloatTensor>:$wk, Optional<Dchag_FloatTensor>:$bk,
    Optional<Dchag_FloatTensor>:$wv, Optional<Dchag_FloatTensor>:$bv,
    Optional<Dchag_BoolTensor>:$mask, ConfinedAttr<I64Attr, [IntPositive]>:$heads, F64Attr:$scale,
    ConfinedAttr<I64Attr, [IntPositive]>:$parts);
  let results = (outs Dchag_FloatTensor:$max, Dchag_FloatTensor:$sum, Dchag_FloatTensor:$acc);
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
  let assemblyFormat = [{
    $tokens `,` $query (`keys` `(` $wk^ (`,` $bk^)? `)`)? (`values` `(` $wv^ (`,` $bv^)? `)`)?
    (`mask` `(` $mask^ `)`)? attr-dict `:` functional-type(operands, results)
  }];
}

#endif // DCHAG_AGGREGATEPARTS
