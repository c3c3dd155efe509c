//===- EvalTensor.h - values in the interpreters ---------------------------*- C++ -*-===//
//
// A dense row-major tensor or scalar. Floating-point elements are kept as float64,
// integers and booleans as int64, whatever the width of the element type.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_INTERFACES_EVALTENSOR_H
#define DCHAG_INTERFACES_EVALTENSOR_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Support/LLVM.h"
#include <memory>
#include <vector>

namespace mlir::dchag {

class EvalTensor {
public:
  EvalTensor() = default;
  /// Zeros of the given shape. `elementType` is a float, integer or index type.
  EvalTensor(ArrayRef<int64_t> shape, Type elementType);
  /// Zeros of a statically shaped tensor type, or a scalar of another type.
  explicit EvalTensor(Type type);

  explicit operator bool() const { return static_cast<bool>(elementType); }
  ArrayRef<int64_t> getShape() const { return shape; }
  int64_t getRank() const { return shape.size(); }
  int64_t getDim(unsigned dim) const { return shape[dim]; }
  int64_t getNumElements() const { return numElements; }
  Type getElementType() const { return elementType; }
  bool isFloat() const { return isa<FloatType>(elementType); }

  /// Elements; the mutable forms copy first when the storage is shared.
  const double *floats() const { return floatData->data(); }
  const int64_t *ints() const { return intData->data(); }
  double *mutableFloats();
  int64_t *mutableInts();
  /// Element as a number of either kind (booleans are 0 or 1).
  double getAsDouble(int64_t index) const {
    return isFloat() ? floats()[index] : static_cast<double>(ints()[index]);
  }
  /// Copies element `from` of `other` (same kind) into element `to`.
  void copyElement(int64_t to, const EvalTensor &other, int64_t from);

  /// The same elements with another shape of as many elements; shares the storage.
  EvalTensor reshaped(ArrayRef<int64_t> newShape) const;
  /// The same elements with another element type of the same kind; shares the storage.
  EvalTensor withElementType(Type type) const;

  /// Rounds floats to `elementType` (f32, f16, bf16, ...) and wraps integers to its width.
  void roundToType();

  SmallVector<int64_t> getStrides() const;

private:
  SmallVector<int64_t> shape;
  int64_t numElements = 0;
  Type elementType;
  std::shared_ptr<std::vector<double>> floatData;
  std::shared_ptr<std::vector<int64_t>> intData;
};

/// Calls `fn(index)` for each multi-index of `shape` in row-major order.
void forEachIndex(ArrayRef<int64_t> shape, llvm::function_ref<void(ArrayRef<int64_t>)> fn);

} // namespace mlir::dchag

#endif // DCHAG_INTERFACES_EVALTENSOR_H
