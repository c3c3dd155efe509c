//===- VerifyCollectives.cpp - all ranks reach each collective -------------*- C++ -*-===//

#include "Replication.h"
#include "dchag/Collectives/Passes.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_VERIFYCOLLECTIVES
#include "dchag/Collectives/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// What decides whether, and how often, the regions of an op are executed; nothing for ops of
/// which that is not known.
static std::optional<SmallVector<Value>> getConditions(Operation *op) {
  if (auto conditional = dyn_cast<scf::IfOp>(op))
    return SmallVector<Value>{conditional.getCondition()};
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return SmallVector<Value>{loop.getLowerBound(), loop.getUpperBound(), loop.getStep()};
  return std::nullopt;
}

static LogicalResult verify(Operation *op, ArrayRef<int16_t> axes, const Replication &known) {
  for (Operation *parent = op->getParentOp(); !isa<func::FuncOp>(parent);
       parent = parent->getParentOp()) {
    std::optional<SmallVector<Value>> conditions = getConditions(parent);
    InFlightDiagnostic diag;
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
        if (auto axes = getCollectiveAxes(op))
          ok &= succeeded(verify(op, *axes, known));
      });
    }
    if (!ok)
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
