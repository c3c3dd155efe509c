//===- InsertReshards.cpp - makes every change of layout an op -------------*- C++ -*-===//

#include "Splits.h"
#include "dchag/Distribute/Passes.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_INSERTRESHARDS
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
struct InsertReshards : mlir::dchag::impl::InsertReshardsBase<InsertReshards> {
  void runOnOperation() override {
    mesh = getMeshOrError(getOperation());
    auto functions = getDistributedFunctions(getOperation());
    if (!mesh || failed(functions))
      return signalPassFailure();
    for (func::FuncOp function : *functions)
      if (failed(runOnFunction(function)))
        return signalPassFailure();
  }

  LogicalResult runOnFunction(func::FuncOp function) {
    made.clear();
    for (Operation &op : llvm::make_early_inc_range(function.front())) {
      if (isa<func::ReturnOp>(op)) {
        for (OpOperand &operand : op.getOpOperands())
          if (failed(adapt(operand, function.getResultAttrOfType<ShardingAttr>(
                                        operand.getOperandNumber(), ShardingAttr::attrName))))
            return failure();
        continue;
      }
      auto wanted = op.getAttrOfType<ArrayAttr>(kOperandShardings);
      if (!wanted || wanted.size() != op.getNumOperands())
        return op.emitOpError("has no shardings of its operands: run propagate first");
      for (OpOperand &operand : op.getOpOperands())
        if (failed(adapt(operand, dyn_cast<ShardingAttr>(wanted[operand.getOperandNumber()]))))
          return failure();
      op.removeAttr(kOperandShardings);
      reshardResults(&op);
    }
    return success();
  }

  /// Reshards results to the shardings the user requests, for all uses.
  void reshardResults(Operation *op) {
    auto wanted = op->getAttrOfType<ArrayAttr>(kWantedShardings);
    if (!wanted)
      return;
    OpBuilder builder(op->getContext());
    builder.setInsertionPointAfter(op);
    for (OpResult result : op->getResults()) {
      auto to = dyn_cast<ShardingAttr>(wanted[result.getResultNumber()]);
      if (!to)
        continue;
      ReshardOp reshard = makeReshard(builder, result, getResultSharding(result), to);
      result.replaceAllUsesExcept(reshard, reshard);
    }
    op->removeAttr(kWantedShardings);
  }

  ReshardOp makeReshard(OpBuilder &builder, Value value, ShardingAttr from, ShardingAttr to) {
    auto op =
        ReshardOp::create(builder, value.getLoc(), value.getType(), value,
                          getMaximum(value, from, to), from, to, TypeAttr::get(value.getType()));
    setResultShardings(op, to);
    ++numReshards;
    return op;
  }

  /// Reshards an operand, right before the first user that needs this sharding.
  LogicalResult adapt(OpOperand &operand, ShardingAttr wanted) {
    Operation *user = operand.getOwner();
    if (!wanted)
      return user->emitOpError("has an operand without a sharding: run propagate first");
    Value value = operand.get();
    ShardingAttr from = getValueSharding(value);
    if (from.isSameLayout(wanted, value.getType(), mesh))
      return success();
    Value &reshard = made[{value, wanted}];
    if (!reshard) {
      OpBuilder builder(user);
      reshard = makeReshard(builder, value, from, wanted);
    }
    operand.set(reshard);
    return success();
  }

  /// The maximum that softmax parts to be combined are relative to; null for other values.
  Value getMaximum(Value value, ShardingAttr from, ShardingAttr to) {
    bool combines = llvm::any_of(from.getPartials(), [&](PartialAttr partial) {
      return partial.getKind() == FactorKind::Softmax &&
             !llvm::is_contained(to.getPartials(), partial);
    });
    return combines ? RuledOp(value.getDefiningOp(), mesh).getMaximum() : Value();
  }

  MeshAttr mesh;
  llvm::DenseMap<std::pair<Value, Attribute>, Value> made;
};
} // namespace
