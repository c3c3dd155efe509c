//===- Pipelines.h - from a model to a program of a target -----------------*- C++ -*-===//
#ifndef DCHAG_PIPELINES_PIPELINES_H
#define DCHAG_PIPELINES_PIPELINES_H

#include "dialects/interfaces/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include <string>

namespace mlir::dchag {

/// How far a module has come: what is done already is not done again.
enum class Stage { Model, Prepared, ReadsExtracted, PerDevice };
Stage getStage(ModuleOp module);

/// What the user asks for on the command line beyond single passes.
struct CompileOptions {
  /// Mesh of ranks, "tp=2" or "dp=2,tp=4"; empty for one rank.
  std::string mesh;
  /// Machine file by which choices are made; empty: the module's machine, else the default.
  std::string machine;
  /// How an aggregation is spread: replicate, gather, hierarchical or split-softmax; empty
  /// lets the distribution choose.
  std::string mode;
  /// What goes over which axis, "dp,tp"; empty: what the names of the axes say.
  std::string strategy;
  /// Shardings by name, separated by ';'.
  std::string shard;
  /// File for the list of collectives; empty: none.
  std::string commReport;
  Stage stage = Stage::Model;
};

/// Textual pipeline of the stages between import and code generation:
/// set-machine, raise, prepare, extract-reads, distribute, optimize-collectives; for a program that
/// is per device already at most the report.
std::string getModelPipeline(const CompileOptions &options);

/// Adds the passes of a textual pipeline to a pass manager on modules. Unlike upstream's
/// parser it takes passes on functions where they stand, without `func.func(...)` around them.
LogicalResult addPassPipeline(OpPassManager &manager, StringRef pipeline,
                              llvm::raw_ostream &errors);

/// Adds everything from the global level down to what `target` translates: the stages above, the
/// schedule, the pipeline of the target. Says through `errors` what is wrong with the options.
LogicalResult addCompilePipeline(OpPassManager &manager, TargetAttrInterface target,
                                 const CompileOptions &options, llvm::raw_ostream &errors);

} // namespace mlir::dchag

#endif // DCHAG_PIPELINES_PIPELINES_H
