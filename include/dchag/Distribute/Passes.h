//===- Passes.h - from one program to the program of each rank -------------*- C++ -*-===//
#ifndef DCHAG_DISTRIBUTE_PASSES_H
#define DCHAG_DISTRIBUTE_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/CommandLine.h"

namespace mlir::dchag {

/// What is spread over the ranks in front of and in the first aggregation of channels.
enum class DistributeMode { Replicate, Gather, Hierarchical, SplitSoftmax };

inline auto getDistributeModeValues() {
  return llvm::cl::values(clEnumValN(DistributeMode::Replicate, "replicate",
                                     "all tokens on every rank, heads of the aggregation split"),
                          clEnumValN(DistributeMode::Gather, "gather",
                                     "tokens by channel, gathered, then as replicate"),
                          clEnumValN(DistributeMode::Hierarchical, "hierarchical",
                                     "groups by rank, one token a group gathered"),
                          clEnumValN(DistributeMode::SplitSoftmax, "split-softmax",
                                     "channels by rank, the softmax merged"));
}

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dchag/Distribute/Passes.h.inc"

/// What is wrong with the options of the pipeline `distribute`, before it runs; empty: nothing.
std::string checkStrategy(llvm::StringRef strategy, llvm::StringRef mesh,
                          std::optional<DistributeMode> mode);

/// Registers the pipeline `distribute{mesh=tp=2 strategy=...}`.
void registerDistributePipeline();

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_PASSES_H
