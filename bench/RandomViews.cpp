//===- RandomViews.cpp - follows chains of views made at random ------------*- C++ -*-===//
//
// Each seed is a program of views of parameters. What is read of the parameters, and the views that
// absorb-layout makes of chains, must be what the views evaluate to, bit for bit: the first goes
// forward through the descriptions of views (dchag/Views/View.h), the second goes back.
//
//===----------------------------------------------------------------------===//

#include "bench/RandomProgram.h"
#include "bench/RandomSeeds.h"
#include "dchag/Interpreter/Harness.h"
#include "dialects/dchag/Program.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/InitLLVM.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;

static constexpr StringRef kReads = "prepare,extract-reads";

namespace {
struct Statistics {
  unsigned passed = 0, values = 0, boxes = 0;
};
} // namespace

static void countReads(ModuleOp module, Statistics &statistics) {
  OwningOpRef<ModuleOp> copy = module.clone();
  if (!runPasses(*copy, kReads))
    return;
  for (const Port &port : getArguments(Program(*copy).getPrepare()))
    if (ArrayAttr reads = port.getReads()) {
      ++statistics.values;
      statistics.boxes += reads.size();
    }
}

static bool check(ModuleOp module, StringRef pipeline) {
  CheckOptions options;
  options.pipeline = pipeline.str();
  options.inputs = {InputKind::Integers};
  options.allowUnchanged = true;
  return succeeded(checkEqual(module, options, llvm::nulls()));
}

static void run(MLIRContext *context, unsigned seed, Statistics &statistics) {
  Random random(seed);
  std::string text =
      ProgramWriter(random, /*isExact=*/true, FloatKind::F32).writeViews(random.from(2, 9));
  if (printsAll) {
    llvm::outs() << "// seed " << seed << "\n" << text;
    return;
  }
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, context);
  if (!module || !check(*module, kReads) || !check(*module, "absorb-layout")) {
    llvm::errs() << "seed " << seed << " fails:\n" << text;
    return;
  }
  ++statistics.passed;
  countReads(*module, statistics);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::cl::ParseCommandLineOptions(argc, argv, "follows chains of views made at random\n");
  Statistics statistics;
  forEachSeed([&](MLIRContext *context, unsigned seed) { run(context, seed, statistics); });
  if (printsAll)
    return 0;
  llvm::outs() << describeSeeds(statistics.passed) << "; " << statistics.values
               << " values are read as " << statistics.boxes << " boxes\n";
  return statistics.passed == seedCount ? 0 : 1;
}
