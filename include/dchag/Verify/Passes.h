//===- Passes.h - checks between phases ------------------------------------*- C++ -*-===//
#ifndef DCHAG_VERIFY_PASSES_H
#define DCHAG_VERIFY_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::dchag {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dchag/Verify/Passes.h.inc"
} // namespace mlir::dchag

#endif // DCHAG_VERIFY_PASSES_H
