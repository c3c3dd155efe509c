//===- RandomPrograms.cpp - distributes programs at random and runs them ---*- C++ -*-===//
//
// Each seed is a program, a mesh of up to 16 ranks, and marks on some of its values. What the
// distribution makes of it must compute on all ranks what the program computes, on integers bit
// for bit where all ops are exact. A program that fails is written to a file; dchag-reduce makes it
// small (README.md).
//
//===----------------------------------------------------------------------===//

#include "bench/RandomProgram.h"
#include "bench/RandomSeeds.h"
#include "dchag/Interpreter/Harness.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;

static llvm::cl::opt<std::string> folder("output", llvm::cl::init("."),
                                         llvm::cl::desc("where programs that fail go (default .)"));
static llvm::cl::opt<unsigned>
    maxRanks("max-ranks", llvm::cl::init(16),
             llvm::cl::desc("ranks of a program at most (default 16); 1: no mesh and no marks"));
static TypeOption floatKind;

/// All padding that may hold anything holds NaN; half of the programs run in simpler ops.
static std::string getPipeline(bool poisons, bool decomposes) {
  return llvm::formatv("propagate,insert-reshards,verify-shardings,partition{0},verify-partition,"
                       "reshards-to-collectives,cse,verify-partition{1}",
                       poisons ? "{poison-padding}" : "",
                       decomposes ? ",decompose{evaluable}" : "");
}

//===----------------------------------------------------------------------===//
// Marks
//===----------------------------------------------------------------------===//

namespace {
class Marker {
public:
  Marker(MeshAttr mesh, Random &random) : mesh(mesh), random(random), context(mesh.getContext()) {}

  /// Axes in any order in any dimension, in blocks.
  ShardingAttr makeSharding(Type type) {
    auto tensor = cast<RankedTensorType>(type);
    SmallVector<SmallVector<StringAttr>> axes(tensor.getRank());
    for (StringAttr axis : mesh.getNames())
      if (tensor.getRank() && random.oneIn(2)) {
        auto &list = axes[random.below(tensor.getRank())];
        list.insert(list.begin() + random.from(0, list.size()), axis);
      }
    SmallVector<DimShardingAttr> dims;
    for (auto [list, size] : llvm::zip_equal(axes, tensor.getShape())) {
      int64_t blockSize = !list.empty() && random.oneIn(3) ? random.from(1, size) : 1;
      dims.push_back(DimShardingAttr::get(context, list, blockSize));
    }
    return ShardingAttr::get(context, dims, ArrayRef<PartialAttr>());
  }

  ArrayAttr makeMarks(Type type) {
    ShardingAttr sharding = makeSharding(type);
    SmallVector<Attribute> axes;
    for (StringAttr axis : mesh.getNames())
      if (sharding.usesAxis(axis) || random.oneIn(4))
        axes.push_back(axis);
    auto priority = static_cast<MarkPriority>(random.below(3));
    return ArrayAttr::get(context, {MarkAttr::get(context, sharding, ArrayAttr::get(context, axes),
                                                  priority, StringAttr::get(context, "random"))});
  }

  ArrayAttr makeStorage() { return ArrayAttr::get(context, {random.pick(mesh.getNames())}); }

private:
  MeshAttr mesh;
  Random &random;
  MLIRContext *context;
};
} // namespace

