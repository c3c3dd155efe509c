//===- FoldedLinear.cpp - linear aggregations without tokens ---------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/RuleBuilder.h"
#include "dialects/interfaces/EvalMath.h"

using namespace mlir;
using namespace mlir::dchag;

LogicalResult FoldedLinearOp::verify() {
  if (failed(verifyRank(*this, "C1", "pixels", getPixels(), "B x G x K x N x P", 5)))
    return failure();
  ArrayRef<int64_t> pixels = shapeOf(getPixels());
  if (failed(verifyShape(*this, "C1", "weight", getWeight(), "G x Q x D x K x P",
                         {pixels[1], kAnySize, kAnySize, pixels[2], pixels[4]})))
    return failure();
  ArrayRef<int64_t> weight = shapeOf(getWeight());
  if (failed(verifyShape(*this, "C1", "result", getResult(), "B x G x Q x N x D",
                         {pixels[0], pixels[1], weight[1], pixels[3], weight[2]})))
    return failure();
  return verifyMixedElementTypes(*this, "C2");
}

LogicalResult FoldedLinearOp::evaluate(ArrayRef<EvalTensor> operands,
                                       SmallVectorImpl<EvalTensor> &results) {
  const EvalTensor &x = operands[0], &weight = operands[1];
  EvalTensor result(getType());
  int64_t groups = x.getDim(1), channels = x.getDim(2), positions = x.getDim(3);
  int64_t pixels = x.getDim(4), queries = weight.getDim(1), width = weight.getDim(2);
  double *y = result.mutableFloats();
  for (int64_t i = 0; i < x.getDim(0) * groups; ++i)
    for (int64_t q = 0; q < queries; ++q)
      for (int64_t c = 0; c < channels; ++c) {
        const double *w =
            weight.floats() + ((i % groups * queries + q) * width * channels + c) * pixels;
        addProduct(positions, width, pixels,
                   {x.floats() + (i * channels + c) * positions * pixels, pixels, 1},
                   {w, 1, channels * pixels},
                   {y + (i * queries + q) * positions * width, width, 1});
      }
  results.push_back(std::move(result));
  return success();
}

RuleAttr FoldedLinearOp::getShardingRule() {
  ArrayRef<int64_t> pixels = shapeOf(getPixels()), weight = shapeOf(getWeight());
  RuleBuilder rule(*this);
  int64_t b = rule.factor(pixels[0]), g = rule.factor(pixels[1]);
  int64_t k = rule.factor(pixels[2], FactorKind::Sum), n = rule.factor(pixels[3]);
  int64_t p = rule.factor(pixels[4], FactorKind::Sum), q = rule.factor(weight[1]);
  int64_t d = rule.factor(weight[2]);
  rule.operand(0, {b, g, k, n, p}).operand(1, {g, q, d, k, p}).result(0, {b, g, q, n, d});
  return rule.linear({0}).linear({1}).build();
}

TokenRole FoldedLinearOp::getTokenRole() { return TokenRole::Aggregate; }

SmallVector<TokenDim> FoldedLinearOp::getTokenDims(Value value) {
  return getAggregationDims(*this, value);
}

double FoldedLinearOp::getFlops() {
  ArrayRef<int64_t> pixels = shapeOf(getPixels());
  return 2.0 * getType().getNumElements() * pixels[2] * pixels[4];
}

FailureOr<SmallVector<Value>> FoldedLinearOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  return SmallVector<Value>{d.contract("bgknp,gqakp->bgqna", getPixels(), getWeight())};
}
