//===- Spmd.cpp - executes per-device programs ------------------------------*- C++ -*-===//

#include "dchag/Interpreter/Spmd.h"
#include "Execution.h"
#include "dialects/interfaces/Collective.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"

using namespace mlir;
using namespace mlir::dchag;

shard::GridOp mlir::dchag::getProgramGrid(ModuleOp module) {
  if (auto grid = module.lookupSymbol<shard::GridOp>("mesh"))
    return grid;
  auto grids = llvm::to_vector(module.getOps<shard::GridOp>());
  return grids.size() == 1 ? grids.front() : shard::GridOp();
}

namespace {
/// One rank: its values and its place in the program.
class Rank {
public:
  Rank(GridPosition position, func::FuncOp function, ArrayRef<EvalTensor> arguments,
       const Lifetimes &lifetimes, const InterpreterOptions &options)
      : position(position), lifetimes(lifetimes), options(options) {
    Block &body = function.getBody().front();
    for (auto [argument, tensor] : llvm::zip_equal(body.getArguments(), arguments)) {
      EvalTensor value = tensor;
      if (options.mode == ExecMode::Typed)
        value.roundToType();
      environment.set(argument, std::move(value));
    }
    next = &body.front();
  }

  /// Runs up to the next collective or the end.
  LogicalResult run();
  /// The collective this rank waits at; null when it has returned.
  Operation *getWaiting() const { return next; }
  SmallVector<EvalTensor> getOperands() const { return environment.getOperands(next); }
  /// Continues after the collective with its results.
  LogicalResult finishCollective(EvalTensor result) {
    SmallVector<EvalTensor> results = {std::move(result)};
    return finish(results);
  }
  const GridPosition &getPosition() const { return position; }
  SmallVector<EvalTensor> returned;

private:
  LogicalResult finish(SmallVectorImpl<EvalTensor> &results) {
    if (failed(finishResults(next, results, options)))
      return failure();
    for (auto [result, value] : llvm::zip_equal(next->getResults(), results))
      environment.set(result, std::move(value));
    leave();
    return success();
  }
  /// Frees values whose last use is the current op and moves to the next one.
  void leave() {
    environment.erase(lifetimes.endingAt(next));
    next = next->getNextNode();
  }
  LogicalResult enter(RegionBranchOpInterface branch);
  LogicalResult yield(RegionBranchTerminatorOpInterface op);
  LogicalResult step();

  GridPosition position;
  const Lifetimes &lifetimes;
  const InterpreterOptions &options;
  Environment environment;
  Operation *next = nullptr;
};
} // namespace

static LogicalResult refuseBranch(Operation *op) {
  return op->emitOpError("cannot be executed: wanted a branch that its operands decide, such as "
                         "scf.if");
}

/// Enters the region that the values of the operands choose.
LogicalResult Rank::enter(RegionBranchOpInterface branch) {
  SmallVector<Attribute> operands;
  for (Value operand : branch->getOperands()) {
    Type type = operand.getType();
    if (!type.isIntOrIndex())
      return refuseBranch(branch);
    unsigned width =
        type.isIndex() ? IndexType::kInternalStorageBitWidth : type.getIntOrFloatBitWidth();
    APInt value(width, environment.get(operand).ints()[0], /*isSigned=*/true,
                /*implicitTrunc=*/true);
    operands.push_back(IntegerAttr::get(type, value));
  }
  SmallVector<RegionSuccessor> successors;
  branch.getEntrySuccessorRegions(operands, successors);
  if (branch.hasLoop() || successors.size() != 1 || !successors[0].getSuccessorInputs().empty())
    return refuseBranch(branch);
  if (successors[0].isParent())
    leave();
  else
    next = &successors[0].getSuccessor()->front().front();
  return success();
}

/// Leaves a region with the results of its branch.
LogicalResult Rank::yield(RegionBranchTerminatorOpInterface op) {
  SmallVector<RegionSuccessor> successors;
  op.getSuccessorRegions(SmallVector<Attribute>(op->getNumOperands()), successors);
  if (successors.size() != 1 || !successors[0].isParent())
    return refuseBranch(op->getParentOp());
  SmallVector<EvalTensor> values = environment.getOperands(op);
  environment.erase(lifetimes.endingAt(op));
  next = op->getParentOp();
  for (auto [result, value] : llvm::zip_equal(next->getResults(), values))
    environment.set(result, std::move(value));
  leave();
  return success();
}

LogicalResult Rank::step() {
  // An op that is evaluated as a whole may have regions, too.
  bool isWhole = isa<EvaluableOpInterface, SpmdEvaluableOpInterface>(next);
  if (auto branch = dyn_cast<RegionBranchOpInterface>(next); branch && !isWhole)
    return enter(branch);
  if (auto op = dyn_cast<RegionBranchTerminatorOpInterface>(next);
      op && isa<RegionBranchOpInterface>(op->getParentOp()))
    return yield(op);
  if (isa<func::ReturnOp>(next)) {
    returned = environment.getOperands(next);
    next = nullptr;
    return success();
  }
  SmallVector<EvalTensor> operands = environment.getOperands(next), results;
  if (auto onRank = dyn_cast<SpmdEvaluableOpInterface>(next)) {
    if (failed(checkResultTypes(next)) ||
        failed(onRank.evaluateOnRank(position, operands, results)))
      return failure();
    return finish(results);
  }
  // The dialect has more ops than these, so that the message names what can be executed.
  if (isa_and_nonnull<shard::ShardDialect>(next->getDialect()))
    return next->emitOpError("cannot be executed: wanted all_gather, all_reduce, reduce_scatter, "
                             "all_to_all, all_slice, broadcast, shift or a process index");
  if (failed(evaluateOp(next, operands, results, options)))
    return failure();
  return finish(results);
}

