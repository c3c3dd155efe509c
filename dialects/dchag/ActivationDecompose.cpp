//===- ActivationDecompose.cpp - activations in simpler ops ----------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

/// Below 0 both forms are small differences of numbers near 1 as they are usually written, which
/// leaves no correct digit at -5. Equal forms without the difference are built:
/// 1 + erf(z) = erfc(-z) and (1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u)).
FailureOr<SmallVector<Value>> GeluOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  Value x = d.wide(getInput());
  if (getForm() == GeluKind::Erf) {
    Value tail = math::ErfcOp::create(builder, getLoc(), d.scale(x, -0.70710678118654752440));
    return SmallVector<Value>{d.mul(d.scale(x, 0.5), tail)};
  }
  Value cube = d.mul(d.mul(x, x), x);
  Value sum = d.add(x, d.scale(cube, 0.044715));
  return SmallVector<Value>{d.mul(x, d.sigmoid(d.scale(sum, 2 * 0.79788456080286535588)))};
}
