//===- Norm.cpp - normalisation and softmax --------------------------------*- C++ -*-===//

#include "dialects/dchag/AggregateEval.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/RuleBuilder.h"
#include "dialects/interfaces/EvalMath.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

/// (C1) to (C4) of both normalisations; `bias` may be null.
static LogicalResult verifyNorm(Operation *op, Value input, Value scale, Value bias, int64_t dims,
                                APFloat epsilon) {
  int64_t rank = tensorType(input).getRank();
  if (dims < 1 || dims > rank)
    return op->emitOpError("(C1) dims must be from 1 to the rank of the input: got ")
           << dims << ", rank " << rank;
  ArrayRef<int64_t> shape = shapeOf(input), normalised = shape.take_back(dims);
  if (failed(verifyShape(op, "C1", "result", op->getResult(0), "as the input", shape)) ||
      failed(verifyShape(op, "C2", "scale", scale, "the last `dims` sizes of the input",
                         normalised)) ||
      failed(
          verifyShape(op, "C2", "bias", bias, "the last `dims` sizes of the input", normalised)) ||
      failed(verifySameElementType(op, "C3")))
    return failure();
  double value = epsilon.convertToDouble();
  if (!(value >= 0) || std::isinf(value))
    return op->emitOpError("(C4) epsilon must be a finite number that is not negative: got ")
           << value;
  return success();
}

/// y = (x - mean) / sqrt(mean((x - mean)^2) + epsilon) * scale + bias with a mean of 0 if not
/// `centered`; scale and bias may be null.
static EvalTensor normalise(const EvalTensor &input, const EvalTensor *scale,
                            const EvalTensor *bias, int64_t dims, double epsilon, bool centered) {
  EvalTensor result(input.getShape(), input.getElementType());
  int64_t width = productOf(input.getShape().take_back(dims));
  double *y = result.mutableFloats();
  const double *x = input.floats();
  for (int64_t row = 0; row < input.getNumElements(); row += width, x += width, y += width) {
    normaliseRow(x, y, width, centered, epsilon);
    for (int64_t i = 0; i < width; ++i)
      y[i] = y[i] * (scale ? scale->floats()[i] : 1.0) + (bias ? bias->floats()[i] : 0.0);
  }
  return result;
}

/// All dimensions but the last `dims` are parallel; scale and bias (of `parameters`) have these.
static RuleAttr normRule(Operation *op, int64_t dims, ArrayRef<MutableOperandRange> parameters) {
  ArrayRef<int64_t> shape = shapeOf(op->getOperand(0));
  RuleBuilder rule(op);
  SmallVector<int64_t> outer = rule.factors(shape.drop_back(dims));
  SmallVector<int64_t> inner = rule.factors(shape.take_back(dims), FactorKind::Whole);
  SmallVector<RuleBuilder::Dim> innerDims(inner.begin(), inner.end());
  for (const MutableOperandRange &parameter : parameters)
    rule.optionalOperand(parameter, innerDims);
  SmallVector<int64_t> all = llvm::to_vector(llvm::concat<int64_t>(outer, inner));
  return rule.operand(0, ArrayRef(all)).result(0, ArrayRef(all)).build();
}

/// Features are the last `dims` dimensions; the meaning of the dimensions before is unknown.
static SmallVector<TokenDim> normDims(Value value, int64_t dims) {
  SmallVector<TokenDim> result(shapeOf(value).size(), TokenDim::Other);
  std::fill_n(result.rbegin(), dims, TokenDim::Feature);
  return result;
}

//===----------------------------------------------------------------------===//
// LayerNormOp
//===----------------------------------------------------------------------===//

LogicalResult LayerNormOp::verify() {
  return verifyNorm(*this, getInput(), getScale(), getBias(), getDims(), getEpsilon());
}

LogicalResult LayerNormOp::evaluate(ArrayRef<EvalTensor> operands,
                                    SmallVectorImpl<EvalTensor> &results) {
  const EvalTensor *scale = getScale() ? &operands[1] : nullptr;
  const EvalTensor *bias = getBias() ? &operands.back() : nullptr;
  results.push_back(normalise(operands[0], scale, bias, getDims(), getEpsilon().convertToDouble(),
                              /*centered=*/true));
  return success();
}

RuleAttr LayerNormOp::getShardingRule() {
  return normRule(*this, getDims(), {getScaleMutable(), getBiasMutable()});
}

TokenRole LayerNormOp::getTokenRole() { return TokenRole::Normalize; }

