//===- EvalCopy.h - strided copies between values --------------------------*- C++ -*-===//
#ifndef DCHAG_INTERFACES_EVALCOPY_H
#define DCHAG_INTERFACES_EVALCOPY_H

#include "dialects/interfaces/EvalTensor.h"

namespace mlir::dchag {

/// Offsets of the elements of a part of a tensor: index i is at offset + sum i[d] strides[d].
struct StridedView {
  int64_t offset = 0;
  SmallVector<int64_t> strides;
};

/// The part of `tensor` that starts at `offsets` and takes each `steps[d]`-th element; the
/// steps are 1 when none are given.
StridedView viewOf(const EvalTensor &tensor, ArrayRef<int64_t> offsets = {},
                   ArrayRef<int64_t> steps = {});

/// Copies the elements of each index of `sizes`. Both are floats or both integers, and all elements
/// are within the tensors.
void copyElements(ArrayRef<int64_t> sizes, EvalTensor &to, const StridedView &toView,
                  const EvalTensor &from, const StridedView &fromView);

/// Writes one number into each element: `value` rounded down for integers.
void fillElements(EvalTensor &tensor, double value);

/// Fills with values that must not be read: NaN, for integers a number beyond any index or count.
void fillWithPoison(EvalTensor &tensor);

} // namespace mlir::dchag

#endif // DCHAG_INTERFACES_EVALCOPY_H
