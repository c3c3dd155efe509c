//===- ExpandDivisions.h - divisions of integers that do not trap ----------*- C++ -*-===//
#ifndef DCHAG_LIB_TARGET_CPU_EXPANDDIVISIONS_H
#define DCHAG_LIB_TARGET_CPU_EXPANDDIVISIONS_H

#include "mlir/IR/Operation.h"

namespace mlir::dchag {

/// Rewrites signed divisions and remainders in `root` whose divisor may be -1, so that they wrap
/// where a CPU traps. Division by 0 is not changed.
void expandDivisions(Operation *root);

} // namespace mlir::dchag

#endif // DCHAG_LIB_TARGET_CPU_EXPANDDIVISIONS_H
