//===- TensorBuilder.h - ops of the closed set at one place ----------------*- C++ -*-===//
//
// Creates ops on tensors for passes, decompositions and the import. Shapes of results follow from
// the operands; no op is created for an identity (a transpose in order, a reshape to the same
// shape). Dimensions of contractions are named by letters, as in an einsum equation:
//
//     TensorBuilder t(builder, loc);
//     Value scores = t.contract(query, "bhnd", key, "bhmd", "bhnm");
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_DIALECTS_TENSORBUILDER_H
#define DCHAG_DIALECTS_TENSORBUILDER_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"

namespace mlir::dchag {

inline RankedTensorType tensorType(Value value) { return cast<RankedTensorType>(value.getType()); }
inline ArrayRef<int64_t> shapeOf(Value value) { return tensorType(value).getShape(); }
inline int64_t dimOf(Value value, unsigned dim) { return tensorType(value).getDimSize(dim); }
inline Type elementTypeOf(Value value) { return tensorType(value).getElementType(); }

/// Whether `type` is a float of fewer bits than f32.
inline bool isNarrowFloat(Type type) {
  auto floating = dyn_cast<FloatType>(type);
  return floating && floating.getWidth() < 32;
}
/// `type`, or f32 if it is a narrower float.
inline Type widened(Type type) {
  return isNarrowFloat(type) ? Float32Type::get(type.getContext()) : type;
}

enum class Reduction { Sum, Prod, Max, Min };

/// `value` as an attribute of a float or integer type; integers wrap.
TypedAttr getNumber(Type type, double value);

/// Dimensions of both shapes in groups of equal products, in order, so that a reshape only joins
/// and splits dimensions within a group: 2x3x20 and 6x4x5 are {0, 1}, {2} and {0}, {1, 2}. One
/// group of all dimensions if a shape has no elements; no groups if a shape has no dimensions.
struct ReshapeGroups {
  SmallVector<SmallVector<int64_t, 2>> from, to;
  ReshapeGroups(ArrayRef<int64_t> from, ArrayRef<int64_t> to);
};

class TensorBuilder {
public:
  TensorBuilder(OpBuilder &b, Location loc) : b(b), loc(loc) {}

  OpBuilder &b;
  Location loc;

  //===--------------------------------------------------------------------===//
  // New tensors
  //===--------------------------------------------------------------------===//

  Value empty(ArrayRef<int64_t> shape, Type elementType);
  /// `linalg.fill` with a number of the element type.
  Value filled(ArrayRef<int64_t> shape, TypedAttr value);
  Value zeros(ArrayRef<int64_t> shape, Type elementType);
  /// A splat constant.
  Value splat(RankedTensorType type, double value);
  Value constantInts(ArrayRef<int64_t> shape, Type elementType, ArrayRef<int64_t> values);

  //===--------------------------------------------------------------------===//
  // Views
  //===--------------------------------------------------------------------===//

  /// Row-major reshape to a shape with the same number of elements.
  Value reshape(Value value, ArrayRef<int64_t> shape);
  /// Splits dimension `dim` into dimensions of these sizes.
  Value splitDim(Value value, unsigned dim, ArrayRef<int64_t> sizes);
  /// Joins dimensions [dim, dim + count).
  Value joinDims(Value value, unsigned dim, unsigned count);
  /// Dimension i of the result is dimension `permutation[i]` of `value`.
  Value transpose(Value value, ArrayRef<int64_t> permutation);
  /// Repeats `value` along the dimensions `added` of `shape`.
  Value broadcast(Value value, ArrayRef<int64_t> shape, ArrayRef<int64_t> added);
  /// numpy's broadcast to a shape that `value` can be broadcast to.
  Value broadcastTo(Value value, ArrayRef<int64_t> shape);
  /// Strides are 1 if none are given.
  Value slice(Value value, ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes,
              ArrayRef<int64_t> strides = {});
  /// [offset, offset + size) of one dimension.
  Value slice(Value value, int64_t dim, int64_t offset, int64_t size);
  /// Skips operands without elements.
  Value concat(ValueRange values, int64_t dim);
  Value padConstant(Value value, ArrayRef<int64_t> low, ArrayRef<int64_t> high, double fill);

  //===--------------------------------------------------------------------===//
  // Arithmetic
  //===--------------------------------------------------------------------===//

  /// Reduces dimensions of a numeric or boolean tensor; `keep`: they stay with size 1.
  Value reduce(Reduction kind, Value value, ArrayRef<int64_t> dims, bool keep = false,
               bool isUnsigned = false);
  /// Sum of products over the letters that the result lacks, in the operands' type or in
  /// `elementType`.
  Value contract(Value lhs, StringRef lhsDims, Value rhs, StringRef rhsDims, StringRef resultDims,
                 Type elementType = {});
  /// The same with dimensions named by numbers.
  Value contract(Value lhs, ArrayRef<unsigned> lhsDims, Value rhs, ArrayRef<unsigned> rhsDims,
                 ArrayRef<unsigned> resultDims, Type elementType = {});

  /// A tensor of a float narrower than f32, converted to f32; any other tensor, or null, unchanged.
  Value wide(Value x);
  /// Converts floats of different types to f32 where they are narrower.
  void unify(Value &x, Value &y);
  /// A tensor of floats, rounded to a type that is not wider than its own.
  Value rounded(Value x, Type elementType);

  // Element-wise on operands of one type, floats or integers.
  Value add(Value lhs, Value rhs);
  /// lhs + rhs of the same rank, dimensions of size 1 of either repeated.
  Value addRepeated(Value lhs, Value rhs);
  /// `sum` and `bias`, repeated along `newDims`; the sum may be of f32 where the bias is narrower.
  Value addBias(Value sum, Value bias, ArrayRef<int64_t> newDims);
  Value sub(Value lhs, Value rhs);
  Value mul(Value lhs, Value rhs);
  Value div(Value lhs, Value rhs, bool isUnsigned = false);
  Value max(Value lhs, Value rhs, bool isUnsigned = false);
  Value min(Value lhs, Value rhs, bool isUnsigned = false);

  /// An op with one result.
  template <typename OpTy, typename... Args>
  Value make(Args &&...args) {
    return OpTy::create(b, loc, std::forward<Args>(args)...);
  }
};

} // namespace mlir::dchag

#endif // DCHAG_DIALECTS_TENSORBUILDER_H
