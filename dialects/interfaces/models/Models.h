//===- Models.h - our interfaces on upstream ops ---------------------------*- C++ -*-===//
//
// External models that give the upstream ops of the closed set their evaluation and cost.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_INTERFACES_MODELS_H
#define DCHAG_INTERFACES_MODELS_H

#include "mlir/IR/DialectRegistry.h"

namespace mlir::dchag {
/// Costs of the closed set and of collectives.
void registerCosts(DialectRegistry &registry);
void registerArithEvaluation(DialectRegistry &registry);
void registerLinalgEvaluation(DialectRegistry &registry);
void registerMathEvaluation(DialectRegistry &registry);
void registerShardEvaluation(DialectRegistry &registry);
void registerTensorEvaluation(DialectRegistry &registry);
} // namespace mlir::dchag

#endif // DCHAG_INTERFACES_MODELS_H
