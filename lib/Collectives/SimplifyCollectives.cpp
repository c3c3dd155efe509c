//===- SimplifyCollectives.cpp - removes needless collectives --------------*- C++ -*-===//

#include "Replication.h"
#include "dchag/Collectives/Passes.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_SIMPLIFYCOLLECTIVES
#include "dchag/Collectives/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

static bool isSum(shard::ReductionKind kind) { return kind == shard::ReductionKind::Sum; }
static bool isMaxOrMin(shard::ReductionKind kind) {
  return kind == shard::ReductionKind::Max || kind == shard::ReductionKind::Min;
}

/// gather(slice(x)) is x.
static Value simplify(shard::AllGatherOp op) {
  auto slice = op.getInput().getDefiningOp<shard::AllSliceOp>();
  if (slice && slice.getGridAxes() == op.getGridAxes() && slice.getGrid() == op.getGrid() &&
      slice.getSliceAxis() == op.getGatherAxis() && slice.getInput().getType() == op.getType())
    return slice.getInput();
  return {};
}

/// slice(gather(x)) is x.
static Value simplify(shard::AllSliceOp op) {
  auto gather = op.getInput().getDefiningOp<shard::AllGatherOp>();
  if (gather && gather.getGridAxes() == op.getGridAxes() && gather.getGrid() == op.getGrid() &&
      gather.getGatherAxis() == op.getSliceAxis() && gather.getInput().getType() == op.getType())
    return gather.getInput();
  return {};
}

namespace {
class Simplifier {
public:
  Simplifier(func::FuncOp function, MeshAttr mesh) : known(function, mesh) {}

  /// The value of a collective without it, or by a cheaper one; null if there is none.
  Value simplify(Operation *op) {
    if (auto gather = dyn_cast<shard::AllGatherOp>(op)) {
      if (Value value = ::simplify(gather))
        return ++numRemoved, value;
      return joinScattered(gather);
    }
    if (auto slice = dyn_cast<shard::AllSliceOp>(op)) {
      if (Value value = ::simplify(slice))
        return ++numRemoved, value;
      return scatter(slice);
    }
    if (auto reduce = dyn_cast<shard::AllReduceOp>(op))
      // The maximum of equal values is each of them.
      if (isMaxOrMin(reduce.getReduction()) && reduce.getType() == reduce.getInput().getType() &&
          known.isReplicated(reduce.getInput(), reduce.getGridAxes()))
        return ++numRemoved, reduce.getInput();
    return {};
  }

  int64_t numRemoved = 0, numScattered = 0;

private:
  /// A slice of a reduction is a scattered reduction.
  Value scatter(shard::AllSliceOp op) {
    auto reduce = op.getInput().getDefiningOp<shard::AllReduceOp>();
    if (!reduce || !reduce->hasOneUse() || reduce.getGridAxes() != op.getGridAxes() ||
        reduce.getGrid() != op.getGrid() ||
        !(isSum(reduce.getReduction()) || isMaxOrMin(reduce.getReduction())))
      return {};
    ++numScattered;
    OpBuilder b(op);
    return shard::ReduceScatterOp::create(b, op.getLoc(), op.getType(), op.getGridAttr(),
                                          op.getGridAxesAttr(), reduce.getInput(),
                                          reduce.getReductionAttr(), op.getSliceAxisAttr());
  }

  /// A gather of a scattered reduction is a reduction.
  Value joinScattered(shard::AllGatherOp op) {
    auto scatter = op.getInput().getDefiningOp<shard::ReduceScatterOp>();
    if (!scatter || !scatter->hasOneUse() || scatter.getGridAxes() != op.getGridAxes() ||
        scatter.getGrid() != op.getGrid() || scatter.getScatterAxis() != op.getGatherAxis() ||
        scatter.getInput().getType() != op.getType())
      return {};
    ++numRemoved;
    OpBuilder b(op);
    return shard::AllReduceOp::create(b, op.getLoc(), op.getType(), op.getGridAttr(),
                                      op.getGridAxesAttr(), scatter.getInput(),
                                      scatter.getReductionAttr());
  }

  Replication known;
};

struct SimplifyCollectives : mlir::dchag::impl::SimplifyCollectivesBase<SimplifyCollectives> {
  void runOnOperation() override {
    MeshAttr mesh = MeshAttr::lookup(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (mesh && !function.isExternal())
        runOnFunction(function, mesh);
  }

  void runOnFunction(func::FuncOp function, MeshAttr mesh) {
    // What is removed may show that another one is needless.
    for (bool changed = true; changed;) {
      changed = false;
      Simplifier simplifier(function, mesh);
      SmallVector<Operation *> ops;
      function.walk([&](Operation *op) {
        if (isa_and_nonnull<shard::ShardDialect>(op->getDialect()) && op->getNumResults() == 1)
          ops.push_back(op);
      });
      for (Operation *op : ops) {
        Value value = simplifier.simplify(op);
        if (!value)
          continue;
        Operation *input = op->getOperand(0).getDefiningOp();
        op->getResult(0).replaceAllUsesWith(value);
        op->erase();
        if (input && isOpTriviallyDead(input))
          input->dropAllReferences(), input->erase();
        changed = true;
        break;
      }
      numRemoved += simplifier.numRemoved;
      numScattered += simplifier.numScattered;
    }
  }
};
} // namespace
