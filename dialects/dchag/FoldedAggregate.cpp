//===- FoldedAggregate.cpp - aggregations without tokens -------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/FoldedAggregateEval.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/RuleBuilder.h"

using namespace mlir;
using namespace mlir::dchag;

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

namespace {
/// Checks the operands of a folded op, which all have one entry for each of the groups, and one for
/// each of the channels or samples or one for all.
template <typename OpT>
class FoldedVerifier {
public:
  explicit FoldedVerifier(OpT op) : op(op) {}

  /// Returns the width of the values, or failure after an error.
  FailureOr<int64_t> verify() {
    if (failed(verifyRank(op, "C1", "pixels", op.getPixels(), "B x G x K x N x P", 5)))
      return failure();
    pixels = shapeOf(op.getPixels());
    if (failed(verifyScores()) || failed(verifyValues()) || failed(verifyNorm()) ||
        failed(verifyNeeds()))
      return failure();
    if (failed(verifyShape(op, "C6", "mask", op.getMask(), "(B or 1) x G x K",
                           {oneOr(op.getMask(), 0, pixels[0]), pixels[1], pixels[2]})))
      return failure();
    if (divides(heads(), width))
      return width;
    return op.emitOpError("(C7) heads must divide the width of the values: got ")
           << heads() << " heads, width " << width;
  }

private:
  int64_t heads() { return op.getHeads(); }

  /// `size`, or 1 if dimension `dim` of `value` has that size.
  static int64_t oneOr(Value value, unsigned dim, int64_t size) {
    return value && shapeOf(value).size() > dim && shapeOf(value)[dim] == 1 ? 1 : size;
  }

  LogicalResult verifyScores() {
    Value weight = op.getScoreWeight();
    if (failed(verifyShape(op, "C2", "score_weight", weight, "G x Q x h x (K or 1) x P",
                           {pixels[1], kAnySize, heads(), oneOr(weight, 3, pixels[2]), pixels[4]})))
      return failure();
    int64_t queries = shapeOf(weight)[1];
    for (auto [name, value] : {std::pair(StringRef("score_offset"), Value(op.getScoreOffset())),
                               std::pair(StringRef("score_bias"), Value(op.getScoreBias()))})
      if (failed(verifyShape(op, "C2", name, value, "(B or 1) x G x K x Q x h",
                             {oneOr(value, 0, pixels[0]), pixels[1], pixels[2], queries, heads()})))
        return failure();
    return success();
  }

  LogicalResult verifyValues() {
    Value features = op.getFeatures(), weight = op.getValueWeight();
    if (failed(verifyShape(op, "C3", "features", features, "B x G x K x N x F",
                           {pixels[0], pixels[1], pixels[2], pixels[3], kAnySize})))
      return failure();
    if (!features && !weight)
      return op.emitOpError("(C3) without value_weight the values are features: got neither");
    width = features ? shapeOf(features)[4] : pixels[4];
    if (failed(verifyShape(op, "C3", "value_weight", weight, "G x V x (K or 1) x F",
                           {pixels[1], kAnySize, oneOr(weight, 2, pixels[2]), width})))
      return failure();
    if (weight)
      width = shapeOf(weight)[1];
    for (auto [name, value] : {std::pair(StringRef("value_offset"), Value(op.getValueOffset())),
                               std::pair(StringRef("value_bias"), Value(op.getValueBias()))})
      if (failed(verifyShape(
              op, "C3", name, value, "(B or 1) x G x (K or 1) x V",
              {oneOr(value, 0, pixels[0]), pixels[1], oneOr(value, 2, pixels[2]), width})))
        return failure();
    return success();
  }

  LogicalResult verifyNorm() {
    Value factor = op.getNormFactor(), linear = op.getNormLinear();
    Value constant = op.getNormConstant();
    int64_t parts = oneOr(factor, 2, heads()), pixel = pixels[4];
    if (failed(verifyShape(op, "C4", "norm_factor", factor, "G x (K or 1) x (h or 1) x P x P",
                           {pixels[1], oneOr(factor, 1, pixels[2]), parts, pixel, pixel})) ||
        failed(verifyShape(op, "C4", "norm_linear", linear,
                           "(B or 1) x G x K x (h or 1, as norm_factor) x P",
                           {oneOr(linear, 0, pixels[0]), pixels[1], pixels[2], parts, pixel})) ||
        failed(verifyShape(op, "C4", "norm_constant", constant,
                           "(B or 1) x G x K x (h or 1, as norm_factor)",
                           {oneOr(constant, 0, pixels[0]), pixels[1], pixels[2], parts})))
      return failure();
    return success();
  }

