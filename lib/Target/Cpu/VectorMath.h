//===- VectorMath.h - functions of f32 by a vector library -----------------*- C++ -*-===//
//
// Generated code calls functions of f32 by neutral names, `dchag_math_exp` for one number and
// `dchag_math_exp_x16` for a vector of 16. Which functions of SLEEF these are depends on the CPU:
// `bindVectorMath` replaces them, and declares the vector forms to LLVM's vectoriser.
//
// SLEEF's functions with equal results for every vector length are used (its "finz" and "cinz"
// families), so that results do not depend on the position of an element. Their errors are at most
// 1.1 units in the last place (bench/accuracy).
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_LIB_TARGET_CPU_VECTORMATH_H
#define DCHAG_LIB_TARGET_CPU_VECTORMATH_H

#include "llvm/ADT/StringRef.h"

namespace mlir::dchag {

/// Prefix of the names that generated code calls.
constexpr llvm::StringLiteral kVectorMathPrefix = "dchag_math_";
/// Suffix of the vector functions, and the length of their vectors.
constexpr llvm::StringLiteral kVectorMathSuffix = "_x16";
/// Suffix of functions of one f64 number, which are the C library's.
constexpr llvm::StringLiteral kWideMathSuffix = "_f64";
constexpr int64_t kVectorMathWidth = 16;

/// The available functions: `exp`, `log1p`, ... and `pow` of two numbers.
llvm::ArrayRef<llvm::StringLiteral> getVectorMathFunctions();

} // namespace mlir::dchag

namespace llvm {
class MCSubtargetInfo;
class Module;
} // namespace llvm

namespace mlir::dchag {

/// Replaces the functions of `module` whose names have the prefix by those of SLEEF for the CPU, or
/// of the C library.
void bindVectorMath(llvm::Module &module, const llvm::MCSubtargetInfo &cpu);

} // namespace mlir::dchag

#endif // DCHAG_LIB_TARGET_CPU_VECTORMATH_H
