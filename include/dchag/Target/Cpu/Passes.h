//===- Passes.h - from kernels on buffers to the LLVM dialect --------------*- C++ -*-===//
#ifndef DCHAG_TARGET_CPU_PASSES_H
#define DCHAG_TARGET_CPU_PASSES_H

#include "dialects/interfaces/Target.h"
#include "mlir/Pass/Pass.h"

namespace mlir::dchag {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dchag/Target/Cpu/Passes.h.inc"

/// Registers the dialects that the passes of the CPU make.
void registerCpuDialects(DialectRegistry &registry);

/// Registers the passes of the target and the pipelines `lower-to-cpu` and `cpu-codegen`.
void registerCpuPipelines();

/// From a scheduled program to the LLVM dialect. Kernels may hold `linalg` ops or, where another
/// target has lowered some in its own way, loops.
void buildCpuKernelPipeline(OpPassManager &manager);

/// What the products of the CPU's runtime take, for targets that use them.
ProductAbilities getCpuProductAbilities(Type element);

/// Width of the registers for vectors of a processor: an LLVM name, or `native`.
unsigned getVectorBits(StringRef cpu);
} // namespace mlir::dchag

#endif // DCHAG_TARGET_CPU_PASSES_H
