//===- PropagationCosts.cpp - what splits cost, and what loses -------------*- C++ -*-===//

#include "Propagation.h"

using namespace mlir;
using namespace mlir::dchag;

double Propagation::getCost(const RuledOp &op, const Splits &splits) {
  double bytes = 0;
  for (unsigned slot = 0; slot < op.getNumSlots(); ++slot) {
    auto type = dyn_cast<RankedTensorType>(op.getValue(slot).getType());
    if (!type)
      continue;
    Layout value = Layout::get(toSharding(getState(op.getValue(slot))), type.getShape(), mesh);
    Layout here = Layout::get(op.getSharding(slot, splits), type.getShape(), mesh);
    for (Layout::Partial &partial : here.partials)
      if (partial.kind == FactorKind::Softmax)
        partial.kind = FactorKind::Sum;
    const ReshardPlan &plan = op.isResult(slot) ? planner.plan(here, value, type.getShape())
                                                : planner.plan(value, here, type.getShape());
    bytes += plan.sent * getTensorBytes(op.getValue(slot).getType()) / type.getNumElements();
  }
  return bytes;
}

void Propagation::reportConflicts(const RuledOp &op, const Choice &choice) {
  static const char *const names[] = {"the user", "weights", "activations"};
  auto describe = [&](InFlightDiagnostic &diag, unsigned factor, const FactorSplit &split,
                      const Origin &origin) {
    diag << "factor " << factor << " ("
         << stringifyFactorKind(op.getRule().getFactor(factor).getKind()) << " of "
         << op.getRule().getFactor(factor).getSize() << ") over ";
    llvm::interleave(split.axes, diag, ", ");
    diag << " for " << names[static_cast<unsigned>(origin.priority)];
    if (origin.by)
      diag << " (" << origin.by.getValue() << ")";
  };
  for (const Candidate &lost : choice.lost) {
    std::optional<unsigned> winner;
    Splits other = choice.splits;
    for (unsigned f = 0; f < op.getNumFactors(); ++f)
      if (llvm::any_of(choice.splits[f].axes, [&](StringAttr axis) {
            return llvm::is_contained(lost.split.axes, axis);
          })) {
        winner = winner ? *winner : f;
        other[f] = {};
      }
    ++numConflicts;
    InFlightDiagnostic diag = op.getOp()->emitRemark("splits ");
    if (winner)
      describe(diag, *winner, choice.splits[*winner], choice.origins[*winner]);
    else
      diag << "nothing over " << lost.split.axes.front();
    diag << ", which costs " << int64_t(getCost(op, choice.splits)) << " bytes sent a rank; ";
    describe(diag, lost.factor, lost.split, lost.origin);
    other[lost.factor] = lost.split;
    if (op.isExpressible(other))
      diag << " would cost " << int64_t(getCost(op, other));
    else
      diag << " cannot be split alone";
  }
}

/// An op without a rule computes whole results from whole operands.
LogicalResult Propagation::reportWithoutRule(Operation *op) {
  for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
    ShardingAttr sharding = given.lookup(operand);
    if (sharding ? sharding.isReplicated() : !toSharding(getState(operand)).isSplit())
      continue;
    InFlightDiagnostic diag = options.strict ? op->emitError() : op->emitWarning();
    diag << "'" << op->getName() << "' op has no sharding rule, so operand " << index
         << " is gathered (" << int64_t(getTensorBytes(operand.getType()))
         << " bytes a rank and step): give it a #dchag.rule to avoid it";
    if (options.strict)
      return failure();
  }
  return success();
}

/// Where no wish has a use for an axis over which operands are split, because the op needs the
/// dimension whole, another factor may be cheaper to split than an operand is to gather: a
/// concatenation of positions is one of each feature, too. Only where it divides evenly; nothing
/// else is decided by it.
void Propagation::useFreeAxes(const RuledOp &op, Choice &choice) {
  SmallVector<SmallVector<StringAttr>> open;
  for (unsigned slot = 0; slot < op.getOp()->getNumOperands(); ++slot)
    for (DimShardingAttr dim : getState(op.getValue(slot)).dims)
      if (!dim.getAxes().empty() && !llvm::is_contained(open, dim.getAxes()))
        open.emplace_back(dim.getAxes());
  for (ArrayRef<StringAttr> axes : open) {
    if (llvm::any_of(choice.splits, [&](const FactorSplit &split) {
          return llvm::any_of(
              axes, [&](StringAttr axis) { return llvm::is_contained(split.axes, axis); });
        }))
      continue;
    double best = getCost(op, choice.splits);
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
      double cost = getCost(op, splits);
      if (cost < best) {
        best = cost;
        found = std::move(splits);
      }
    }
    if (found)
      choice.splits = std::move(*found);
  }
}
