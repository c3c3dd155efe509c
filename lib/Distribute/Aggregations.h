//===- Aggregations.h - which aggregations are fed by tokens ---------------*- C++ -*-===//
#ifndef DCHAG_DISTRIBUTE_AGGREGATIONS_H
#define DCHAG_DISTRIBUTE_AGGREGATIONS_H

#include "Splits.h"

namespace mlir::dchag {

/// `dchag.aggregate`, `aggregate_partial` and `aggregate_linear`.
bool isAggregation(Operation *op);

/// Aggregations whose tokens come from a `dchag.tokenize` and from no other aggregation.
SmallVector<Operation *> getFirstAggregations(func::FuncOp function);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_AGGREGATIONS_H