  LogicalResult verifyNeeds() {
    if (Value factor = op.getNormFactor()) {
      double epsilon = op.getEpsilon().convertToDouble();
      if (!(epsilon >= 0) || std::isinf(epsilon))
        return op.emitOpError("(C5) epsilon must be a finite number that is not negative: got ")
               << epsilon;
      if (op.getNormValues() && shapeOf(factor)[2] != 1)
        return op.emitOpError("(C5) norm_values needs one norm_factor for all heads: got ")
               << shapeOf(factor)[2];
      if (op.getValueOffset() && !op.getNormValues())
        return op.emitOpError("(C5) value_offset needs norm_values: use value_bias");
      return success();
    }
    for (auto [name, isThere] : {std::pair("score_offset", bool(op.getScoreOffset())),
                                 {"value_offset", bool(op.getValueOffset())},
                                 {"norm_linear", bool(op.getNormLinear())},
                                 {"norm_constant", bool(op.getNormConstant())},
                                 {"norm_values", op.getNormValues()},
                                 {"epsilon", op.getEpsilon().convertToDouble() != 0}})
      if (isThere)
        return op.emitOpError("(C5) ") << name << " needs norm_factor";
    return success();
  }

  OpT op;
  ArrayRef<int64_t> pixels;
  int64_t width = 0;
};
} // namespace

//===----------------------------------------------------------------------===//
// Evaluation, rules and costs of both ops
//===----------------------------------------------------------------------===//

/// The operands by name: evaluation gets them as one list, without the absent ones.
template <typename OpT>
static FoldedInputs gatherInputs(OpT op, ArrayRef<EvalTensor> operands) {
  auto find = [&](unsigned segment) -> const EvalTensor * {
    auto [start, size] = op.getODSOperandIndexAndLength(segment);
    return size ? &operands[start] : nullptr;
  };
  FoldedInputs inputs;
  inputs.pixels = find(OpT::odsIndex_pixels);
  inputs.scoreWeight = find(OpT::odsIndex_score_weight);
  inputs.scoreOffset = find(OpT::odsIndex_score_offset);
  inputs.scoreBias = find(OpT::odsIndex_score_bias);
  inputs.features = op.getFeatures() ? find(OpT::odsIndex_features) : inputs.pixels;
  inputs.valueWeight = find(OpT::odsIndex_value_weight);
  inputs.valueOffset = find(OpT::odsIndex_value_offset);
  inputs.valueBias = find(OpT::odsIndex_value_bias);
  inputs.normFactor = find(OpT::odsIndex_norm_factor);
  inputs.normLinear = find(OpT::odsIndex_norm_linear);
  inputs.normConstant = find(OpT::odsIndex_norm_constant);
  inputs.mask = find(OpT::odsIndex_mask);
  inputs.heads = op.getHeads();
  inputs.epsilon = op.getEpsilon().convertToDouble();
  inputs.normValues = op.getNormValues();
  return inputs;
}

/// The number of the factor of heads in the rules, which `cloneLocal` relies on.
static constexpr unsigned kHeadFactor = 0;

namespace {
/// The factors of both ops, and the dimensions of the operands made of them. Dimensions of size 1
/// that stand for all channels, samples or heads have no factor (RuleBuilder).
template <typename OpT>
struct FoldedRule {
  explicit FoldedRule(OpT op) : rule(op) {
    ArrayRef<int64_t> pixels = shapeOf(op.getPixels()), scores = shapeOf(op.getScoreWeight());
    int64_t values = shapeOf(op->getResults().back()).back();
    h = rule.factor(op.getHeads());
    b = rule.factor(pixels[0]), g = rule.factor(pixels[1]);
    k = rule.factor(pixels[2], FactorKind::Softmax), n = rule.factor(pixels[3]);
    q = rule.factor(scores[1]);
    int64_t p = rule.factor(pixels[4], FactorKind::Whole);
    int64_t width = rule.factor(values / op.getHeads(), FactorKind::Whole);
    value = {h, width};
    // Features without a weight are the values, which split by heads.
    RuleBuilder::Dim feature = value;
    if (op.getValueWeight())
      feature = op.getFeatures() ? rule.factor(shapeOf(op.getFeatures())[4], FactorKind::Whole) : p;
    rule.operand(0, {b, g, k, n, p});
    rule.operand(1, {g, q, h, k, p});
    rule.optionalOperand(op.getScoreOffsetMutable(), {b, g, k, q, h});
    rule.optionalOperand(op.getScoreBiasMutable(), {b, g, k, q, h});
    rule.optionalOperand(op.getFeaturesMutable(), {b, g, k, n, feature});
    rule.optionalOperand(op.getValueWeightMutable(), {g, value, k, feature});
    rule.optionalOperand(op.getValueOffsetMutable(), {b, g, k, value});
    rule.optionalOperand(op.getValueBiasMutable(), {b, g, k, value});
    rule.optionalOperand(op.getNormFactorMutable(), {g, k, h, p, p});
    rule.optionalOperand(op.getNormLinearMutable(), {b, g, k, h, p});
    rule.optionalOperand(op.getNormConstantMutable(), {b, g, k, h});
    rule.optionalOperand(op.getMaskMutable(), {b, g, k});
  }

