//===- SplitAggregates.cpp - aggregations whose heads or units can split ---*- C++ -*-===//

#include "Aggregations.h"
#include "DealTokens.h"
#include "Marks.h"
#include "dchag/Distribute/Passes.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
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

/// `sum` and `bias`, repeated along `newDims`; the sum may be of f32 where the bias is narrower.
static Value addBias(TensorBuilder &t, Value sum, Value bias, ArrayRef<int64_t> newDims) {
  Value repeated = t.broadcast(bias, shapeOf(sum), newDims);
  if (repeated.getType() != sum.getType())
    repeated = t.make<arith::ExtFOp>(sum.getType(), repeated);
  return t.add(sum, repeated);
}

namespace {
struct SplitAggregates : mlir::dchag::impl::SplitAggregatesBase<SplitAggregates> {
  using SplitAggregatesBase::SplitAggregatesBase;

  void runOnOperation() override {
    auto program = getMarkedProgram(getOperation());
    if (failed(program))
      return signalPassFailure();
    for (func::FuncOp function : program->functions)
      if (failed(runOnFunction(function)))
        return signalPassFailure();
  }

  LogicalResult runOnFunction(func::FuncOp function) {
    SmallVector<AggregateOp> projected;
    function.walk([&](AggregateOp op) {
      if (op.getWo())
        projected.push_back(op);
    });
    for (AggregateOp op : projected)
      splitProjection(op);
    if (mode == DistributeMode::Replicate || mode == DistributeMode::Gather)
      return success();
    auto axes = resolveAxes(getOperation(), axis);
    if (failed(axes))
      return failure();
    SmallVector<TokensOpInterface> first = getFirstAggregations(function);
    int64_t ranks = MeshAttr::lookup(function).getNumRanks(*axes);
    if (mode == DistributeMode::Hierarchical) {
      int64_t groups = getCommonGroups(first);
      if (groups <= 1 || groups >= ranks || ranks % groups != 0 || axes->size() != 1)
        return success();
      splitAxis(getOperation(), axes->front(), groups);
      ranks /= groups;
    }
    for (Operation *op : first) {
      auto linear = dyn_cast<AggregateLinearOp>(op);
      if (linear && linear.getBias())
        splitBias(linear);
      auto aggregate = dyn_cast<AggregateOp>(op);
      if (aggregate && failed(splitUnits(aggregate, ranks)))
        return failure();
    }
    return success();
  }

  /// The number of groups that all aggregations have; 0 if they differ.
  static int64_t getCommonGroups(ArrayRef<TokensOpInterface> aggregations) {
    int64_t common = 0;
    for (TokensOpInterface op : aggregations) {
      int64_t groups = getTokenSize(op, TokenDim::Group);
      if (common != 0 && groups != common)
        return 0;
      common = groups;
    }
    return common;
  }

  /// Heads are a parallel factor up to the projection and a summed one in it; the bias
  /// follows the sum, so that it is added once.
  void splitProjection(AggregateOp op) {
    OpBuilder builder(op);
    TensorBuilder t(builder, op->getLoc());
    SmallVector<int64_t> shape(shapeOf(op.getResult()));
    shape.back() = shapeOf(op.getWo())[2];
    Value merged =
        t.make<AggregateOp>(like(op.getResult(), shape), op.getTokens(), op.getQuery(), op.getWk(),
                            op.getBk(), op.getWv(), op.getBv(), Value(), Value(), op.getMask(),
                            op.getHeadsAttr(), op.getScaleAttr(), op.getNanWhenEmptyAttr());
    Value result = t.contract(merged, "bgqnv", op.getWo(), "gov", "bgqno");
    if (op.getBo())
      result = addBias(t, result, op.getBo(), {0, 2, 3});
    op.getResult().replaceAllUsesWith(result);
    op.erase();
  }

  LogicalResult splitUnits(AggregateOp op, int64_t ranks) {
    OpBuilder builder(op);
    TensorBuilder t(builder, op->getLoc());
    int64_t groups = getTokenSize(op, TokenDim::Group);
    if (mode == DistributeMode::SplitSoftmax && groups > 1)
      return op.emitOpError("has ")
             << groups << " groups, so its channels cannot be split over ranks by mode "
             << "split-softmax: use mode hierarchical, which splits the groups";
    writeParts(op, t, ranks);
    return success();
  }

  /// The parts of an online softmax, which split over the units, and the division.
  void writeParts(AggregateOp op, TensorBuilder &t, int64_t ranks) {
    Value tokens = op.getTokens(), mask = op.getMask();
    if (auto dealt = dealTokens(t.b, op, ranks)) {
      tokens = dealt->tokens;
      mask = dealt->mask;
    }
    ArrayRef<int64_t> shape = shapeOf(tokens);
    // With a mask the padding of uneven parts can be left out.
    if (!mask && shape[2] % ranks != 0) {
      auto type = RankedTensorType::get({1, shape[1], shape[2]}, t.b.getI1Type());
      mask = t.make<arith::ConstantOp>(DenseElementsAttr::get(type, true));
    }
    // A mask that is made here leaves out padding, which is finite.
    bool weighsMasked = mask && (!op.getMask() || op.getNanWhenEmpty());
    SmallVector<int64_t> byValue(shapeOf(op.getResult())), byHead(byValue);
    byHead.back() = op.getHeads();
    Type headType = like(op.getResult(), byHead);
    auto parts = AggregatePartialOp::create(
        t.b, op.getLoc(), TypeRange{headType, headType, op.getType()}, tokens, op.getQuery(),
        op.getWk(), op.getBk(), op.getWv(), op.getBv(), mask, op.getHeadsAttr(), op.getScaleAttr(),
        weighsMasked ? t.b.getUnitAttr() : UnitAttr());
    SmallVector<ReassociationIndices> groups = {{0, 1}, {2}, {3}, {4}, {5}};
    SmallVector<Value> values;
    for (Value part : parts.getResults()) {
      SmallVector<int64_t> shape(shapeOf(part));
      shape.insert(shape.begin(), 1);
      values.push_back(t.make<tensor::ExpandShapeOp>(like(part, shape), part, groups));
    }
    Value result = t.make<MergePartialsOp>(op.getType(), values[0], values[1], values[2],
                                           !op.zerosEmptyGroups());
    op.getResult().replaceAllUsesWith(result);
    Value before = op.getTokens();
    op.erase();
    eraseDead(before);
  }

  /// Erases what nothing uses any more: it would be computed, and gathered for that.
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

  /// A bias would be added once a rank.
  void splitBias(AggregateLinearOp op) {
    OpBuilder builder(op);
    TensorBuilder t(builder, op->getLoc());
    Value sum = t.make<AggregateLinearOp>(op.getType(), op.getTokens(), op.getWeight(), Value());
    Value result = addBias(t, sum, op.getBias(), {0, 3, 4});
    op.getResult().replaceAllUsesWith(result);
    op.erase();
  }
};
} // namespace
