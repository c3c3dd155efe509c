//===- Activation.cpp - activations upstream has no op for -----------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/RuleBuilder.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

//===----------------------------------------------------------------------===//
// GeluOp
//===----------------------------------------------------------------------===//

// Both keep the digits of the left tail, where 1 + erf and 1 + tanh lose them.
static double geluErf(double x) { return 0.5 * x * std::erfc(-x * M_SQRT1_2); }

static double geluTanh(double x) {
  double inner = M_2_SQRTPI * M_SQRT1_2 * (x + 0.044715 * x * x * x);
  return x / (1.0 + std::exp(-2.0 * inner)); // 1 + tanh(u) = 2 / (1 + exp(-2 u))
}

double GeluOp::compute(double x, GeluKind form) {
  return form == GeluKind::Erf ? geluErf(x) : geluTanh(x);
}

LogicalResult GeluOp::evaluate(ArrayRef<EvalTensor> operands,
                               SmallVectorImpl<EvalTensor> &results) {
  const EvalTensor &input = operands[0];
  EvalTensor result(getType());
  double *y = result.mutableFloats();
  const double *x = input.floats();
  for (int64_t i = 0; i < input.getNumElements(); ++i)
    y[i] = compute(x[i], getForm());
  results.push_back(std::move(result));
  return success();
}

RuleAttr GeluOp::getShardingRule() { return RuleBuilder::elementwise(*this); }

double GeluOp::getFlops() {
  // x/2, the argument, erf, 1 + and the product; the tanh form has a cube and a sum more.
  return (getForm() == GeluKind::Erf ? 5.0 : 9.0) * getType().getNumElements();
}
