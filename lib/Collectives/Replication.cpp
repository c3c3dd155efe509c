//===- Replication.cpp - which ranks hold the same value -------------------*- C++ -*-===//

#include "Replication.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

using namespace mlir;
using namespace mlir::dchag;

static uint64_t getBits(ArrayRef<int32_t> axes) {
  uint64_t bits = 0;
  for (int32_t axis : axes)
    bits |= uint64_t(1) << axis;
  return bits;
}

/// Axes along which the result of an op differs though its operands do not.
uint64_t Replication::getAxesOf(Operation *op) {
  uint64_t all = ~uint64_t(0);
  if (auto collective = dyn_cast<CollectiveOpInterface>(op))
    return collective.isOutputReplicated() ? 0 : getBits(collective.getMeshAxes());
  if (auto onRank = dyn_cast<SpmdEvaluableOpInterface>(op)) {
    auto axes = onRank.getDependentAxes(mesh);
    return axes ? getBits(*axes) : all;
  }
  // So may results of ops with unknown side effects.
  return isMemoryEffectFree(op) ? 0 : all;
}

Replication::Axes Replication::visit(Operation *op) {
  Axes result = ~Axes(0);
  for (Value operand : op->getOperands())
    result &= equal.lookup(operand);
  // All ranks of a group get the same, but that may still differ between groups.
  if (auto collective = dyn_cast<CollectiveOpInterface>(op);
      collective && collective.isOutputReplicated())
    result |= getBits(collective.getMeshAxes());
  return result & ~getAxesOf(op);
}

/// `condition`: axes along which all ranks execute the block alike.
void Replication::visitBlock(Block &block, Axes condition) {
  for (Operation &op : block) {
    Axes axes = visit(&op) & condition;
    for (Region &region : op.getRegions())
      for (Block &nested : region) {
        // Whatever the op passes to its blocks comes from its operands and its body.
        for (BlockArgument argument : nested.getArguments())
          equal[argument] = 0;
        visitBlock(nested, axes);
      }
    // What regions capture may differ too; ops with bodies of scalars only capture constants.
    if (op.getNumRegions() > 0)
      op.walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          if (operand.getParentRegion()->isProperAncestor(inner->getParentRegion()) &&
              !op.isAncestor(operand.getParentRegion()->getParentOp()))
            axes &= equal.lookup(operand);
        if (inner != &op)
          axes &= ~getAxesOf(inner);
      });
    for (Value result : op.getResults())
      equal[result] = axes;
  }
}

Replication::Replication(func::FuncOp function, MeshAttr mesh) : mesh(mesh) {
  for (BlockArgument argument : function.getArguments()) {
    Axes axes = ~Axes(0);
    auto sharding =
        function.getArgAttrOfType<ShardingAttr>(argument.getArgNumber(), ShardingAttr::attrName);
    if (!sharding)
      axes = 0;
    for (auto [index, name] : llvm::enumerate(mesh.getNames()))
      if (sharding && sharding.usesAxis(name))
        axes &= ~(Axes(1) << index);
    equal[argument] = axes;
  }
  for (Block &block : function.getBody())
    visitBlock(block, ~Axes(0));
}

bool Replication::isReplicated(Value value, ArrayRef<int32_t> axes) const {
  uint64_t bits = getBits(axes);
  return (equal.lookup(value) & bits) == bits;
}
