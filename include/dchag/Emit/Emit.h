//===- Emit.h - from the LLVM dialect to objects and executables -----------*- C++ -*-===//
//
// The last stage: a module in the LLVM dialect, with the attribute `dchag_rt.program` that
// describes its buffers and entry points, becomes one LLVM module with the constant descriptor of
// runtime/include/dchag_rt.h, an object file, and with the runtime an executable.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_EMIT_EMIT_H
#define DCHAG_EMIT_EMIT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/IR/Module.h"
#include <memory>
#include <string>

namespace mlir::dchag {

struct EmitOptions {
  /// CPU to compile for: an LLVM name, or "native" for the machine at hand.
  std::string cpu = "native";
  /// Folder with the runtime library, its `link-flags` file and the adapters.
  std::string runtimeDir;
};

/// Translates `module` to LLVM IR for the host's architecture, adds the descriptor and
/// optimises. Emits an error at the module and returns null on failure.
std::unique_ptr<llvm::Module> emitLLVM(ModuleOp module, llvm::LLVMContext &context,
                                       const EmitOptions &options);

/// Adds the constant `dchag_model`, which describes the module's `#dchag_rt.program` to the runtime.
/// `cpuFeatures` are the features the code was compiled for, checked when it starts.
LogicalResult emitDescriptor(ModuleOp module, llvm::Module &target, StringRef cpuFeatures);

/// Writes the object code of `module` to `os`, whose errors are left to the caller.
LogicalResult emitObject(ModuleOp module, llvm::Module &target, llvm::raw_pwrite_stream &os,
                         const EmitOptions &options);

/// Links `object` with the runtime to the executable `path`. The file appears whole or not
/// at all.
LogicalResult linkExecutable(ModuleOp module, StringRef object, StringRef path,
                             const EmitOptions &options);

} // namespace mlir::dchag

#endif // DCHAG_EMIT_EMIT_H
