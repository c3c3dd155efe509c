//===- Sharding.h - sharding rules of upstream ops -------------------------*- C++ -*-===//
#ifndef DCHAG_INTERFACES_MODELS_SHARDING_H
#define DCHAG_INTERFACES_MODELS_SHARDING_H

#include "mlir/IR/DialectRegistry.h"

namespace mlir::dchag {
/// arith and math: element-wise ops and constants.
void registerElementwiseSharding(DialectRegistry &registry);
void registerLinalgSharding(DialectRegistry &registry);
void registerTensorSharding(DialectRegistry &registry);
} // namespace mlir::dchag

#endif // DCHAG_INTERFACES_MODELS_SHARDING_H
