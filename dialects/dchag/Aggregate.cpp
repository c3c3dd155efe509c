//===- Aggregate.cpp - merging the channel tokens of a position ------------*- C++ -*-===//

#include "dialects/dchag/AggregateEval.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/RuleBuilder.h"
#include "dialects/interfaces/EvalMath.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

//===----------------------------------------------------------------------===//
// Shared by AggregateOp and AggregatePartialOp
//===----------------------------------------------------------------------===//

/// (C3), (C5) and (C6) of a projection of the tokens to keys or values. Returns the width of the
/// projected tokens, or failure after an error.
static FailureOr<int64_t> verifyProjection(Operation *op, Value tokens, StringRef suffix,
                                           StringRef symbol, Value weight, Value bias) {
  int64_t groups = shapeOf(tokens)[1], tokenWidth = shapeOf(tokens)[4];
  std::string weightName = ("w" + suffix).str(), biasName = ("b" + suffix).str();
  if (!weight) {
    if (bias)
      return op->emitOpError("(C6) a bias needs its weight: got ")
             << biasName << " without " << weightName;
    return tokenWidth;
  }
  if (failed(verifyShape(op, "C3", weightName, weight, ("G x " + symbol + " x Dt").str(),
                         {groups, kAnySize, tokenWidth})))
    return failure();
  int64_t width = shapeOf(weight)[1];
  if (failed(verifyShape(op, "C3", biasName, bias, ("G x " + symbol).str(), {groups, width})))
    return failure();
  return width;
}

/// (C2)
static LogicalResult verifyHeads(Operation *op, int64_t heads, int64_t width, StringRef what) {
  if (divides(heads, width))
    return success();
  return op->emitOpError("(C2) heads must divide the width of the ")
         << what << ": got " << heads << " heads, width " << width;
}

/// (C8)
static LogicalResult verifyKeyNorm(Operation *op, KeyNormAttr norm) {
  double epsilon = norm ? norm.getEpsilon() : 0;
  if (epsilon >= 0 && std::isfinite(epsilon))
    return success();
  return op->emitOpError(
             "(C8) epsilon of key_norm must be a finite number that is not negative: got ")
         << epsilon;
}

/// Checks everything up to the softmax; returns the width of the values.
template <typename OpT>
static FailureOr<int64_t> verifyUpToSoftmax(OpT op) {
  if (failed(verifyRank(op, "C1", "tokens", op.getTokens(), "B x G x K x N x Dt", 5)))
    return failure();
  ArrayRef<int64_t> tokens = shapeOf(op.getTokens());
  if (failed(verifyShape(op, "C1", "query", op.getQuery(), "G x Q x A",
                         {tokens[1], kAnySize, kAnySize})))
    return failure();
  FailureOr<int64_t> keyWidth =
      verifyProjection(op, op.getTokens(), "k", "A", op.getWk(), op.getBk());
  FailureOr<int64_t> valueWidth =
      verifyProjection(op, op.getTokens(), "v", "V", op.getWv(), op.getBv());
  if (failed(keyWidth) || failed(valueWidth))
    return failure();
  int64_t queryWidth = shapeOf(op.getQuery())[2];
  if (*keyWidth != queryWidth) {
    if (op.getWk())
      return op.emitOpError("(C3) wk must be G x A x Dt with the width A of the query: got ")
             << *keyWidth << ", wanted " << queryWidth;
    return op.emitOpError("(C5) without wk the query must have the width of the tokens: got ")
           << queryWidth << ", wanted " << *keyWidth;
  }
  if (failed(verifyHeads(op, op.getHeads(), *keyWidth, "keys")) ||
      failed(verifyHeads(op, op.getHeads(), *valueWidth, "values")) ||
      failed(verifyKeyNorm(op, op.getKeyNormAttr())))
    return failure();
  if (Value mask = op.getMask()) {
    ArrayRef<int64_t> shape = shapeOf(mask);
    bool one = !shape.empty() && shape[0] == 1;
    if (failed(verifyShape(op, "C4", "mask", mask, "(B or 1) x G x K",
                           {one ? 1 : tokens[0], tokens[1], tokens[2]})))
      return failure();
  }
  return *valueWidth;
}

