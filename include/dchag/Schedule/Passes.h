//===- Passes.h - from the per-device level to kernels on buffers ----------*- C++ -*-===//
#ifndef DCHAG_SCHEDULE_PASSES_H
#define DCHAG_SCHEDULE_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassOptions.h"

namespace mlir::dchag {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dchag/Schedule/Passes.h.inc"

/// Registers the dialects and upstream models that scheduling needs.
void registerScheduleDialects(DialectRegistry &registry);

/// Registers the passes of this phase and the pipeline `schedule`.
void registerSchedulePipeline();

struct ScheduleOptions : PassPipelineOptions<ScheduleOptions> {
  PassOptions::Option<bool> overlap{
      *this, "overlap", llvm::cl::init(true),
      llvm::cl::desc("start collectives early and wait for them late (default true)")};
};

/// From a per-device program (`@step`, `@prepare`) to a scheduled one: entry points on a table of
/// buffers and one arena, launches of kernels, products, collectives. The same passes for all
/// targets, which ask `getTarget` where targets differ.
void buildSchedulePipeline(OpPassManager &manager, const ScheduleOptions &options);
} // namespace mlir::dchag

#endif // DCHAG_SCHEDULE_PASSES_H
