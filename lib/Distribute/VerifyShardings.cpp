//===- VerifyShardings.cpp - checks shardings against the rules ------------*- C++ -*-===//

#include "Splits.h"
#include "dchag/Distribute/Passes.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_VERIFYSHARDINGS
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

static LogicalResult verifyReshard(ReshardOp op, MeshAttr mesh) {
  Type global = op.getGlobal();
  ShardingAttr from = getValueSharding(op.getInput());
  if (!from.isSameLayout(op.getFrom(), global, mesh))
    return op.emitOpError("must start from the sharding of its input: got ")
           << op.getFrom() << ", wanted " << from;
  for (PartialAttr partial : from.getPartials())
    if (op.getMaximum() && partial.getKind() == FactorKind::Softmax &&
        !llvm::is_contained(getValueSharding(op.getMaximum()).getPartials(),
                            PartialAttr::get(op.getContext(), partial.getAxis(), FactorKind::Max)))
      return op.emitOpError("must be relative to a maximum that is partial along ")
             << partial.getAxis() << " too: got " << getValueSharding(op.getMaximum());
  ShardingAttr to = getResultSharding(cast<OpResult>(op.getResult()));
  if (!to.isSameLayout(op.getTo(), global, mesh))
    return op.emitOpError("must end in the sharding of its result: got ")
           << op.getTo() << ", wanted " << to;
  return success();
}

static LogicalResult verifyReturn(func::ReturnOp op, MeshAttr mesh) {
  auto function = op->getParentOfType<func::FuncOp>();
  for (OpOperand &operand : op->getOpOperands()) {
    auto wanted = function.getResultAttrOfType<ShardingAttr>(operand.getOperandNumber(),
                                                             ShardingAttr::attrName);
    ShardingAttr found = getValueSharding(operand.get());
    if (!wanted || wanted.isPartial() || !found.isSameLayout(wanted, operand.get().getType(), mesh))
      return op.emitOpError("must return result ")
             << operand.getOperandNumber() << " as the signature says: got " << found << ", wanted "
             << wanted;
  }
  return success();
}

static LogicalResult verifyOp(Operation *op, MeshAttr mesh) {
  if (auto reshard = dyn_cast<ReshardOp>(op))
    return verifyReshard(reshard, mesh);
  if (auto returnOp = dyn_cast<func::ReturnOp>(op))
    return verifyReturn(returnOp, mesh);
  RuledOp ruled(op, mesh);
  SmallVector<ShardingAttr> shardings = ruled.getValueShardings();
  bool replicated = true;
  for (auto [slot, sharding] : llvm::enumerate(shardings)) {
    auto error = [&, slot = slot] { return op->emitOpError("value ") << slot << ": "; };
    if (failed(sharding.verifyFor(error, ruled.getValue(slot).getType(), mesh)))
      return failure();
  }
  ruled.dropPassed(shardings);
  for (auto [slot, sharding] : llvm::enumerate(shardings)) {
    replicated &= sharding.isReplicated();
    if (!ruled.isResult(slot) && sharding.isPartial())
      return op->emitOpError("uses operand ")
             << slot << " before its partial results are combined: " << sharding;
  }
  if (replicated)
    return success();
  if (!ruled)
    return op->emitOpError("has no sharding rule: its operands and results must be whole");
  if (failed(ruled.getSplits(shardings))) {
    InFlightDiagnostic diag = op->emitOpError("has shardings that its rule does not allow:");
    for (ShardingAttr sharding : shardings)
      diag << " " << sharding;
    return diag;
  }
  return success();
}

namespace {
struct VerifyShardings : mlir::dchag::impl::VerifyShardingsBase<VerifyShardings> {
  void runOnOperation() override {
    auto verify = [](func::FuncOp function, MeshAttr mesh) {
      bool ok = true;
      for (Operation &op : function.front())
        ok &= succeeded(verifyOp(&op, mesh));
      return success(ok);
    };
    if (failed(verifyDistributed(getOperation(), verify)))
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
