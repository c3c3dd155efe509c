//===- SplitAggregates.cpp - aggregations whose heads or units can split ---*- C++ -*-===//

#include "Aggregations.h"
#include "DealTokens.h"
#include "Marks.h"
#include "dchag/Distribute/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_SPLITAGGREGATES
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// Builds ops of the closed set at one location.
class Writer {
public:
  explicit Writer(Operation *op) : builder(op), loc(op->getLoc()) {}

  ArrayRef<int64_t> shapeOf(Value v) { return cast<RankedTensorType>(v.getType()).getShape(); }
  RankedTensorType like(Value v, ArrayRef<int64_t> shape) {
    return RankedTensorType::get(shape, getElementTypeOrSelf(v));
  }

  Value empty(RankedTensorType type) {
    return tensor::EmptyOp::create(builder, loc, type.getShape(), type.getElementType());
  }
  Value filled(RankedTensorType type, TypedAttr value) {
    Value scalar = arith::ConstantOp::create(builder, loc, value);
    return linalg::FillOp::create(builder, loc, scalar, empty(type)).getResult(0);
  }

  /// Repeats `v` along new dimensions.
  Value broadcast(Value v, ArrayRef<int64_t> shape, ArrayRef<int64_t> newDims) {
    return linalg::BroadcastOp::create(builder, loc, v, empty(like(v, shape)), newDims)
        ->getResult(0);
  }

  /// `sum` and `bias`, repeated along `newDims`; the sum may be of f32 where the bias is narrower.
  Value addBias(Value sum, Value bias, ArrayRef<int64_t> newDims) {
    Value repeated = broadcast(bias, shapeOf(sum), newDims);
    if (repeated.getType() != sum.getType())
      repeated = make<arith::ExtFOp>(sum.getType(), repeated);
    return make<arith::AddFOp>(sum, repeated);
  }

  template <typename OpTy, typename... Args>
  Value make(Args &&...args) {
    return OpTy::create(builder, loc, std::forward<Args>(args)...);
  }

  /// y[b,g,q,n,o] = sum_v x[b,g,q,n,v] weight[g,o,v]
  Value project(Value x, Value weight) {
    SmallVector<int64_t> shape(shapeOf(x));
    shape.back() = shapeOf(weight)[1];
    RankedTensorType type = like(x, shape);
    AffineExpr b, g, q, n, o, v;
    bindDims(builder.getContext(), b, g, q, n, o, v);
    auto map = [&](ArrayRef<AffineExpr> dims) {
      return AffineMapAttr::get(AffineMap::get(6, 0, dims, builder.getContext()));
    };
    ArrayAttr maps =
        builder.getArrayAttr({map({b, g, q, n, v}), map({g, o, v}), map({b, g, q, n, o})});
    Value init = filled(type, builder.getZeroAttr(type.getElementType()));
    return linalg::ContractOp::create(builder, loc, type, ValueRange{x, weight}, ValueRange{init},
                                      maps)
        ->getResult(0);
  }

  OpBuilder builder;
  Location loc;
};

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
    Writer writer(op);
    SmallVector<int64_t> shape(writer.shapeOf(op.getResult()));
    shape.back() = writer.shapeOf(op.getWo())[2];
    Value merged = writer.make<AggregateOp>(
        writer.like(op.getResult(), shape), op.getTokens(), op.getQuery(), op.getWk(), op.getBk(),
        op.getWv(), op.getBv(), Value(), Value(), op.getMask(), op.getHeadsAttr(),
        op.getScaleAttr(), op.getNanWhenEmptyAttr());
    Value result = writer.project(merged, op.getWo());
    if (op.getBo())
      result = writer.addBias(result, op.getBo(), {0, 2, 3});
    op.getResult().replaceAllUsesWith(result);
    op.erase();
  }

  LogicalResult splitUnits(AggregateOp op, int64_t ranks) {
    Writer writer(op);
    int64_t groups = getTokenSize(op, TokenDim::Group);
    if (mode == DistributeMode::SplitSoftmax && groups > 1)
      return op.emitOpError("has ")
             << groups << " groups, so its channels cannot be split over ranks by mode "
             << "split-softmax: use mode hierarchical, which splits the groups";
    writeParts(op, writer, ranks);
    return success();
  }

  /// The parts of an online softmax, which split over the units, and the division.
  void writeParts(AggregateOp op, Writer &writer, int64_t ranks) {
    Value tokens = op.getTokens(), mask = op.getMask();
    if (auto dealt = dealTokens(writer.builder, op, ranks)) {
      tokens = dealt->tokens;
      mask = dealt->mask;
    }
    ArrayRef<int64_t> shape = writer.shapeOf(tokens);
    // With a mask the padding of uneven parts can be left out.
    if (!mask && shape[2] % ranks != 0) {
      auto type = RankedTensorType::get({1, shape[1], shape[2]}, writer.builder.getI1Type());
      mask = writer.make<arith::ConstantOp>(DenseElementsAttr::get(type, true));
    }
    // A mask that is made here leaves out padding, which is finite.
    bool weighsMasked = mask && (!op.getMask() || op.getNanWhenEmpty());
    SmallVector<int64_t> byValue(writer.shapeOf(op.getResult())), byHead(byValue);
    byHead.back() = op.getHeads();
    Type headType = writer.like(op.getResult(), byHead);
    auto parts = AggregatePartialOp::create(
        writer.builder, op.getLoc(), TypeRange{headType, headType, op.getType()}, tokens,
        op.getQuery(), op.getWk(), op.getBk(), op.getWv(), op.getBv(), mask, op.getHeadsAttr(),
        op.getScaleAttr(), weighsMasked ? writer.builder.getUnitAttr() : UnitAttr());
    SmallVector<ReassociationIndices> groups = {{0, 1}, {2}, {3}, {4}, {5}};
    SmallVector<Value> values;
    for (Value part : parts.getResults()) {
      SmallVector<int64_t> shape(writer.shapeOf(part));
      shape.insert(shape.begin(), 1);
      values.push_back(writer.make<tensor::ExpandShapeOp>(writer.like(part, shape), part, groups));
    }
    Value result = writer.make<MergePartialsOp>(op.getType(), values[0], values[1], values[2],
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
    Writer writer(op);
    Value sum =
        writer.make<AggregateLinearOp>(op.getType(), op.getTokens(), op.getWeight(), Value());
    Value result = writer.addBias(sum, op.getBias(), {0, 3, 4});
    op.getResult().replaceAllUsesWith(result);
    op.erase();
  }
};
} // namespace
