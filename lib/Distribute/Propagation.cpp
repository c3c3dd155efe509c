//===- Propagation.cpp - the fix-point over the factors of all ops ---------*- C++ -*-===//

#include "Propagation.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;
using namespace mlir::dchag;

bool Propagation::State::usesAxis(StringAttr axis) const {
  return llvm::any_of(dims,
                      [&](DimShardingAttr dim) { return llvm::is_contained(dim.getAxes(), axis); });
}

bool Propagation::State::isDecided(StringAttr axis) const {
  return closed || llvm::any_of(decided, [&](auto &entry) { return entry.first == axis; });
}

Propagation::Propagation(func::FuncOp function, MeshAttr mesh, ReshardPlanner &planner,
                         Options options)
    : function(function), mesh(mesh), planner(planner), options(options),
      parameters(getParameterValues(function)) {}

LogicalResult Propagation::run() {
  if (failed(seed()))
    return failure();
  for (Operation &op : function.front().without_terminator())
    ops.emplace_back(&op, mesh);
  // Wishes of a lower priority must not take a value that a higher one would reach later.
  for (MarkPriority limit :
       {MarkPriority::User, MarkPriority::Weights, MarkPriority::Activations}) {
    level = limit;
    for (bool changed = true; changed;) {
      changed = false;
      for (RuledOp &op : ops)
        changed |= visit(op);
      for (RuledOp &op : llvm::reverse(ops))
        changed |= visit(op);
    }
  }
  return write();
}

//===----------------------------------------------------------------------===//
// Marks
//===----------------------------------------------------------------------===//

Propagation::State &Propagation::getState(Value value) {
  State &state = states[value];
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (type && state.dims.empty()) {
    state.dims.assign(type.getRank(), DimShardingAttr::get(type.getContext(), {}, 1));
    state.origins.assign(type.getRank(), Origin());
  }
  return state;
}

/// A sharding in the IR says all there is to say of its value.
LogicalResult Propagation::close(Value value, Attribute attr, Operation *at) {
  auto sharding = dyn_cast_or_null<ShardingAttr>(attr);
  if (!sharding)
    return success();
  auto error = [&] { return at->emitOpError("is marked with ") << sharding << ": "; };
  if (failed(sharding.verifyFor(error, value.getType(), mesh)))
    return failure();
  if (sharding.isPartial())
    return error() << "partial results are made by ops, they cannot be asked for";
  State &state = getState(value);
  if (state.closed)
    return success();
  state.dims.assign(sharding.getDims().begin(), sharding.getDims().end());
  StringAttr by = StringAttr::get(value.getContext(), "the program");
  state.origins.assign(sharding.getRank(), Origin{MarkPriority::User, by, 0});
  state.closed = true;
  return success();
}

LogicalResult Propagation::applyMarks(Value value, Operation *at) {
  SmallVector<MarkAttr> marks = getMarks(value);
  for (MarkPriority priority :
       {MarkPriority::User, MarkPriority::Weights, MarkPriority::Activations})
    for (MarkAttr mark : marks) {
      if (mark.getPriority() != priority)
        continue;
      auto error = [&] { return at->emitOpError("is marked with ") << mark << ": "; };
      if (failed(mark.getSharding().verifyFor(error, value.getType(), mesh)))
        return failure();
      State &state = getState(value);
      for (auto [dim, wanted] : llvm::enumerate(mark.getSharding().getDims()))
        if (!wanted.getAxes().empty())
          refine(state, dim, wanted, Origin{priority, mark.getBy(), 0});
      for (Attribute axis : mark.getAxes())
        if (!state.isDecided(cast<StringAttr>(axis)))
          state.decided.push_back({cast<StringAttr>(axis), priority});
    }
  return success();
}

