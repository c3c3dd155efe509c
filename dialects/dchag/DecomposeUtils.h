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
// Everything is computed in f32 at least: arithmetic and functions of f16 and bf16 operands take
// them in f32, and sums of their products are kept in f32 (the factors stay as they are stored).
// The pass `decompose` rounds what comes out to the type of the op's result, once.
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

  /// A tensor of f16, bf16 or a narrower float in f32; any other as it is.
  Value wide(Value x);

  /// Sum of products over the letters that the result lacks, a linalg.contract whose result is of
  /// f32 at least.
  Value contract(StringRef equation, Value lhs, Value rhs);

  /// Combines over the letters of `from` that `to` lacks; letters keep their order.
  Value sum(Value x, StringRef from, StringRef to) { return reduce(Reduction::Sum, x, from, to); }
  Value max(Value x, StringRef from, StringRef to) { return reduce(Reduction::Max, x, from, to); }

  /// Repeats `x` with dimensions `from` along the other letters of `to`, up to the shape of
  /// `like`. Dimensions of size 1 are repeated too where `like` has another size.
  Value broadcastLike(Value x, StringRef from, Value like, StringRef to);

  Value transpose(Value x, StringRef from, StringRef to);

  Value add(Value x, Value y) { return arith::AddFOp::create(b, loc, wide(x), wide(y)); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, loc, wide(x), wide(y)); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, loc, wide(x), wide(y)); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, loc, wide(x), wide(y)); }
  Value exp(Value x) { return math::ExpOp::create(b, loc, wide(x)); }
  /// 1 / (1 + exp(-x)), which neither overflows nor loses its digits where it is small.
  Value sigmoid(Value x);
  Value select(Value mask, Value x, Value y) {
    return arith::SelectOp::create(b, loc, mask, wide(x), wide(y));
  }
  /// A tensor of the type of `like`, or of f32 where that is narrower, that holds `value`
  /// everywhere.
  Value splat(Value like, double value);
  /// `x` where the mask holds, else 0, in the type of `x`: a factor of 0 would leave NaN what it
  /// is.
  Value keepWhere(Value mask, Value x) {
    return arith::SelectOp::create(b, loc, mask, x, TensorBuilder::splat(tensorType(x), 0.0));
  }
  /// The lowest finite number of the type of `splat`.
  Value lowest(Value like);
  /// max(x, the lowest finite number): finite where all that the maximum was taken of is out.
  Value atLeastLowest(Value x) { return arith::MaximumFOp::create(b, loc, x, lowest(x)); }
  Value scale(Value x, double factor) { return factor == 1.0 ? x : mul(x, splat(x, factor)); }
  /// x / y, and 0 where y is 0.
  Value divOrZero(Value x, Value y);

  /// Builds the alternative that takes fewer seconds by the cost model of the module of `op`, the
  /// first of equal ones. Both are tried beside the program, so they must not keep what they build.
  using Alternative = llvm::function_ref<Value(Decomposer &)>;
  Value cheapest(Operation *op, Alternative first, Alternative second);

private:
  Value reduce(Reduction kind, Value x, StringRef from, StringRef to);
};

/// Whether `type` is a float of fewer bits than f32.
inline bool isNarrowFloat(Type type) {
  auto floating = dyn_cast<FloatType>(type);
  return floating && floating.getWidth() < 32;
}

} // namespace mlir::dchag

#endif // DCHAG_DECOMPOSEUTILS_H
