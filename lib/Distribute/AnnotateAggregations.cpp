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

static int64_t getNumGroups(TokensOpInterface op) { return getTokenSize(op, TokenDim::Group); }

namespace {
struct AnnotateAggregations : mlir::dchag::impl::AnnotateAggregationsBase<AnnotateAggregations> {
  using AnnotateAggregationsBase::AnnotateAggregationsBase;

  void runOnOperation() override {
    if (mode == DistributeMode::Replicate)
      return;
    auto program = getMarkedProgram(getOperation(), axis);
    if (failed(program))
      return signalPassFailure();
    axes = program->axes;
    mesh = program->mesh;
    for (func::FuncOp function : program->functions)
      if (failed(markFunction(function)))
        return signalPassFailure();
  }

  void put(Value value, ArrayRef<StringAttr> which, Wish wish) {
    numMarked += mark(value, which, wish, MarkPriority::Weights, dchag::getName(mode));
  }

  /// Spreads the dimension of `value` that runs over `what`.
  void spread(TokensOpInterface op, Value value, ArrayRef<StringAttr> which, TokenDim what) {
    if (std::optional<unsigned> dim = op.findTokenDim(value, what))
      put(value, which, {*dim});
  }

  LogicalResult markFunction(func::FuncOp function) {
    SmallVector<TokensOpInterface> first = getFirstAggregations(function);
    if (first.empty())
      return function.emitError("@")
             << function.getName() << " has no dchag.aggregate of tokens that a mode of the "
             << "aggregation could spread: leave the mode out, or see the remarks of --raise";
    if (mode == DistributeMode::Gather) {
      function.walk([&](TokensOpInterface op) {
        if (op.getTokenRole() == TokenRole::Tokenize)
          for (OpResult result : op->getResults())
            spread(op, result, axes, TokenDim::Channel);
      });
      // All tokens are on every rank then: only heads are split.
      for (TokensOpInterface op : first)
        put(op.getTokenOperand(), axes, {});
      return success();
    }
    WalkResult result = function.walk([&](TokensOpInterface op) {
      if (op.getTokenRole() != TokenRole::Aggregate)
        return WalkResult::advance();
      if (!llvm::is_contained(first, op)) {
        markLater(op);
        return WalkResult::advance();
      }
      bool marked =
          succeeded(mode == DistributeMode::Hierarchical ? markGroups(op) : markChannels(op, axes));
      return marked ? WalkResult::advance() : WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  /// Levels of a tree stay with the ranks of the level below as long as they have groups for
  /// all ranks. What follows is the same on all of them, as in D-CHAG: tokens are gathered for all
  /// that uses them, so that their gradients are whole too.
  void markLater(TokensOpInterface op) {
    bool splits =
        mode == DistributeMode::Hierarchical && getNumGroups(op) % mesh.getNumRanks(axes) == 0;
    if (mode == DistributeMode::Hierarchical && !splits)
      put(op.getTokenOperand(), axes, {});
    for (OpResult result : op->getResults())
      splits ? spread(op, result, axes, TokenDim::Group) : put(result, axes, {});
  }

  LogicalResult markGroups(TokensOpInterface op) {
    if (getNumGroups(op) == 1 && mesh.getNumRanks(axes) > 1)
      return op->emitOpError("has one group, so mode hierarchical has nothing to split: use mode "
                             "split-softmax, which splits the channels of a group");
    // With fewer groups than ranks split-aggregates has made two axes of one.
    auto [groups, units] = getGroupAndUnitAxes(axes);
    if (units.empty()) {
      for (OpResult result : op->getResults())
        spread(op, result, groups, TokenDim::Group);
      return success();
    }
    spread(op, op.getTokenOperand(), groups, TokenDim::Group);
    return markChannels(op, units);
  }

  LogicalResult markChannels(TokensOpInterface op, ArrayRef<StringAttr> which) {
    if (!splitsChannels(op))
      return op->emitOpError("must be split into parts for mode split-softmax: run "
                             "split-aggregates with this mode first");
    if (mode == DistributeMode::SplitSoftmax && getNumGroups(op) > 1)
      return op->emitOpError("has several groups, so its channels cannot be split over ranks by "
                             "mode split-softmax: use mode hierarchical");
    spread(op, op.getTokenOperand(), which, TokenDim::Channel);
    // The parts are merged to what all ranks have whole.
    for (OpResult result : op->getResults())
      put(result, which, {});
    return success();
  }

  /// Whether the op can split along its channels, by its rule.
  bool splitsChannels(TokensOpInterface op) {
    Value tokens = op.getTokenOperand();
    std::optional<unsigned> dim = op.findTokenDim(tokens, TokenDim::Channel);
    RuledOp ruled(op, mesh);
    if (!dim || !ruled)
      return false;
    unsigned slot = llvm::find(op->getOperands(), tokens) - op->operand_begin();
    int64_t factor = ruled.getLeading(slot, *dim).factor;
    return factor < 0 || ruled.canSplit(factor);
  }

  MeshAttr mesh;
  SmallVector<StringAttr> axes;
};
} // namespace
