//===- AnnotateAggregations.cpp - channels and groups over ranks -----------*- C++ -*-===//

#include "Aggregations.h"
#include "Marks.h"
#include "dchag/Distribute/Passes.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_ANNOTATEAGGREGATIONS
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// Dimensions of the tokens of an aggregation, B x G x K x N x D; of its results, B x G x ...
static constexpr unsigned kGroupDim = 1, kUnitDim = 2;

static int64_t getNumGroups(Operation *op) {
  return cast<RankedTensorType>(op->getOperand(0).getType()).getDimSize(kGroupDim);
}

namespace {
struct AnnotateAggregations : mlir::dchag::impl::AnnotateAggregationsBase<AnnotateAggregations> {
  using AnnotateAggregationsBase::AnnotateAggregationsBase;

  void runOnOperation() override {
    if (mode == DistributeMode::Replicate)
      return;
    auto found = resolveAxes(getOperation(), axis);
    auto program = getMarkedProgram(getOperation());
    if (failed(found) || failed(program))
      return signalPassFailure();
    axes = *found;
    mesh = program->mesh;
    for (func::FuncOp function : program->functions)
      if (failed(markFunction(function)))
        return signalPassFailure();
  }

  void put(Value value, ArrayRef<StringAttr> which, Wish wish) {
    StringRef by = mode == DistributeMode::Gather         ? "gather"
                   : mode == DistributeMode::Hierarchical ? "hierarchical"
                                                          : "split-softmax";
    numMarked += mark(value, which, wish, MarkPriority::Weights, by);
  }

  LogicalResult markFunction(func::FuncOp function) {
    SmallVector<Operation *> first = getFirstAggregations(function);
    if (first.empty())
      return function.emitError("@")
             << function.getName() << " has no dchag.aggregate of tokens that a mode of the "
             << "aggregation could spread: leave the mode out, or see the remarks of --raise";
    if (mode == DistributeMode::Gather) {
      function.walk([&](TokenizeOp op) { put(op.getResult(), axes, {1}); });
      // All tokens are on every rank then: only heads are split.
      for (Operation *op : first)
        put(op->getOperand(0), axes, {});
      return success();
    }
    WalkResult result = function.walk([&](Operation *op) {
      if (!isAggregation(op))
        return WalkResult::advance();
      if (!llvm::is_contained(first, op)) {
        markLater(op);
        return WalkResult::advance();
      }
      bool marked =
          succeeded(mode == DistributeMode::Hierarchical ? markGroups(op) : markUnits(op, axes));
      return marked ? WalkResult::advance() : WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  /// Levels of a tree stay with the ranks of the level below as long as they have groups for
  /// all ranks. What follows is the same on all of them, as in D-CHAG: tokens are gathered for all
  /// that uses them, so that their gradients are whole too.
  void markLater(Operation *op) {
    bool splits =
        mode == DistributeMode::Hierarchical && getNumGroups(op) % mesh.getNumRanks(axes) == 0;
    if (mode == DistributeMode::Hierarchical && !splits)
      put(op->getOperand(0), axes, {});
    for (OpResult result : op->getResults())
      put(result, axes, splits ? Wish{kGroupDim} : Wish{});
  }

  LogicalResult markGroups(Operation *op) {
    if (getNumGroups(op) == 1 && mesh.getNumRanks(axes) > 1)
      return op->emitOpError("has one group, so mode hierarchical has nothing to split: use mode "
                             "split-softmax, which splits the channels of a group");
    // With fewer groups than ranks split-aggregates has made two axes of one.
    auto [groups, units] = getGroupAndUnitAxes(axes);
    if (units.empty()) {
      for (OpResult result : op->getResults())
        put(result, axes, {kGroupDim});
      return success();
    }
    put(op->getOperand(0), groups, {kGroupDim});
    return markUnits(op, units);
  }

  LogicalResult markUnits(Operation *op, ArrayRef<StringAttr> units) {
    if (isa<AggregateOp>(op))
      return op->emitOpError("must be split into parts for mode split-softmax: run "
                             "split-aggregates with this mode first");
    if (mode == DistributeMode::SplitSoftmax && getNumGroups(op) > 1)
      return op->emitOpError("has several groups, so its channels cannot be split over ranks by "
                             "mode split-softmax: use mode hierarchical");
    put(op->getOperand(0), units, {kUnitDim});
    // The parts are merged to what all ranks have whole.
    for (OpResult result : op->getResults())
      put(result, units, {});
    return success();
  }

  MeshAttr mesh;
  SmallVector<StringAttr> axes;
};
} // namespace
