//===- Compile.h - from a model to a program of a target -------------------*- C++ -*-===//
//
// The compiler as a library:
//
//     OwningOpRef<ModuleOp> model = importOnnx("climax.onnx", ImportOptions(), &context);
//     CompileOptions options;
//     options.distribute = *DistributeOptions::parse("tp=2", "", DistributeMode::Hierarchical,
//     error); if (succeeded(compile(*model, options)))
//       return writeProgram(*model, ProgramKind::Executable, "climax", runtimeDir);
//
// What is wrong is said by diagnostics at the ops concerned.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_COMPILE_COMPILE_H
#define DCHAG_COMPILE_COMPILE_H

#include "dchag/Distribute/Passes.h"
#include "dialects/interfaces/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include <functional>
#include <string>

namespace mlir::dchag {

/// How far a module has come: what is done already is not done again.
enum class Stage {
  /// The model at the global level.
  Model,
  /// With an entry point `@prepare`.
  Prepared,
  /// What `@prepare` reads of files is in `dchag.reads`.
  ReadsExtracted,
  /// The program of a rank.
  PerDevice,
  /// What the target translates: nothing is left to be done.
  Code
};
Stage getStage(ModuleOp module);

struct CompileOptions {
  /// Mesh and strategies; without axes the program is for one rank. A module that is the program of
  /// a rank already must not be given any.
  DistributeOptions distribute;
  /// Machine file by which choices are made; empty: the module's machine, else the default.
  std::string machine;
  /// File for the list of collectives; empty: none.
  std::string commReport;
  /// Null: the target that the module names, else the CPU at hand.
  TargetAttrInterface target;
  /// Called before passes are added: adds passes that come first, instrumentation, timing.
  std::function<LogicalResult(PassManager &)> configure;
};

/// Makes of a model, or of what a part of the phases has made of it, a module that its target
/// translates (`dchag_rt.program`).
LogicalResult compile(ModuleOp module, const CompileOptions &options);

} // namespace mlir::dchag

#endif // DCHAG_COMPILE_COMPILE_H
