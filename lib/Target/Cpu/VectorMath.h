//===- VectorMath.h - functions of f32 by a vector library -----------------*- C++ -*-===//
//
// Generated code calls functions of f32 by names of its own, `dchag_math_exp` for one number and
// `dchag_math_exp_x16` for a vector of 16. Which functions of SLEEF these are is known once the CPU
// is: `bindVectorMath` replaces them, and tells LLVM's vectoriser about the vector forms.
//
// Those functions of SLEEF are taken whose results are the same in every vector length (its
// "finz" and "cinz" families): where an element lies changes nothing. Their errors are at most 1.1
// units in the last place (bench/accuracy).
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_LIB_TARGET_CPU_VECTORMATH_H
#define DCHAG_LIB_TARGET_CPU_VECTORMATH_H

#include "llvm/ADT/StringRef.h"

namespace mlir::dchag {

/// Prefix of the names that generated code calls.
constexpr llvm::StringLiteral kVectorMathPrefix = "dchag_math_";
/// Suffix of those that take a vector, and its length.
constexpr llvm::StringLiteral kVectorMathSuffix = "_x16";
/// Suffix of functions of one f64 number, which are the C library's.
constexpr llvm::StringLiteral kWideMathSuffix = "_f64";
constexpr int64_t kVectorMathWidth = 16;

/// The functions that there are: `exp`, `log1p`, ... and `pow` of two numbers.
llvm::ArrayRef<llvm::StringLiteral> getVectorMathFunctions();

} // namespace mlir::dchag

namespace llvm {
class MCSubtargetInfo;
class Module;
} // namespace llvm

namespace mlir::dchag {

/// Replaces the functions of `module` whose names have the prefix by SLEEF's for the CPU, or the
/// C library's.
void bindVectorMath(llvm::Module &module, const llvm::MCSubtargetInfo &cpu);

} // namespace mlir::dchag

#endif // DCHAG_LIB_TARGET_CPU_VECTORMATH_H
