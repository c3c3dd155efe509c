//===- AttentionDecompose.cpp - attention in simpler ops -------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

static constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

/// A bias or mask, (B or 1) x (h or 1) x (N or 1) x (M or 1), broadcast to the scores, whose
/// dimensions are `letters`.
static Value broadcastToScores(Decomposer &d, Value x, Value scores, StringRef letters) {
  if (letters.contains('r')) {
    bool varies = dimOf(x, 1) != 1;
    x = d.splitDim(x, 1, {varies ? dimOf(scores, 1) : 1, varies ? dimOf(scores, 2) : 1});
  }
  return d.broadcastLike(x, letters, scores, letters);
}

/// Conditions on keys that must all be true for a query to attend to them.
static SmallVector<Value, 2> makeConditions(AttentionOp op, Decomposer &d) {
  SmallVector<Value, 2> conditions;
  if (Value mask = op.getMask())
    conditions.push_back(mask);
  Value bias = op.getBias();
  if (bias && op.zerosEmptyQueries())
    conditions.push_back(
        arith::CmpFOp::create(d.b, d.loc, arith::CmpFPredicate::UNE, bias,
                              d.TensorBuilder::splat(tensorType(bias), kMinusInfinity)));
  return conditions;
}

/// The values, 0 for keys that no query of the head attends to.
static Value dropHidden(AttentionOp op, Decomposer &d, ArrayRef<Value> conditions) {
  Value values = op.getValue();
  for (Value condition : conditions) {
    bool isOfHeads = dimOf(condition, 1) == 1 || dimOf(condition, 1) == dimOf(values, 1);
    if (!op.zerosEmptyQueries() || dimOf(condition, 2) != 1 || !isOfHeads)
      continue;
    Value sees = d.broadcastLike(d.joinDims(condition, 2, 2), "bgm", values, "bgme");
    values = d.keepWhere(sees, values);
  }
  return values;
}

FailureOr<SmallVector<Value>> AttentionOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  // If queries share keys, heads are g groups of keys and values times r repeats.
  int64_t groups = dimOf(getKey(), 1), repeats = dimOf(getQuery(), 1) / groups;
  Value query = repeats == 1 ? getQuery() : d.splitDim(getQuery(), 1, {groups, repeats});
  std::string heads = repeats == 1 ? "bg" : "bgr";
  std::string rows = heads + "n", scored = heads + "nm", result = heads + "ne";
  Value scores = d.scale(d.contract(heads + "nd,bgmd->" + scored, query, getKey()),
                         getScale().convertToDouble());
  if (getBias())
    scores = d.add(scores, broadcastToScores(d, getBias(), scores, scored));
  SmallVector<Value, 2> conditions = makeConditions(*this, d);
  for (Value condition : conditions)
    scores = d.select(broadcastToScores(d, condition, scores, scored), scores,
                      d.splat(scores, kMinusInfinity));
  Value max = d.max(scores, scored, rows);
  if (zerosEmptyQueries())
    max = d.atLeastLowest(max);
  Value weights = d.exp(d.sub(scores, d.broadcastLike(max, rows, scores, scored)));
  Value sum = d.sum(weights, scored, rows);
  // Dividing the result is less work than dividing the weights.
  Value values = d.contract(scored + ",bgme->" + result, weights, dropHidden(*this, d, conditions));
  sum = d.broadcastLike(sum, rows, values, result);
  values = zerosEmptyQueries() ? d.divOrZero(values, sum) : d.div(values, sum);
  return SmallVector<Value>{repeats == 1 ? values : d.joinDims(values, 1, 2)};
}
