//===- AggregateDecompose.cpp - aggregations in simpler ops ----------------*- C++ -*-===//
//
// Letters: b batch, g groups, k channels, n positions, a token width, q queries, j heads,
// d width of a head's keys, e width of a head's values, o width of the result.
//
// Scores are inner products of a token with a matrix that depends only on parameters, and the value
// projection is linear, so it may follow the weighted sum (docs/math.md, section 2): both orders
// are equal in real arithmetic, and the faster one by the cost model is built. Only normalised keys
// must be formed.
//
//===----------------------------------------------------------------------===//

#include "dialects/dchag/AggregateEval.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"
#include "dialects/interfaces/CostModel.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// The part that dchag.aggregate and dchag.aggregate_partial share.
struct Aggregation {
  Decomposer d;
  Operation *op;
  Value tokens, query, wk, bk, wv, bv, mask;
  int64_t heads;
  double scale;
  /// Whether masked elements only get weight 0.
  bool weighsMasked = false;
  KeyNormAttr keyNorm = {};

  int64_t width() const { return dimOf(tokens, 4); }
  int64_t keyWidth() const { return dimOf(query, 2); }
  int64_t valueWidth() const { return wv ? dimOf(wv, 1) : width(); }

  Value rawScores();
  /// Scores of keys that are normalised: they must be formed, in the order in which they are
  /// written.
  Value normalisedScores();
  /// Scores b g q j k n, minus infinity where the mask is false.
  Value scores();
  Value weights(Value scores, Value max) {
    return d.exp(d.sub(scores, d.broadcastLike(max, "bgqjn", scores, "bgqjkn")));
  }
  /// Tokens or values, 0 where the mask is false.
  Value dropMasked(Decomposer &d, Value x, StringRef letters) {
    return mask && !weighsMasked ? d.keepWhere(d.broadcastLike(mask, "bgk", x, letters), x) : x;
  }
  /// Sums of the values, without their bias, weighted by b g q j k n: b g q n j e.
  Value weightedValues(Value weights);
  /// Bias of the values, broadcast to `like`, b g q n j e.
  Value broadcastValueBias(Value like);
};
} // namespace

Value Aggregation::normalisedScores() {
  Value keys = tokens;
  if (wk)
    keys = d.contract("bgkna,gca->bgknc", tokens, wk);
  if (bk)
    keys = d.add(keys, d.broadcastLike(bk, "gc", keys, "bgknc"));
  int64_t width = keyWidth() / heads;
  keys = d.splitDim(keys, 4, {heads, width});
  keys = d.normalise(keys, "bgknjd", keyNorm.isPerHead() ? "bgknj" : "bgkn", keyNorm.isCentered(),
                     keyNorm.getEpsilon());
  return d.contract("gqjd,bgknjd->bgqjkn", d.splitDim(query, 2, {heads, width}), keys);
}

Value Aggregation::rawScores() {
  if (keyNorm)
    return normalisedScores();
  int64_t width = keyWidth() / heads;
  Value q = d.splitDim(query, 2, {heads, width});
  if (!wk)
    return d.contract("gqjd,bgknjd->bgqjkn", q, d.splitDim(tokens, 4, {heads, width}));
  // Either the product of queries and key weights first, or the keys.
  Value scores = d.cheapest(
      op,
      [&](Decomposer &d) {
        Value matrix = d.contract("gqjd,gjda->gqja", q, d.splitDim(wk, 1, {heads, width}));
        return d.contract("gqja,bgkna->bgqjkn", matrix, tokens);
      },
      [&](Decomposer &d) {
        Value keys = d.contract("bgkna,gca->bgknc", tokens, wk);
        return d.contract("gqjd,bgknjd->bgqjkn", q, d.splitDim(keys, 4, {heads, width}));
      });
  if (!bk)
    return scores;
  Value offset = d.contract("gqjd,gjd->gqj", q, d.splitDim(bk, 1, {heads, width}));
  return d.add(scores, d.broadcastLike(offset, "gqj", scores, "bgqjkn"));
}

Value Aggregation::scores() {
  Value scores = d.scale(rawScores(), scale);
  if (!mask)
    return scores;
  Value out = d.splat(scores, -std::numeric_limits<double>::infinity());
  return d.select(d.broadcastLike(mask, "bgk", scores, "bgqjkn"), scores, out);
}

Value Aggregation::weightedValues(Value weights) {
  int64_t perHead = valueWidth() / heads;
  if (!wv)
    return d.contract("bgqjkn,bgknje->bgqnje", weights,
                      d.splitDim(dropMasked(d, tokens, "bgkna"), 4, {heads, perHead}));
  // Either the sums of tokens first, or the values.
  return d.cheapest(
      op,
      [&](Decomposer &d) {
        Value sums = d.contract("bgqjkn,bgkna->bgqnja", weights, dropMasked(d, tokens, "bgkna"));
        return d.contract("bgqnja,gjea->bgqnje", sums, d.splitDim(wv, 1, {heads, perHead}));
      },
      [&](Decomposer &d) {
        Value values = dropMasked(d, d.contract("bgkna,gca->bgknc", tokens, wv), "bgknc");
        return d.contract("bgqjkn,bgknje->bgqnje", weights,
                          d.splitDim(values, 4, {heads, perHead}));
      });
}

