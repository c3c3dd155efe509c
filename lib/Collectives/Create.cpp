//===- Create.cpp - makes collectives --------------------------------------*- C++ -*-===//

#include "Create.h"

using namespace mlir;
using namespace mlir::dchag;

Value mlir::dchag::createCollective(OpBuilder &b, Location loc, CollectiveKind kind,
                                    CollectiveOpInterface like, Value input, Type type,
                                    unsigned dim) {
  FlatSymbolRefAttr grid = like.getGridSymbol();
  auto axes = b.getDenseI16ArrayAttr(llvm::to_vector_of<int16_t>(like.getMeshAxes()));
  auto reduction = shard::ReductionKindAttr::get(
      b.getContext(), like.getReductionKind().value_or(shard::ReductionKind::Sum));
  switch (kind) {
  case CollectiveKind::AllGather:
    return shard::AllGatherOp::create(b, loc, type, grid, axes, input, b.getIndexAttr(dim));
  case CollectiveKind::AllReduce:
    return shard::AllReduceOp::create(b, loc, type, grid, axes, input, reduction);
  case CollectiveKind::ReduceScatter:
    return shard::ReduceScatterOp::create(b, loc, type, grid, axes, input, reduction,
                                          b.getIndexAttr(dim));
  default:
    llvm_unreachable("passes make no other collectives");
  }
}
