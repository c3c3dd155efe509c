//===- RandomSeeds.h - programs that try a seed after the other ------------*- C++ -*-===//
#ifndef DCHAG_BENCH_RANDOMSEEDS_H
#define DCHAG_BENCH_RANDOMSEEDS_H

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/CommandLine.h"

namespace mlir::dchag::bench {

/// --count and --seed: how many seeds, and the first.
extern llvm::cl::opt<unsigned> seedCount, firstSeed;
/// --print: programs are written instead of being run.
extern llvm::cl::opt<bool> printsAll;

/// Calls `run` with each seed, and a context with all dialects.
void forEachSeed(llvm::function_ref<void(MLIRContext *, unsigned)> run);

/// Makes the folder for programs that fail; prints an error if that is not possible.
bool makeFolder(llvm::StringRef folder);

/// "seeds 1 to 100: 100 of 100 programs agree": how the line of results begins.
std::string describeSeeds(unsigned passed);

} // namespace mlir::dchag::bench

#endif // DCHAG_BENCH_RANDOMSEEDS_H
