//===- VerifyPartition.cpp - checks types against shardings ----------------*- C++ -*-===//

#include "Splits.h"
#include "dchag/Distribute/Passes.h"
#include "dialects/interfaces/Collective.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_VERIFYPARTITION
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

static LogicalResult verifyType(func::FuncOp function, StringRef what, unsigned index, Type type,
                                Attribute shardingAttr, Attribute globalAttr, MeshAttr mesh) {
  auto sharding = dyn_cast_or_null<ShardingAttr>(shardingAttr);
  auto global = dyn_cast_or_null<TypeAttr>(globalAttr);
  if (!sharding || !global)
    return function.emitOpError("must have ")
           << ShardingAttr::attrName << " and " << ShardingAttr::globalTypeAttrName << " on "
           << what << " " << index << ": run partition first";
  auto error = [&] { return function.emitOpError() << what << " " << index << ": "; };
  if (failed(sharding.verifyFor(error, global.getValue(), mesh)))
    return failure();
  if (sharding.isPartial())
    return error() << "must not be partial: got " << sharding;
  Type wanted = sharding.getLocalType(global.getValue(), mesh);
  if (wanted != type)
    return error() << "must have the type of its part, " << wanted << " of " << global.getValue()
                   << " by " << sharding << ": got " << type;
  return success();
}

static LogicalResult verifySignature(func::FuncOp function, MeshAttr mesh) {
  bool ok = true;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    ok &= succeeded(verifyType(function, "argument", i, type,
                               function.getArgAttr(i, ShardingAttr::attrName),
                               function.getArgAttr(i, ShardingAttr::globalTypeAttrName), mesh));
  for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
    ok &= succeeded(verifyType(function, "result", i, type,
                               function.getResultAttr(i, ShardingAttr::attrName),
                               function.getResultAttr(i, ShardingAttr::globalTypeAttrName), mesh));
  return success(ok);
}

/// Whether an op passes on all partial sums among its operands.
static bool passesPartials(Operation *op, MeshAttr mesh) {
  RuledOp ruled(op, mesh);
  if (!ruled)
    return false;
  SmallVector<ShardingAttr> shardings = ruled.getValueShardings();
  ruled.dropPassed(shardings);
  return llvm::none_of(ArrayRef(shardings).take_front(op->getNumOperands()),
                       [](ShardingAttr sharding) { return sharding.isPartial(); });
}

/// Partial values must be combined before any op that is not linear uses them.
static LogicalResult verifyPartials(Operation *op, MeshAttr mesh) {
  auto combines = [](Operation *other) {
    auto collective = dyn_cast<CollectiveOpInterface>(other);
    // Checks op types: reshards are what distribution creates, and a rescaled part is a sum.
    return (collective && collective.getReductionKind()) || isa<ReshardOp, RescaleOp>(other);
  };
  for (OpResult result : op->getResults()) {
    if (!getResultSharding(result).isPartial() || combines(op))
      continue;
    for (Operation *user : result.getUsers())
      if (!combines(user) && !passesPartials(user, mesh))
        return user->emitOpError("uses a partial result that was never combined: ")
               << getResultSharding(result);
  }
  return success();
}

namespace {
struct VerifyPartition : mlir::dchag::impl::VerifyPartitionBase<VerifyPartition> {
  void runOnOperation() override {
    auto verify = [](func::FuncOp function, MeshAttr mesh) {
      bool ok = succeeded(verifySignature(function, mesh));
      for (Operation &op : function.front())
        ok &= succeeded(verifyPartials(&op, mesh));
      return success(ok);
    };
    if (failed(verifyDistributed(getOperation(), verify)))
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
