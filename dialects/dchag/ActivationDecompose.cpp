//===- ActivationDecompose.cpp - activations in simpler ops ----------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

FailureOr<SmallVector<Value>> GeluOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  Value x = getInput(), inner;
  if (getForm() == GeluKind::Erf) {
    inner = math::ErfOp::create(builder, getLoc(), d.scale(x, 0.70710678118654752440));
  } else {
    Value cube = d.mul(d.mul(x, x), x);
    Value sum = d.add(x, d.scale(cube, 0.044715));
    inner = math::TanhOp::create(builder, getLoc(), d.scale(sum, 0.79788456080286535588));
  }
  Value half = d.scale(x, 0.5);
  return SmallVector<Value>{d.mul(half, d.add(inner, d.splat(x, 1.0)))};
}
