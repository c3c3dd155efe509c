//===- Spectral.h - a dialect of two ops, a role and a target --------------*- C++ -*-===//
#ifndef SPECTRAL_H
#define SPECTRAL_H

#include "dialects/interfaces/BufferRole.h"
#include "dialects/interfaces/Interfaces.h"
#include "dialects/interfaces/Target.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Dialect.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Pass/Pass.h"

#include "SpectralDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "SpectralAttrs.h.inc"
#define GET_OP_CLASSES
#include "Spectral.h.inc"

namespace mlir::spectral {
/// Registers `raise-soft-threshold` and `lower-maps`.
void registerPasses();

/// Makes element-wise kernels scalar loops.
std::unique_ptr<Pass> createLowerMapsPass();
} // namespace mlir::spectral

#endif // SPECTRAL_H
