//===- Emit.h - from the LLVM dialect to objects and executables -----------*- C++ -*-===//
//
// The last stage: the target (`TargetAttrInterface`) translates a module with the attribute
// `dchag_rt.program`, which describes its buffers and entry points, to LLVM IR with the constant
// descriptor of runtime/include/dchag_rt.h, and that to an object file. The functions here are
// shared by all targets.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_EMIT_EMIT_H
#define DCHAG_EMIT_EMIT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"

namespace mlir::dchag {

/// Adds the constant `dchag_model`, which describes the module's `#dchag_rt.program` to the
/// runtime. `cpuFeatures` are the features the code was compiled for, checked when it starts.
LogicalResult emitDescriptor(ModuleOp module, llvm::Module &code, StringRef cpuFeatures);

/// The forms in which a compiled module can be written.
enum class ProgramKind {
  /// LLVM IR as text, after optimisation.
  Llvm,
  Object,
  /// Linked with the runtime.
  Executable
};

/// Writes a module that `compile` has produced to a file, which appears complete or not at all; "-"
/// is the standard output, for text only. `runtimeDir` is as for `linkExecutable`.
LogicalResult writeProgram(ModuleOp module, ProgramKind kind, StringRef path,
                           StringRef runtimeDir = "");

/// Links `object` with the runtime to the executable `path`. `runtimeDir` is the folder of the
/// runtime library, its `link-flags` file and the adapters. The file appears complete or not at
/// all.
LogicalResult linkExecutable(ModuleOp module, StringRef object, StringRef path,
                             StringRef runtimeDir);

} // namespace mlir::dchag

#endif // DCHAG_EMIT_EMIT_H