/// The operands by name: evaluation gets them as one list, without the absent ones.
template <typename OpT>
static AggregateInputs gatherInputs(OpT op, ArrayRef<EvalTensor> operands) {
  auto find = [&](unsigned segment) -> const EvalTensor * {
    auto [start, size] = op.getODSOperandIndexAndLength(segment);
    return size ? &operands[start] : nullptr;
  };
  unsigned mask = OpT::odsIndex_mask;
  AggregateInputs inputs{find(0),
                         find(1),
                         find(2),
                         find(3),
                         find(4),
                         find(5),
                         find(mask),
                         static_cast<int64_t>(op.getHeads()),
                         op.getScale().convertToDouble()};
  inputs.keyNorm = op.getKeyNormAttr();
  return inputs;
}

/// The number of the factor of heads in the rules, which `cloneLocal` relies on.
static constexpr unsigned kHeadFactor = 0;

/// How the heads split: as `kind`, or not at all.
template <typename OpT>
static FactorKind getHeadKind(OpT op, FactorKind kind) {
  // A projection needs all features of a token; without one, the token itself splits by heads.
  if (static_cast<bool>(op.getWk()) != static_cast<bool>(op.getWv()))
    return FactorKind::Whole;
  KeyNormAttr norm = op.getKeyNormAttr();
  if (!norm)
    return kind;
  // The padding of a sum is 0, also in keys. Programs normalise in f32, where epsilon may vanish.
  bool keepsZero = kind != FactorKind::Sum || static_cast<float>(norm.getEpsilon()) > 0;
  return norm.isPerHead() && keepsZero ? kind : FactorKind::Whole;
}

namespace {
/// Factors of everything up to the softmax, and the dimensions of the operands made of them.
template <typename OpT>
struct UpToSoftmaxRule {
  UpToSoftmaxRule(OpT op, FactorKind headKind) : rule(op) {
    ArrayRef<int64_t> tokens = shapeOf(op.getTokens()), query = shapeOf(op.getQuery());
    int64_t heads = op.getHeads();
    int64_t valueWidth = op.getWv() ? shapeOf(op.getWv())[1] : tokens[4];
    int64_t h = rule.factor(heads, getHeadKind(op, headKind));
    b = rule.factor(tokens[0]), g = rule.factor(tokens[1]);
    k = rule.factor(tokens[2], FactorKind::Softmax), n = rule.factor(tokens[3]);
    q = rule.factor(query[1]);
    int64_t depth = rule.factor(query[2] / heads, FactorKind::Whole);
    int64_t width = rule.factor(valueWidth / heads, FactorKind::Whole);
    RuleBuilder::Dim key = {h, depth};
    head = h, value = {h, width};
    RuleBuilder::Dim token = key;
    if (op.getWk() || op.getWv())
      token = rule.factor(tokens[4], FactorKind::Whole);
    rule.operand(0, {b, g, k, n, token}).operand(1, {g, q, key});
    rule.optionalOperand(op.getWkMutable(), {g, key, token});
    rule.optionalOperand(op.getBkMutable(), {g, key});
    rule.optionalOperand(op.getWvMutable(), {g, value, token});
    rule.optionalOperand(op.getBvMutable(), {g, value});
    rule.optionalOperand(op.getMaskMutable(), {b, g, k});
  }

  RuleBuilder rule;
  int64_t b, g, k, n, q;
  RuleBuilder::Dim head = 0, value = 0;
};
} // namespace

/// Floating-point operations of everything before the division: for each score scale, maximum,
/// difference, exponential and sum; for each feature of a normalised key mean, centred value, sum
/// of squares (2) and quotient, or the last three.
template <typename OpT>
static double getFlopsUpToSoftmax(OpT op) {
  ArrayRef<int64_t> tokens = shapeOf(op.getTokens()), query = shapeOf(op.getQuery());
  double tokenCount = static_cast<double>(tokens[0]) * tokens[1] * tokens[2] * tokens[3];
  double keyWidth = query[2], flops = 0;
  double valueWidth = op.getWv() ? shapeOf(op.getWv())[1] : tokens[4];
  if (op.getWk())
    flops += tokenCount * keyWidth * (2.0 * tokens[4] + (op.getBk() ? 1 : 0));
  if (op.getWv())
    flops += tokenCount * valueWidth * (2.0 * tokens[4] + (op.getBv() ? 1 : 0));
  if (KeyNormAttr norm = op.getKeyNormAttr())
    flops += tokenCount * keyWidth * (norm.isCentered() ? 5.0 : 3.0);
  return flops + tokenCount * query[1] * (2.0 * (keyWidth + valueWidth) + 5.0 * op.getHeads());
}

