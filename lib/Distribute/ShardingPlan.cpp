//===- ShardingPlan.cpp - what propagation decides, as data ----------------*- C++ -*-===//

#include "ShardingPlan.h"
#include "Marks.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::dchag;

int64_t ShardingPlan::getNumConflicts() const {
  int64_t count = 0;
  for (const PlannedOp &op : ops)
    count += op.conflicts.size();
  return count;
}

//===----------------------------------------------------------------------===//
// Costs
//===----------------------------------------------------------------------===//

SmallVector<PlannedReshard> ShardingPlan::getReshards() const {
  SmallVector<PlannedReshard> reshards;
  llvm::DenseSet<std::pair<unsigned, Attribute>> made;
  // The maximum among the results of the op that makes softmax parts.
  llvm::DenseMap<unsigned, unsigned> maxima;
  auto add = [&](unsigned value, ShardingAttr from, ShardingAttr to) {
    if (from.isSameLayout(to, values[value].value.getType(), mesh) ||
        !made.insert({value, to}).second)
      return;
    PlannedReshard reshard{value, from, to, std::nullopt};
    if (auto found = maxima.find(value); found != maxima.end())
      reshard.maximum = found->second;
    reshards.push_back(reshard);
  };
  for (const PlannedOp &op : ops) {
    unsigned numOperands = op.op->getNumOperands();
    for (unsigned slot = 0; slot < numOperands; ++slot)
      add(op.values[slot], values[op.values[slot]].sharding, op.shardings[slot]);
    if (Value maximum = RuledOp(op.op, mesh).getMaximum())
      for (unsigned slot = numOperands; slot < op.values.size(); ++slot)
        maxima[op.values[slot]] =
            op.values[numOperands + cast<OpResult>(maximum).getResultNumber()];
    for (unsigned i = 0; i < op.wanted.size(); ++i)
      if (op.wanted[i])
        add(op.values[numOperands + i], op.shardings[numOperands + i], op.wanted[i]);
  }
  for (auto [value, sharding] : llvm::zip_equal(returned, results))
    add(value, values[value].sharding, sharding);
  return reshards;
}

Cost ShardingPlan::getCost(ReshardPlanner &planner) const {
  Cost cost;
  const CostModel &costs = planner.getCosts();
  for (const PlannedOp &op : ops) {
    Cost whole = costs.getCost(op.op);
    RuledOp ruled(op.op, mesh);
    double share = 1, all = 0, local = 0;
    for (auto [index, split] : llvm::enumerate(op.splits))
      if (split)
        share *= double(split.local) / double(ruled.getRule().getFactor(index).getSize());
    // Bytes are divided as each value is split; values that an op does not move do not count.
    for (auto [value, sharding] : llvm::zip_equal(op.values, op.shardings)) {
      Type type = values[value].value.getType();
      all += getTensorBytes(type);
      local += getTensorBytes(sharding.getLocalType(type, mesh));
    }
    double bytes = all > 0 ? whole.bytes * (local / all) : whole.bytes;
    Cost part = costs.getWork(whole.flops * share, bytes, getWorkType(op.op));
    part.numUnknown = whole.numUnknown;
    cost += part;
  }
  auto getBits = [](ArrayRef<unsigned> axes) {
    uint64_t bits = 0;
    for (unsigned axis : axes)
      bits |= uint64_t(1) << axis;
    return bits;
  };
  // Maxima that all ranks have, by the axes along which they were combined: a maximum is combined
  // once, before the first parts that are relative to it.
  llvm::DenseSet<std::pair<unsigned, uint64_t>> maxima;
  SmallVector<PlannedReshard> reshards = getReshards();
  for (const PlannedReshard &reshard : reshards)
    if (reshard.maximum == reshard.value) {
      auto type = cast<RankedTensorType>(values[reshard.value].value.getType());
      const ReshardPlan &plan = planner.plan(Layout::get(reshard.from, type.getShape(), mesh),
                                             Layout::get(reshard.to, type.getShape(), mesh), type);
      if (!plan.steps.empty() && plan.steps.front().kind == ReshardStepKind::AllReduce)
        maxima.insert({reshard.value, getBits(plan.steps.front().axes)});
    }
  for (const PlannedReshard &reshard : reshards) {
    auto type = dyn_cast<RankedTensorType>(values[reshard.value].value.getType());
    if (!type)
      continue;
    Layout from = Layout::get(reshard.from, type.getShape(), mesh);
    Layout to = Layout::get(reshard.to, type.getShape(), mesh);
    SmallVector<unsigned> axes;
    for (Layout::Partial &partial : from.partials)
      if (partial.kind == FactorKind::Softmax && !llvm::is_contained(to.partials, partial)) {
        axes.push_back(partial.axis);
        partial.kind = FactorKind::Sum;
      }
    cost += planner.plan(from, to, type).cost;
    // Parts become relative to the maximum over all ranks, which the parts of one softmax share.
    if (axes.empty() || !reshard.maximum ||
        !maxima.insert({*reshard.maximum, getBits(axes)}).second)
      continue;
    const PlannedValue &maximum = values[*reshard.maximum];
    double bytes = getTensorBytes(maximum.sharding.getLocalType(maximum.value.getType(), mesh));
    cost += costs.getExchange(CollectiveKind::AllReduce, bytes, axes);
  }
  return cost;
}

