//===- FoldedAggregateDecompose.cpp - folded aggregations in simpler ops ---*- C++ -*-===//
//
// Letters: b samples, g groups, k channels, n positions, p pixels, f features, q queries, j heads,
// e width of a head's values, s heads or one for all.
//
//===----------------------------------------------------------------------===//

#include "dialects/dchag/AggregateEval.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// What dchag.folded_aggregate and dchag.folded_aggregate_partial share.
template <typename OpT>
class Folded {
public:
  Folded(OpT op, OpBuilder &builder, bool weighsMasked)
      : op(op), d(builder, op.getLoc()), weighsMasked(weighsMasked) {}

  /// Scores b g k n q j, minus infinity where the mask is false; also sets the factors.
  Value scores();
  /// The sums of the values weighted by b g k n q j: b g q n j e.
  Value weightedValues(Value weights);

  OpT op;
  Decomposer d;

private:
  int64_t heads() { return op.getHeads(); }
  Value addByChannel(Value x, Value term);
  Value variance();
  Value project(Value weights, Value features);
  Value weightedPixels(Value weights, Value features, Value matrix);
  Value weightedProjections(Value weights, Value features, Value matrix);
  Value addConstant(Value values, Value weights, Value constant);
  /// `x` with 0 for masked channels, whose elements must have no effect, even if they are NaN.
  Value dropMasked(Value x, StringRef letters) {
    Value mask = op.getMask();
    return mask && !weighsMasked ? d.keepWhere(d.broadcastLike(mask, "bgk", x, letters), x) : x;
  }

  bool weighsMasked;
  /// 1 / standard deviation, b g k n s; null without a norm.
  Value factors;
};
} // namespace

/// x, b g k n q j, plus a term that is the same at all positions.
template <typename OpT>
Value Folded<OpT>::addByChannel(Value x, Value term) {
  return term ? d.add(x, d.broadcastLike(term, "bgkqj", x, "bgknqj")) : x;
}

template <typename OpT>
Value Folded<OpT>::variance() {
  Value factor = op.getNormFactor();
  bool isShared = dimOf(factor, 1) == 1;
  if (isShared)
    factor = d.joinDims(factor, 0, 2);
  Value rows =
      d.contract(isShared ? "bgknp,gsrp->bgknsr" : "bgknp,gksrp->bgknsr", op.getPixels(), factor);
  if (Value linear = op.getNormLinear())
    rows = d.add(rows, d.broadcastLike(linear, "bgksr", rows, "bgknsr"));
  Value variance = d.sum(d.mul(rows, rows), "bgknsr", "bgkns");
  Value constant = op.getNormConstant();
  return constant ? d.add(variance, d.broadcastLike(constant, "bgks", variance, "bgkns"))
                  : variance;
}

template <typename OpT>
Value Folded<OpT>::scores() {
  Value weight = op.getScoreWeight();
  bool isShared = dimOf(weight, 3) == 1;
  if (isShared)
    weight = d.joinDims(weight, 3, 2);
  Value scores =
      d.contract(isShared ? "bgknp,gqjp->bgknqj" : "bgknp,gqjkp->bgknqj", op.getPixels(), weight);
  if (op.getNormFactor()) {
    scores = addByChannel(scores, op.getScoreOffset());
    Value squares = variance();
    double epsilon = op.getEpsilon().convertToDouble();
    factors = math::RsqrtOp::create(d.b, d.loc, d.add(squares, d.splat(squares, epsilon)));
    // Padding may have the variance 0, whose factor is infinite.
    if (Value mask = op.getMask())
      factors = d.keepWhere(d.broadcastLike(mask, "bgk", factors, "bgkns"), factors);
    scores = d.mul(scores, d.broadcastLike(factors, "bgknj", scores, "bgknqj"));
  }
  scores = addByChannel(scores, op.getScoreBias());
  if (!op.getMask())
    return scores;
  Value out = d.splat(scores, -std::numeric_limits<double>::infinity());
  return d.select(d.broadcastLike(op.getMask(), "bgk", scores, "bgknqj"), scores, out);
}

/// Own weights of channels: every pixel times every weight of the softmax, then one product for
/// each head over channels and pixels.
template <typename OpT>
Value Folded<OpT>::weightedPixels(Value weights, Value features, Value matrix) {
  ArrayRef<int64_t> w = shapeOf(weights), x = shapeOf(features);
  SmallVector<int64_t> shape = {w[0], w[1], w[5], w[4], w[3], w[2], x[4]};
  Value like = d.TensorBuilder::empty(shape, elementTypeOf(d.wide(weights)));
  auto spread = [&](Value value, StringRef letters) {
    std::string sorted;
    for (char letter : StringRef("bgjqnkf"))
      if (letters.contains(letter))
        sorted += letter;
    return d.broadcastLike(d.transpose(value, letters, sorted), sorted, like, "bgjqnkf");
  };
  Value weighted = d.mul(spread(d.wide(weights), "bgknqj"), spread(d.wide(features), "bgknf"));
  return d.contract("bgjqnkf,gjekf->bgqnje", weighted, matrix);
}

/// Own weights of channels: the values of each channel, then their weighted sums.
template <typename OpT>
Value Folded<OpT>::weightedProjections(Value weights, Value features, Value matrix) {
  Value values = d.contract("bgknf,gjekf->bgknje", features, matrix);
  ArrayRef<int64_t> w = shapeOf(weights), v = shapeOf(values);
  SmallVector<int64_t> shape = {v[0], v[1], v[2], w[4], v[3], v[4], v[5]};
  Value like = d.TensorBuilder::empty(shape, elementTypeOf(values));
  Value factors = d.transpose(d.wide(weights), "bgknqj", "bgkqnj");
  Value products = d.mul(d.broadcastLike(factors, "bgkqnj", like, "bgkqnje"),
                         d.broadcastLike(values, "bgknje", like, "bgkqnje"));
  return d.sum(products, "bgkqnje", "bgqnje");
}

