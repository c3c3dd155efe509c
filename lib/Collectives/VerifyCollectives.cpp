//===- VerifyCollectives.cpp - all ranks reach each collective -------------*- C++ -*-===//

#include "Replication.h"
#include "dchag/Collectives/Passes.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_VERIFYCOLLECTIVES
#include "dchag/Collectives/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// What decides whether, and how often, the regions of an op are executed; nothing for ops of
/// which that is not known.
static std::optional<SmallVector<Value>> getConditions(Operation *op) {
  if (auto loop = dyn_cast<LoopLikeOpInterface>(op)) {
    auto begin = loop.getLoopLowerBounds(), end = loop.getLoopUpperBounds();
    auto step = loop.getLoopSteps();
    // The order in which a rank executes parallel iterations is its own.
    if (op->hasTrait<OpTrait::HasParallelRegion>() || !begin || !end || !step)
      return std::nullopt;
    SmallVector<Value> conditions;
    for (OpFoldResult bound : llvm::concat<OpFoldResult>(*begin, *end, *step))
      if (auto value = dyn_cast<Value>(bound))
        conditions.push_back(value);
    return conditions;
  }
  // A branch without an operand is taken for another reason.
  auto branch = dyn_cast<RegionBranchOpInterface>(op);
  if (!branch || branch.hasLoop() || op->getNumOperands() == 0)
    return std::nullopt;
  return SmallVector<Value>(op->getOperands());
}

static LogicalResult verify(CollectiveOpInterface op, const Replication &known) {
  SmallVector<int32_t> axes = op.getMeshAxes();
  for (Operation *parent = op->getParentOp(); !isa<func::FuncOp>(parent);
       parent = parent->getParentOp()) {
    std::optional<SmallVector<Value>> conditions = getConditions(parent);
    if (conditions &&
        llvm::all_of(*conditions, [&](Value value) { return known.isReplicated(value, axes); }))
      continue;
    return op->emitOpError("stands in '")
           << parent->getName() << "', "
           << (conditions ? "whose condition may differ between the ranks of its group"
                          : "of which is not known that all ranks of its group execute it")
           << ": a rank that does not reach it would stop the others. Move it out, or make the "
              "condition depend on replicated values alone";
  }
  return success();
}

namespace {
struct VerifyCollectives : mlir::dchag::impl::VerifyCollectivesBase<VerifyCollectives> {
  void runOnOperation() override {
    MeshAttr mesh = MeshAttr::lookup(getOperation());
    bool ok = true;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (!mesh || function.isExternal())
        continue;
      Replication known(function, mesh);
      function.walk([&](Operation *op) {
        if (CollectiveOpInterface collective = getExchange(op))
          ok &= succeeded(verify(collective, known));
      });
    }
    if (!ok)
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
