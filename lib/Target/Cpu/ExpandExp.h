//===- ExpandExp.h - the exponential function in place ---------------------*- C++ -*-===//
#ifndef DCHAG_LIB_TARGET_CPU_EXPANDEXP_H
#define DCHAG_LIB_TARGET_CPU_EXPANDEXP_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::dchag {

/// Computes `math.exp` of f32 by a polynomial, without a call: within 1 unit in the last place,
/// exact at 0 and at infinities, with subnormal results.
void populateExpandExpPatterns(RewritePatternSet &patterns);

} // namespace mlir::dchag

#endif // DCHAG_LIB_TARGET_CPU_EXPANDEXP_H
