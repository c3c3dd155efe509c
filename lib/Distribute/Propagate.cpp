//===- Propagate.cpp - decides the sharding of every value -----------------*- C++ -*-===//

#include "Splits.h"
#include "dchag/Distribute/Passes.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallSet.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_PROPAGATE
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
enum Priority : unsigned { kMarked, kParameter, kActivation };
const char *const kPriorityNames[] = {"a mark", "a parameter", "an activation"};

/// What is known of a value while the fix-point runs.
struct State {
  SmallVector<DimShardingAttr> dims;
  SmallVector<unsigned> priorities;
  /// Marked: says all there is to say.
  bool fixed = false;

  bool usesAxis(StringAttr axis) const {
    return llvm::any_of(
        dims, [&](DimShardingAttr dim) { return llvm::is_contained(dim.getAxes(), axis); });
  }
};

struct Candidate {
  unsigned priority;
  size_t order;
  int64_t factor;
  FactorSplit split;
};

class Propagation {
public:
  Propagation(func::FuncOp function, MeshAttr mesh, bool strict)
      : function(function), mesh(mesh), strict(strict), parameters(getParameterValues(function)) {}

  LogicalResult run() {
    if (failed(seed()))
      return failure();
    for (Operation &op : function.front().without_terminator())
      ops.emplace_back(&op, mesh);
    bool changed = true;
    while (changed) {
      changed = false;
      for (RuledOp &op : ops)
        changed |= visit(op);
      for (RuledOp &op : llvm::reverse(ops))
        changed |= visit(op);
    }
    return write();
  }

private:
  State &getState(Value value) {
    State &state = states[value];
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (type && state.dims.empty()) {
      state.dims.assign(type.getRank(), DimShardingAttr::get(type.getContext(), {}, 1));
      state.priorities.assign(type.getRank(), kActivation);
    }
    return state;
  }

  LogicalResult mark(Value value, Attribute attr, Operation *at) {
    auto sharding = dyn_cast_or_null<ShardingAttr>(attr);
    if (!sharding)
      return success();
    auto error = [&] { return at->emitOpError("is marked with ") << sharding << ": "; };
    if (failed(sharding.verifyFor(error, value.getType(), mesh)))
      return failure();
    if (sharding.isPartial())
      return error() << "partial results are made by ops, they cannot be asked for";
    State &state = getState(value);
    if (state.fixed)
      return success();
    state.dims.assign(sharding.getDims().begin(), sharding.getDims().end());
    state.priorities.assign(sharding.getRank(), kMarked);
    state.fixed = true;
    return success();
  }

  LogicalResult seed() {
    for (BlockArgument argument : function.getArguments())
      if (failed(mark(argument,
                      function.getArgAttr(argument.getArgNumber(), ShardingAttr::attrName),
                      function)))
        return failure();
    for (Operation &op : function.front().without_terminator())
      if (auto list = op.getAttrOfType<ArrayAttr>(kResultShardings))
        for (auto [result, attr] : llvm::zip(op.getResults(), list))
          if (failed(mark(result, attr, &op)))
            return failure();
    Operation *terminator = function.front().getTerminator();
    for (OpOperand &operand : terminator->getOpOperands())
      if (failed(mark(operand.get(),
                      function.getResultAttr(operand.getOperandNumber(), ShardingAttr::attrName),
                      function)))
        return failure();
    return success();
  }

  /// One split for each factor: marks first, each axis once. `report` names what lost.
  Splits choose(const RuledOp &op, SmallVectorImpl<unsigned> &priorities, bool report) {
    SmallVector<Candidate> candidates;
    for (unsigned slot = 0; slot < op.getNumSlots(); ++slot) {
      State &state = getState(op.getValue(slot));
      for (unsigned dim = 0; dim < op.getSlotRank(slot); ++dim)
        if (FactorSplit split = op.getFactorSplit(slot, dim, state.dims[dim]))
          candidates.push_back(
              {state.priorities[dim], candidates.size(), op.getLeading(slot, dim).factor, split});
    }
    // Not stable_sort: libstdc++ 12 calls a function in it that C++17 deprecates.
    llvm::sort(candidates, [](const Candidate &a, const Candidate &b) {
      return std::tie(a.priority, a.order) < std::tie(b.priority, b.order);
    });
    Splits splits(op.getNumFactors());
    priorities.assign(op.getNumFactors(), kActivation);
    llvm::SmallSet<StringRef, 4> used;
    for (const Candidate &candidate : candidates) {
      FactorSplit &split = splits[candidate.factor];
      bool free = llvm::none_of(candidate.split.axes,
                                [&](StringAttr axis) { return used.contains(axis.getValue()); });
      if (!split && free) {
        split = candidate.split;
        priorities[candidate.factor] = candidate.priority;
        for (StringAttr axis : split.axes)
          used.insert(axis.getValue());
      } else if (report && !(split == candidate.split)) {
        op.getOp()->emitRemark("keeps another split of axis ")
            << candidate.split.axes.front() << ": factor " << candidate.factor << " in parts of "
            << candidate.split.local << ", wanted by " << kPriorityNames[candidate.priority]
            << ", is laid out anew here";
      }
    }
    return splits;
  }

