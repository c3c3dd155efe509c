//===- DecomposeUtils.h - building decompositions --------------------------*- C++ -*-===//
//
// Decompositions name dimensions by letters, as einsum does: the scores of an attention are
//
//     builder.contract("bhnd,bhmd->bhnm", query, key)
//
// and the maximum over keys, subtracted again, is
//
//     Value max = builder.max(scores, "bhnm", "bhn");
//     Value shifted = builder.sub(scores, builder.broadcastLike(max, "bhn", scores, "bhnm"));
//
// Everything is computed in f32 at least: arithmetic and functions take f16 and bf16 operands in
// f32, and sums of their products are kept in f32 (the factors keep their type). The pass
// `decompose` rounds the value that replaces an op to the type of its result, once.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_DECOMPOSEUTILS_H
#define DCHAG_DECOMPOSEUTILS_H

#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::dchag {

class Decomposer : public TensorBuilder {
public:
  using TensorBuilder::TensorBuilder;

  /// Sum of products over the letters that the result lacks, a linalg.contract whose result is of
  /// f32 at least.
  Value contract(StringRef equation, Value lhs, Value rhs);

  /// Combines over the letters of `from` that `to` lacks; letters keep their order.
  Value sum(Value x, StringRef from, StringRef to) { return reduce(Reduction::Sum, x, from, to); }
  Value max(Value x, StringRef from, StringRef to) { return reduce(Reduction::Max, x, from, to); }

  /// Broadcasts `x` with dimensions `from` along the other letters of `to`, to the shape of `like`.
  /// Dimensions of size 1 are broadcast too if `like` has another size.
  Value broadcastLike(Value x, StringRef from, Value like, StringRef to);

  Value transpose(Value x, StringRef from, StringRef to);

  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, wide(x), wide(y)); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, wide(x), wide(y)); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, wide(x), wide(y)); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, loc, wide(x), wide(y)); }
  Value exp(Value x) { return math::ExpOp::create(b, loc, wide(x)); }
  /// 1 / (1 + exp(-x)), without overflow and without loss of digits where it is small.
  Value sigmoid(Value x);
  Value select(Value mask, Value x, Value y) {
    return arith::SelectOp::create(b, loc, mask, wide(x), wide(y));
  }
  /// A tensor filled with `value`, of the type of `like`, or of f32 if that is narrower.
  Value splat(Value like, double value);
  /// `x` where the mask is true, else 0, in the type of `x`. A product with the mask would keep
  /// NaN.
  Value keepWhere(Value mask, Value x) {
    return arith::SelectOp::create(b, loc, mask, x, TensorBuilder::splat(tensorType(x), 0.0));
  }
  /// The lowest finite number of the type of `splat`.
  Value lowest(Value like);
  /// max(x, the lowest finite number): finite even if all operands of the maximum were masked.
  Value atLeastLowest(Value x) { return arith::MaximumFOp::create(b, loc, x, lowest(x)); }
  Value scale(Value x, double factor) { return factor == 1.0 ? x : mul(x, splat(x, factor)); }
  /// The mean over the letters of `from` that `to` lacks.
  Value mean(Value x, StringRef from, StringRef to);
  /// x minus that mean.
  Value minusMean(Value x, StringRef from, StringRef to) {
    return sub(x, broadcastLike(mean(x, from, to), to, x, from));
  }
  /// x / sqrt(mean(x^2) + epsilon), with means over the letters of `from` that `to` lacks; mean(x)
  /// is subtracted first if `centered`.
  Value normalise(Value x, StringRef from, StringRef to, bool centered, double epsilon);
  /// x / y, and 0 where y is 0.
  Value divOrZero(Value x, Value y);

private:
  Value reduce(Reduction kind, Value x, StringRef from, StringRef to);
};

} // namespace mlir::dchag

#endif // DCHAG_DECOMPOSEUTILS_H
