//===- Propagate.cpp - decides the sharding of every value -----------------*- C++ -*-===//

#include "Propagation.h"
#include "dchag/Distribute/Passes.h"
#include "dialects/dchag/Program.h"
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
    shared.clear();
    ReshardPlanner planner(mesh);
    for (func::FuncOp function : *functions) {
      if (Program::isPrepare(function))
        markPrepared(function);
      else
        markShared(function);
      copyForEachUse(function);
      Propagation propagation(function, mesh, planner, {strict, deferSums, explain});
      if (failed(propagation.run()))
        return signalPassFailure();
      numConflicts += propagation.getNumConflicts();
      llvm::append_range(shared, getArguments(function));
      llvm::append_range(shared, getResults(function));
    }
  }

  /// Ports of one name and role are one buffer: they take the sharding that an entry point before
  /// has decided. State that nobody says anything of is replicated, where it is read and written.
  void markShared(func::FuncOp function) {
    // Without a step functions are programs of their own.
    if (!Program(getOperation()).getStep())
      return;
    SmallVector<Port> ports = getArguments(function);
    llvm::append_range(ports, getResults(function));
    for (const Port &port : ports) {
      for (const Port &known : shared)
        if (!port.getSharding() && port.getNameAttr() && known.isResult() == port.isResult() &&
            known.getNameAttr() == port.getNameAttr() && known.getRole() == port.getRole())
          port.setSharding(known.getSharding());
      if (port.getRole().isUpdatedInPlace() && !port.getSharding())
        port.setSharding(ShardingAttr::getReplicated(port.getType()));
    }
  }

  /// Ports of the entry points whose shardings are decided.
  SmallVector<Port> shared;

  /// Results of @prepare take the sharding of the arguments of entry points with their names.
  void markPrepared(func::FuncOp prepare) {
    for (func::FuncOp entry : Program(getOperation()).getRunEntries()) {
      SmallVector<Port> arguments = getArguments(entry);
      for (const Port &result : getResults(prepare))
        if (StringAttr name = result.getNameAttr())
          if (std::optional<Port> port = findPort(arguments, name, RoleKind::Compiled))
            result.setSharding(port->getSharding());
    }
  }
};
} // namespace
