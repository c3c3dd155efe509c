//===- SimplifyCollectives.cpp - removes needless collectives --------------*- C++ -*-===//

#include "Create.h"
#include "Replication.h"
#include "dchag/Collectives/Passes.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_SIMPLIFYCOLLECTIVES
#include "dchag/Collectives/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// The collective that makes the input of `op` if it is of this kind over the same ranks.
static CollectiveOpInterface getBefore(CollectiveOpInterface op, CollectiveKind kind) {
  auto before = op.getInput().getDefiningOp<CollectiveOpInterface>();
  bool isWanted = before && before.getCollectiveKind() == kind &&
                  before.getGridSymbol() == op.getGridSymbol() &&
                  before.getMeshAxes() == op.getMeshAxes();
  return isWanted ? before : CollectiveOpInterface();
}

static bool isMaxOrMin(CollectiveOpInterface op) {
  return op.getReductionKind() == shard::ReductionKind::Max ||
         op.getReductionKind() == shard::ReductionKind::Min;
}

namespace {
class Simplifier {
public:
  Simplifier(func::FuncOp function, MeshAttr mesh) : known(function, mesh) {}

  /// The value of a collective without it, or by a cheaper one; null if there is none.
  Value simplify(CollectiveOpInterface op) {
    switch (op.getCollectiveKind()) {
    case CollectiveKind::AllGather:
      if (auto slice = getBefore(op, CollectiveKind::AllSlice))
        return getOriginal(slice, slice.getCutDim() == op.getJoinedDim(), op);
      return joinScattered(op);
    case CollectiveKind::AllSlice:
      if (auto gather = getBefore(op, CollectiveKind::AllGather))
        return getOriginal(gather, gather.getJoinedDim() == op.getCutDim(), op);
      return scatter(op);
    case CollectiveKind::AllReduce:
      // The maximum of equal values is each of them.
      if (isMaxOrMin(op) && op.getOutput().getType() == op.getInput().getType() &&
          known.isReplicated(op.getInput(), op.getMeshAxes()))
        return ++numRemoved, op.getInput();
      return {};
    default:
      return {};
    }
  }

  int64_t numRemoved = 0, numScattered = 0;

private:
  /// gather(slice(x)) and slice(gather(x)) are x if they are along one dimension.
  Value getOriginal(CollectiveOpInterface inner, bool isSameDim, CollectiveOpInterface outer) {
    if (!isSameDim || inner.getInput().getType() != outer.getOutput().getType())
      return {};
    ++numRemoved;
    return inner.getInput();
  }

  /// A slice of a reduction is a scattered reduction.
  Value scatter(CollectiveOpInterface slice) {
    auto reduce = getBefore(slice, CollectiveKind::AllReduce);
    if (!reduce || !reduce->hasOneUse() ||
        !(reduce.getReductionKind() == shard::ReductionKind::Sum || isMaxOrMin(reduce)))
      return {};
    ++numScattered;
    OpBuilder b(slice);
    return createCollective(b, slice.getLoc(), CollectiveKind::ReduceScatter, reduce,
                            reduce.getInput(), slice.getOutput().getType(), *slice.getCutDim());
  }

  /// A gather of a scattered reduction is a reduction.
  Value joinScattered(CollectiveOpInterface gather) {
    auto scatter = getBefore(gather, CollectiveKind::ReduceScatter);
    if (!scatter || !scatter->hasOneUse() || scatter.getCutDim() != gather.getJoinedDim() ||
        scatter.getInput().getType() != gather.getOutput().getType())
      return {};
    ++numRemoved;
    OpBuilder b(gather);
    return createCollective(b, gather.getLoc(), CollectiveKind::AllReduce, scatter,
                            scatter.getInput(), gather.getOutput().getType());
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
      SmallVector<CollectiveOpInterface> collectives;
      function.walk([&](CollectiveOpInterface op) {
        // Those of the runtime are in order already.
        if (op.getGridSymbol())
          collectives.push_back(op);
      });
      for (CollectiveOpInterface op : collectives) {
        Value value = simplifier.simplify(op);
        if (!value)
          continue;
        Operation *input = op.getInput().getDefiningOp();
        op.getOutput().replaceAllUsesWith(value);
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
