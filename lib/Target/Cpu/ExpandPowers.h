//===- ExpandPowers.h - powers of integers ---------------------------------*- C++ -*-===//
#ifndef DCHAG_LIB_TARGET_CPU_EXPANDPOWERS_H
#define DCHAG_LIB_TARGET_CPU_EXPANDPOWERS_H

#include "mlir/IR/PatternMatch.h"

namespace mlir::dchag {

/// `math.ipowi` by repeated squaring, of scalars and vectors: modulo 2^width, and rounded towards
/// zero for negative exponents. 0 to a negative power is 0.
void populateExpandPowersPatterns(RewritePatternSet &patterns);

} // namespace mlir::dchag

#endif // DCHAG_LIB_TARGET_CPU_EXPANDPOWERS_H
