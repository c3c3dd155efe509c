//===- AggregateLinear.cpp - linear merging of the channel tokens ----------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/RuleBuilder.h"
#include "dialects/interfaces/EvalMath.h"

using namespace mlir;
using namespace mlir::dchag;

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
  int64_t groups = tokens.getDim(1), channels = tokens.getDim(2), queries = weight.getDim(1);
  int64_t inner = tokens.getDim(3) * tokens.getDim(4);
  double *y = result.mutableFloats();
  for (int64_t i = 0; i < tokens.getDim(0) * groups; ++i) {
    int64_t g = i % groups;
    for (int64_t q = 0; getBias() && q < queries; ++q)
      std::fill_n(y + (i * queries + q) * inner, inner, operands[2].floats()[g * queries + q]);
    addProduct(queries, inner, channels, {weight.floats() + g * queries * channels, channels, 1},
               {tokens.floats() + i * channels * inner, inner, 1},
               {y + i * queries * inner, inner, 1});
  }
  results.push_back(std::move(result));
  return success();
}

RuleAttr AggregateLinearOp::getShardingRule() {
  ArrayRef<int64_t> tokens = shapeOf(getTokens());
  RuleBuilder rule(*this);
  int64_t b = rule.factor(tokens[0]), g = rule.factor(tokens[1]);
  int64_t k = rule.factor(tokens[2], sumUnless(static_cast<bool>(getBias())));
  int64_t n = rule.factor(tokens[3]), d = rule.factor(tokens[4]);
  int64_t q = rule.factor(shapeOf(getWeight())[1]);
  rule.operand(0, {b, g, k, n, d}).operand(1, {g, q, k}).result(0, {b, g, q, n, d});
  rule.optionalOperand(getBiasMutable(), {g, q});
  return rule.build();
}

TokenRole AggregateLinearOp::getTokenRole() { return TokenRole::Aggregate; }

SmallVector<TokenDim> AggregateLinearOp::getTokenDims(Value value) {
  return getAggregationDims(*this, value);
}

double AggregateLinearOp::getFlops() {
  double results = getType().getNumElements();
  return 2.0 * results * shapeOf(getTokens())[2] + (getBias() ? results : 0);
}
