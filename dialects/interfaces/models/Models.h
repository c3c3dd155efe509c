//===- Models.h - our interfaces on upstream ops ---------------------------*- C++ -*-===//
//
// External models that give the upstream ops of the closed set, and collectives, their evaluation,
// their cost and what passes ask about them.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_INTERFACES_MODELS_H
#define DCHAG_INTERFACES_MODELS_H

#include "mlir/IR/DialectRegistry.h"

namespace mlir::dchag {
/// Costs of the closed set and of slices.
void registerCosts(DialectRegistry &registry);
void registerArithEvaluation(DialectRegistry &registry);
/// Which of the ops are exact on integers.
void registerExactness(DialectRegistry &registry);
void registerLinalgEvaluation(DialectRegistry &registry);
void registerMathEvaluation(DialectRegistry &registry);
void registerShardCollectives(DialectRegistry &registry);
void registerShardEvaluation(DialectRegistry &registry);
void registerTensorEvaluation(DialectRegistry &registry);
} // namespace mlir::dchag

#endif // DCHAG_INTERFACES_MODELS_H
