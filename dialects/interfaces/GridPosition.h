//===- GridPosition.h - where a rank is --------------------------------------*- C++ -*-===//
#ifndef DCHAG_INTERFACES_GRIDPOSITION_H
#define DCHAG_INTERFACES_GRIDPOSITION_H

#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include <cstdint>

namespace mlir::dchag {

/// A rank of a grid of ranks, the last axis fastest.
struct GridPosition {
  ArrayRef<int64_t> shape;
  int64_t rank = 0;

  /// Index of the rank along one axis.
  int64_t getIndex(unsigned axis) const {
    int64_t rest = rank;
    for (unsigned i = shape.size() - 1; i > axis; --i)
      rest /= shape[i];
    return rest % shape[axis];
  }
  /// Index in the group of ranks that differ along `axes` only, the first axis slowest.
  int64_t getIndexInGroup(ArrayRef<int32_t> axes) const {
    int64_t index = 0;
    for (int32_t axis : axes)
      index = index * shape[axis] + getIndex(axis);
    return index;
  }
};

} // namespace mlir::dchag

#endif // DCHAG_INTERFACES_GRIDPOSITION_H
