//===- Attention.cpp - attention over positions ----------------------------*- C++ -*-===//

#include "dialects/dchag/AggregateEval.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/RuleBuilder.h"
#include "dialects/interfaces/EvalMath.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

/// (C3): each dimension is that of the scores or 1.
static LogicalResult verifyBroadcast(Operation *op, StringRef name, Value value,
                                     ArrayRef<int64_t> scores) {
  if (!value)
    return success();
  ArrayRef<int64_t> shape = shapeOf(value);
  bool ok = shape.size() == scores.size();
  for (size_t d = 0; ok && d < scores.size(); ++d)
    ok = shape[d] == 1 || shape[d] == scores[d];
  if (ok)
    return success();
  return op->emitOpError("(C3) ") << name
                                  << " must be (B or 1) x (h or 1) x (N or 1) x (M or 1): got "
                                  << shapeText(shape) << ", scores are " << shapeText(scores);
}

LogicalResult AttentionOp::verify() {
  if (failed(verifyRank(*this, "C1", "query", getQuery(), "B x h x N x d", 4)))
    return failure();
  ArrayRef<int64_t> query = shapeOf(getQuery());
  if (failed(verifyShape(*this, "C1", "key", getKey(), "B x hk x M x d",
                         {query[0], kAnySize, kAnySize, query[3]})))
    return failure();
  ArrayRef<int64_t> key = shapeOf(getKey());
  if (failed(verifyShape(*this, "C1", "value", getValue(), "B x hk x M x e",
                         {key[0], key[1], key[2], kAnySize})) ||
      failed(verifyShape(*this, "C1", "result", getResult(), "B x h x N x e",
                         {query[0], query[1], query[2], shapeOf(getValue())[3]})))
    return failure();
  if (!divides(key[1], query[1]))
    return emitOpError("(C2) heads of the keys must divide the heads of the queries: got ")
           << key[1] << " and " << query[1];
  SmallVector<int64_t> scores = {query[0], query[1], query[2], key[2]};
  if (failed(verifyBroadcast(*this, "bias", getBias(), scores)) ||
      failed(verifyBroadcast(*this, "mask", getMask(), scores)))
    return failure();
  return verifySameElementType(*this, "C4");
}

/// Strides of a tensor in which dimensions of size 1 are broadcast.
static SmallVector<int64_t> broadcastStrides(const EvalTensor &tensor) {
  SmallVector<int64_t> strides = tensor.getStrides();
  for (auto [d, size] : llvm::enumerate(tensor.getShape()))
    if (size == 1)
      strides[d] = 0;
  return strides;
}

namespace {
/// A broadcast operand, indexed by the scores of one batch entry and head.
struct ScoreView {
  const EvalTensor *tensor = nullptr;
  int64_t base = 0, rowStride = 0, colStride = 0;

  ScoreView(const EvalTensor *tensor, int64_t b, int64_t j) : tensor(tensor) {
    if (!tensor)
      return;
    SmallVector<int64_t> strides = broadcastStrides(*tensor);
    base = b * strides[0] + j * strides[1];
    rowStride = strides[2];
    colStride = strides[3];
  }
  double get(int64_t n, int64_t m) const {
    return tensor->getAsDouble(base + n * rowStride + m * colStride);
  }
};
} // namespace

bool AttentionOp::zerosEmptyQueries() {
  return !getNanWhenEmpty() && (getMask() || getBias() || shapeOf(getKey())[2] == 0);
}

static constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

/// One query: y = softmax of the scores times the values. Masked keys have a score of minus
/// infinity; `lowest` is finite unless a query without a key yields NaN, and then they have no
/// effect.
static void attendQuery(ArrayRef<double> scores, double lowest, const double *values, int64_t width,
                        double *y) {
  bool isPlain = lowest == kMinusInfinity;
  double max = lowest, sum = 0;
  for (double score : scores)
    max = maxOrNaN(max, score);
  for (size_t m = 0; m < scores.size(); ++m) {
    if (!isPlain && scores[m] == kMinusInfinity)
      continue;
    double weight = std::exp(scores[m] - max);
    sum += weight;
    for (int64_t e = 0; e < width; ++e)
      y[e] += weight * values[m * width + e];
  }
  for (int64_t e = 0; e < width; ++e)
    y[e] = sum == 0 && !isPlain ? 0 : y[e] / sum;
}