void bench::addRandomMarks(ModuleOp module, MeshAttr mesh, Random &random) {
  Marker marker(mesh, random);
  auto function = *module.getOps<func::FuncOp>().begin();
  for (BlockArgument argument : function.getArguments()) {
    unsigned index = argument.getArgNumber();
    switch (random.below(4)) {
    case 0:
      function.setArgAttr(index, ShardingAttr::attrName, marker.makeSharding(argument.getType()));
      break;
    case 1:
      function.setArgAttr(index, MarkAttr::attrName, marker.makeMarks(argument.getType()));
      break;
    case 2:
      if (random.oneIn(2))
        function.setArgAttr(index, "dchag.storage", marker.makeStorage());
      break;
    default:
      break;
    }
  }
  for (auto [index, type] : llvm::enumerate(function.getResultTypes()))
    if (random.oneIn(2))
      function.setResultAttr(index, ShardingAttr::attrName, marker.makeSharding(type));
  for (Operation &op : function.front().without_terminator()) {
    if (llvm::any_of(op.getResultTypes(), [](Type type) { return !isa<RankedTensorType>(type); }))
      continue;
    bool marks = random.oneIn(4), pins = !marks && random.oneIn(10);
    SmallVector<Attribute> lists;
    for (Type type : op.getResultTypes())
      lists.push_back(pins ? Attribute(marker.makeSharding(type)) : marker.makeMarks(type));
    if (marks || pins)
      op.setAttr(pins ? "dchag.shardings" : MarkAttr::attrName,
                 ArrayAttr::get(module.getContext(), lists));
  }
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

namespace {
/// Largest relative error of functions that are smooth; what they decompose into has constants in
/// the type of the values.
constexpr double kSmooth = 1e-9, kDecomposed = 1e-6;

struct Statistics {
  unsigned passed = 0, exact = 0, collectives = 0, masks = 0, communicating = 0;
};

class Trial {
public:
  Trial(MLIRContext *context, unsigned seed) : context(context), seed(seed), random(seed) {}

  /// The program, marked; null if it is none, which is a mistake in how programs are written.
  OwningOpRef<ModuleOp> make();
  bool run(Statistics &statistics);

private:
  void report(ModuleOp module);

  MLIRContext *context;
  unsigned seed;
  Random random;
  bool isExact = false, decomposes = false;
  std::string messages, text;
};
} // namespace

/// One to three axes, at most 16 ranks.
static SmallVector<int64_t> makeGrid(Random &random) {
  SmallVector<int64_t> sizes;
  int64_t ranks = 1;
  for (int64_t axes = random.from(1, 3); axes > 0; --axes) {
    int64_t size = random.oneIn(12) ? 1 : random.from(2, axes == 1 ? 5 : 4);
    if (ranks * size > 16)
      size = 2;
    if (ranks * size > 16)
      break;
    sizes.push_back(size);
    ranks *= size;
  }
  return sizes;
}

/// The same axes with fewer ranks, so that seeds stand for the same programs.
static void limitRanks(MutableArrayRef<int64_t> grid) {
  int64_t ranks = 1;
  for (int64_t &size : grid) {
    size = std::min<int64_t>(size, maxRanks / ranks);
    ranks *= size;
  }
}

OwningOpRef<ModuleOp> Trial::make() {
  SmallVector<int64_t> grid = makeGrid(random);
  isExact = random.oneIn(2);
  text = ProgramWriter(random, isExact, floatKind).write(random.from(2, 14));
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, context);
  if (!module || maxRanks == 1)
    return module;
  limitRanks(grid);
  MeshAttr mesh = makeMesh(context, grid);
  module->getOperation()->setAttr(MeshAttr::attrName, mesh);
  OpBuilder builder = OpBuilder::atBlockBegin(module->getBody());
  shard::GridOp::create(builder, builder.getUnknownLoc(), MeshAttr::gridName, grid);
  addRandomMarks(*module, mesh, random);
  decomposes = random.oneIn(2);
  return module;
}

void Trial::report(ModuleOp module) {
  std::string path = folder + "/random-" + std::to_string(seed) + ".mlir";
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  if (!error)
    file << "// RUN: dchag-opt %s --inputs=" << (isExact ? "integers" : "normal --tolerance=")
         << (isExact      ? ""
             : decomposes ? "1e-6"
                          : "1e-9")
         << " --allow-unchanged --check-ranks='" << getPipeline(true, decomposes) << "'\n";
  if (!error && module)
    module.print(file);
  else if (!error)
    file << text;
  llvm::outs() << "seed " << seed << (isExact ? " (exact)" : " (smooth)") << " fails, written to "
               << path << ":\n"
               << messages << "\n";
  llvm::outs().flush();
}

bool Trial::run(Statistics &statistics) {
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      messages += "  " + diagnostic.str() + "\n";
    return success();
  });
  OwningOpRef<ModuleOp> module = make();
  if (printsAll) {
    llvm::outs() << "// seed " << seed << (isExact ? " (exact)\n" : " (smooth)\n")
                 << (module ? "" : text);
    if (module)
      module->print(llvm::outs());
    return true;
  }
  CheckOptions options;
  options.pipeline = getPipeline(true, decomposes);
  options.allowUnchanged = true;
  options.inputs = {isExact ? InputKind::Integers : InputKind::Normal};
  if (!isExact)
    options.tolerance = decomposes ? kDecomposed : kSmooth;
  if (!module || failed(checkRanks(*module, options, llvm::nulls()))) {
    report(module ? *module : ModuleOp());
    return false;
  }
  ++statistics.passed;
  statistics.exact += isExact;
  OwningOpRef<ModuleOp> local = module->clone();
  if (runPasses(*local, getPipeline(false, false))) {
    unsigned collectives = countCollectives(*local);
    statistics.collectives += collectives;
    statistics.communicating += collectives > 0;
    local->walk([&](MaskShardOp) { ++statistics.masks; });
  }
  return true;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::cl::ParseCommandLineOptions(argc, argv, "distributes programs at random and runs them\n");
  if (maxRanks == 0) {
    llvm::errs() << "--max-ranks: a program has at least 1 rank\n";
    return 1;
  }
  if (!makeFolder(folder))
    return 1;
  Statistics statistics;
  forEachSeed([&](MLIRContext *context, unsigned seed) { Trial(context, seed).run(statistics); });
  if (printsAll)
    return 0;
  llvm::outs() << describeSeeds(statistics.passed) << ", " << statistics.exact
               << " of them bit for bit; " << statistics.communicating << " communicate, by "
               << statistics.collectives << " collectives; " << statistics.masks
               << " masks of padding\n";
  return statistics.passed == seedCount ? 0 : 1;
}
