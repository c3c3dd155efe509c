//===- RandomTypes.h - types of programs made at random --------------------*- C++ -*-===//
#ifndef DCHAG_BENCH_RANDOMTYPES_H
#define DCHAG_BENCH_RANDOMTYPES_H

#include "bench/Bench.h"
#include "llvm/Support/CommandLine.h"

namespace mlir::dchag::bench {

/// Type of the numbers of a program.
enum class FloatKind { F32, BF16, F16 };

/// A program in f32 as one of another type: the types, and the bits of infinities.
std::string putInType(std::string text, FloatKind kind);

/// --type of a program that has it.
class TypeOption : public llvm::cl::opt<FloatKind> {
public:
  TypeOption();
};

} // namespace mlir::dchag::bench

#endif // DCHAG_BENCH_RANDOMTYPES_H