LogicalResult AttentionOp::evaluate(ArrayRef<EvalTensor> operands,
                                    SmallVectorImpl<EvalTensor> &results) {
  const EvalTensor &query = operands[0], &key = operands[1], &value = operands[2];
  const EvalTensor *bias = getBias() ? &operands[3] : nullptr;
  const EvalTensor *mask = getMask() ? &operands.back() : nullptr;
  EvalTensor result(getType());
  int64_t heads = query.getDim(1), keyHeads = key.getDim(1), queries = query.getDim(2);
  int64_t keys = key.getDim(2), depth = query.getDim(3), width = value.getDim(3);
  double scale = getScale().convertToDouble();
  bool zeros = zerosEmptyQueries();
  // Scores of narrow types are computed in f32.
  Type type = result.getElementType();
  if (type.getIntOrFloatBitWidth() < 32)
    type = Float32Type::get(getContext());
  double lowest = zeros ? lowestFinite(type) : kMinusInfinity;
  for (int64_t i = 0; i < query.getDim(0) * heads; ++i) {
    int64_t b = i / heads, j = i % heads, shared = b * keyHeads + j * keyHeads / heads;
    std::vector<double> scores(queries * keys);
    addProduct(queries, keys, depth, {query.floats() + i * queries * depth, depth, 1},
               {key.floats() + shared * keys * depth, 1, depth}, {scores.data(), keys, 1});
    ScoreView biasView(bias, b, j), maskView(mask, b, j);
    for (int64_t n = 0; n < queries; ++n) {
      MutableArrayRef<double> row(scores.data() + n * keys, keys);
      for (int64_t m = 0; m < keys; ++m) {
        double added = bias ? biasView.get(n, m) : 0.0;
        bool isHidden = (mask && maskView.get(n, m) == 0) || (zeros && added == kMinusInfinity);
        row[m] = isHidden ? kMinusInfinity : scale * row[m] + added;
      }
      attendQuery(row, lowest, value.floats() + shared * keys * width, width,
                  result.mutableFloats() + (i * queries + n) * width);
    }
  }
  results.push_back(std::move(result));
  return success();
}

RuleAttr AttentionOp::getShardingRule() {
  ArrayRef<int64_t> query = shapeOf(getQuery()), key = shapeOf(getKey());
  RuleBuilder rule(*this);
  int64_t b = rule.factor(query[0]), n = rule.factor(query[2]);
  // Heads that share a key stay together; a single key is replicated.
  bool oneKey = key[1] == 1;
  int64_t h = rule.factor(oneKey ? query[1] : key[1]);
  int64_t shared = rule.factor(oneKey ? 1 : query[1] / key[1], FactorKind::Whole);
  int64_t m = rule.factor(key[2], FactorKind::Whole), d = rule.factor(query[3], FactorKind::Whole);
  int64_t e = rule.factor(shapeOf(getValue())[3]);
  rule.operand(0, {b, {h, shared}, n, d}).operand(1, {b, h, m, d}).operand(2, {b, h, m, e});
  rule.optionalOperand(getBiasMutable(), {b, {h, shared}, n, m});
  rule.optionalOperand(getMaskMutable(), {b, {h, shared}, n, m});
  return rule.result(0, {b, {h, shared}, n, e}).build();
}

TokenRole AttentionOp::getTokenRole() { return TokenRole::Attend; }

/// Keys and values have different positions from queries; each query needs all of them.
SmallVector<TokenDim> AttentionOp::getTokenDims(Value value) {
  if (value == getQuery() || value == getResult())
    return {TokenDim::Batch, TokenDim::Other, TokenDim::Position, TokenDim::Feature};
  return {};
}

double AttentionOp::getFlops() {
  ArrayRef<int64_t> query = shapeOf(getQuery()), value = shapeOf(getValue());
  double scores = static_cast<double>(query[0]) * query[1] * query[2] * value[2];
  // Of each score: scale, maximum, difference, exponential and sum; a quotient of each result.
  return scores * (2.0 * (query[3] + value[3]) + 5.0 + (getBias() ? 1 : 0)) +
         getType().getNumElements();
}

/// Drops a mask that is true everywhere and a bias of zeros.
LogicalResult AttentionOp::canonicalize(AttentionOp op, PatternRewriter &rewriter) {
  bool mask = succeeded(dropSplatOperand(op.getMaskMutable(), 1, rewriter));
  bool bias = succeeded(dropSplatOperand(op.getBiasMutable(), 0, rewriter));
  return success(mask || bias);
}
