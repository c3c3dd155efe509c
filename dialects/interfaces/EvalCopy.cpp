//===- EvalCopy.cpp - strided copies between values ------------------------*- C++ -*-===//

#include "dialects/interfaces/EvalCopy.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::dchag;

StridedView mlir::dchag::viewOf(const EvalTensor &tensor, ArrayRef<int64_t> offsets,
                                ArrayRef<int64_t> steps) {
  StridedView view;
  view.strides = tensor.getStrides();
  for (auto [d, offset] : llvm::enumerate(offsets))
    view.offset += offset * view.strides[d];
  for (auto [d, step] : llvm::enumerate(steps))
    view.strides[d] *= step;
  return view;
}

template <typename T>
static void copyNumbers(ArrayRef<int64_t> sizes, T *to, const StridedView &toView, const T *from,
                        const StridedView &fromView) {
  // The last dimension is the inner loop; the others advance like an odometer.
  size_t outer = sizes.empty() ? 0 : sizes.size() - 1;
  int64_t inner = sizes.empty() ? 1 : sizes.back();
  int64_t toStep = sizes.empty() ? 0 : toView.strides.back();
  int64_t fromStep = sizes.empty() ? 0 : fromView.strides.back();
  forEachIndex(sizes.take_front(outer), [&](ArrayRef<int64_t> index) {
    int64_t toOffset = toView.offset, fromOffset = fromView.offset;
    for (auto [d, i] : llvm::enumerate(index)) {
      toOffset += i * toView.strides[d];
      fromOffset += i * fromView.strides[d];
    }
    for (int64_t i = 0; i < inner; ++i)
      to[toOffset + i * toStep] = from[fromOffset + i * fromStep];
  });
}

void mlir::dchag::copyElements(ArrayRef<int64_t> sizes, EvalTensor &to, const StridedView &toView,
                               const EvalTensor &from, const StridedView &fromView) {
  if (llvm::is_contained(sizes, 0))
    return;
  if (to.isFloat())
    copyNumbers(sizes, to.mutableFloats(), toView, from.floats(), fromView);
  else
    copyNumbers(sizes, to.mutableInts(), toView, from.ints(), fromView);
}

void mlir::dchag::fillElements(EvalTensor &tensor, double value) {
  if (tensor.isFloat())
    std::fill_n(tensor.mutableFloats(), tensor.getNumElements(), value);
  else
    std::fill_n(tensor.mutableInts(), tensor.getNumElements(),
                static_cast<int64_t>(std::floor(value)));
}

void mlir::dchag::fillWithPoison(EvalTensor &tensor) {
  if (tensor.isFloat())
    return fillElements(tensor, std::numeric_limits<double>::quiet_NaN());
  std::fill_n(tensor.mutableInts(), tensor.getNumElements(), int64_t(0x5a5a5a5a5a5a5a5a));
  tensor.roundToType();
}