LogicalResult Propagation::seed() {
  for (BlockArgument argument : function.getArguments())
    if (failed(close(argument, function.getArgAttr(argument.getArgNumber(), ShardingAttr::attrName),
                     function)) ||
        failed(applyMarks(argument, function)))
      return failure();
  for (Operation &op : function.front().without_terminator()) {
    auto list = op.getAttrOfType<ArrayAttr>(kResultShardings);
    for (OpResult result : op.getResults())
      if ((list && failed(close(result, list[result.getResultNumber()], &op))) ||
          failed(applyMarks(result, &op)))
        return failure();
  }
  for (OpOperand &operand : function.front().getTerminator()->getOpOperands())
    if (failed(close(operand.get(),
                     function.getResultAttr(operand.getOperandNumber(), ShardingAttr::attrName),
                     function)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Fix-point
//===----------------------------------------------------------------------===//

SmallVector<Propagation::Candidate> Propagation::getCandidates(const RuledOp &op) {
  SmallVector<Candidate> candidates;
  for (unsigned slot = 0; slot < op.getNumSlots(); ++slot) {
    State &state = getState(op.getValue(slot));
    double bytes = getTensorBytes(op.getValue(slot).getType());
    for (unsigned dim = 0; dim < op.getSlotRank(slot); ++dim) {
      if (state.dims[dim].getAxes().empty() || state.origins[dim].priority > level)
        continue;
      for (const auto &entry : op.getFactorSplits(slot, dim, state.dims[dim])) {
        unsigned factor = entry.first;
        const FactorSplit &split = entry.second;
        auto *same = llvm::find_if(candidates, [&](const Candidate &other) {
          return other.factor == factor && other.split == split;
        });
        if (same == candidates.end()) {
          candidates.push_back({factor, split, state.origins[dim], bytes, candidates.size()});
          continue;
        }
        same->bytes += bytes;
        if (state.origins[dim].priority < same->origin.priority)
          same->origin = state.origins[dim];
      }
    }
  }
  llvm::sort(candidates, [](const Candidate &a, const Candidate &b) {
    return std::tuple(a.origin.priority, -a.bytes, a.order) <
           std::tuple(b.origin.priority, -b.bytes, b.order);
  });
  return candidates;
}

/// Whether a mark of the same or a higher priority wants a value whole along an axis: a result,
/// or an operand that would be summed in parts.
bool Propagation::isVetoed(const RuledOp &op, const Candidate &candidate) {
  FactorKind kind = op.getRule().getFactor(candidate.factor).getKind();
  for (unsigned slot = 0; slot < op.getNumSlots(); ++slot) {
    if (!op.isResult(slot) && kind == FactorKind::Parallel)
      continue;
    State &state = getState(op.getValue(slot));
    bool hasFactor = false;
    for (unsigned dim = 0; dim < op.getSlotRank(slot); ++dim)
      hasFactor |= llvm::is_contained(op.getFactors(slot, dim), int64_t(candidate.factor));
    for (auto &[axis, priority] : state.decided)
      if (hasFactor && priority <= candidate.origin.priority && !state.usesAxis(axis) &&
          llvm::is_contained(candidate.split.axes, axis))
        return true;
  }
  return false;
}

/// One split for each factor, each axis once. A candidate that needs another factor to be
/// split first is tried again after it.
Propagation::Choice Propagation::choose(const RuledOp &op) {
  Choice choice{Splits(op.getNumFactors()), SmallVector<Origin>(op.getNumFactors()), {}};
  SmallVector<Candidate> open = getCandidates(op);
  auto accept = [&](const Candidate &candidate) {
    Splits splits = choice.splits;
    FactorSplit &split = splits[candidate.factor];
    // A split over further axes inside goes on from what is there.
    if (split && (split.axes.size() >= candidate.split.axes.size() ||
                  ArrayRef<StringAttr>(candidate.split.axes).take_front(split.axes.size()) !=
                      ArrayRef<StringAttr>(split.axes)))
      return false;
    for (StringAttr axis : ArrayRef<StringAttr>(candidate.split.axes).drop_front(split.axes.size()))
      for (const FactorSplit &other : splits)
        if (llvm::is_contained(other.axes, axis))
          return false;
    split = candidate.split;
    if (!op.isExpressible(splits) || isVetoed(op, candidate))
      return false;
    choice.splits = std::move(splits);
    choice.origins[candidate.factor] = candidate.origin;
    return true;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (auto *it = open.begin(); it != open.end();) {
      if (accept(*it)) {
        it = open.erase(it);
        changed = true;
      } else {
        ++it;
      }
    }
  }
  for (Candidate &candidate : open)
    if (!(choice.splits[candidate.factor] == candidate.split))
      choice.lost.push_back(std::move(candidate));
  return choice;
}

/// Splits a dimension of a value, or splits it further; returns whether it did.
bool Propagation::refine(State &state, unsigned dim, DimShardingAttr wanted, const Origin &origin) {
  ArrayRef<StringAttr> now = state.dims[dim].getAxes(), axes = wanted.getAxes();
  if (state.closed || axes.size() <= now.size() || axes.take_front(now.size()) != now)
    return false;
  for (StringAttr axis : axes.drop_front(now.size()))
    if (state.usesAxis(axis) || state.isDecided(axis))
      return false;
  state.dims[dim] = wanted;
  state.origins[dim] = origin;
  return true;
}

/// Tells the values of an op what its factors' splits mean for them.
bool Propagation::visit(RuledOp &op) {
  if (!op)
    return false;
  Choice choice = choose(op);
  bool changed = false;
  for (unsigned slot = 0; slot < op.getNumSlots(); ++slot) {
    Value value = op.getValue(slot);
    State &state = getState(value);
    for (unsigned dim = 0; dim < op.getSlotRank(slot); ++dim) {
      DimShardingAttr wanted = op.getDimSharding(slot, dim, choice.splits);
      if (wanted.getAxes().empty())
        continue;
      Origin origin;
      for (int64_t factor : op.getFactors(slot, dim))
        if (choice.splits[factor])
          origin = choice.origins[factor];
      if (parameters.contains(value))
        origin.priority = std::min(origin.priority, MarkPriority::Weights);
      ++origin.steps;
      changed |= refine(state, dim, wanted, origin);
    }
  }
  return changed;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

ShardingAttr Propagation::toSharding(const State &state) {
  return ShardingAttr::get(function.getContext(), state.dims, ArrayRef<PartialAttr>());
}

/// Axes along which an op gets partial sums and gives them on: its results must not be larger
/// than what would be summed in front of it.
SmallVector<StringAttr, 2> Propagation::getDeferred(const RuledOp &op, const Choice &choice) {
  SmallVector<ShardingAttr> operands;
  double before = 0, after = 0;
  for (unsigned slot = 0; options.deferSums && op && slot < op.getNumSlots(); ++slot) {
    Value value = op.getValue(slot);
    if (op.isResult(slot)) {
      after += getTensorBytes(value.getType());
      continue;
    }
    // As the op splits it, with the partial sums that it comes with.
    ShardingAttr sharding = op.getSharding(slot, choice.splits);
    ShardingAttr from = given.lookup(value);
    SmallVector<StringAttr> axes;
    for (PartialAttr partial : from ? from.getPartials() : ArrayRef<PartialAttr>())
      if (partial.getKind() == FactorKind::Sum && !sharding.usesAxis(partial.getAxis()))
        axes.push_back(partial.getAxis());
    operands.push_back(addPartialSums(sharding, axes));
    if (!axes.empty())
      before += getTensorBytes(value.getType());
  }
  SmallVector<StringAttr, 2> passed = op.getPassedAxes(operands);
  // An axis that splits a sum of the op itself leaves its own partial results.
  llvm::erase_if(passed, [&](StringAttr axis) {
    return llvm::any_of(choice.splits, [&](const FactorSplit &split) {
      return llvm::is_contained(split.axes, axis);
    });
  });
  return after <= before ? passed : SmallVector<StringAttr, 2>();
}

void Propagation::writeOp(const RuledOp &op, const Choice &choice, Uses &uses) {
  SmallVector<StringAttr, 2> deferred = getDeferred(op, choice);
  SmallVector<Attribute> operands;
  SmallVector<ShardingAttr> results;
  for (unsigned slot = 0; slot < op.getNumSlots(); ++slot) {
    Value value = op.getValue(slot);
    ShardingAttr sharding =
        op ? op.getSharding(slot, choice.splits) : ShardingAttr::getReplicated(value.getType());
    if (op.isResult(slot)) {
      sharding = addPartialSums(sharding, deferred);
      results.push_back(sharding);
      given[value] = sharding;
    } else {
      SmallVector<StringAttr> axes;
      ShardingAttr from = given.lookup(value);
      for (StringAttr axis : deferred)
        if (from && llvm::is_contained(from.getPartials(),
                                       PartialAttr::get(axis.getContext(), axis, FactorKind::Sum)))
          axes.push_back(axis);
      sharding = addPartialSums(sharding, axes);
      operands.push_back(sharding);
      uses[value].push_back(sharding);
    }
  }
  op.getOp()->setAttr(kOperandShardings, ArrayAttr::get(function.getContext(), operands));
  setResultShardings(op.getOp(), results);
  op.getOp()->removeAttr(MarkAttr::attrName);
  writeWanted(op.getOp());
}

/// A result lies as the user wants it, in whatever layout the op computes it.
void Propagation::writeWanted(Operation *op) {
  SmallVector<Attribute> wanted(op->getNumResults(), UnitAttr::get(function.getContext()));
  bool any = false;
  for (OpResult result : op->getResults()) {
    State &state = getState(result);
    bool byUser = state.closed || llvm::any_of(state.decided, [](auto &entry) {
                    return entry.second == MarkPriority::User;
                  });
    ShardingAttr sharding = toSharding(state);
    if (!byUser || sharding.isSameLayout(given[result], result.getType(), mesh))
      continue;
    wanted[result.getResultNumber()] = sharding;
    any = true;
    given[result] = sharding;
  }
  if (any)
    op->setAttr(kWantedShardings, ArrayAttr::get(function.getContext(), wanted));
}

LogicalResult Propagation::write() {
  Uses uses;
  for (RuledOp &op : ops) {
    if (!op && failed(reportWithoutRule(op.getOp())))
      return failure();
    Choice choice;
    if (op) {
      choice = choose(op);
      reportConflicts(op, choice);
      useFreeAxes(op, choice);
    }
    writeOp(op, choice, uses);
  }
  writeSignature(uses);
  if (options.explain)
    writeOrigins();
  return success();
}

/// Splits a parameter over the axes it is stored over too: the largest dimension of which a
/// rank's part is divided evenly, else the largest that is not split, with padding.
ShardingAttr Propagation::addStorage(BlockArgument argument, ShardingAttr sharding) {
  auto attr = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), kStorageAxes);
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  if (!attr || !type)
    return sharding;
  SmallVector<StringAttr> axes;
  for (auto axis : attr.getAsRange<StringAttr>())
    if (mesh.getAxisIndex(axis) && !sharding.usesAxis(axis))
      axes.push_back(axis);
  int64_t ranks = mesh.getNumRanks(axes), best = -1;
  std::tuple<bool, int64_t> bestRating;
  for (unsigned dim = 0; dim < type.getRank(); ++dim) {
    int64_t local = sharding.getLocalSize(dim, type.getDimSize(dim), mesh);
    bool divides = local % ranks == 0;
    std::tuple<bool, int64_t> rating{divides, local};
    if ((divides || sharding.getDims()[dim].getAxes().empty()) && local > 1 &&
        (best < 0 || rating > bestRating))
      best = dim, bestRating = rating;
  }
  if (axes.empty() || best < 0)
    return sharding;
  SmallVector<DimShardingAttr> dims(sharding.getDims());
  int64_t size = type.getDimSize(best);
  int64_t local = llvm::divideCeil(sharding.getLocalSize(best, size, mesh), ranks);
  SmallVector<StringAttr> all(dims[best].getAxes());
  llvm::append_range(all, axes);
  dims[best] = DimShardingAttr::getForLocalSize(function.getContext(), all, local, size, mesh);
  return ShardingAttr::get(function.getContext(), dims, sharding.getPartials());
}

/// Arguments as all uses want them, else replicated: any layout of them is free. Results
/// as they come, with partial results combined.
void Propagation::writeSignature(Uses &uses) {
  for (BlockArgument argument : function.getArguments()) {
    State &state = getState(argument);
    ShardingAttr sharding = toSharding(state);
    if (!state.closed) {
      ArrayRef<ShardingAttr> wanted = uses[argument];
      if (state.decided.empty()) {
        sharding =
            wanted.empty() ? ShardingAttr::getReplicated(argument.getType()) : wanted.front();
        for (ShardingAttr use : wanted)
          if (!use.isSameLayout(sharding, argument.getType(), mesh))
            sharding = ShardingAttr::getReplicated(argument.getType());
      }
      sharding = addStorage(argument, sharding);
    }
    given[argument] = sharding;
    function.setArgAttr(argument.getArgNumber(), ShardingAttr::attrName, sharding);
    function.removeArgAttr(argument.getArgNumber(), MarkAttr::attrName);
    function.removeArgAttr(argument.getArgNumber(), kStorageAxes);
  }
  for (OpOperand &operand : function.front().getTerminator()->getOpOperands()) {
    unsigned index = operand.getOperandNumber();
    if (!function.getResultAttr(index, ShardingAttr::attrName))
      function.setResultAttr(index, ShardingAttr::attrName, given[operand.get()].dropPartials());
  }
}

/// "dimension 2 over \"tp\": widths, 3 ops away" for each split dimension.
void Propagation::writeOrigins() {
  auto describe = [&](Value value) {
    SmallVector<Attribute> texts;
    State &state = getState(value);
    for (auto [dim, sharding] : llvm::enumerate(state.dims)) {
      if (sharding.getAxes().empty())
        continue;
      std::string text;
      llvm::raw_string_ostream os(text);
      os << "dimension " << dim << " over ";
      llvm::interleaveComma(sharding.getAxes(), os);
      const Origin &origin = state.origins[dim];
      os << ": " << (origin.by ? origin.by.getValue() : "a parameter");
      if (origin.steps)
        os << ", " << origin.steps << (origin.steps == 1 ? " op away" : " ops away");
      texts.push_back(StringAttr::get(function.getContext(), text));
    }
    return ArrayAttr::get(function.getContext(), texts);
  };
  for (RuledOp &op : ops) {
    SmallVector<Attribute> lists;
    for (Value result : op.getOp()->getResults())
      lists.push_back(describe(result));
    op.getOp()->setAttr("dchag.origins", ArrayAttr::get(function.getContext(), lists));
  }
  for (BlockArgument argument : function.getArguments())
    function.setArgAttr(argument.getArgNumber(), "dchag.origins", describe(argument));
}