SmallVector<TokenDim> LayerNormOp::getTokenDims(Value value) {
  return value == getInput() || value == getResult() ? normDims(value, getDims())
                                                     : SmallVector<TokenDim>();
}

double LayerNormOp::getFlops() {
  // Mean, centred value, sum of squares (2), quotient.
  return (5.0 + (getScale() ? 1 : 0) + (getBias() ? 1 : 0)) *
         tensorType(getInput()).getNumElements();
}

/// Drops a scale of ones and a bias of zeros.
LogicalResult LayerNormOp::canonicalize(LayerNormOp op, PatternRewriter &rewriter) {
  bool bias = succeeded(dropSplatOperand(op.getBiasMutable(), 0, rewriter));
  bool scale = succeeded(dropSplatOperand(op.getScaleMutable(), 1, rewriter));
  return success(bias || scale);
}

//===----------------------------------------------------------------------===//
// RmsNormOp
//===----------------------------------------------------------------------===//

LogicalResult RmsNormOp::verify() {
  return verifyNorm(*this, getInput(), getScale(), Value(), getDims(), getEpsilon());
}

LogicalResult RmsNormOp::evaluate(ArrayRef<EvalTensor> operands,
                                  SmallVectorImpl<EvalTensor> &results) {
  const EvalTensor *scale = getScale() ? &operands[1] : nullptr;
  results.push_back(normalise(operands[0], scale, nullptr, getDims(),
                              getEpsilon().convertToDouble(), /*centered=*/false));
  return success();
}

RuleAttr RmsNormOp::getShardingRule() { return normRule(*this, getDims(), {getScaleMutable()}); }

TokenRole RmsNormOp::getTokenRole() { return TokenRole::Normalize; }

SmallVector<TokenDim> RmsNormOp::getTokenDims(Value value) {
  return value == getInput() || value == getResult() ? normDims(value, getDims())
                                                     : SmallVector<TokenDim>();
}

double RmsNormOp::getFlops() {
  return (3.0 + (getScale() ? 1 : 0)) * tensorType(getInput()).getNumElements();
}

LogicalResult RmsNormOp::canonicalize(RmsNormOp op, PatternRewriter &rewriter) {
  return dropSplatOperand(op.getScaleMutable(), 1, rewriter);
}

//===----------------------------------------------------------------------===//
// SoftmaxOp
//===----------------------------------------------------------------------===//

LogicalResult SoftmaxOp::verify() {
  int64_t rank = tensorType(getInput()).getRank(), dim = getDim();
  if (dim < 0 || dim >= rank)
    return emitOpError("(C1) dim must be at least 0 and below the rank: got ")
           << dim << ", rank " << rank;
  return success();
}

LogicalResult SoftmaxOp::evaluate(ArrayRef<EvalTensor> operands,
                                  SmallVectorImpl<EvalTensor> &results) {
  EvalTensor result = operands[0];
  ArrayRef<int64_t> shape = result.getShape();
  int64_t size = shape[getDim()], stride = productOf(shape.drop_front(getDim() + 1));
  int64_t outer = productOf(shape.take_front(getDim()));
  double *data = result.mutableFloats();
  for (int64_t line = 0; size > 0 && line < outer * stride; ++line) {
    double *y = data + line / stride * size * stride + line % stride;
    double max = y[0], sum = 0;
    for (int64_t i = 1; i < size; ++i)
      max = maxOrNaN(max, y[i * stride]);
    if (getZeroWhenEmpty())
      max = maxOrNaN(max, lowestFinite(result.getElementType()));
    for (int64_t i = 0; i < size; ++i)
      sum += y[i * stride] = std::exp(y[i * stride] - max);
    for (int64_t i = 0; i < size; ++i)
      y[i * stride] = sum == 0 ? 0 : y[i * stride] / sum;
  }
  results.push_back(std::move(result));
  return success();
}

RuleAttr SoftmaxOp::getShardingRule() {
  RuleBuilder rule(*this);
  SmallVector<int64_t> dims;
  for (auto [d, size] : llvm::enumerate(shapeOf(getInput())))
    dims.push_back(rule.factor(size, d == getDim() ? FactorKind::Whole : FactorKind::Parallel));
  return rule.operand(0, ArrayRef(dims)).result(0, ArrayRef(dims)).build();
}

double SoftmaxOp::getFlops() {
  // Maximum, difference, exponential, sum, quotient.
  return 5.0 * getType().getNumElements();
}
