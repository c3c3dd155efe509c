//===- NormDecompose.cpp - normalisations in simpler ops -------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

/// `input` as rows x features, `dims` trailing dimensions joined.
static Value asRows(Decomposer &d, Value input, int64_t dims) {
  RankedTensorType type = tensorType(input);
  int64_t width = 1;
  for (int64_t size : type.getShape().take_back(dims))
    width *= size;
  return d.reshape(input, {width ? type.getNumElements() / width : 0, width});
}

static Value scaleAndShift(Decomposer &d, Value rows, Value scale, Value bias) {
  int64_t width = dimOf(rows, 1);
  if (scale)
    rows = d.mul(rows, d.broadcastLike(d.reshape(scale, {width}), "f", rows, "rf"));
  if (bias)
    rows = d.add(rows, d.broadcastLike(d.reshape(bias, {width}), "f", rows, "rf"));
  return rows;
}

FailureOr<SmallVector<Value>> LayerNormOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  Value rows = asRows(d, getInput(), getDims());
  Value result = d.normalise(rows, "rf", "r", /*centered=*/true, getEpsilon().convertToDouble());
  result = scaleAndShift(d, result, getScale(), getBias());
  return SmallVector<Value>{d.reshape(result, getType().getShape())};
}

FailureOr<SmallVector<Value>> RmsNormOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  Value rows = asRows(d, getInput(), getDims());
  Value result = d.normalise(rows, "rf", "r", /*centered=*/false, getEpsilon().convertToDouble());
  result = scaleAndShift(d, result, getScale(), Value());
  return SmallVector<Value>{d.reshape(result, getType().getShape())};
}

FailureOr<SmallVector<Value>> SoftmaxOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  RankedTensorType type = getType();
  int64_t outer = 1, inner = 1, dim = getDim();
  for (int64_t size : type.getShape().take_front(dim))
    outer *= size;
  for (int64_t size : type.getShape().drop_front(dim + 1))
    inner *= size;
  Value x = d.wide(d.reshape(getInput(), {outer, type.getDimSize(dim), inner}));
  Value max = d.max(x, "osi", "oi");
  if (getZeroWhenEmpty())
    max = d.atLeastLowest(max);
  Value e = d.exp(d.sub(x, d.broadcastLike(max, "oi", x, "osi")));
  Value sum = d.sum(e, "osi", "oi");
  Value one = d.splat(sum, 1.0);
  Value factor = getZeroWhenEmpty() ? d.divOrZero(one, sum) : d.div(one, sum);
  Value y = d.mul(e, d.broadcastLike(factor, "oi", e, "osi"));
  return SmallVector<Value>{d.reshape(y, type.getShape())};
}
