//===- Collectives.h - what ranks compute together --------------------------*- C++ -*-===//
#ifndef DCHAG_LIB_INTERPRETER_COLLECTIVES_H
#define DCHAG_LIB_INTERPRETER_COLLECTIVES_H

#include "dchag/Collectives/Axes.h"
#include "dialects/interfaces/Interfaces.h"

namespace mlir::dchag {

/// Name of the grid an op of the shard dialect refers to, or empty.
StringRef getGridName(Operation *op);

/// Executes a collective for one group: operands and results by index in the group.
/// `groupShape` has the sizes of the collective's axes.
LogicalResult evaluateCollective(Operation *op, ArrayRef<int64_t> groupShape,
                                 ArrayRef<SmallVector<EvalTensor>> operands,
                                 SmallVectorImpl<EvalTensor> &results);

} // namespace mlir::dchag

#endif // DCHAG_LIB_INTERPRETER_COLLECTIVES_H
