//===- Passes.h - from one program to the program of each rank -------------*- C++ -*-===//
#ifndef DCHAG_DISTRIBUTE_PASSES_H
#define DCHAG_DISTRIBUTE_PASSES_H

#include "dchag/Distribute/Strategy.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace mlir::dchag {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dchag/Distribute/Passes.h.inc"

/// What the pipeline `distribute` does.
struct DistributeOptions {
  /// Axes of the ranks; empty: the mesh of the module.
  MeshShape mesh;
  Strategy strategy;
  /// Shardings by name as `annotate-named` takes them, separated by ';'.
  std::string shard;
  /// An op without a sharding rule is an error.
  bool strict = false;
  /// Passes partial sums through linear ops.
  bool deferSums = false;
  /// Writes the origin of each split.
  bool explain = false;

  /// From the text of a mesh and of a strategy (see `MeshShape` and `Strategy`).
  static FailureOr<DistributeOptions> parse(StringRef mesh, StringRef strategy,
                                            std::optional<DistributeMode> mode, std::string &error);
};

/// From a program for one device to the program of each rank: marks of strategies, propagation,
/// reshards, partition, collectives.
void buildDistributePipeline(OpPassManager &manager, const DistributeOptions &options);

/// Registers the pipeline `distribute{mesh=tp=2 strategy=...}`.
void registerDistributePipeline();

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_PASSES_H
