//===- NormDecompose.cpp - normalisations in simpler ops -------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

/// A letter for each dimension of a tensor, so that its neighbours, which have the same dimensions,
/// can be computed with it.
static std::string getLetters(RankedTensorType type) {
  std::string letters;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    letters.push_back(dim < 26 ? 'a' + dim : 'A' + (dim - 26));
  return letters;
}

/// x scale + bias, both of which have the last dimensions of `x`.
static Value scaleAndShift(Decomposer &d, Value x, StringRef letters, Value scale, Value bias) {
  auto repeat = [&](Value value) {
    return d.broadcastLike(value, letters.take_back(shapeOf(value).size()), x, letters);
  };
  if (scale)
    x = d.mul(x, repeat(scale));
  if (bias)
    x = d.add(x, repeat(bias));
  return x;
}

FailureOr<SmallVector<Value>> LayerNormOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  std::string letters = getLetters(getType());
  StringRef rows = StringRef(letters).drop_back(getDims());
  double epsilon = getEpsilon().convertToDouble();
  Value result = d.normalise(getInput(), letters, rows, /*centered=*/true, epsilon);
  return SmallVector<Value>{scaleAndShift(d, result, letters, getScale(), getBias())};
}

FailureOr<SmallVector<Value>> RmsNormOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  std::string letters = getLetters(getType());
  StringRef rows = StringRef(letters).drop_back(getDims());
  double epsilon = getEpsilon().convertToDouble();
  Value result = d.normalise(getInput(), letters, rows, /*centered=*/false, epsilon);
  return SmallVector<Value>{scaleAndShift(d, result, letters, getScale(), Value())};
}

FailureOr<SmallVector<Value>> SoftmaxOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  std::string letters = getLetters(getType()), rows = letters;
  rows.erase(getDim(), 1);
  Value x = d.wide(getInput());
  Value max = d.max(x, letters, rows);
  if (getZeroWhenEmpty())
    max = d.atLeastLowest(max);
  Value e = d.exp(d.sub(x, d.broadcastLike(max, rows, x, letters)));
  Value sum = d.sum(e, letters, rows);
  Value one = d.splat(sum, 1.0);
  Value factor = getZeroWhenEmpty() ? d.divOrZero(one, sum) : d.div(one, sum);
  return SmallVector<Value>{d.mul(e, d.broadcastLike(factor, rows, e, letters))};
}
