//===- Passes.h - fewer and cheaper collectives ----------------------------*- C++ -*-===//
#ifndef DCHAG_COLLECTIVES_PASSES_H
#define DCHAG_COLLECTIVES_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace mlir::dchag {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dchag/Collectives/Passes.h.inc"

/// All of them in order, on per-device programs: `optimize-collectives`.
void buildCollectivesPipeline(OpPassManager &manager);
void registerCollectivesPipeline();
} // namespace mlir::dchag

#endif // DCHAG_COLLECTIVES_PASSES_H
