//===- ReshardMatrix.cpp - all changes of layout, run and counted ----------*- C++ -*-===//
//
// For every pair of layouts of tensors of rank 2 and 3 on four grids: the program that is one
// reshard, lowered to collectives and run on all ranks, must give the value bit for bit; and its
// seconds by the cost model are compared with the least of an exhaustive search (ReshardMatrix.h).
// The bytes that the cost model says must be those that are counted here.
//
//===----------------------------------------------------------------------===//

#include "bench/ReshardMatrix.h"
#include "dchag/Interpreter/Spmd.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;

static llvm::cl::opt<unsigned>
    sources("sources", llvm::cl::init(0),
            llvm::cl::desc("layouts to start from for each tensor, drawn at random (0: all)"));
static llvm::cl::opt<unsigned> seed("seed", llvm::cl::init(1),
                                    llvm::cl::desc("of the layouts drawn (default 1)"));
static llvm::cl::opt<std::string> onlyGrid("grid", llvm::cl::init(""),
                                           llvm::cl::desc("one grid, such as 2x4 (default: all)"));
static llvm::cl::opt<unsigned> maxSteps("max-steps", llvm::cl::init(8),
                                        llvm::cl::desc("steps of the search (default 8)"));
static llvm::cl::opt<bool> verbose("losses", llvm::cl::init(false),
                                   llvm::cl::desc("prints each reshard that takes too long"));
static llvm::cl::opt<std::string>
    machineFile("machine", llvm::cl::init(""),
                llvm::cl::desc("machine file (default: the compiler's default)"));

namespace {
struct Count {
  int64_t pairs = 0, exact = 0, optimal = 0, steps = 0;
  double worst = 1;
  std::string worstPair;
};

/// All reshards from one layout of one tensor.
class Matrix {
public:
  Matrix(MLIRContext *context, const Setting &setting, MachineAttr machine, Count &count)
      : context(context), setting(setting), count(count), mesh(makeMesh(context, setting.grid)),
        machine(machine), costs(machine, setting.grid),
        type(RankedTensorType::get(setting.shape, Float32Type::get(context))) {}

  /// False if a program could not be made or is wrong.
  bool runFrom(const Place &from);

private:
  OwningOpRef<ModuleOp> build(const Place &from, const std::vector<Place> &targets);
  bool runOne(func::FuncOp function, const Place &from, const Place &to);
  bool compare(func::FuncOp function, const Place &from, const Place &to, Reached cheapest);
  std::string describe(const Place &from, const Place &to);

  MLIRContext *context;
  const Setting &setting;
  Count &count;
  MeshAttr mesh;
  MachineAttr machine;
  CostModel costs;
  RankedTensorType type;
};
} // namespace

std::string Matrix::describe(const Place &from, const Place &to) {
  std::string text;
  llvm::raw_string_ostream(text) << type << " on " << formatGrid(setting.grid) << " from "
                                 << toSharding(from, mesh) << " to " << toSharding(to, mesh);
  return text;
}

/// A module with a function for each target.
OwningOpRef<ModuleOp> Matrix::build(const Place &from, const std::vector<Place> &targets) {
  OpBuilder builder(context);
  Location loc = builder.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  module->getOperation()->setAttr(MeshAttr::attrName, mesh);
  module->getOperation()->setAttr(MachineAttr::attrName, machine);
  builder.setInsertionPointToEnd(module->getBody());
  shard::GridOp::create(builder, loc, MeshAttr::gridName, setting.grid);
  ShardingAttr start = toSharding(from, mesh);
  for (auto [index, place] : llvm::enumerate(targets)) {
    ShardingAttr goal = toSharding(place, mesh);
    builder.setInsertionPointToEnd(module->getBody());
    auto function = func::FuncOp::create(builder, loc, "f" + std::to_string(index),
                                         builder.getFunctionType({type}, {type}));
    function.setArgAttr(0, ShardingAttr::attrName, start);
    function.setResultAttr(0, ShardingAttr::attrName, goal);
    builder.setInsertionPointToEnd(function.addEntryBlock());
    Value value = function.getArgument(0);
    if (!start.isSameLayout(goal, type, mesh)) {
      value =
          ReshardOp::create(builder, loc, type, value, Value(), start, goal, TypeAttr::get(type));
      value.getDefiningOp()->setAttr("dchag.shardings", builder.getArrayAttr({goal}));
    }
    func::ReturnOp::create(builder, loc, value);
  }
  return module;
}

static bool isSame(const EvalTensor &got, const EvalTensor &wanted) {
  if (got.getShape() != wanted.getShape())
    return false;
  for (int64_t i = 0; i < got.getNumElements(); ++i)
    if (!std::isnan(wanted.floats()[i]) && got.floats()[i] != wanted.floats()[i])
      return false;
  return true;
}

bool Matrix::runOne(func::FuncOp function, const Place &from, const Place &to) {
  int64_t numRanks = setting.getNumRanks();
  std::vector<SmallVector<EvalTensor>> arguments(numRanks), results;
  for (int64_t rank = 0; rank < numRanks; ++rank)
    arguments[rank].push_back(makePart(setting, from, from, rank, function.getArgumentTypes()[0]));
  InterpreterOptions options;
  options.poisonEmpty = true;
  if (failed(evaluateSpmd(function, setting.grid, std::move(arguments), results, options)))
    return false;
  for (int64_t rank = 0; rank < numRanks; ++rank) {
    EvalTensor wanted = makePart(setting, from, to, rank, function.getResultTypes()[0]);
    if (!isSame(results[rank][0], wanted)) {
      function.emitError("rank ") << rank << " has a wrong part: " << describe(from, to);
      return false;
    }
  }
  return true;
}

