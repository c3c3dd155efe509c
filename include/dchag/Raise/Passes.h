//===- Passes.h - from decomposed graphs to ops of the domain --------------*- C++ -*-===//
#ifndef DCHAG_RAISE_PASSES_H
#define DCHAG_RAISE_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace mlir::dchag {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dchag/Raise/Passes.h.inc"

/// All raising passes in order; `--raise`.
void buildRaisePipeline(OpPassManager &manager);
void registerRaisePipeline();
} // namespace mlir::dchag

#endif // DCHAG_RAISE_PASSES_H
