//===- Aggregations.h - ops on tokens, and aggregations fed by them --------*- C++ -*-===//
#ifndef DCHAG_DISTRIBUTE_AGGREGATIONS_H
#define DCHAG_DISTRIBUTE_AGGREGATIONS_H

#include "Splits.h"

namespace mlir::dchag {

/// Dimension of samples in inputs of a model, which no op names: the first, as ONNX has it.
constexpr unsigned kSampleDim = 0;

/// The op if it does this with tokens, else null.
TokensOpInterface getOpOnTokens(Operation *op, TokenRole role);

/// Number of elements of the dimension of an op's tokens that runs over `what`; 1 if none does.
int64_t getTokenSize(TokensOpInterface op, TokenDim what);

/// Aggregations whose tokens come from an op that makes tokens of an image, and from no other
/// aggregation.
SmallVector<TokensOpInterface> getFirstAggregations(func::FuncOp function);

/// Axes of groups and of units of a group, when one axis was made two because there are fewer
/// groups than ranks; else all are axes of groups.
std::pair<SmallVector<StringAttr>, SmallVector<StringAttr>>
getGroupAndUnitAxes(ArrayRef<StringAttr> axes);

/// Replaces a mesh axis by "AXIS.groups" of `groups` ranks, slower, and "AXIS.units", in the
/// mesh, the grid and every attribute of the module.
void splitAxis(ModuleOp module, StringAttr axis, int64_t groups);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_AGGREGATIONS_H
