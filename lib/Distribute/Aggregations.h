//===- Aggregations.h - ops on tokens, and aggregations fed by them --------*- C++ -*-===//
#ifndef DCHAG_DISTRIBUTE_AGGREGATIONS_H
#define DCHAG_DISTRIBUTE_AGGREGATIONS_H

#include "Splits.h"
#include "dialects/dchag/TensorBuilder.h"

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

/// Over which axes the groups and the channels of an aggregation are split; none: not split.
struct ChannelAxes {
  SmallVector<StringAttr> groups, channels;
  /// The mode that asks for it.
  StringAttr by;
};

/// Marks the tokens of an aggregation that splits along its channels, and its results, which are
/// the same on all ranks of `channels` once their parts are merged. Returns the number of marks.
unsigned markChannels(TokensOpInterface op, const ChannelAxes &axes);

/// `sum` and `bias`, repeated along `newDims`; the sum may be of f32 where the bias is narrower.
Value addBias(TensorBuilder &t, Value sum, Value bias, ArrayRef<int64_t> newDims);

/// Puts `result` in the place of the one result of `op`, with its marks.
void replaceMarked(Operation *op, Value result);

/// Takes the output projection off an aggregation: a contraction and, of its bias, an addition.
/// Returns what is left. By name: no other op has a projection inside.
AggregateOp splitProjection(AggregateOp op);

/// Replaces a mesh axis by "AXIS.groups" of `groups` ranks, slower, and "AXIS.channels", in the
/// mesh, the grid and every attribute of the module. Returns the two.
std::pair<StringAttr, StringAttr> splitAxis(ModuleOp module, StringAttr axis, int64_t groups);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_AGGREGATIONS_H
