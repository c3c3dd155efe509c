//===- PropagationCosts.cpp - what splits cost, and what loses -------------*- C++ -*-===//

#include "Propagation.h"

using namespace mlir;
using namespace mlir::dchag;

Cost Propagation::getCost(const Node &op, const Splits &splits) {
  Cost cost;
  for (unsigned slot = 0; slot < op.getNumSlots(); ++slot) {
    auto type = dyn_cast<RankedTensorType>(op.getValue(slot).getType());
    if (!type)
      continue;
    Layout value = Layout::get(toSharding(states[op.values[slot]]), type.getShape(), mesh);
    Layout here = Layout::get(op.getSharding(slot, splits), type.getShape(), mesh);
    for (Layout::Partial &partial : here.partials)
      if (partial.kind == FactorKind::Softmax)
        partial.kind = FactorKind::Sum;
    cost += (op.isResult(slot) ? planner.plan(here, value, type) : planner.plan(value, here, type))
                .cost;
  }
  return cost;
}

SmallVector<PlannedConflict, 0> Propagation::getConflicts(const Node &op, const Choice &choice) {
  SmallVector<PlannedConflict, 0> conflicts;
  for (const Candidate &lost : choice.lost) {
    PlannedConflict conflict{lost.factor, lost.split, lost.origin, std::nullopt, {}, std::nullopt};
    Splits other = choice.splits;
    for (unsigned f = 0; f < op.getNumFactors(); ++f)
      if (llvm::any_of(choice.splits[f].axes, [&](StringAttr axis) {
            return llvm::is_contained(lost.split.axes, axis);
          })) {
        conflict.winner = conflict.winner ? *conflict.winner : f;
        other[f] = {};
      }
    conflict.chosen = getCost(op, choice.splits);
    other[lost.factor] = lost.split;
    if (op.isExpressible(other))
      conflict.other = getCost(op, other);
    conflicts.push_back(std::move(conflict));
  }
  return conflicts;
}

/// An op without a rule computes whole results from whole operands.
SmallVector<unsigned> Propagation::getGathered(const Node &op) {
  SmallVector<unsigned> gathered;
  for (unsigned slot = 0; slot < op.getOp()->getNumOperands(); ++slot) {
    ShardingAttr sharding = given[op.values[slot]];
    if (sharding ? !sharding.isReplicated() : toSharding(states[op.values[slot]]).isSplit())
      gathered.push_back(slot);
  }
  return gathered;
}

/// An op may need a dimension whole over which its operands are split; the axis is then free. If no
/// request uses it, splitting another factor over it may be cheaper than gathering the operand: a
/// concatenation along positions can split over features. Considered only where it divides evenly;
/// nothing else depends on the choice.
void Propagation::useFreeAxes(const Node &op, Choice &choice) {
  SmallVector<SmallVector<StringAttr>> open;
  for (unsigned slot = 0; slot < op.getOp()->getNumOperands(); ++slot)
    for (DimShardingAttr dim : states[op.values[slot]].dims)
      if (!dim.getAxes().empty() && !llvm::is_contained(open, dim.getAxes()))
        open.emplace_back(dim.getAxes());
  for (ArrayRef<StringAttr> axes : open) {
    if (llvm::any_of(choice.splits, [&](const FactorSplit &split) {
          return llvm::any_of(
              axes, [&](StringAttr axis) { return llvm::is_contained(split.axes, axis); });
        }))
      continue;
    double best = getCost(op, choice.splits).seconds;
    std::optional<Splits> found;
    for (unsigned f = 0; f < op.getNumFactors(); ++f) {
      FactorAttr factor = op.getRule().getFactor(f);
      int64_t ranks = mesh.getNumRanks(axes);
      if (factor.getKind() != FactorKind::Parallel || !op.canSplit(f) || choice.splits[f] ||
          factor.getSize() % ranks != 0)
        continue;
      Splits splits = choice.splits;
      splits[f].axes.assign(axes.begin(), axes.end());
      splits[f].local = factor.getSize() / ranks;
      if (!op.isExpressible(splits) || isVetoed(op, {f, splits[f], Origin(), 0, 0}))
        continue;
      double cost = getCost(op, splits).seconds;
      if (cost < best) {
        best = cost;
        found = std::move(splits);
      }
    }
    if (found)
      choice.splits = std::move(*found);
  }
}
