//===- Propagate.cpp - decides the sharding of every value -----------------*- C++ -*-===//

#include "Propagation.h"
#include "dchag/Distribute/Passes.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_PROPAGATE
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// Constants, empty tensors and what is filled with a scalar cost nothing in any layout. One
/// that two ops share would tie their layouts together, so each use gets its own copy.
void copyForEachUse(func::FuncOp function) {
  llvm::DenseSet<Operation *> free;
  for (Operation &op : function.front().without_terminator()) {
    bool isFree = isMemoryEffectFree(&op) && op.getNumRegions() <= 1 &&
                  !op.hasAttr(kResultShardings) && !op.hasAttr(MarkAttr::attrName) &&
                  llvm::all_of(op.getOperands(), [&](Value v) {
                    return !isa<ShapedType>(v.getType()) || free.contains(v.getDefiningOp());
                  });
    if (isFree && op.getNumResults() == 1 && isa<RankedTensorType>(op.getResult(0).getType()))
      free.insert(&op);
  }
  // Users come first, so that copies of an op have own copies of its operands.
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.front()))) {
    if (!free.contains(&op) || op.use_empty())
      continue;
    for (OpOperand &use : llvm::make_early_inc_range(llvm::drop_begin(op.getUses())))
      use.set(OpBuilder(&op).clone(op)->getResult(0));
  }
}

struct Propagate : mlir::dchag::impl::PropagateBase<Propagate> {
  using PropagateBase::PropagateBase;

  void runOnOperation() override {
    MeshAttr mesh = getMeshOrError(getOperation());
    auto functions = getDistributedFunctions(getOperation());
    if (!mesh || failed(functions))
      return signalPassFailure();
    ReshardPlanner planner(mesh);
    for (func::FuncOp function : *functions) {
      if (function.getName() == "prepare")
        markPrepared(function);
      copyForEachUse(function);
      Propagation propagation(function, mesh, planner, {strict, deferSums, explain});
      if (failed(propagation.run()))
        return signalPassFailure();
      numConflicts += propagation.getNumConflicts();
    }
  }

  /// Results of @prepare lie as the arguments of @step with their names.
  void markPrepared(func::FuncOp prepare) {
    auto step = getOperation().lookupSymbol<func::FuncOp>("step");
    if (!step)
      return;
    for (unsigned i = 0; i < prepare.getNumResults(); ++i) {
      Attribute name = prepare.getResultAttr(i, "dchag.name");
      for (unsigned j = 0; name && j < step.getNumArguments(); ++j) {
        auto role = step.getArgAttrOfType<StringAttr>(j, "dchag.role");
        if (step.getArgAttr(j, "dchag.name") == name && (!role || role.getValue() == "compiled"))
          prepare.setResultAttr(i, ShardingAttr::attrName,
                                step.getArgAttr(j, ShardingAttr::attrName));
      }
    }
  }
};
} // namespace
