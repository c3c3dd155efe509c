//===- Aggregations.h - which aggregations are fed by tokens ---------------*- C++ -*-===//
#ifndef DCHAG_DISTRIBUTE_AGGREGATIONS_H
#define DCHAG_DISTRIBUTE_AGGREGATIONS_H

#include "Splits.h"

namespace mlir::dchag {

/// `dchag.aggregate`, `aggregate_partial` and `aggregate_linear`.
bool isAggregation(Operation *op);

/// Aggregations whose tokens come from a `dchag.tokenize` and from no other aggregation.
SmallVector<Operation *> getFirstAggregations(func::FuncOp function);

/// Axes of groups and of units of a group, when one axis was made two because there are fewer
/// groups than ranks; else all are axes of groups.
std::pair<SmallVector<StringAttr>, SmallVector<StringAttr>>
getGroupAndUnitAxes(ArrayRef<StringAttr> axes);

/// Replaces a mesh axis by "AXIS.groups" of `groups` ranks, slower, and "AXIS.units", in the
/// mesh, the grid and every attribute of the module.
void splitAxis(ModuleOp module, StringAttr axis, int64_t groups);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_AGGREGATIONS_H