LogicalResult Rank::run() {
  while (next && !getExchange(next))
    if (failed(step()))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------===//

/// Ranks that differ from `rank` along `axes` only, in the order of the group.
static SmallVector<int64_t> getGroup(ArrayRef<Rank> ranks, int64_t rank, ArrayRef<int32_t> axes) {
  const GridPosition &position = ranks[rank].getPosition();
  SmallVector<int64_t> group;
  for (const Rank &other : ranks) {
    bool same = true;
    for (size_t axis = 0; axis < position.shape.size(); ++axis)
      same &= llvm::is_contained(axes, axis) ||
              other.getPosition().getIndex(axis) == position.getIndex(axis);
    if (same)
      group.push_back(other.getPosition().rank);
  }
  llvm::sort(group, [&](int64_t a, int64_t b) {
    return ranks[a].getPosition().getIndexInGroup(axes) <
           ranks[b].getPosition().getIndexInGroup(axes);
  });
  return group;
}

/// Executes the collective that `rank` waits at if its whole group is there.
static FailureOr<bool> tryCollective(MutableArrayRef<Rank> ranks, int64_t rank) {
  CollectiveOpInterface op = getExchange(ranks[rank].getWaiting());
  SmallVector<int32_t> axes = op.getMeshAxes();
  SmallVector<int64_t> group = getGroup(ranks, rank, axes);
  if (llvm::any_of(group, [&](int64_t other) { return ranks[other].getWaiting() != op; }))
    return false;
  SmallVector<int64_t> groupShape;
  for (int32_t axis : axes)
    groupShape.push_back(ranks[rank].getPosition().shape[axis]);
  std::vector<SmallVector<EvalTensor>> operands;
  for (int64_t other : group)
    operands.push_back(ranks[other].getOperands());
  SmallVector<EvalTensor> results;
  if (failed(checkResultTypes(op)) || failed(op.evaluateOnGroup(groupShape, operands, results)))
    return failure();
  for (auto [other, result] : llvm::zip_equal(group, results))
    if (failed(ranks[other].finishCollective(std::move(result))))
      return failure();
  return true;
}

/// Reports the position of each rank when none can continue.
static LogicalResult reportWaiting(func::FuncOp function, ArrayRef<Rank> ranks) {
  InFlightDiagnostic diagnostic = function.emitOpError("stops: ranks wait for each other");
  for (const Rank &rank : ranks) {
    CollectiveOpInterface op =
        rank.getWaiting() ? getExchange(rank.getWaiting()) : CollectiveOpInterface();
    if (!op) {
      diagnostic.attachNote() << "rank " << rank.getPosition().rank << " has returned";
      continue;
    }
    Diagnostic &note = diagnostic.attachNote(op->getLoc());
    note << "rank " << rank.getPosition().rank << " waits at '" << op->getName() << "' for rank";
    for (int64_t other : getGroup(ranks, rank.getPosition().rank, op.getMeshAxes()))
      if (ranks[other].getWaiting() != op)
        note << " " << other;
  }
  return diagnostic;
}

/// Grids that ops refer to, and axes, are those of the execution.
static LogicalResult checkGrid(func::FuncOp function, ArrayRef<int64_t> gridShape) {
  SymbolTableCollection symbols;
  WalkResult result = function.walk([&](Operation *op) {
    FlatSymbolRefAttr name;
    if (auto collective = dyn_cast<CollectiveOpInterface>(op))
      name = collective.getGridSymbol();
    else if (auto onRank = dyn_cast<SpmdEvaluableOpInterface>(op))
      name = onRank.getGridSymbol();
    if (!name)
      return WalkResult::advance();
    auto grid = symbols.lookupNearestSymbolFrom<shard::GridOp>(op, name);
    if (grid && grid.getShape() == gridShape)
      return WalkResult::advance();
    op->emitOpError("refers to ") << name << ", which is not the grid that the program runs on";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

LogicalResult mlir::dchag::evaluateSpmd(func::FuncOp function, ArrayRef<int64_t> gridShape,
                                        std::vector<SmallVector<EvalTensor>> arguments,
                                        std::vector<SmallVector<EvalTensor>> &results,
                                        const InterpreterOptions &options) {
  int64_t numRanks = 1;
  for (int64_t size : gridShape)
    numRanks *= size;
  if (numRanks < 1 || numRanks > 4096)
    return function.emitOpError("cannot be executed on a grid of ")
           << numRanks << " ranks: wanted 1 to 4096";
  if (failed(checkGrid(function, gridShape)))
    return failure();
  Lifetimes lifetimes(function.getBody());
  std::vector<Rank> ranks;
  for (int64_t i = 0; i < numRanks; ++i) {
    if (failed(checkArguments(function, arguments[i])))
      return failure();
    ranks.emplace_back(GridPosition{gridShape, i}, function, arguments[i], lifetimes, options);
    arguments[i].clear();
  }
  while (true) {
    for (Rank &rank : ranks)
      if (failed(rank.run()))
        return failure();
    bool moved = false, waiting = false;
    for (int64_t i = 0; i < numRanks; ++i) {
      if (!ranks[i].getWaiting())
        continue;
      waiting = true;
      // A rank that has just left a collective may be anywhere: it runs on first.
      if (!getExchange(ranks[i].getWaiting()))
        continue;
      FailureOr<bool> done = tryCollective(ranks, i);
      if (failed(done))
        return failure();
      moved |= *done;
    }
    if (!waiting)
      break;
    if (!moved)
      return reportWaiting(function, ranks);
  }
  for (Rank &rank : ranks)
    results.push_back(std::move(rank.returned));
  return success();
}
