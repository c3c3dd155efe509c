//===- AttentionDecompose.cpp - attention in simpler ops -------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

/// A bias or mask, (B or 1) x (h or 1) x (N or 1) x (M or 1), repeated up to the scores.
static Value spreadToScores(Decomposer &d, Value x, Value scores) {
  int64_t groups = dimOf(scores, 1), repeats = dimOf(scores, 2);
  bool varies = dimOf(x, 1) != 1;
  x = d.split(x, 1, {varies ? groups : 1, varies ? repeats : 1});
  return d.spread(x, "bgrnm", scores, "bgrnm");
}

FailureOr<SmallVector<Value>> AttentionOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  // Heads as groups of keys and values times repeats.
  int64_t groups = dimOf(getKey(), 1), repeats = dimOf(getQuery(), 1) / groups;
  Value query = d.split(getQuery(), 1, {groups, repeats});
  Value scores =
      d.scale(d.contract("bgrnd,bgmd->bgrnm", query, getKey()), getScale().convertToDouble());
  if (getBias())
    scores = d.add(scores, spreadToScores(d, getBias(), scores));
  Value mask = getMask() ? spreadToScores(d, getMask(), scores) : Value();
  if (mask)
    scores = d.select(mask, scores, d.lowest(scores));
  Value max = d.max(scores, "bgrnm", "bgrn");
  Value weights = d.exp(d.sub(scores, d.spread(max, "bgrn", scores, "bgrnm")));
  if (mask)
    weights = d.select(mask, weights, d.splat(weights, 0.0));
  Value sum = d.sum(weights, "bgrnm", "bgrn");
  // Dividing the result is less work than dividing the weights.
  Value result = d.contract("bgrnm,bgme->bgrne", weights, getValue());
  sum = d.spread(sum, "bgrn", result, "bgrne");
  result = mask ? d.divOrZero(result, sum) : d.div(result, sum);
  return SmallVector<Value>{d.join(result, 1, 2)};
}
