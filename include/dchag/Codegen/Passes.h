//===- Passes.h - from the per-device level to the LLVM dialect ------------*- C++ -*-===//
#ifndef DCHAG_CODEGEN_PASSES_H
#define DCHAG_CODEGEN_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir::dchag {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dchag/Codegen/Passes.h.inc"

/// Registers the dialects and upstream models that code generation needs.
void registerCodegenDialects(DialectRegistry &registry);

/// Registers the passes of this phase and the pipeline `cpu-codegen`.
void registerCodegenPipelines();

/// From a per-device program (`@step`, `@prepare`) to the LLVM dialect.
struct CpuCodegenOptions : PassPipelineOptions<CpuCodegenOptions> {
  PassOptions::Option<bool> overlap{
      *this, "overlap", llvm::cl::init(true),
      llvm::cl::desc("start collectives early and wait for them late (default true)")};
};
void buildCpuCodegenPipeline(OpPassManager &manager, const CpuCodegenOptions &options);
} // namespace mlir::dchag

#endif // DCHAG_CODEGEN_PASSES_H
