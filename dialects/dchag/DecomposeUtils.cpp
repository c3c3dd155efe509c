//===- DecomposeUtils.cpp - building decompositions ------------------------*- C++ -*-===//

#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

Value Decomposer::contract(StringRef equation, Value lhs, Value rhs) {
  auto [inputs, result] = equation.split("->");
  auto [left, right] = inputs.split(',');
  // Factors of the same narrow type are not converted: their products are exact in f32.
  unify(lhs, rhs);
  return TensorBuilder::contract(lhs, left, rhs, right, result, widened(elementTypeOf(lhs)));
}

Value Decomposer::reduce(Reduction kind, Value x, StringRef from, StringRef to) {
  SmallVector<int64_t> dims;
  for (auto [index, letter] : llvm::enumerate(from))
    if (!to.contains(letter))
      dims.push_back(index);
  return TensorBuilder::reduce(kind, wide(x), dims);
}

Value Decomposer::transpose(Value x, StringRef from, StringRef to) {
  SmallVector<int64_t> permutation;
  for (char letter : to)
    permutation.push_back(from.find(letter));
  return TensorBuilder::transpose(x, permutation);
}

Value Decomposer::broadcastLike(Value x, StringRef from, Value like, StringRef to) {
  // Dimensions of size 1 that are broadcast are dropped, then added as new ones.
  std::string letters = from.str();
  SmallVector<int64_t> kept;
  std::string keptLetters;
  for (auto [index, letter] : llvm::enumerate(from)) {
    if (dimOf(x, index) != dimOf(like, to.find(letter)))
      continue;
    kept.push_back(dimOf(x, index));
    keptLetters += letter;
  }
  x = reshape(x, kept);
  std::string ordered;
  SmallVector<int64_t> added;
  for (auto [index, letter] : llvm::enumerate(to)) {
    if (StringRef(keptLetters).contains(letter))
      ordered += letter;
    else
      added.push_back(index);
  }
  return broadcast(transpose(x, keptLetters, ordered), shapeOf(like), added);
}

Value Decomposer::splat(Value like, double value) {
  return TensorBuilder::splat(tensorType(like).clone(widened(elementTypeOf(like))), value);
}

Value Decomposer::lowest(Value like) {
  RankedTensorType type = tensorType(like).clone(widened(tensorType(like).getElementType()));
  const auto &semantics = cast<FloatType>(type.getElementType()).getFloatSemantics();
  Attribute element =
      b.getFloatAttr(type.getElementType(), APFloat::getLargest(semantics, /*Negative=*/true));
  return arith::ConstantOp::create(b, loc, SplatElementsAttr::get(type, element));
}

Value Decomposer::mean(Value x, StringRef from, StringRef to) {
  int64_t count = 1;
  for (auto [letter, size] : llvm::zip_equal(from, shapeOf(x)))
    count *= to.contains(letter) ? 1 : size;
  return scale(sum(x, from, to), 1.0 / count);
}

Value Decomposer::normalise(Value x, StringRef from, StringRef to, bool centered, double epsilon) {
  x = centered ? minusMean(wide(x), from, to) : wide(x);
  Value square = mean(mul(x, x), from, to);
  Value factor = math::RsqrtOp::create(b, loc, add(square, splat(square, epsilon)));
  return mul(x, broadcastLike(factor, to, x, from));
}

Value Decomposer::divOrZero(Value x, Value y) {
  x = wide(x);
  y = wide(y);
  Value zero = splat(y, 0.0);
  Value isZero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, y, zero);
  return select(isZero, splat(x, 0.0), div(x, y));
}

Value Decomposer::sigmoid(Value x) {
  // With e = exp(-|x|), which is at most 1: 1 / (1 + e) above 0 and e / (1 + e) below.
  x = wide(x);
  Value small = exp(arith::NegFOp::create(b, loc, math::AbsFOp::create(b, loc, x)));
  Value one = splat(x, 1.0);
  Value isNegative = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, splat(x, 0.0));
  return div(select(isNegative, small, one), add(one, small));
}
