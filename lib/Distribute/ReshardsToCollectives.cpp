//===- ReshardsToCollectives.cpp - reshards by collectives -----------------*- C++ -*-===//

#include "ReshardPlan.h"
#include "Splits.h"
#include "dchag/Distribute/Passes.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_RESHARDSTOCOLLECTIVES
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

static shard::ReductionKind convertKind(FactorKind kind) {
  switch (kind) {
  case FactorKind::Max:
    return shard::ReductionKind::Max;
  case FactorKind::Min:
    return shard::ReductionKind::Min;
  default:
    return shard::ReductionKind::Sum;
  }
}

namespace {
/// Writes one reshard as the steps of its plan.
class Lowering {
public:
  Lowering(ReshardOp op, MeshAttr mesh, ReshardPlanner &planner)
      : op(op), mesh(mesh), planner(planner), builder(op), value(op.getInput()),
        global(cast<RankedTensorType>(op.getGlobal())) {}

  FailureOr<Value> run() {
    Layout from = Layout::get(op.getFrom(), global.getShape(), mesh);
    Layout to = Layout::get(op.getTo(), global.getShape(), mesh);
    if (op.combinesSoftmax())
      rescale(from, to);
    for (const ReshardStep &step : planner.plan(from, to, global).steps) {
      convert(step);
      SmallVector<int64_t> wanted;
      for (const Layout::Dim &dim : step.after.dims)
        wanted.push_back(dim.local);
      if (getType().getShape() != ArrayRef(wanted))
        return op.emitOpError("has a step ")
               << stringifyReshardStepKind(step.kind) << " that makes " << getType()
               << " instead of parts of " << wanted;
    }
    return value;
  }

  int64_t numCollectives = 0;

private:
  RankedTensorType getType() { return cast<RankedTensorType>(value.getType()); }
  RankedTensorType withSize(unsigned dim, int64_t size) {
    SmallVector<int64_t> shape(getType().getShape());
    shape[dim] = size;
    return getType().clone(shape);
  }
  DenseI16ArrayAttr getGridAxes(ArrayRef<unsigned> axes) {
    SmallVector<int16_t> numbers(axes.begin(), axes.end());
    return builder.getDenseI16ArrayAttr(numbers);
  }
  FlatSymbolRefAttr getGrid() {
    return FlatSymbolRefAttr::get(builder.getContext(), MeshAttr::gridName);
  }
  int64_t getNumRanks(ArrayRef<unsigned> axes) {
    int64_t ranks = 1;
    for (unsigned axis : axes)
      ranks *= mesh.getSizes()[axis];
    return ranks;
  }

  /// The first `size` elements of a dimension.
  void cut(unsigned dim, int64_t size) {
    value = TensorBuilder(builder, op.getLoc()).slice(value, dim, 0, size);
  }

  /// Pads the end of a dimension with zeros, up to `size` elements.
  void pad(unsigned dim, int64_t size) {
    if (getType().getDimSize(dim) == size)
      return;
    SmallVector<int64_t> low(getType().getRank(), 0), high(low);
    high[dim] = size - getType().getDimSize(dim);
    value = TensorBuilder(builder, op.getLoc()).padConstant(value, low, high, 0);
  }

  Value reduceAll(Value part, ArrayRef<unsigned> axes, FactorKind kind) {
    ++numCollectives;
    return shard::AllReduceOp::create(builder, op.getLoc(), part.getType(), getGrid(),
                                      getGridAxes(axes), part, getReduction(kind));
  }
  shard::ReductionKindAttr getReduction(FactorKind kind) {
    return shard::ReductionKindAttr::get(builder.getContext(), convertKind(kind));
  }