//===----------------------------------------------------------------------===//
// AggregateOp
//===----------------------------------------------------------------------===//

LogicalResult AggregateOp::verify() {
  FailureOr<int64_t> valueWidth = verifyUpToSoftmax(*this);
  if (failed(valueWidth))
    return failure();
  ArrayRef<int64_t> tokens = shapeOf(getTokens());
  int64_t groups = tokens[1], width = *valueWidth;
  if (getBo() && !getWo())
    return emitOpError("(C6) a bias needs its weight: got bo without wo");
  if (getWo()) {
    if (failed(verifyShape(*this, "C3", "wo", getWo(), "G x Do x V", {groups, kAnySize, width})))
      return failure();
    width = shapeOf(getWo())[1];
    if (failed(verifyShape(*this, "C3", "bo", getBo(), "G x Do", {groups, width})))
      return failure();
  }
  SmallVector<int64_t> wanted = {tokens[0], groups, shapeOf(getQuery())[1], tokens[3], width};
  StringRef label = getWo() || shapeOf(getResult()).size() != 5 ||
                            shapeOf(getResult()).drop_back() != ArrayRef(wanted).drop_back()
                        ? "C1"
                        : "C5";
  if (failed(verifyShape(*this, label, "result", getResult(),
                         getWo() ? "B x G x Q x N x Do" : "B x G x Q x N x V without wo", wanted)))
    return failure();
  return verifySameElementType(*this, "C7");
}

/// y = x wo[g]^T + bo[g] for the rows x of each group.
static EvalTensor projectOutput(const EvalTensor &x, const EvalTensor &wo, const EvalTensor *bo) {
  int64_t groups = x.getDim(1), rows = x.getDim(2) * x.getDim(3), depth = x.getDim(4);
  int64_t width = wo.getDim(1);
  EvalTensor result({x.getDim(0), groups, x.getDim(2), x.getDim(3), width}, x.getElementType());
  double *y = result.mutableFloats();
  for (int64_t i = 0; i < x.getDim(0) * groups; ++i) {
    int64_t g = i % groups;
    for (int64_t row = 0; bo && row < rows; ++row)
      std::copy_n(bo->floats() + g * width, width, y + (i * rows + row) * width);
    addProduct(rows, width, depth, {x.floats() + i * rows * depth, depth, 1},
               {wo.floats() + g * width * depth, 1, depth}, {y + i * rows * width, width, 1});
  }
  return result;
}

bool AggregateOp::zerosEmptyGroups() {
  return !getNanWhenEmpty() && (getMask() || shapeOf(getTokens())[2] == 0);
}

Value AggregateOp::buildProjection(OpBuilder &builder, Value values) {
  TensorBuilder t(builder, getLoc());
  if (getWo())
    values = t.contract(values, "bgqnv", getWo(), "gov", "bgqno");
  return getBo() ? t.addBias(values, getBo(), {0, 2, 3}) : values;
}

LogicalResult AggregateOp::evaluate(ArrayRef<EvalTensor> operands,
                                    SmallVectorImpl<EvalTensor> &results) {
  AggregateInputs inputs = gatherInputs(*this, operands);
  inputs.weighsMasked = getNanWhenEmpty();
  double empty = zerosEmptyGroups() ? 0 : std::numeric_limits<double>::quiet_NaN();
  EvalTensor result = divideParts(evaluateParts(inputs), empty);
  if (getWo()) {
    unsigned wo = getODSOperandIndexAndLength(odsIndex_wo).first;
    result = projectOutput(result, operands[wo], getBo() ? &operands[wo + 1] : nullptr);
  }
  results.push_back(std::move(result));
  return success();
}

RuleAttr AggregateOp::getShardingRule() {
  FactorKind headKind = getWo() ? sumUnless(static_cast<bool>(getBo())) : FactorKind::Parallel;
  UpToSoftmaxRule<AggregateOp> common(*this, headKind);
  RuleBuilder &rule = common.rule;
  RuleBuilder::Dim output = common.value;
  if (getWo())
    output = rule.factor(shapeOf(getWo())[1]);
  int64_t g = common.g;
  rule.optionalOperand(getWoMutable(), {g, output, common.value});
  rule.optionalOperand(getBoMutable(), {g, output});
  return rule.result(0, {common.b, g, common.q, common.n, output}).build();
}

