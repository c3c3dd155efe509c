//===- Passes.h - what depends on parameters alone --------------------------*- C++ -*-===//
#ifndef DCHAG_PREPARE_PASSES_H
#define DCHAG_PREPARE_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::dchag {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dchag/Prepare/Passes.h.inc"
} // namespace mlir::dchag

#endif // DCHAG_PREPARE_PASSES_H
