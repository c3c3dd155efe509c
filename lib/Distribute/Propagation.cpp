//===- Propagation.cpp - the fix-point over the factors of all ops ---------*- C++ -*-===//

#include "Propagation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

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

FailureOr<ShardingPlan> Propagation::decide(ArrayRef<ShardingAttr> arguments,
                                            ArrayRef<ShardingAttr> results) {
  for (Operation &op : function.front())
    if (Attribute request = op.getAttr(ChannelSplitAttr::attrName))
      return op.emitOpError("has a request that is not carried out, ")
             << request << ": run split-aggregates first";
  makeNodes();
  if (failed(seed(arguments, results)))
    return failure();
  // Requests of a lower priority must not split a value that one of a higher priority reaches
  // later.
  for (MarkPriority limit :
       {MarkPriority::User, MarkPriority::Weights, MarkPriority::Activations}) {
    level = limit;
    for (bool changed = true; changed;) {
      changed = false;
      for (const Node &op : ops)
        changed |= visit(op);
      for (const Node &op : llvm::reverse(ops))
        changed |= visit(op);
    }
  }
  return makePlan(results);
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

/// Ops that are free in any sharding: each use gets a copy.
static llvm::DenseSet<Operation *> getFreeOps(func::FuncOp function) {
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
  return free;
}

void Propagation::makeNodes() {
  llvm::DenseSet<Operation *> free = getFreeOps(function);
  // Users come first, so that copies of an op get separate copies of its operands.
  struct Use {
    unsigned node, operand;
  };
  struct Draft {
    Operation *op;
    unsigned copy;
    /// Which copy of its op each operand is of.
    SmallVector<unsigned> copies;
  };
  SmallVector<Draft, 0> drafts;
  llvm::DenseMap<Operation *, SmallVector<Use>> usesOf;
  auto addDraft = [&](Operation *op, unsigned copy) {
    for (unsigned i = op->getNumOperands(); i-- > 0;)
      if (Operation *from = op->getOperand(i).getDefiningOp(); free.contains(from))
        usesOf[from].push_back({unsigned(drafts.size()), i});
    drafts.push_back({op, copy, SmallVector<unsigned>(op->getNumOperands(), 0)});
  };
  for (Operation &op : llvm::reverse(function.front())) {
    // A copy of the list: making drafts of this op adds uses of other ops.
    SmallVector<Use> list = free.contains(&op) ? usesOf.lookup(&op) : SmallVector<Use>();
    for (auto [copy, use] : llvm::enumerate(list))
      drafts[use.node].copies[use.operand] = copy;
    addDraft(&op, 0);
    for (unsigned copy = list.size(); copy-- > 1;)
      addDraft(&op, copy);
  }
  llvm::DenseMap<std::pair<Value, unsigned>, unsigned> numbers;
  auto number = [&](Value value, unsigned copy) {
    numbers[{value, copy}] = values.size();
    values.push_back(value);
  };
  for (BlockArgument argument : function.getArguments())
    number(argument, 0);
  for (const Draft &draft : llvm::reverse(drafts)) {
    SmallVector<unsigned> operands;
    for (auto [operand, copy] : llvm::zip_equal(draft.op->getOperands(), draft.copies))
      operands.push_back(numbers.lookup({operand, copy}));
    if (draft.op == function.front().getTerminator()) {
      returned = operands;
      continue;
    }
    Node &node = ops.emplace_back(draft.op, mesh, draft.copy);
    node.values = operands;
    for (Value result : draft.op->getResults()) {
      node.values.push_back(values.size());
      number(result, draft.copy);
    }
  }
  states.resize(values.size());
  given.resize(values.size());
  uses.resize(function.getNumArguments());
  for (auto [value, state] : llvm::zip_equal(values, states))
    if (auto type = dyn_cast<RankedTensorType>(value.getType())) {
      state.dims.assign(type.getRank(), DimShardingAttr::get(type.getContext(), {}, 1));
      state.origins.assign(type.getRank(), Origin());
    }
}

//===----------------------------------------------------------------------===//
// Marks
//===----------------------------------------------------------------------===//

/// A value whose sharding is in the IR, or decided by another function, is closed to refinement.
LogicalResult Propagation::close(unsigned number, Attribute attr, Operation *at) {
  Value value = values[number];
  auto sharding = dyn_cast_or_null<ShardingAttr>(attr);
  if (!sharding)
    return success();
  auto error = [&] { return at->emitOpError("is marked with ") << sharding << ": "; };
  if (failed(sharding.verifyFor(error, value.getType(), mesh)))
    return failure();
  if (sharding.isPartial())
    return error() << "partial results are made by ops, they cannot be asked for";
  State &state = states[number];
  if (state.closed)
    return success();
  state.dims.assign(sharding.getDims().begin(), sharding.getDims().end());
  StringAttr by = StringAttr::get(value.getContext(), "the program");
  state.origins.assign(sharding.getRank(), Origin{MarkPriority::User, by, 0});
  state.closed = true;
  return success();
}

LogicalResult Propagation::applyMarks(unsigned number, Operation *at) {
  Value value = values[number];
  SmallVector<MarkAttr> marks = getMarks(value);
  for (MarkPriority priority :
       {MarkPriority::User, MarkPriority::Weights, MarkPriority::Activations})
    for (MarkAttr mark : marks) {
      if (mark.getPriority() != priority)
        continue;
      auto error = [&] { return at->emitOpError("is marked with ") << mark << ": "; };
      if (failed(mark.getSharding().verifyFor(error, value.getType(), mesh)))
        return failure();
      State &state = states[number];
      for (auto [dim, wanted] : llvm::enumerate(mark.getSharding().getDims()))
        if (!wanted.getAxes().empty())
          refine(state, dim, wanted, Origin{priority, mark.getBy(), 0});
      for (Attribute axis : mark.getAxes())
        if (!state.isDecided(cast<StringAttr>(axis)))
          state.decided.push_back({cast<StringAttr>(axis), priority});
    }
  return success();
}

LogicalResult Propagation::seed(ArrayRef<ShardingAttr> arguments, ArrayRef<ShardingAttr> results) {
  for (auto [number, sharding] : llvm::enumerate(arguments))
    if (failed(close(number, sharding, function)) || failed(applyMarks(number, function)))
      return failure();
  for (const Node &node : ops) {
    Operation *op = node.getOp();
    auto list = op->getAttrOfType<ArrayAttr>(kResultShardings);
    for (unsigned i = 0; i < op->getNumResults(); ++i) {
      unsigned number = node.values[op->getNumOperands() + i];
      if ((list && failed(close(number, list[i], op))) || failed(applyMarks(number, op)))
        return failure();
    }
  }
  for (auto [number, sharding] : llvm::zip_equal(returned, results))
    if (failed(close(number, sharding, function)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Fix-point
//===----------------------------------------------------------------------===//

SmallVector<Propagation::Candidate> Propagation::getCandidates(const Node &op) {
  SmallVector<Candidate> candidates;
  for (unsigned slot = 0; slot < op.getNumSlots(); ++slot) {
    State &state = states[op.values[slot]];
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

/// Whether a mark of the same or a higher priority keeps a value whole along an axis: a result, or
/// an operand that the split would sum in parts.
bool Propagation::isVetoed(const Node &op, const Candidate &candidate) {
  FactorKind kind = op.getRule().getFactor(candidate.factor).getKind();
  for (unsigned slot = 0; slot < op.getNumSlots(); ++slot) {
    if (!op.isResult(slot) && kind == FactorKind::Parallel)
      continue;
    State &state = states[op.values[slot]];
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

/// One split for each factor, each axis once. A candidate that needs another factor to be split
/// first is retried after that one.
Propagation::Choice Propagation::choose(const Node &op) {
  Choice choice{Splits(op.getNumFactors()), SmallVector<Origin>(op.getNumFactors()), {}};
  SmallVector<Candidate> open = getCandidates(op);
  auto accept = [&](const Candidate &candidate) {
    Splits splits = choice.splits;
    FactorSplit &split = splits[candidate.factor];
    // A split over further, inner axes extends the existing one.
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

/// Refines the values of an op by the splits of its factors.
bool Propagation::visit(const Node &op) {
  if (!op)
    return false;
  Choice choice = choose(op);
  bool changed = false;
  for (unsigned slot = 0; slot < op.getNumSlots(); ++slot) {
    Value value = op.getValue(slot);
    State &state = states[op.values[slot]];
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

/// Axes along which an op takes partial sums and passes them on: summing its results must not take
/// longer than summing its operands.
SmallVector<StringAttr, 2> Propagation::getDeferred(const Node &op, const Choice &choice) {
  SmallVector<ShardingAttr> operands;
  double before = 0;
  auto getSeconds = [&](unsigned slot, ArrayRef<StringAttr> axes) {
    SmallVector<unsigned> numbers = llvm::map_to_vector(
        axes, [&](StringAttr axis) { return *mesh.getAxisIndex(axis.getValue()); });
    ShardingAttr sharding = op.getSharding(slot, choice.splits);
    double bytes = getTensorBytes(sharding.getLocalType(op.getValue(slot).getType(), mesh));
    return planner.getCosts().getExchange(CollectiveKind::AllReduce, bytes, numbers).seconds;
  };
  for (unsigned slot = 0; options.deferSums && op && slot < op.getNumSlots(); ++slot) {
    if (op.isResult(slot))
      continue;
    // As the op splits it, plus the partial sums of its operands.
    ShardingAttr sharding = op.getSharding(slot, choice.splits);
    ShardingAttr from = given[op.values[slot]];
    SmallVector<StringAttr> axes;
    for (PartialAttr partial : from ? from.getPartials() : ArrayRef<PartialAttr>())
      if (partial.getKind() == FactorKind::Sum && !sharding.usesAxis(partial.getAxis()))
        axes.push_back(partial.getAxis());
    operands.push_back(addPartialSums(sharding, axes));
    if (!axes.empty())
      before += getSeconds(slot, axes);
  }
  SmallVector<StringAttr, 2> passed = op.getPassedAxes(operands);
  // An axis over which the op splits a sum leaves partial results of the op's sum.
  llvm::erase_if(passed, [&](StringAttr axis) {
    return llvm::any_of(choice.splits, [&](const FactorSplit &split) {
      return llvm::is_contained(split.axes, axis);
    });
  });
  double after = 0;
  for (unsigned slot = 0; !passed.empty() && slot < op.getNumSlots(); ++slot)
    if (op.isResult(slot))
      after += getSeconds(slot, passed);
  return after <= before ? passed : SmallVector<StringAttr, 2>();
}

PlannedOp Propagation::planOp(const Node &op) {
  PlannedOp planned{op.getOp(), op.copy, op.values, {}, {}, {}, {}, {}, {}};
  Choice choice;
  if (op) {
    choice = choose(op);
    planned.conflicts = getConflicts(op, choice);
    useFreeAxes(op, choice);
  } else {
    planned.gathered = getGathered(op);
  }
  SmallVector<StringAttr, 2> deferred = getDeferred(op, choice);
  for (unsigned slot = 0; slot < op.getNumSlots(); ++slot) {
    unsigned number = op.values[slot];
    ShardingAttr sharding = op ? op.getSharding(slot, choice.splits)
                               : ShardingAttr::getReplicated(op.getValue(slot).getType());
    if (op.isResult(slot)) {
      sharding = addPartialSums(sharding, deferred);
      given[number] = sharding;
    } else {
      SmallVector<StringAttr> axes;
      ShardingAttr from = given[number];
      for (StringAttr axis : deferred)
        if (from && llvm::is_contained(from.getPartials(),
                                       PartialAttr::get(axis.getContext(), axis, FactorKind::Sum)))
          axes.push_back(axis);
      sharding = addPartialSums(sharding, axes);
      if (number < uses.size())
        uses[number].push_back(sharding);
    }
    planned.shardings.push_back(sharding);
  }
  planned.wanted = getWanted(op, planned.shardings);
  planned.splits = std::move(choice.splits);
  planned.origins = std::move(choice.origins);
  return planned;
}

/// The sharding that the user requests for a result, whatever sharding the op computes it in.
SmallVector<ShardingAttr> Propagation::getWanted(const Node &op, ArrayRef<ShardingAttr> shardings) {
  SmallVector<ShardingAttr> wanted;
  for (unsigned slot = op.getOp()->getNumOperands(); slot < op.getNumSlots(); ++slot) {
    const State &state = states[op.values[slot]];
    bool byUser = state.closed || llvm::any_of(state.decided, [](auto &entry) {
                    return entry.second == MarkPriority::User;
                  });
    ShardingAttr sharding = toSharding(state);
    bool differs =
        byUser && !sharding.isSameLayout(shardings[slot], op.getValue(slot).getType(), mesh);
    wanted.push_back(differs ? sharding : ShardingAttr());
    if (differs)
      given[op.values[slot]] = sharding;
  }
  return wanted;
}

ShardingPlan Propagation::makePlan(ArrayRef<ShardingAttr> results) {
  ShardingPlan plan;
  plan.function = function;
  plan.mesh = mesh;
  for (const Node &op : ops)
    plan.ops.push_back(planOp(op));
  planArguments();
  for (auto [number, value] : llvm::enumerate(values))
    plan.values.push_back({value, 0, given[number], states[number].dims, states[number].origins});
  for (const Node &op : ops)
    for (unsigned number : ArrayRef<unsigned>(op.values).drop_front(op.getOp()->getNumOperands()))
      plan.values[number].copy = op.copy;
  plan.returned = returned;
  // As they are computed, with partial results combined.
  for (auto [number, sharding] : llvm::zip_equal(returned, results))
    plan.results.push_back(sharding ? sharding : given[number].dropPartials());
  return plan;
}

/// Also splits a parameter over its storage axes: the largest dimension whose local size they
/// divide evenly, else the largest dimension that is not split, with padding.
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

/// Arguments take the sharding that all their uses agree on, else they are replicated.
void Propagation::planArguments() {
  for (BlockArgument argument : function.getArguments()) {
    unsigned number = argument.getArgNumber();
    const State &state = states[number];
    ShardingAttr sharding = toSharding(state);
    if (!state.closed) {
      ArrayRef<ShardingAttr> wanted = uses[number];
      if (state.decided.empty()) {
        sharding =
            wanted.empty() ? ShardingAttr::getReplicated(argument.getType()) : wanted.front();
        for (ShardingAttr use : wanted)
          if (!use.isSameLayout(sharding, argument.getType(), mesh))
            sharding = ShardingAttr::getReplicated(argument.getType());
      }
      sharding = addStorage(argument, sharding);
    }
    given[number] = sharding;
  }
}