Operation *AggregateOp::cloneLocal(OpBuilder &builder, ValueRange operands, TypeRange resultTypes,
                                   ArrayRef<int64_t> localSizes) {
  auto clone = cast<AggregateOp>(cloneWithTypes(*this, builder, operands, resultTypes));
  clone.setHeads(localSizes[kHeadFactor]);
  return clone;
}

TokenRole AggregateOp::getTokenRole() { return TokenRole::Aggregate; }

SmallVector<TokenDim> AggregateOp::getTokenDims(Value value) {
  return getAggregationDims(*this, value);
}

double AggregateOp::getFlops() {
  ArrayRef<int64_t> tokens = shapeOf(getTokens());
  double valueWidth = getWv() ? shapeOf(getWv())[1] : tokens[4];
  double rows = static_cast<double>(tokens[0]) * tokens[1] * shapeOf(getQuery())[1] * tokens[3];
  // One division for each value.
  double flops = getFlopsUpToSoftmax(*this) + rows * valueWidth;
  if (getWo())
    flops += getType().getNumElements() * (2.0 * valueWidth + (getBo() ? 1 : 0));
  return flops;
}

/// Drops a mask that is true everywhere.
LogicalResult AggregateOp::canonicalize(AggregateOp op, PatternRewriter &rewriter) {
  return dropSplatOperand(op.getMaskMutable(), 1, rewriter);
}

//===----------------------------------------------------------------------===//
// AggregatePartialOp
//===----------------------------------------------------------------------===//

LogicalResult AggregatePartialOp::verify() {
  FailureOr<int64_t> valueWidth = verifyUpToSoftmax(*this);
  if (failed(valueWidth))
    return failure();
  ArrayRef<int64_t> tokens = shapeOf(getTokens());
  SmallVector<int64_t> wanted = {tokens[0], tokens[1], shapeOf(getQuery())[1], tokens[3],
                                 static_cast<int64_t>(getHeads())};
  if (failed(verifyShape(*this, "C1", "max", getMax(), "B x G x Q x N x h", wanted)) ||
      failed(verifyShape(*this, "C1", "sum", getSum(), "B x G x Q x N x h", wanted)))
    return failure();
  wanted.back() = *valueWidth;
  if (failed(verifyShape(*this, "C1", "acc", getAcc(), "B x G x Q x N x V", wanted)))
    return failure();
  return verifySameElementType(*this, "C7");
}

LogicalResult AggregatePartialOp::evaluate(ArrayRef<EvalTensor> operands,
                                           SmallVectorImpl<EvalTensor> &results) {
  AggregateInputs inputs = gatherInputs(*this, operands);
  inputs.weighsMasked = getWeighsMasked();
  AggregateParts parts = evaluateParts(inputs);
  results.append({std::move(parts.max), std::move(parts.sum), std::move(parts.acc)});
  return success();
}

RuleAttr AggregatePartialOp::getShardingRule() {
  UpToSoftmaxRule<AggregatePartialOp> common(*this, FactorKind::Parallel);
  auto [b, g, q, n] = std::tuple(common.b, common.g, common.q, common.n);
  // The mask excludes padded channels; without one, K must divide evenly.
  Builder builder(getContext());
  if (getMask())
    common.rule.padding(getMaskMutable()[0].getOperandNumber(), common.k,
                        builder.getBoolAttr(false));
  if (getMask() && getWeighsMasked())
    common.rule.padding(0, common.k, builder.getZeroAttr(getTokens().getType().getElementType()));
  common.rule.result(0, {b, g, q, n, common.head}).result(1, {b, g, q, n, common.head});
  return common.rule.result(2, {b, g, q, n, common.value}).maximum(0).build();
}

Operation *AggregatePartialOp::cloneLocal(OpBuilder &builder, ValueRange operands,
                                          TypeRange resultTypes, ArrayRef<int64_t> localSizes) {
  auto clone = cast<AggregatePartialOp>(cloneWithTypes(*this, builder, operands, resultTypes));
  clone.setHeads(localSizes[kHeadFactor]);
  return clone;
}

TokenRole AggregatePartialOp::getTokenRole() { return TokenRole::Aggregate; }

SmallVector<TokenDim> AggregatePartialOp::getTokenDims(Value value) {
  return getAggregationDims(*this, value);
}

double AggregatePartialOp::getFlops() { return getFlopsUpToSoftmax(*this); }
