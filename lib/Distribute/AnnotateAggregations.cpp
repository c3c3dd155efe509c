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
    if (mode == DistributeMode::Hierarchical)
      groupRanks = getGroupRanks(program->functions);
    for (func::FuncOp function : program->functions)
      if (failed(markFunction(function)))
        return signalPassFailure();
  }

  /// The number of ranks over which groups are split if there are fewer groups than ranks, so that
  /// the other ranks split the channels of each group; 1 if there are enough groups, if their
  /// number does not divide the ranks, or if it differs between the first aggregations.
  int64_t getGroupRanks(ArrayRef<func::FuncOp> functions) {
    int64_t common = 0, ranks = mesh.getNumRanks(axes);
    for (func::FuncOp function : functions)
      for (TokensOpInterface op : getFirstAggregations(function)) {
        if (common != 0 && getNumGroups(op) != common)
          return 1;
        common = getNumGroups(op);
      }
    bool divides = common > 1 && common < ranks && ranks % common == 0 && axes.size() == 1;
    return divides ? common : 1;
  }

  void put(Value value, ArrayRef<StringAttr> which, MarkedDim where) {
    numMarked += mark(value, which, where, MarkPriority::Weights, getDistributeModeName(mode));
  }

  /// Marks the dimension of `value` that runs over `what` as split.
  void split(TokensOpInterface op, Value value, TokenDim what) {
    if (std::optional<unsigned> dim = op.findTokenDim(value, what))
      put(value, axes, {*dim});
  }

  LogicalResult markFunction(func::FuncOp function) {
    SmallVector<TokensOpInterface> first = getFirstAggregations(function);
    if (first.empty())
      return function.emitError("@")
             << function.getName() << " has no dchag.aggregate of tokens that a mode of the "
             << "aggregation could split: leave the mode out";
    if (mode == DistributeMode::Gather)
      return markGather(function, first);
    WalkResult result = function.walk([&](TokensOpInterface op) {
      if (op.getTokenRole() != TokenRole::Aggregate)
        return WalkResult::advance();
      bool isFirst = llvm::is_contained(first, op);
      if (!isFirst)
        markLater(op);
      return isFirst && failed(markFirst(op)) ? WalkResult::interrupt() : WalkResult::advance();
    });
    return failure(result.wasInterrupted());
  }

  /// Tokens are split by channel, and gathered where an aggregation takes them: only its heads are
  /// split.
  LogicalResult markGather(func::FuncOp function, ArrayRef<TokensOpInterface> first) {
    bool found = false;
    function.walk([&](TokensOpInterface op) {
      if (op.getTokenRole() != TokenRole::Tokenize)
        return;
      found = true;
      for (OpResult result : op->getResults())
        split(op, result, TokenDim::Channel);
    });
    if (!found)
      return first.front()->emitOpError(
          "takes tokens that no tokenizer makes, so mode gather has nothing to split: use mode "
          "split-softmax or hierarchical, which split the aggregation");
    for (TokensOpInterface op : first)
      put(op.getTokenOperand(), axes, {});
    return success();
  }

  /// A level of a tree keeps the split of the level below as long as it has groups for all ranks.
  /// What follows is replicated, as in D-CHAG: tokens are gathered for every use of them, so that
  /// their gradients are complete too.
  void markLater(TokensOpInterface op) {
    bool splits =
        mode == DistributeMode::Hierarchical && getNumGroups(op) % mesh.getNumRanks(axes) == 0;
    if (mode == DistributeMode::Hierarchical && !splits)
      put(op.getTokenOperand(), axes, {});
    for (OpResult result : op->getResults())
      splits ? split(op, result, TokenDim::Group) : put(result, axes, {});
  }

  LogicalResult markFirst(TokensOpInterface op) {
    int64_t groups = getNumGroups(op);
    if (mode == DistributeMode::SplitSoftmax && groups > 1)
      return op->emitOpError("has ")
             << groups << " groups, so its channels cannot be split over ranks by mode "
             << "split-softmax: use mode hierarchical, which splits the groups";
    if (mode == DistributeMode::SplitSoftmax || groupRanks > 1)
      return splitChannelsOf(op);
    if (groups == 1 && mesh.getNumRanks(axes) > 1)
      return op->emitOpError("has one group, so mode hierarchical has nothing to split: use mode "
                             "split-softmax, which splits the channels of a group");
    for (OpResult result : op->getResults())
      split(op, result, TokenDim::Group);
    return success();
  }

  /// By marks if the op can split along its channels as it is, else by a request to rewrite it.
  LogicalResult splitChannelsOf(TokensOpInterface op) {
    StringAttr by = StringAttr::get(&getContext(), getDistributeModeName(mode));
    bool splits = splitsChannels(op);
    // Checks op types: parts of a softmax need a mask to exclude padding.
    bool needsMask = isa<AggregatePartialOp, FoldedAggregatePartialOp>(*op) &&
                     getTokenSize(op, TokenDim::Channel) % mesh.getNumRanks(axes) != 0;
    if (splits && groupRanks == 1 && !needsMask) {
      numMarked += markChannels(op, {{}, axes, by});
      return success();
    }
    // Checks op types: these are the ones that split-aggregates can rewrite.
    if (!splits && !isa<AggregateOp, AggregateLinearOp, FoldedAggregateOp>(*op))
      return op->emitOpError("cannot split along its channels, as mode ")
             << by.getValue() << " wants: its sharding rule must have a factor for them";
    op->setAttr(ChannelSplitAttr::attrName,
                ChannelSplitAttr::get(&getContext(), axes, groupRanks, by));
    ++numRequested;
    return success();
  }

  /// Whether the rule of the op lets its channels split.
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
  int64_t groupRanks = 1;
};
} // namespace