/// False if the cost model counts other bytes than are sent.
bool Matrix::compare(func::FuncOp function, const Place &from, const Place &to, Reached cheapest) {
  Cost cost;
  function.walk([&](Operation *op) {
    if (getElementsSent(op, mesh) > 0)
      cost += costs.getCost(op);
  });
  if (std::abs(cost.sent - getBytesSent(function, mesh)) > 1e-6 * cost.sent) {
    function.emitError("sends ") << std::to_string(getBytesSent(function, mesh)) << " bytes, and "
                                 << std::to_string(cost.sent)
                                 << " by the cost model: " << describe(from, to);
    return false;
  }
  count.steps = std::max<int64_t>(count.steps, cheapest.steps);
  if (cost.seconds <= cheapest.seconds * (1 + 1e-6)) {
    ++count.optimal;
    return true;
  }
  double ratio = cheapest.seconds > 0 ? cost.seconds / cheapest.seconds
                                      : std::numeric_limits<double>::infinity();
  if (verbose)
    llvm::outs() << llvm::format("%.3f: %g s instead of %g in %u steps: ", ratio, cost.seconds,
                                 cheapest.seconds, cheapest.steps)
                 << describe(from, to) << "\n";
  if (ratio > count.worst) {
    count.worst = ratio;
    count.worstPair = describe(from, to);
  }
  return true;
}

bool Matrix::runFrom(const Place &from) {
  std::vector<Place> targets = getTargets(setting, from);
  OwningOpRef<ModuleOp> module = build(from, targets);
  count.pairs += targets.size();
  if (!runPasses(*module, "partition,reshards-to-collectives"))
    return false;
  auto cheapest = searchAll(setting, costs, from, targets, maxSteps);
  bool ok = true;
  for (auto [index, to] : llvm::enumerate(targets)) {
    auto function = module->lookupSymbol<func::FuncOp>("f" + std::to_string(index));
    if (!runOne(function, from, to)) {
      ok = false;
      continue;
    }
    ++count.exact;
    auto found = cheapest.find(to.getKey());
    if (found != cheapest.end())
      ok &= compare(function, from, to, found->second);
  }
  return ok;
}

static MachineAttr readMachine(MLIRContext *context) {
  if (machineFile.empty())
    return MachineAttr::getNamed("default", context);
  auto file = llvm::MemoryBuffer::getFile(machineFile);
  if (file)
    return MachineAttr::parseFile((*file)->getBuffer(), machineFile, context);
  llvm::errs() << "reshard_matrix: error: cannot read '" << machineFile
               << "': " << file.getError().message() << "\n";
  return {};
}

/// Sizes that divide by all ranks, sizes that leave padding, and some with larger blocks.
static std::vector<Setting> getSettings(ArrayRef<int64_t> grid) {
  int64_t ranks = 1;
  for (int64_t size : grid)
    ranks *= size;
  std::vector<Setting> settings;
  SmallVector<int64_t> sizes(grid);
  auto add = [&](SmallVector<int64_t> shape, SmallVector<int64_t> blockSizes) {
    settings.push_back({sizes, std::move(shape), std::move(blockSizes)});
  };
  add({ranks, ranks}, {1});
  add({5, 7}, {1});
  add({7, 6}, {1, 2, 3});
  add({ranks, ranks, ranks}, {1});
  add({3, 5, 4}, {1});
  return settings;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::cl::ParseCommandLineOptions(argc, argv, "all changes of layout, run and counted\n");
  std::unique_ptr<MLIRContext> context = makeContext();
  MachineAttr machine = readMachine(context.get());
  if (!machine)
    return 1;
  bool ok = true;
  const SmallVector<int64_t> grids[] = {{4}, {2, 4}, {2, 2, 2}, {3, 2}};
  for (ArrayRef<int64_t> grid : grids) {
    if (!onlyGrid.empty() && onlyGrid != formatGrid(grid))
      continue;
    Count count;
    Random random(seed);
    for (const Setting &setting : getSettings(grid)) {
      std::vector<Place> places = getPlaces(setting, /*withPartials=*/true);
      // A sample without repetition: the front of a shuffled list.
      for (size_t i = 0; sources && i + 1 < places.size(); ++i)
        std::swap(places[i], places[i + random.below(places.size() - i)]);
      if (sources && sources < places.size())
        places.resize(sources);
      for (const Place &from : places)
        ok &= Matrix(context.get(), setting, machine, count).runFrom(from);
    }
    llvm::outs() << formatGrid(grid) << ": " << count.exact << " of " << count.pairs << " exact; "
                 << count.optimal << " of " << count.exact
                 << " take the least time of all sequences of up to " << maxSteps
                 << " steps (longest needed: " << count.steps << ")";
    if (count.optimal != count.exact)
      llvm::outs() << llvm::format("; worst ratio %.3f: ", count.worst) << count.worstPair;
    llvm::outs() << "\n";
    llvm::outs().flush();
  }
  return ok ? 0 : 1;
}
