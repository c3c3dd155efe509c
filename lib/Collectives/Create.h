//===- Create.h - makes collectives ----------------------------------------*- C++ -*-===//
#ifndef DCHAG_COLLECTIVES_CREATE_H
#define DCHAG_COLLECTIVES_CREATE_H

#include "dialects/interfaces/Collective.h"
#include "mlir/IR/Builders.h"

namespace mlir::dchag {

/// The collective of the shard dialect of a kind (AllGather, AllReduce or ReduceScatter) that gives
/// `type` of `input`, with the grid and mesh axes of `like`, which must have a grid, and its
/// reduction. `dim` is the dimension that is joined or cut.
Value createCollective(OpBuilder &b, Location loc, CollectiveKind kind, CollectiveOpInterface like,
                       Value input, Type type, unsigned dim = 0);

} // namespace mlir::dchag

#endif // DCHAG_COLLECTIVES_CREATE_H
