//===- Passes.h - in which types a program computes ------------------------*- C++ -*-===//
#ifndef DCHAG_PRECISION_PASSES_H
#define DCHAG_PRECISION_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::dchag {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dchag/Precision/Passes.h.inc"
} // namespace mlir::dchag

#endif // DCHAG_PRECISION_PASSES_H