  RuleBuilder rule;
  int64_t b, g, k, n, q, h;
  RuleBuilder::Dim value = 0;
};
} // namespace

/// Floating-point operations of everything before the division: for each score scale, maximum,
/// difference, exponential and sum.
template <typename OpT>
static double getFlopsUpToDivision(OpT op) {
  ArrayRef<int64_t> pixels = shapeOf(op.getPixels()), scores = shapeOf(op.getScoreWeight());
  double places = static_cast<double>(pixels[0]) * pixels[1] * pixels[2] * pixels[3];
  double rows = static_cast<double>(scores[1]) * scores[2], p = pixels[4];
  double flops = places * rows * (2.0 * p + 5.0);
  double added = places * rows;
  flops += (op.getScoreOffset() ? added : 0) + (op.getScoreBias() ? added : 0);
  if (Value factor = op.getNormFactor())
    flops += places * (shapeOf(factor)[2] * (2.0 * p * p + 2.0 * p + (op.getNormLinear() ? p : 0)) +
                       rows * (op.getNormValues() ? 2.0 : 1.0));
  // Values: pixels weighted for each head, summed over channels before or by the projection.
  double f = op.getFeatures() ? shapeOf(op.getFeatures())[4] : p;
  double width = shapeOf(op->getResults().back()).back();
  double results = static_cast<double>(pixels[0]) * pixels[1] * pixels[3] * scores[1] * width;
  if (!op.getValueWeight())
    flops += 2.0 * results * pixels[2];
  else if (shapeOf(op.getValueWeight())[2] == 1)
    flops += 2.0 * places * rows * f + 2.0 * results * f;
  else
    flops += places * rows * f + 2.0 * results * pixels[2] * f;
  for (Value value : {op.getValueOffset(), op.getValueBias()})
    if (value)
      flops += 2.0 * results * shapeOf(value)[2];
  return flops;
}

/// `pixels` are the tokens.
static SmallVector<TokenDim> getFoldedDims(Operation *op, Value value) {
  bool isMade = value.getDefiningOp() == op;
  bool isTokens = value == op->getOperand(0);
  if (!isMade && !isTokens)
    return {};
  return {TokenDim::Batch, TokenDim::Group, isTokens ? TokenDim::Channel : TokenDim::Other,
          TokenDim::Position, isTokens ? TokenDim::Feature : TokenDim::Other};
}

//===----------------------------------------------------------------------===//
// FoldedAggregateOp
//===----------------------------------------------------------------------===//

LogicalResult FoldedAggregateOp::verify() {
  FailureOr<int64_t> width = FoldedVerifier(*this).verify();
  if (failed(width))
    return failure();
  ArrayRef<int64_t> pixels = shapeOf(getPixels());
  if (failed(verifyShape(*this, "C1", "result", getResult(), "B x G x Q x N x V",
                         {pixels[0], pixels[1], shapeOf(getScoreWeight())[1], pixels[3], *width})))
    return failure();
  return verifyMixedElementTypes(*this, "C8");
}

bool FoldedAggregateOp::zerosEmptyGroups() {
  return !getNanWhenEmpty() && (getMask() || shapeOf(getPixels())[2] == 0);
}

LogicalResult FoldedAggregateOp::evaluate(ArrayRef<EvalTensor> operands,
                                          SmallVectorImpl<EvalTensor> &results) {
  FoldedInputs inputs = gatherInputs(*this, operands);
  inputs.weighsMasked = getNanWhenEmpty();
  double empty = zerosEmptyGroups() ? 0 : std::numeric_limits<double>::quiet_NaN();
  results.push_back(divideParts(evaluateFolded(inputs), empty));
  return success();
}

RuleAttr FoldedAggregateOp::getShardingRule() {
  FoldedRule<FoldedAggregateOp> common(*this);
  return common.rule.result(0, {common.b, common.g, common.q, common.n, common.value}).build();
}