Value Aggregation::broadcastValueBias(Value like) {
  Value bias = d.splitDim(bv, 1, {heads, valueWidth() / heads});
  return d.broadcastLike(bias, "gje", like, "bgqnje");
}

FailureOr<SmallVector<Value>> AggregateOp::decomposeOperation(OpBuilder &builder) {
  Aggregation parts{Decomposer(builder, getLoc()),
                    getOperation(),
                    getTokens(),
                    getQuery(),
                    getWk(),
                    getBk(),
                    getWv(),
                    getBv(),
                    getMask(),
                    int64_t(getHeads()),
                    getScale().convertToDouble(),
                    getNanWhenEmpty(),
                    getKeyNormAttr()};
  Decomposer &d = parts.d;
  Value scores = parts.scores();
  Value max = d.max(scores, "bgqjkn", "bgqjn");
  if (zerosEmptyGroups())
    max = d.atLeastLowest(max);
  Value weights = parts.weights(scores, max);
  Value sum = d.sum(weights, "bgqjkn", "bgqjn");
  Value values = parts.weightedValues(weights);
  Value divisor = d.broadcastLike(sum, "bgqjn", values, "bgqnje");
  values = d.div(values, divisor);
  if (getBv())
    values = d.add(values, parts.broadcastValueBias(values));
  if (zerosEmptyGroups()) {
    // A group without a channel: all weights are 0.
    Value zero = d.splat(values, 0.0);
    Value isEmpty =
        arith::CmpFOp::create(builder, getLoc(), arith::CmpFPredicate::OEQ, divisor, zero);
    values = d.select(isEmpty, zero, values);
  }
  Value result = d.joinDims(values, 4, 2);
  if (getWo())
    result = d.contract("bgqnc,goc->bgqno", result, getWo());
  if (getBo())
    result = d.add(result, d.broadcastLike(getBo(), "go", result, "bgqno"));
  return SmallVector<Value>{result};
}

FailureOr<SmallVector<Value>> AggregatePartialOp::decomposeOperation(OpBuilder &builder) {
  Aggregation parts{Decomposer(builder, getLoc()),
                    getOperation(),
                    getTokens(),
                    getQuery(),
                    getWk(),
                    getBk(),
                    getWv(),
                    getBv(),
                    getMask(),
                    int64_t(getHeads()),
                    getScale().convertToDouble(),
                    getWeighsMasked(),
                    getKeyNormAttr()};
  Decomposer &d = parts.d;
  Value scores = parts.scores();
  Value max = d.max(scores, "bgqjkn", "bgqjn");
  // At least the lowest finite number of the type, so that differences of maxima are not NaN.
  double lowest = lowestFinite(tensorType(getMax()).getElementType());
  max = arith::MaximumFOp::create(builder, getLoc(), max, d.splat(max, lowest));
  Value weights = parts.weights(scores, max);
  Value sum = d.sum(weights, "bgqjkn", "bgqjn");
  Value values = parts.weightedValues(weights);
  if (getBv())
    values = d.add(values, d.mul(parts.broadcastValueBias(values),
                                 d.broadcastLike(sum, "bgqjn", values, "bgqnje")));
  return SmallVector<Value>{d.transpose(max, "bgqjn", "bgqnj"), d.transpose(sum, "bgqjn", "bgqnj"),
                            d.joinDims(values, 4, 2)};
}

FailureOr<SmallVector<Value>> MergePartialsOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  // r parts, x all dimensions up to the positions, j heads, e width of a head.
  int64_t parts = dimOf(getMax(), 0), heads = tensorType(getMax()).getShape().back();
  int64_t width = tensorType(getAcc()).getShape().back() / heads;
  int64_t outer = tensorType(getMax()).getNumElements() / (parts * heads);
  Value maxima = d.reshape(getMax(), {parts, outer, heads});
  Value sums = d.reshape(getSum(), {parts, outer, heads});
  Value accs = d.reshape(getAcc(), {parts, outer, heads, width});
  auto divide = [&](Value x, Value y) {
    return getNanWhenEmpty() ? d.div(x, y) : d.divOrZero(x, y);
  };
  if (parts == 1) {
    // With one part only the division is left.
    Value acc = d.reshape(accs, {outer, heads, width});
    Value sum = d.reshape(sums, {outer, heads});
    Value result = divide(acc, d.broadcastLike(sum, "xj", acc, "xje"));
    return SmallVector<Value>{d.reshape(result, getType().getShape())};
  }
  Value max = d.max(maxima, "rxj", "xj");
  Value factors = d.exp(d.sub(maxima, d.broadcastLike(max, "xj", maxima, "rxj")));
  Value sum = d.sum(d.mul(sums, factors), "rxj", "xj");
  Value acc = d.sum(d.mul(accs, d.broadcastLike(factors, "rxj", accs, "rxje")), "rxje", "xje");
  Value result = divide(acc, d.broadcastLike(sum, "xj", acc, "xje"));
  return SmallVector<Value>{d.reshape(result, getType().getShape())};
}

FailureOr<SmallVector<Value>> AggregateLinearOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  Value result = d.contract("gqk,bgkna->bgqna", getWeight(), getTokens());
  if (getBias())
    result = d.add(result, d.broadcastLike(getBias(), "gq", result, "bgqna"));
  return SmallVector<Value>{result};
}
