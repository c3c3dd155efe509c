//===- Spectral.h - a dialect of an op and a role --------------------------*- C++ -*-===//
#ifndef SPECTRAL_H
#define SPECTRAL_H

#include "dialects/interfaces/BufferRole.h"
#include "dialects/interfaces/Interfaces.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Dialect.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "SpectralDialect.h.inc"
#define GET_ATTRDEF_CLASSES
#include "SpectralAttrs.h.inc"
#define GET_OP_CLASSES
#include "Spectral.h.inc"

namespace mlir::spectral {
/// Registers `raise-soft-threshold`.
void registerPasses();
} // namespace mlir::spectral

#endif // SPECTRAL_H