  /// Makes softmax parts relative to the maximum over all ranks, which turns them into partial
  /// sums.
  void rescale(Layout &from, const Layout &to) {
    SmallVector<unsigned> axes;
    for (Layout::Partial &partial : from.partials)
      if (partial.kind == FactorKind::Softmax && !llvm::is_contained(to.partials, partial)) {
        axes.push_back(partial.axis);
        partial.kind = FactorKind::Sum;
      }
    if (axes.empty())
      return;
    Value top = reduceAll(op.getMaximum(), axes, FactorKind::Max);
    value = RescaleOp::create(builder, op.getLoc(), value, op.getMaximum(), top);
  }

  void convert(const ReshardStep &step) {
    int64_t ranks = getNumRanks(step.axes), size = step.after.dims[step.dim].local;
    Location loc = op.getLoc();
    numCollectives += step.kind != ReshardStepKind::AllReduce;
    switch (step.kind) {
    case ReshardStepKind::Slice:
      pad(step.dim, size * ranks);
      value =
          shard::AllSliceOp::create(builder, loc, withSize(step.dim, size), getGrid(),
                                    getGridAxes(step.axes), value, builder.getIndexAttr(step.dim));
      return;
    case ReshardStepKind::AllGather:
      value = shard::AllGatherOp::create(
          builder, loc, withSize(step.dim, getType().getDimSize(step.dim) * ranks), getGrid(),
          getGridAxes(step.axes), value, builder.getIndexAttr(step.dim));
      return cut(step.dim, size);
    case ReshardStepKind::AllToAll: {
      int64_t cutSize = step.after.dims[step.cutDim].local;
      pad(step.cutDim, cutSize * ranks);
      SmallVector<int64_t> shape(getType().getShape());
      shape[step.cutDim] = cutSize;
      shape[step.dim] *= ranks;
      value = shard::AllToAllOp::create(
          builder, loc, getType().clone(shape), getGrid(), getGridAxes(step.axes), value,
          builder.getIndexAttr(step.cutDim), builder.getIndexAttr(step.dim));
      return cut(step.dim, size);
    }
    case ReshardStepKind::ReduceScatter:
      pad(step.dim, size * ranks);
      value = shard::ReduceScatterOp::create(
          builder, loc, withSize(step.dim, size), getGrid(), getGridAxes(step.axes), value,
          getReduction(step.reduction), builder.getIndexAttr(step.dim));
      return;
    case ReshardStepKind::AllReduce:
      value = reduceAll(value, step.axes, step.reduction);
      return;
    }
  }

  ReshardOp op;
  MeshAttr mesh;
  ReshardPlanner &planner;
  OpBuilder builder;
  Value value;
  RankedTensorType global;
};

struct ReshardsToCollectives : mlir::dchag::impl::ReshardsToCollectivesBase<ReshardsToCollectives> {
  void runOnOperation() override {
    MeshAttr mesh = getMeshOrError(getOperation());
    if (!mesh)
      return signalPassFailure();
    ReshardPlanner planner(mesh, CostModel::get(getOperation()));
    SmallVector<ReshardOp> reshards;
    getOperation().walk([&](ReshardOp op) { reshards.push_back(op); });
    for (ReshardOp op : reshards)
      if (failed(lower(op, mesh, planner)))
        return signalPassFailure();
    getOperation().walk([](Operation *op) { op->removeAttr(kResultShardings); });
  }

  LogicalResult lower(ReshardOp op, MeshAttr mesh, ReshardPlanner &planner) {
    if (op.getInput().getType() != op.getFrom().getLocalType(op.getGlobal(), mesh) ||
        op.getType() != op.getTo().getLocalType(op.getGlobal(), mesh))
      return op.emitOpError("must be on the parts of a rank: run partition first");
    Lowering lowering(op, mesh, planner);
    FailureOr<Value> value = lowering.run();
    if (failed(value))
      return failure();
    if (value->getType() != op.getType())
      return op.emitOpError("has no sequence of collectives to its type: got ")
             << value->getType() << ", wanted " << op.getType();
    numCollectives += lowering.numCollectives;
    op.getResult().replaceAllUsesWith(*value);
    op.erase();
    return success();
  }
};
} // namespace
