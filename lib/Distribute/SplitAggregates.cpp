//===- SplitAggregates.cpp - aggregations whose channels can split ---------*- C++ -*-===//

#include "Aggregations.h"
#include "DealTokens.h"
#include "Marks.h"
#include "dchag/Distribute/Passes.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_SPLITAGGREGATES
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// The type of `value` with another shape.
static RankedTensorType like(Value value, ArrayRef<int64_t> shape) {
  return tensorType(value).clone(shape);
}

namespace {
struct SplitAggregates : mlir::dchag::impl::SplitAggregatesBase<SplitAggregates> {
  void runOnOperation() override {
    auto program = getMarkedProgram(getOperation());
    if (failed(program))
      return signalPassFailure();
    SmallVector<TokensOpInterface> requested;
    for (func::FuncOp function : program->functions)
      function.walk([&](TokensOpInterface op) {
        if (getRequest(op))
          requested.push_back(op);
      });
    if (requested.empty())
      return;
    auto axes = findAxes(requested);
    if (failed(axes))
      return signalPassFailure();
    int64_t ranks = MeshAttr::lookup(getOperation()).getNumRanks(axes->channels);
    for (TokensOpInterface op : requested)
      numMarked += markChannels(rewrite(op, ranks), *axes);
  }

  static ChannelSplitAttr getRequest(Operation *op) {
    return op->getAttrOfType<ChannelSplitAttr>(ChannelSplitAttr::attrName);
  }

  /// The axes of groups and channels; splits the mesh axis in two if a request asks for it.
  FailureOr<ChannelAxes> findAxes(ArrayRef<TokensOpInterface> requested) {
    ChannelSplitAttr first = getRequest(requested.front());
    for (TokensOpInterface op : requested)
      if (ChannelSplitAttr request = getRequest(op); request != first)
        return op->emitOpError("asks for ")
               << request << ", others for " << first
               << ": all must be split alike, by one run of annotate-aggregations";
    MeshAttr mesh = MeshAttr::lookup(getOperation());
    for (StringAttr axis : first.getAxes())
      if (!mesh.getAxisIndex(axis))
        return requested.front()->emitOpError("asks for ")
               << first << ", whose axes must be those of the mesh: got " << mesh;
    ChannelAxes axes;
    axes.by = first.getBy();
    axes.channels.assign(first.getAxes().begin(), first.getAxes().end());
    if (first.getGroups() == 1)
      return axes;
    if (axes.channels.size() != 1 || first.getGroups() < 1 ||
        mesh.getAxisSize(axes.channels.front()) % first.getGroups() != 0)
      return requested.front()->emitOpError("asks for ")
             << first << ": groups must divide the ranks of one axis of " << mesh;
    for (StringRef suffix : {kGroupsSuffix, kChannelsSuffix})
      if (mesh.getAxisIndex((axes.channels.front().getValue() + suffix).str()))
        return requested.front()->emitOpError("asks for ")
               << first << ", but " << mesh << " has an axis '" << axes.channels.front().getValue()
               << suffix << "' already: rename it";
    auto [groups, channels] = splitAxis(getOperation(), axes.channels.front(), first.getGroups());
    axes.groups = {groups};
    axes.channels = {channels};
    return axes;
  }

  /// Returns the op whose tokens are to be split. Checks op types: `dchag.aggregate` and
  /// `dchag.folded_aggregate` are rewritten because there are ops for their softmax parts, which
  /// need a mask where padding is to be excluded, `dchag.aggregate_linear` because its bias keeps
  /// the channels from splitting. Others split as they are (see annotate-aggregations).
  TokensOpInterface rewrite(TokensOpInterface op, int64_t ranks) {
    op->removeAttr(ChannelSplitAttr::attrName);
    auto linear = dyn_cast<AggregateLinearOp>(*op);
    if (linear && linear.getBias())
      return splitBias(linear);
    if (auto parts = dyn_cast<AggregatePartialOp>(*op))
      return maskPadding(parts, ranks);
    if (auto parts = dyn_cast<FoldedAggregatePartialOp>(*op))
      return maskPadding(parts, ranks);
    if (auto folded = dyn_cast<FoldedAggregateOp>(*op)) {
      ++numSplit;
      return writeParts(folded, ranks);
    }
    auto aggregate = dyn_cast<AggregateOp>(*op);
    if (!aggregate)
      return op;
    ++numSplit;
    return writeParts(splitProjection(aggregate), ranks);
  }

  /// Gives parts of a softmax that have no mask one that excludes padding, if there is any.
  template <typename OpT>
  static TokensOpInterface maskPadding(OpT op, int64_t ranks) {
    OpBuilder builder(op);
    if (Value mask = makeMask(builder, op, op.getMask(), ranks); mask && !op.getMask()) {
      op.getMaskMutable().assign(mask);
      op.setWeighsMasked(true);
    }
    return cast<TokensOpInterface>(op.getOperation());
  }

