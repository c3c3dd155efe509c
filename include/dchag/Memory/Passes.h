//===- Passes.h - placement of buffers in memory ---------------------------*- C++ -*-===//
#ifndef DCHAG_MEMORY_PASSES_H
#define DCHAG_MEMORY_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::dchag {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dchag/Memory/Passes.h.inc"
} // namespace mlir::dchag

#endif // DCHAG_MEMORY_PASSES_H
