//===- Aggregate.cpp - merging the channel tokens of a position ------------*- C++ -*-===//

#include "dialects/dchag/AggregateEval.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/interfaces/EvalMath.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

//===----------------------------------------------------------------------===//
// What AggregateOp and AggregatePartialOp share
//===----------------------------------------------------------------------===//

/// (C3), (C5) and (C6) of a projection of the tokens to keys or values. Returns the width of
/// the projected tokens, or nothing after an error.
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

/// Everything up to the softmax; returns the width of the values.
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
      failed(verifyHeads(op, op.getHeads(), *valueWidth, "values")))
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

/// The operands by name: evaluation gets them as one list, without those that are absent.
template <typename OpT>
static AggregateInputs gatherInputs(OpT op, ArrayRef<EvalTensor> operands) {
  auto find = [&](unsigned segment) -> const EvalTensor * {
    auto [start, size] = op.getODSOperandIndexAndLength(segment);
    return size ? &operands[start] : nullptr;
  };
  unsigned mask = OpT::odsIndex_mask;
  return {find(0),
          find(1),
          find(2),
          find(3),
          find(4),
          find(5),
          find(mask),
          static_cast<int64_t>(op.getHeads()),
          op.getScale().convertToDouble()};
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

LogicalResult AggregateOp::evaluate(ArrayRef<EvalTensor> operands,
                                    SmallVectorImpl<EvalTensor> &results) {
  AggregateInputs inputs = gatherInputs(*this, operands);
  EvalTensor result = divideParts(evaluateParts(inputs));
  if (getWo()) {
    unsigned wo = getODSOperandIndexAndLength(odsIndex_wo).first;
    result = projectOutput(result, operands[wo], getBo() ? &operands[wo + 1] : nullptr);
  }
  results.push_back(std::move(result));
  return success();
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
  AggregateParts parts = evaluateParts(gatherInputs(*this, operands));
  results.append({std::move(parts.max), std::move(parts.sum), std::move(parts.acc)});
  return success();
}

//===----------------------------------------------------------------------===//
// MergePartialsOp
//===----------------------------------------------------------------------===//

LogicalResult MergePartialsOp::verify() {
  if (failed(verifyRank(*this, "C1", "max", getMax(), "R x B x G x Q x N x h", 6)))
    return failure();
  SmallVector<int64_t> sizes(shapeOf(getMax()));
  int64_t heads = sizes.back();
  if (failed(verifyShape(*this, "C1", "sum", getSum(), "R x B x G x Q x N x h", sizes)))
    return failure();
  sizes.back() = kAnySize;
  if (failed(verifyShape(*this, "C1", "acc", getAcc(), "R x B x G x Q x N x V", sizes)))
    return failure();
  sizes.back() = shapeOf(getAcc()).back();
  if (failed(verifyShape(*this, "C1", "result", getResult(), "B x G x Q x N x V",
                         ArrayRef(sizes).drop_front())) ||
      failed(verifyHeads(*this, heads, sizes.back(), "values")))
    return failure();
  return verifySameElementType(*this, "C3");
}

LogicalResult MergePartialsOp::evaluate(ArrayRef<EvalTensor> operands,
                                        SmallVectorImpl<EvalTensor> &results) {
  const EvalTensor &max = operands[0], &sum = operands[1], &acc = operands[2];
  EvalTensor result(getType());
  int64_t parts = max.getDim(0), heads = max.getDim(5), width = acc.getDim(5) / heads;
  int64_t count = productOf(max.getShape().drop_front());
  double *y = result.mutableFloats();
  for (int64_t i = 0; i < count; ++i) {
    double top = lowestFinite(max.getElementType()), total = 0;
    for (int64_t r = 0; r < parts; ++r)
      top = maxOrNaN(top, max.floats()[r * count + i]);
    for (int64_t r = 0; r < parts; ++r) {
      double weight = std::exp(max.floats()[r * count + i] - top);
      total += sum.floats()[r * count + i] * weight;
      for (int64_t e = 0; e < width; ++e)
        y[i * width + e] += acc.floats()[(r * count + i) * width + e] * weight;
    }
    for (int64_t e = 0; e < width; ++e)
      y[i * width + e] = total == 0 ? 0 : y[i * width + e] / total;
  }
  results.push_back(std::move(result));
  return success();
}

//===----------------------------------------------------------------------===//
// AggregateLinearOp
//===----------------------------------------------------------------------===//

LogicalResult AggregateLinearOp::verify() {
  if (failed(verifyRank(*this, "C1", "tokens", getTokens(), "B x G x K x N x D", 5)))
    return failure();
  ArrayRef<int64_t> tokens = shapeOf(getTokens());
  if (failed(verifyShape(*this, "C1", "weight", getWeight(), "G x Q x K",
                         {tokens[1], kAnySize, tokens[2]})))
    return failure();
  int64_t queries = shapeOf(getWeight())[1];
  if (failed(verifyShape(*this, "C1", "result", getResult(), "B x G x Q x N x D",
                         {tokens[0], tokens[1], queries, tokens[3], tokens[4]})) ||
      failed(verifyShape(*this, "C2", "bias", getBias(), "G x Q", {tokens[1], queries})))
    return failure();
  return verifySameElementType(*this, "C3");
}

LogicalResult AggregateLinearOp::evaluate(ArrayRef<EvalTensor> operands,
                                          SmallVectorImpl<EvalTensor> &results) {
  const EvalTensor &tokens = operands[0], &weight = operands[1];
  EvalTensor result(getType());
  int64_t groups = tokens.getDim(1), units = tokens.getDim(2), queries = weight.getDim(1);
  int64_t inner = tokens.getDim(3) * tokens.getDim(4);
  double *y = result.mutableFloats();
  for (int64_t i = 0; i < tokens.getDim(0) * groups; ++i) {
    int64_t g = i % groups;
    for (int64_t q = 0; getBias() && q < queries; ++q)
      std::fill_n(y + (i * queries + q) * inner, inner, operands[2].floats()[g * queries + q]);
    addProduct(queries, inner, units, {weight.floats() + g * queries * units, units, 1},
               {tokens.floats() + i * units * inner, inner, 1},
               {y + i * queries * inner, inner, 1});
  }
  results.push_back(std::move(result));
  return success();
}
