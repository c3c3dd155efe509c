//===- ReshardsToCollectives.cpp - reshards by collectives -----------------*- C++ -*-===//

#include "Splits.h"
#include "dchag/Distribute/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_RESHARDSTOCOLLECTIVES
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

static shard::ReductionKind getReduction(FactorKind kind) {
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
/// The axes of the dimensions of a value on its way from one layout to another.
using AxisLists = SmallVector<SmallVector<StringAttr>>;

/// Writes one reshard as a sequence of collectives over one axis each.
class Lowering {
public:
  Lowering(ReshardOp op, MeshAttr mesh)
      : op(op), mesh(mesh), builder(op), value(op.getInput()),
        global(cast<RankedTensorType>(op.getGlobal())) {
    for (DimShardingAttr dim : op.getFrom().getDims())
      axes.emplace_back(dim.getAxes());
  }

  Value run() {
    combinePartials();
    moveAxes();
    for (unsigned dim = 0; dim < axes.size(); ++dim)
      if (!isDone(dim))
        gather(dim);
    for (unsigned dim = 0; dim < axes.size(); ++dim)
      if (!isDone(dim))
        slice(dim);
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
  ArrayRef<StringAttr> getWantedAxes(unsigned dim) { return op.getTo().getDims()[dim].getAxes(); }
  int64_t getWantedSize(unsigned dim) {
    return op.getTo().getLocalSize(dim, global.getDimSize(dim), mesh);
  }
  bool isDone(unsigned dim) {
    return axes[dim] == getWantedAxes(dim) && getType().getDimSize(dim) == getWantedSize(dim);
  }
  DenseI16ArrayAttr getGridAxes(StringAttr axis) {
    return builder.getDenseI16ArrayAttr({static_cast<int16_t>(*mesh.getAxisIndex(axis))});
  }
  FlatSymbolRefAttr getGrid() {
    return FlatSymbolRefAttr::get(builder.getContext(), MeshAttr::gridName);
  }

  /// The first `size` elements of a dimension.
  void cut(unsigned dim, int64_t size) {
    if (getType().getDimSize(dim) == size)
      return;
    RankedTensorType type = withSize(dim, size);
    SmallVector<OpFoldResult> offsets(type.getRank(), builder.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(type.getRank(), builder.getIndexAttr(1));
    SmallVector<OpFoldResult> sizes;
    for (int64_t extent : type.getShape())
      sizes.push_back(builder.getIndexAttr(extent));
    value =
        tensor::ExtractSliceOp::create(builder, op.getLoc(), type, value, offsets, sizes, strides);
  }

  /// Zeros behind a dimension, up to `size` elements.
  void pad(unsigned dim, int64_t size) {
    if (getType().getDimSize(dim) == size)
      return;
    SmallVector<int64_t> low(getType().getRank(), 0), high(low);
    high[dim] = size - getType().getDimSize(dim);
    Value zero = arith::ConstantOp::create(builder, op.getLoc(),
                                           builder.getZeroAttr(getType().getElementType()));
    auto padOp = tensor::PadOp::create(builder, op.getLoc(), withSize(dim, size), value, low, high,
                                       ValueRange(), ValueRange());
    SmallVector<Type> indices(low.size(), builder.getIndexType());
    SmallVector<Location> locations(low.size(), op.getLoc());
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&padOp.getRegion(), padOp.getRegion().end(), indices, locations);
    tensor::YieldOp::create(builder, op.getLoc(), zero);
    value = padOp;
  }

  void combinePartials() {
    for (PartialAttr partial : op.getFrom().getPartials()) {
      if (llvm::is_contained(op.getTo().getPartials(), partial))
        continue;
      ++numCollectives;
      StringAttr axis = partial.getAxis();
      auto kind =
          shard::ReductionKindAttr::get(builder.getContext(), getReduction(partial.getKind()));
      if (std::optional<unsigned> dim = findScatteredDim(axis)) {
        pad(*dim, getWantedSize(*dim) * mesh.getAxisSize(axis));
        value = shard::ReduceScatterOp::create(
            builder, op.getLoc(), withSize(*dim, getWantedSize(*dim)), getGrid(), getGridAxes(axis),
            value, kind, builder.getIndexAttr(*dim));
        axes[*dim].push_back(axis);
        continue;
      }
      value = shard::AllReduceOp::create(builder, op.getLoc(), getType(), getGrid(),
                                         getGridAxes(axis), value, kind);
    }
  }

  /// The dimension that shall be split over `axis`, if the sum can be scattered to it as it
  /// is: the axis is its innermost, the others are there already.
  std::optional<unsigned> findScatteredDim(StringAttr axis) {
    for (unsigned dim = 0; dim < axes.size(); ++dim) {
      ArrayRef<StringAttr> wanted = getWantedAxes(dim);
      // Padded parts of outer axes do not line up with the parts inside them.
      bool lines = axes[dim].empty() ||
                   getType().getDimSize(dim) == getWantedSize(dim) * mesh.getAxisSize(axis);
      if (!wanted.empty() && wanted.back() == axis && wanted.drop_back() == ArrayRef(axes[dim]) &&
          lines)
        return dim;
    }
    return std::nullopt;
  }

  /// An axis that is the only one of a dimension and shall be the only one of another.
  void moveAxes() {
    for (unsigned from = 0; from < axes.size(); ++from)
      for (unsigned to = 0; to < axes.size(); ++to) {
        if (from == to || axes[from].size() != 1 || !axes[to].empty() ||
            !getWantedAxes(from).empty() || getWantedAxes(to) != ArrayRef(axes[from]))
          continue;
        ++numCollectives;
        StringAttr axis = axes[from].front();
        int64_t ranks = mesh.getAxisSize(axis), local = getType().getDimSize(from);
        pad(to, getWantedSize(to) * ranks);
        SmallVector<int64_t> shape(getType().getShape());
        shape[to] = getWantedSize(to);
        shape[from] = local * ranks;
        value = shard::AllToAllOp::create(builder, op.getLoc(), getType().clone(shape), getGrid(),
                                          getGridAxes(axis), value, builder.getIndexAttr(to),
                                          builder.getIndexAttr(from));
        cut(from, global.getDimSize(from));
        axes[from].clear();
        axes[to] = {axis};
      }
  }

  /// Joins all parts of a dimension, the innermost axis first.
  void gather(unsigned dim) {
    for (StringAttr axis : llvm::reverse(axes[dim])) {
      ++numCollectives;
      int64_t size = getType().getDimSize(dim) * mesh.getAxisSize(axis);
      value = shard::AllGatherOp::create(builder, op.getLoc(), withSize(dim, size), getGrid(),
                                         getGridAxes(axis), value, builder.getIndexAttr(dim));
    }
    axes[dim].clear();
    cut(dim, global.getDimSize(dim));
  }

  /// Takes the rank's part of a whole dimension, the outermost axis first.
  void slice(unsigned dim) {
    int64_t ranks = mesh.getNumRanks(getWantedAxes(dim));
    pad(dim, getWantedSize(dim) * ranks);
    for (StringAttr axis : getWantedAxes(dim)) {
      ++numCollectives;
      int64_t size = getType().getDimSize(dim) / mesh.getAxisSize(axis);
      value = shard::AllSliceOp::create(builder, op.getLoc(), withSize(dim, size), getGrid(),
                                        getGridAxes(axis), value, builder.getIndexAttr(dim));
    }
    axes[dim].assign(getWantedAxes(dim).begin(), getWantedAxes(dim).end());
  }

  ReshardOp op;
  MeshAttr mesh;
  OpBuilder builder;
  Value value;
  RankedTensorType global;
  AxisLists axes;
};

struct ReshardsToCollectives : mlir::dchag::impl::ReshardsToCollectivesBase<ReshardsToCollectives> {
  void runOnOperation() override {
    MeshAttr mesh = getMeshOrError(getOperation());
    if (!mesh)
      return signalPassFailure();
    SmallVector<ReshardOp> reshards;
    getOperation().walk([&](ReshardOp op) { reshards.push_back(op); });
    for (ReshardOp op : reshards)
      if (failed(lower(op, mesh)))
        return signalPassFailure();
    getOperation().walk([](Operation *op) { op->removeAttr(kResultShardings); });
  }

  LogicalResult lower(ReshardOp op, MeshAttr mesh) {
    if (op.getInput().getType() != op.getFrom().getLocalType(op.getGlobal(), mesh) ||
        op.getType() != op.getTo().getLocalType(op.getGlobal(), mesh))
      return op.emitOpError("must be on the parts of a rank: run partition first");
    Lowering lowering(op, mesh);
    Value value = lowering.run();
    if (value.getType() != op.getType())
      return op.emitOpError("has no sequence of collectives to its type: got ")
             << value.getType() << ", wanted " << op.getType();
    numCollectives += lowering.numCollectives;
    op.getResult().replaceAllUsesWith(value);
    op.erase();
    return success();
  }
};
} // namespace
