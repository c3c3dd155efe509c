//===- Compile.h - from a model to a program of a target -------------------*- C++ -*-===//
//
// The compiler as a library:
//
//     std::string error;
//     FailureOr<DistributeOptions> distribute = DistributeOptions::parse("tp=2", "", {}, error);
//     CompileOptions options;
//     options.distribute = *distribute;
//     OwningOpRef<ModuleOp> model = importOnnx("climax.onnx", ImportOptions(), &context);
//     if (succeeded(compile(*model, options)))
//       return writeProgram(*model, ProgramKind::Executable, "climax", runtimeDir);
//
// Problems are reported as diagnostics at the ops concerned.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_COMPILE_COMPILE_H
#define DCHAG_COMPILE_COMPILE_H

#include "dchag/Distribute/Passes.h"
#include "dchag/Fold/Passes.h"
#include "dialects/interfaces/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include <functional>
#include <string>

namespace mlir::dchag {

/// The last phase that a module has been through: `compile` does only the remaining ones.
enum class Stage {
  /// The model at the global level.
  Model,
  /// With an entry point `@prepare`.
  Prepared,
  /// Parts of files that `@prepare` takes are in `dchag.reads`.
  ReadsExtracted,
  /// The program of a rank.
  PerDevice,
  /// The input of the target's translation: all phases are done.
  Code,
  /// On buffers, with a memory plan: the pipeline of the target is left to be run.
  Scheduled
};
Stage getStage(ModuleOp module);

struct CompileOptions {
  /// Mesh and strategies; without axes the program is for one rank. Must be empty for a module that
  /// is the program of a rank already.
  DistributeOptions distribute;
  /// Which aggregations of channels are computed from pixels and folded weights; without a value
  /// those for which it takes less time. Must be without one for a module that is prepared already.
  std::optional<FoldMode> fold;
  /// Machine file for choices by cost; empty: the machine of the module, else the default.
  std::string machine;
  /// File for the list of collectives; empty: none.
  std::string commReport;
  /// Null: the target that the module names, else the CPU of this machine.
  TargetAttrInterface target;
  /// Called before passes are added: may add passes that run first, instrumentation, timing. The
  /// stage of the module is that before all of them.
  std::function<LogicalResult(PassManager &)> configure;
};

/// Compiles a model, or a module that some of the phases have processed, to a module that its
/// target can translate (`dchag_rt.program`).
LogicalResult compile(ModuleOp module, const CompileOptions &options);

} // namespace mlir::dchag

#endif // DCHAG_COMPILE_COMPILE_H
