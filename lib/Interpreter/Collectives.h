//===- Collectives.h - what ranks compute together --------------------------*- C++ -*-===//
#ifndef DCHAG_LIB_INTERPRETER_COLLECTIVES_H
#define DCHAG_LIB_INTERPRETER_COLLECTIVES_H

#include "dialects/interfaces/Interfaces.h"
#include <optional>

namespace mlir::dchag {

/// Grid axes of a collective, along which ranks exchange values; nothing for other ops.
std::optional<ArrayRef<int16_t>> getCollectiveAxes(Operation *op);

/// Name of the grid an op of the shard dialect refers to, or empty.
StringRef getGridName(Operation *op);

/// Executes a collective for one group: operands and results by index in the group.
/// `groupShape` has the sizes of the collective's axes.
LogicalResult evaluateCollective(Operation *op, ArrayRef<int64_t> groupShape,
                                 ArrayRef<SmallVector<EvalTensor>> operands,
                                 SmallVectorImpl<EvalTensor> &results);

} // namespace mlir::dchag

#endif // DCHAG_LIB_INTERPRETER_COLLECTIVES_H