Operation *FoldedAggregateOp::cloneLocal(OpBuilder &builder, ValueRange operands,
                                         TypeRange resultTypes, ArrayRef<int64_t> localSizes) {
  auto clone = cast<FoldedAggregateOp>(cloneWithTypes(*this, builder, operands, resultTypes));
  clone.setHeads(localSizes[kHeadFactor]);
  return clone;
}

TokenRole FoldedAggregateOp::getTokenRole() { return TokenRole::Aggregate; }

SmallVector<TokenDim> FoldedAggregateOp::getTokenDims(Value value) {
  return getFoldedDims(*this, value);
}

double FoldedAggregateOp::getFlops() {
  return getFlopsUpToDivision(*this) + getType().getNumElements();
}

//===----------------------------------------------------------------------===//
// FoldedAggregatePartialOp
//===----------------------------------------------------------------------===//

LogicalResult FoldedAggregatePartialOp::verify() {
  FailureOr<int64_t> width = FoldedVerifier(*this).verify();
  if (failed(width))
    return failure();
  ArrayRef<int64_t> pixels = shapeOf(getPixels());
  SmallVector<int64_t> wanted = {pixels[0], pixels[1], shapeOf(getScoreWeight())[1], pixels[3],
                                 static_cast<int64_t>(getHeads())};
  if (failed(verifyShape(*this, "C1", "max", getMax(), "B x G x Q x N x h", wanted)) ||
      failed(verifyShape(*this, "C1", "sum", getSum(), "B x G x Q x N x h", wanted)))
    return failure();
  wanted.back() = *width;
  if (failed(verifyShape(*this, "C1", "acc", getAcc(), "B x G x Q x N x V", wanted)))
    return failure();
  return verifyMixedElementTypes(*this, "C8");
}

LogicalResult FoldedAggregatePartialOp::evaluate(ArrayRef<EvalTensor> operands,
                                                 SmallVectorImpl<EvalTensor> &results) {
  FoldedInputs inputs = gatherInputs(*this, operands);
  inputs.weighsMasked = getWeighsMasked();
  AggregateParts parts = evaluateFolded(inputs);
  results.append({std::move(parts.max), std::move(parts.sum), std::move(parts.acc)});
  return success();
}

RuleAttr FoldedAggregatePartialOp::getShardingRule() {
  FoldedRule<FoldedAggregatePartialOp> common(*this);
  auto [b, g, q, n] = std::tuple(common.b, common.g, common.q, common.n);
  // The mask excludes padded channels; without one, K must divide evenly.
  Builder builder(getContext());
  if (getMask())
    common.rule.padding(getMaskMutable()[0].getOperandNumber(), common.k,
                        builder.getBoolAttr(false));
  auto keepFinite = [&](OpOperand &operand) {
    common.rule.padding(operand.getOperandNumber(), common.k,
                        builder.getZeroAttr(elementTypeOf(operand.get())));
  };
  auto isOwn = [](MutableOperandRange range) {
    return !range.empty() && shapeOf(range[0].get())[2] != 1;
  };
  // Weights multiply the pixels of masked channels, which count as 0 unless the mask weighs.
  if (getMask() && isOwn(getValueWeightMutable()))
    keepFinite(getValueWeightMutable()[0]);
  if (getMask() && getWeighsMasked()) {
    keepFinite(getPixelsMutable());
    if (getFeatures())
      keepFinite(getFeaturesMutable()[0]);
    for (MutableOperandRange range : {getValueOffsetMutable(), getValueBiasMutable()})
      if (isOwn(range))
        keepFinite(range[0]);
  }
  common.rule.result(0, {b, g, q, n, common.h}).result(1, {b, g, q, n, common.h});
  return common.rule.result(2, {b, g, q, n, common.value}).maximum(0).build();
}

Operation *FoldedAggregatePartialOp::cloneLocal(OpBuilder &builder, ValueRange operands,
                                                TypeRange resultTypes,
                                                ArrayRef<int64_t> localSizes) {
  auto clone =
      cast<FoldedAggregatePartialOp>(cloneWithTypes(*this, builder, operands, resultTypes));
  clone.setHeads(localSizes[kHeadFactor]);
  return clone;
}

TokenRole FoldedAggregatePartialOp::getTokenRole() { return TokenRole::Aggregate; }

SmallVector<TokenDim> FoldedAggregatePartialOp::getTokenDims(Value value) {
  return getFoldedDims(*this, value);
}

double FoldedAggregatePartialOp::getFlops() { return getFlopsUpToDivision(*this); }
