//===- Interfaces.h - what ops can do for the passes -----------------------*- C++ -*-===//
#ifndef DCHAG_INTERFACES_INTERFACES_H
#define DCHAG_INTERFACES_INTERFACES_H

#include "dialects/dchag/DchagAttrs.h"
#include "dialects/interfaces/EvalTensor.h"
#include "dialects/interfaces/GridPosition.h"
#include "dialects/interfaces/Tokens.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/Operation.h"

namespace mlir::dchag {
/// Bytes of an element in memory: a boolean takes one, an index eight.
int64_t getElementBytes(Type element);
/// Bytes of a static tensor or buffer, an index counting eight; 0 for other types.
double getTensorBytes(Type type);
/// Bytes of all tensor operands and results, each counted once.
double bytesOfOperandsAndResults(Operation *op);
/// A copy of `op` (attributes, regions) on other operands with other result types.
Operation *cloneWithTypes(Operation *op, OpBuilder &builder, ValueRange operands,
                          TypeRange resultTypes);
/// Whether sums of products of such numbers and small integers are exact in float64: multiples of
/// 1/1024 below 1024, and numbers that are not finite.
bool hasFewBits(const APFloat &number);
} // namespace mlir::dchag

#include "dialects/interfaces/Cost.h.inc"
#include "dialects/interfaces/Evaluable.h.inc"
#include "dialects/interfaces/Exact.h.inc"
#include "dialects/interfaces/ShardingRule.h.inc"
#include "dialects/interfaces/SpmdEvaluable.h.inc"

#endif // DCHAG_INTERFACES_INTERFACES_H
