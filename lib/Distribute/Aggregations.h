//===- Aggregations.h - ops on tokens, and aggregations fed by them --------*- C++ -*-===//
#ifndef DCHAG_DISTRIBUTE_AGGREGATIONS_H
#define DCHAG_DISTRIBUTE_AGGREGATIONS_H

#include "Splits.h"
#include "dialects/dchag/TensorBuilder.h"

namespace mlir::dchag {

/// Dimension of samples in the inputs of a model. No op names it: by ONNX convention it is the
/// first.
constexpr unsigned kSampleDim = 0;

/// The op if it has this role, else null.
TokensOpInterface getOpOnTokens(Operation *op, TokenRole role);

/// Size of the dimension of an op's tokens that runs over `what`; 1 if there is none.
int64_t getTokenSize(TokensOpInterface op, TokenDim what);

/// Aggregations whose tokens come from an op that makes tokens of an image, and from no other
/// aggregation; if there are none, those whose tokens come from an input.
SmallVector<TokensOpInterface> getFirstAggregations(func::FuncOp function);

/// The axes that split the groups and the channels of an aggregation; empty: not split.
struct ChannelAxes {
  SmallVector<StringAttr> groups, channels;
  /// The mode that requests the split.
  StringAttr by;
};

/// Marks the tokens of an aggregation that splits along its channels, and its results, which are
/// the same on all ranks of `channels` once their parts are merged. Returns the number of marks.
unsigned markChannels(TokensOpInterface op, const ChannelAxes &axes);

/// Replaces the only result of `op` by `result` and moves the marks of `op` there.
void replaceMarked(Operation *op, Value result);

/// Moves the output projection of an aggregation out of it: a contraction, and an addition for its
/// bias. Returns the remaining aggregation. Takes an AggregateOp because no other op contains a
/// projection.
AggregateOp splitProjection(AggregateOp op);

constexpr llvm::StringLiteral kGroupsSuffix = ".groups", kChannelsSuffix = ".channels";

/// Replaces a mesh axis by "AXIS.groups" of `groups` ranks, slower, and "AXIS.channels", in the
/// mesh, the grid and every attribute of the module. Returns the two.
std::pair<StringAttr, StringAttr> splitAxis(ModuleOp module, StringAttr axis, int64_t groups);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_AGGREGATIONS_H