bool mlir::dchag::isCheaper(const Cost &a, const Cost &b) {
  return std::tie(a.seconds, a.sent) < std::tie(b.seconds, b.sent);
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static StringRef describe(MarkPriority priority) {
  static const char *const names[] = {"the user", "weights", "activations"};
  return names[static_cast<unsigned>(priority)];
}

/// "factor 1 (parallel of 6) over "tp" for weights (widths)"
static std::string describe(Operation *op, MeshAttr mesh, unsigned factor, const FactorSplit &split,
                            const Origin &origin) {
  std::string text;
  llvm::raw_string_ostream os(text);
  FactorAttr attr = RuledOp(op, mesh).getRule().getFactor(factor);
  os << "factor " << factor << " (" << stringifyFactorKind(attr.getKind()) << " of "
     << attr.getSize() << ") over ";
  llvm::interleaveComma(split.axes, os);
  os << " for " << describe(origin.priority);
  if (origin.by)
    os << " (" << origin.by.getValue() << ")";
  return text;
}

void ShardingPlan::print(llvm::raw_ostream &os, ReshardPlanner &planner) const {
  auto name = [&](unsigned index) {
    const PlannedValue &value = values[index];
    std::string text;
    llvm::raw_string_ostream stream(text);
    if (auto argument = dyn_cast<BlockArgument>(value.value))
      stream << "argument " << argument.getArgNumber();
    else
      stream << "v" << index;
    return text;
  };
  os << "plan of @" << func::FuncOp(function).getName() << "\n";
  for (unsigned i = 0; i < func::FuncOp(function).getNumArguments(); ++i)
    os << "  argument " << i << ": " << getArgument(i) << "\n";
  for (const PlannedOp &op : ops) {
    os << "  " << op.op->getName();
    if (op.copy)
      os << " (copy " << op.copy << ")";
    for (unsigned i = op.op->getNumOperands(); i < op.values.size(); ++i)
      os << (i == op.op->getNumOperands() ? " -> " : ", ") << name(op.values[i]) << " "
         << op.shardings[i];
    os << "\n";
    for (auto [factor, split] : llvm::enumerate(op.splits))
      if (split)
        os << "    " << describe(op.op, mesh, factor, split, op.origins[factor]) << "\n";
    for (const PlannedConflict &conflict : op.conflicts)
      os << "    instead of "
         << describe(op.op, mesh, conflict.factor, conflict.split, conflict.origin) << "\n";
  }
  for (const PlannedReshard &reshard : getReshards())
    os << "  reshard " << name(reshard.value) << " from " << reshard.from << " to " << reshard.to
       << "\n";
  for (auto [index, sharding] : llvm::enumerate(results))
    os << "  result " << index << ": " << sharding << "\n";
  Cost cost = getCost(planner);
  os << llvm::formatv("  cost: {0:E3} s, {1} operations, {2} bytes of memory, {3} bytes sent\n",
                      cost.seconds, int64_t(cost.flops), int64_t(cost.bytes), int64_t(cost.sent));
  if (cost.numUnknown)
    os << "  " << cost.numUnknown << " ops do not say their operations\n";
}

LogicalResult ShardingPlan::report(bool strict) const {
  for (const PlannedOp &op : ops) {
    for (unsigned operand : op.gathered) {
      InFlightDiagnostic diag = strict ? op.op->emitError() : op.op->emitWarning();
      diag << "'" << op.op->getName() << "' op has no sharding rule, so operand " << operand
           << " is gathered (" << int64_t(getTensorBytes(op.op->getOperand(operand).getType()))
           << " bytes a rank and step): give it a #dchag.rule to avoid it";
      if (strict)
        return failure();
    }
    for (const PlannedConflict &conflict : op.conflicts) {
      InFlightDiagnostic diag = op.op->emitRemark("splits ");
      if (conflict.winner)
        diag << describe(op.op, mesh, *conflict.winner, op.splits[*conflict.winner],
                         op.origins[*conflict.winner]);
      else
        diag << "nothing over " << conflict.split.axes.front();
      diag << ", which costs " << int64_t(conflict.chosen.sent) << " bytes sent a rank; "
           << describe(op.op, mesh, conflict.factor, conflict.split, conflict.origin);
      if (conflict.other)
        diag << " would cost " << int64_t(conflict.other->sent);
      else
        diag << " cannot be split alone";
    }
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// "dimension 2 over \"tp\": widths, 3 ops away" for each split dimension.
static ArrayAttr describeOrigins(const PlannedValue &value) {
  MLIRContext *context = value.value.getContext();
  SmallVector<Attribute> texts;
  for (auto [dim, sharding] : llvm::enumerate(value.dims)) {
    if (sharding.getAxes().empty())
      continue;
    std::string text;
    llvm::raw_string_ostream os(text);
    os << "dimension " << dim << " over ";
    llvm::interleaveComma(sharding.getAxes(), os);
    const Origin &origin = value.origins[dim];
    os << ": " << (origin.by ? origin.by.getValue() : "a parameter");
    if (origin.steps)
      os << ", " << origin.steps << (origin.steps == 1 ? " op away" : " ops away");
    texts.push_back(StringAttr::get(context, text));
  }
  return ArrayAttr::get(context, texts);
}

void ShardingPlan::apply(bool explain) const {
  func::FuncOp target = function;
  MLIRContext *context = target.getContext();
  auto listOf = [&](ArrayRef<ShardingAttr> shardings) {
    SmallVector<Attribute> attrs;
    for (ShardingAttr sharding : shardings)
      attrs.push_back(sharding ? Attribute(sharding) : Attribute(UnitAttr::get(context)));
    return ArrayAttr::get(context, attrs);
  };
  SmallVector<Value> made;
  for (const PlannedValue &value : values)
    made.push_back(value.value);
  for (const PlannedOp &planned : ops) {
    Operation *op = planned.op;
    unsigned numOperands = op->getNumOperands();
    if (planned.copy) {
      op = OpBuilder(op).clone(*op);
      for (auto [index, result] : llvm::enumerate(op->getResults()))
        made[planned.values[numOperands + index]] = result;
    }
    for (unsigned slot = 0; slot < numOperands; ++slot)
      op->setOperand(slot, made[planned.values[slot]]);
    ArrayRef<ShardingAttr> shardings = planned.shardings;
    op->setAttr(kOperandShardings, listOf(shardings.take_front(numOperands)));
    setResultShardings(op, shardings.drop_front(numOperands));
    op->removeAttr(MarkAttr::attrName);
    if (llvm::any_of(planned.wanted, [](ShardingAttr sharding) { return bool(sharding); }))
      op->setAttr(kWantedShardings, listOf(planned.wanted));
    if (!explain)
      continue;
    SmallVector<Attribute> lists;
    for (unsigned value : ArrayRef<unsigned>(planned.values).drop_front(numOperands))
      lists.push_back(describeOrigins(values[value]));
    op->setAttr("dchag.origins", ArrayAttr::get(context, lists));
  }
  for (unsigned i = 0; i < target.getNumArguments(); ++i) {
    target.setArgAttr(i, ShardingAttr::attrName, getArgument(i));
    target.removeArgAttr(i, MarkAttr::attrName);
    target.removeArgAttr(i, kStorageAxes);
    if (explain)
      target.setArgAttr(i, "dchag.origins", describeOrigins(values[i]));
  }
  Operation *terminator = target.front().getTerminator();
  for (auto [index, value] : llvm::enumerate(returned)) {
    terminator->setOperand(index, made[value]);
    target.setResultAttr(index, ShardingAttr::attrName, results[index]);
  }
}