  /// The mask of an aggregation over uneven shards: these need one to exclude padding.
  static Value makeMask(OpBuilder &builder, TokensOpInterface op, Value mask, int64_t ranks) {
    int64_t channels = getTokenSize(op, TokenDim::Channel);
    if (mask || channels % ranks == 0)
      return mask;
    auto type = RankedTensorType::get({1, getTokenSize(op, TokenDim::Group), channels},
                                      builder.getI1Type());
    return arith::ConstantOp::create(builder, op->getLoc(), DenseElementsAttr::get(type, true));
  }

  /// Replaces `op` by the merge of the parts of its softmax.
  static TokensOpInterface mergeParts(Operation *op, Operation *parts, bool nanWhenEmpty) {
    OpBuilder builder(op);
    Value result =
        MergePartialsOp::join(builder, op->getLoc(), ValueRange(parts->getResults()), nanWhenEmpty);
    replaceMarked(op, result);
    return cast<TokensOpInterface>(parts);
  }

  TokensOpInterface writeParts(FoldedAggregateOp op, int64_t ranks) {
    OpBuilder builder(op);
    Value mask = makeMask(builder, cast<TokensOpInterface>(op.getOperation()), op.getMask(), ranks);
    // A mask that is made here excludes padding, which is finite.
    bool weighsMasked = mask && (!op.getMask() || op.getNanWhenEmpty());
    SmallVector<int64_t> byHead(shapeOf(op.getResult()));
    byHead.back() = op.getHeads();
    Type headType = like(op.getResult(), byHead);
    auto parts = FoldedAggregatePartialOp::create(
        builder, op.getLoc(), TypeRange{headType, headType, op.getType()}, op.getPixels(),
        op.getScoreWeight(), op.getScoreOffset(), op.getScoreBias(), op.getFeatures(),
        op.getValueWeight(), op.getValueOffset(), op.getValueBias(), op.getNormFactor(),
        op.getNormLinear(), op.getNormConstant(), mask, op.getHeadsAttr(), op.getEpsilonAttr(),
        op.getNormValuesAttr(), weighsMasked ? builder.getUnitAttr() : UnitAttr());
    return mergeParts(op, parts, !op.zerosEmptyGroups());
  }

  /// Writes an aggregation as partial results of an online softmax, which split over the channels,
  /// and the merge.
  TokensOpInterface writeParts(AggregateOp op, int64_t ranks) {
    OpBuilder builder(op);
    Value tokens = op.getTokens(), mask = op.getMask();
    if (auto dealt = dealTokens(builder, op, ranks)) {
      tokens = dealt->tokens;
      mask = dealt->mask;
    }
    if (tokens == op.getTokens())
      mask = makeMask(builder, cast<TokensOpInterface>(op.getOperation()), mask, ranks);
    // A mask that is made here excludes padding, which is finite.
    bool weighsMasked = mask && (!op.getMask() || op.getNanWhenEmpty());
    SmallVector<int64_t> byValue(shapeOf(op.getResult())), byHead(byValue);
    byHead.back() = op.getHeads();
    Type headType = like(op.getResult(), byHead);
    auto parts = AggregatePartialOp::create(
        builder, op.getLoc(), TypeRange{headType, headType, op.getType()}, tokens, op.getQuery(),
        op.getWk(), op.getBk(), op.getWv(), op.getBv(), mask, op.getHeadsAttr(), op.getScaleAttr(),
        weighsMasked ? builder.getUnitAttr() : UnitAttr(), op.getKeyNormAttr());
    Value before = op.getTokens();
    TokensOpInterface made = mergeParts(op, parts, !op.zerosEmptyGroups());
    eraseDead(before);
    return made;
  }

  /// Moves the bias out: in a split sum it would be added once per rank.
  TokensOpInterface splitBias(AggregateLinearOp op) {
    OpBuilder builder(op);
    TensorBuilder t(builder, op.getLoc());
    auto sum = AggregateLinearOp::create(builder, op.getLoc(), op.getType(), op.getTokens(),
                                         op.getWeight(), Value());
    replaceMarked(op, t.addBias(sum, op.getBias(), {0, 3, 4}));
    ++numSplit;
    return cast<TokensOpInterface>(sum.getOperation());
  }

  /// Erases ops without uses: they would be computed, and their operands gathered.
  static void eraseDead(Value value) {
    llvm::SetVector<Operation *> open;
    open.insert(value.getDefiningOp());
    while (!open.empty()) {
      Operation *op = open.pop_back_val();
      if (!op || !isOpTriviallyDead(op))
        continue;
      SmallVector<Value> operands(op->getOperands());
      op->erase();
      for (Value operand : operands)
        open.insert(operand.getDefiningOp());
    }
  }
};
} // namespace
