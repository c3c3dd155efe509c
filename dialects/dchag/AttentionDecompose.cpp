//===- AttentionDecompose.cpp - attention in simpler ops -------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

/// A bias or mask, (B or 1) x (h or 1) x (N or 1) x (M or 1), repeated up to the scores, whose
/// dimensions are `letters`.
static Value spreadToScores(Decomposer &d, Value x, Value scores, StringRef letters) {
  if (letters.contains('r')) {
    bool varies = dimOf(x, 1) != 1;
    x = d.split(x, 1, {varies ? dimOf(scores, 1) : 1, varies ? dimOf(scores, 2) : 1});
  }
  return d.spread(x, letters, scores, letters);
}

FailureOr<SmallVector<Value>> AttentionOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  // Heads are groups of keys and values, g, times repeats, r, where queries share keys.
  int64_t groups = dimOf(getKey(), 1), repeats = dimOf(getQuery(), 1) / groups;
  Value query = repeats == 1 ? getQuery() : d.split(getQuery(), 1, {groups, repeats});
  std::string heads = repeats == 1 ? "bg" : "bgr";
  std::string rows = heads + "n", scored = heads + "nm", result = heads + "ne";
  Value scores = d.scale(d.contract(heads + "nd,bgmd->" + scored, query, getKey()),
                         getScale().convertToDouble());
  if (getBias())
    scores = d.add(scores, spreadToScores(d, getBias(), scores, scored));
  Value mask = getMask() ? spreadToScores(d, getMask(), scores, scored) : Value();
  if (mask)
    scores = d.select(mask, scores, d.lowest(scores));
  Value max = d.max(scores, scored, rows);
  Value weights = d.exp(d.sub(scores, d.spread(max, rows, scores, scored)));
  if (mask)
    weights = d.select(mask, weights, d.splat(weights, 0.0));
  Value sum = d.sum(weights, scored, rows);
  // Dividing the result is less work than dividing the weights.
  Value values = d.contract(scored + ",bgme->" + result, weights, getValue());
  sum = d.spread(sum, rows, values, result);
  values = mask ? d.divOrZero(values, sum) : d.div(values, sum);
  return SmallVector<Value>{repeats == 1 ? values : d.join(values, 1, 2)};
}