template <typename OpT>
Value Folded<OpT>::project(Value weights, Value features) {
  Value weight = op.getValueWeight();
  if (!weight) {
    int64_t width = dimOf(features, 4) / heads();
    return d.contract("bgknqj,bgknje->bgqnje", weights, d.splitDim(features, 4, {heads(), width}));
  }
  int64_t width = dimOf(weight, 1) / heads();
  if (dimOf(weight, 2) == 1) {
    // Shared weights: the pixels are summed over the channels first.
    Value sums = d.contract("bgknqj,bgknf->bgnqjf", weights, features);
    Value matrix = d.splitDim(d.joinDims(weight, 1, 2), 1, {heads(), width});
    return d.contract("bgnqjf,gjef->bgqnje", sums, matrix);
  }
  Value matrix = d.splitDim(weight, 1, {heads(), width});
  // What is smaller: a head's values, which serve all queries, or its pixels.
  return width <= dimOf(weights, 4) * dimOf(features, 4)
             ? weightedProjections(weights, features, matrix)
             : weightedPixels(weights, features, matrix);
}

/// values + the sum over the channels of weights times a constant of each channel.
template <typename OpT>
Value Folded<OpT>::addConstant(Value values, Value weights, Value constant) {
  if (!constant)
    return values;
  // A rank may have one of several channels, which is padding.
  if (dimOf(constant, 2) == dimOf(weights, 2) && op.getMask() && !weighsMasked) {
    SmallVector<int64_t> shape(shapeOf(constant));
    shape[0] = std::max(shape[0], dimOf(op.getMask(), 0));
    constant = dropMasked(d.broadcastTo(constant, shape), "bgkv");
  }
  bool isOfSamples = dimOf(constant, 0) != 1;
  int64_t width = dimOf(constant, 3) / heads();
  Value parts = d.splitDim(constant, 3, {heads(), width});
  if (!isOfSamples)
    parts = d.joinDims(parts, 0, 2);
  if (dimOf(constant, 2) != 1 || dimOf(weights, 2) == 1)
    return d.add(values, d.contract(isOfSamples ? "bgknqj,bgkje->bgqnje" : "bgknqj,gkje->bgqnje",
                                    weights, parts));
  // The same for all channels: times the sum of the weights.
  Value sum = d.sum(weights, "bgknqj", "bgnqj");
  sum = d.broadcastLike(d.transpose(sum, "bgnqj", "bgqnj"), "bgqnj", values, "bgqnje");
  int64_t k = isOfSamples ? 2 : 1;
  parts = d.joinDims(parts, k - 1, 2);
  return d.add(values,
               d.mul(sum, d.broadcastLike(parts, isOfSamples ? "bgje" : "gje", values, "bgqnje")));
}

template <typename OpT>
Value Folded<OpT>::weightedValues(Value weights) {
  Value features = dropMasked(op.getFeatures() ? op.getFeatures() : op.getPixels(), "bgknf");
  Value scaled = weights;
  if (op.getNormValues())
    scaled = d.mul(weights, d.broadcastLike(factors, "bgknj", weights, "bgknqj"));
  Value values = project(scaled, features);
  values = addConstant(values, scaled, op.getValueOffset());
  return addConstant(values, weights, op.getValueBias());
}

FailureOr<SmallVector<Value>> FoldedAggregateOp::decomposeOperation(OpBuilder &builder) {
  Folded<FoldedAggregateOp> parts(*this, builder, getNanWhenEmpty());
  Decomposer &d = parts.d;
  Value scores = parts.scores();
  Value max = d.max(scores, "bgknqj", "bgnqj");
  if (zerosEmptyGroups())
    max = d.atLeastLowest(max);
  Value weights = d.exp(d.sub(scores, d.broadcastLike(max, "bgnqj", scores, "bgknqj")));
  Value sum = d.transpose(d.sum(weights, "bgknqj", "bgnqj"), "bgnqj", "bgqnj");
  Value values = parts.weightedValues(weights);
  sum = d.broadcastLike(sum, "bgqnj", values, "bgqnje");
  values = zerosEmptyGroups() ? d.divOrZero(values, sum) : d.div(values, sum);
  return SmallVector<Value>{d.joinDims(values, 4, 2)};
}

FailureOr<SmallVector<Value>> FoldedAggregatePartialOp::decomposeOperation(OpBuilder &builder) {
  Folded<FoldedAggregatePartialOp> parts(*this, builder, getWeighsMasked());
  Decomposer &d = parts.d;
  Value scores = parts.scores();
  Value max = d.max(scores, "bgknqj", "bgnqj");
  // At least the lowest finite number of the type, so that differences of maxima are not NaN.
  double lowest = lowestFinite(elementTypeOf(getMax()));
  max = arith::MaximumFOp::create(builder, getLoc(), max, d.splat(max, lowest));
  Value weights = d.exp(d.sub(scores, d.broadcastLike(max, "bgnqj", scores, "bgknqj")));
  Value sum = d.sum(weights, "bgknqj", "bgnqj");
  Value values = parts.weightedValues(weights);
  return SmallVector<Value>{d.transpose(max, "bgnqj", "bgqnj"), d.transpose(sum, "bgnqj", "bgqnj"),
                            d.joinDims(values, 4, 2)};
}
