//===- AggregateDecompose.cpp - aggregations in simpler ops ----------------*- C++ -*-===//
//
// Letters: b batch, g groups, k channels, n positions, a token width, q queries, j heads,
// d width of a head's keys, e width of a head's values, o width of the result.
//
// Keys and values are formed as they are written. Aggregations that need none of them are
// dchag.folded_aggregate: the pass fold-aggregate chooses.
//
//===----------------------------------------------------------------------===//

#include "dialects/dchag/AggregateEval.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// The part that dchag.aggregate and dchag.aggregate_partial share.
struct Aggregation {
  Decomposer d;
  Value tokens, query, wk, bk, wv, bv, mask;
  int64_t heads;
  double scale;
  /// Whether masked elements only get weight 0.
  bool weighsMasked = false;
  KeyNormAttr keyNorm = {};

  int64_t width() const { return dimOf(tokens, 4); }
  int64_t keyWidth() const { return dimOf(query, 2); }
  int64_t valueWidth() const { return wv ? dimOf(wv, 1) : width(); }

  /// Keys b g k n j d.
  Value keys();
  /// Scores b g q j k n, minus infinity where the mask is false.
  Value scores();
  Value weights(Value scores, Value max) {
    return d.exp(d.sub(scores, d.broadcastLike(max, "bgqjn", scores, "bgqjkn")));
  }
  /// Tokens or values, 0 where the mask is false.
  Value dropMasked(Value x, StringRef letters) {
    return mask && !weighsMasked ? d.keepWhere(d.broadcastLike(mask, "bgk", x, letters), x) : x;
  }
  /// Sums of the values, without their bias, weighted by b g q j k n: b g q n j e.
  Value weightedValues(Value weights);
  /// Bias of the values, broadcast to `like`, b g q n j e.
  Value broadcastValueBias(Value like);
};
} // namespace

Value Aggregation::keys() {
  Value keys = tokens;
  if (wk)
    keys = d.contract("bgkna,gca->bgknc", tokens, wk);
  if (bk)
    keys = d.add(keys, d.broadcastLike(bk, "gc", keys, "bgknc"));
  keys = d.splitDim(keys, 4, {heads, keyWidth() / heads});
  return keyNorm ? d.normalise(keys, "bgknjd", keyNorm.isPerHead() ? "bgknj" : "bgkn",
                               keyNorm.isCentered(), keyNorm.getEpsilon())
                 : keys;
}

Value Aggregation::scores() {
  Value q = d.splitDim(query, 2, {heads, keyWidth() / heads});
  Value scores = d.scale(d.contract("gqjd,bgknjd->bgqjkn", q, keys()), scale);
  if (!mask)
    return scores;
  Value out = d.splat(scores, -std::numeric_limits<double>::infinity());
  return d.select(d.broadcastLike(mask, "bgk", scores, "bgqjkn"), scores, out);
}

Value Aggregation::weightedValues(Value weights) {
  Value values = wv ? d.contract("bgkna,gca->bgknc", tokens, wv) : tokens;
  values = d.splitDim(dropMasked(values, "bgknc"), 4, {heads, valueWidth() / heads});
  return d.contract("bgqjkn,bgknje->bgqnje", weights, values);
}

Value Aggregation::broadcastValueBias(Value like) {
  Value bias = d.splitDim(bv, 1, {heads, valueWidth() / heads});
  return d.broadcastLike(bias, "gje", like, "bgqnje");
}

FailureOr<SmallVector<Value>> AggregateOp::decomposeOperation(OpBuilder &builder) {
  Aggregation parts{Decomposer(builder, getLoc()),
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
  // Maxima that were rounded to a narrower type may be infinite.
  Value max = d.atLeastLowest(d.max(maxima, "rxj", "xj"));
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