  /// Tells the values of an op what its factors' splits mean for them.
  bool visit(RuledOp &op) {
    if (!op)
      return false;
    SmallVector<unsigned> priorities;
    Splits splits = choose(op, priorities, false);
    bool changed = false;
    for (unsigned slot = 0; slot < op.getNumSlots(); ++slot) {
      Value value = op.getValue(slot);
      State &state = getState(value);
      if (state.fixed)
        continue;
      for (unsigned dim = 0; dim < op.getSlotRank(slot); ++dim) {
        DimShardingAttr wanted = op.getDimSharding(slot, dim, splits);
        bool free =
            state.dims[dim].getAxes().empty() &&
            llvm::none_of(wanted.getAxes(), [&](StringAttr axis) { return state.usesAxis(axis); });
        if (wanted.getAxes().empty() || !free)
          continue;
        unsigned priority = priorities[op.getLeading(slot, dim).factor];
        if (parameters.contains(value))
          priority = std::min<unsigned>(priority, kParameter);
        state.dims[dim] = wanted;
        state.priorities[dim] = priority;
        changed = true;
      }
    }
    return changed;
  }

  ShardingAttr toSharding(const State &state) {
    return ShardingAttr::get(function.getContext(), state.dims, ArrayRef<PartialAttr>());
  }

  /// An op without a rule computes whole results from whole operands.
  LogicalResult reportWithoutRule(Operation *op) {
    for (auto [index, operand] : llvm::enumerate(op->getOperands())) {
      if (given.lookup(operand) && given[operand].isReplicated())
        continue;
      if (!given.lookup(operand) && !toSharding(getState(operand)).isSplit())
        continue;
      double bytes = 0;
      if (auto type = dyn_cast<RankedTensorType>(operand.getType()))
        bytes = double(type.getNumElements()) *
                llvm::divideCeil(
                    type.getElementType().isIntOrFloat() ? type.getElementTypeBitWidth() : 64, 8);
      InFlightDiagnostic diag = strict ? op->emitError() : op->emitWarning();
      diag << "'" << op->getName() << "' op has no sharding rule, so operand " << index
           << " is gathered (" << int64_t(bytes)
           << " bytes a rank and step): give it a #dchag.rule to avoid it";
      if (strict)
        return failure();
    }
    return success();
  }

  LogicalResult write() {
    llvm::MapVector<Value, SmallVector<ShardingAttr>> wanted;
    for (RuledOp &ruled : ops) {
      Operation *op = ruled.getOp();
      SmallVector<unsigned> priorities;
      if (!ruled && failed(reportWithoutRule(op)))
        return failure();
      Splits splits = ruled ? choose(ruled, priorities, true) : Splits();
      SmallVector<Attribute> operandAttrs;
      SmallVector<ShardingAttr> results;
      for (unsigned slot = 0; slot < ruled.getNumSlots(); ++slot) {
        Value value = ruled.getValue(slot);
        ShardingAttr sharding =
            ruled ? ruled.getSharding(slot, splits) : ShardingAttr::getReplicated(value.getType());
        if (ruled.isResult(slot)) {
          results.push_back(sharding);
          given[value] = sharding;
        } else {
          operandAttrs.push_back(sharding);
          wanted[value].push_back(sharding);
        }
      }
      op->setAttr(kOperandShardings, ArrayAttr::get(op->getContext(), operandAttrs));
      setResultShardings(op, results);
    }
    writeSignature(wanted);
    return success();
  }

  /// Arguments as all uses want them, else replicated: any layout of them is free. Results
  /// as they come, with partial results combined.
  void writeSignature(llvm::MapVector<Value, SmallVector<ShardingAttr>> &wanted) {
    for (BlockArgument argument : function.getArguments()) {
      ShardingAttr sharding = toSharding(getState(argument));
      ArrayRef<ShardingAttr> uses = wanted[argument];
      if (!getState(argument).fixed) {
        sharding = uses.empty() ? ShardingAttr::getReplicated(argument.getType()) : uses.front();
        for (ShardingAttr use : uses)
          if (!use.isSameLayout(sharding, argument.getType(), mesh))
            sharding = ShardingAttr::getReplicated(argument.getType());
      }
      given[argument] = sharding;
      function.setArgAttr(argument.getArgNumber(), ShardingAttr::attrName, sharding);
    }
    for (OpOperand &operand : function.front().getTerminator()->getOpOperands()) {
      unsigned index = operand.getOperandNumber();
      if (!function.getResultAttr(index, ShardingAttr::attrName))
        function.setResultAttr(index, ShardingAttr::attrName, given[operand.get()].dropPartials());
    }
  }

  func::FuncOp function;
  MeshAttr mesh;
  bool strict;
  llvm::DenseSet<Value> parameters;
  SmallVector<RuledOp> ops;
  llvm::DenseMap<Value, State> states;
  llvm::DenseMap<Value, ShardingAttr> given;
};

/// Constants, empty tensors and what is filled with a scalar cost nothing in any layout. One
/// that two ops share would tie their layouts together, so each use gets its own copy.
void copyForEachUse(func::FuncOp function) {
  llvm::DenseSet<Operation *> free;
  for (Operation &op : function.front().without_terminator()) {
    bool isFree = isMemoryEffectFree(&op) && op.getNumRegions() <= 1 &&
                  !op.hasAttr(kResultShardings) && llvm::all_of(op.getOperands(), [&](Value v) {
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
    for (func::FuncOp function : *functions) {
      if (function.getName() == "prepare")
        markPrepared(function);
      copyForEachUse(function);
      if (failed(Propagation(function, mesh, strict).run()))
        return signalPassFailure();
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
