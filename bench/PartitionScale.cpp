//===- PartitionScale.cpp - seconds to distribute a large model ------------*- C++ -*-===//
//
// A model in the form of D-CHAG with 40 blocks of width 4096 and 500 channels, distributed for 8,
// 64 and 1,024 ranks by data, parameters and widths at once. Only types change with the ranks: the
// time must not.
//
//===----------------------------------------------------------------------===//

#include "bench/ModelText.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include <chrono>

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;

static llvm::cl::opt<int64_t> blocks("blocks", llvm::cl::init(40),
                                     llvm::cl::desc("of the transformer (default 40)"));
static llvm::cl::opt<unsigned> repeats("repeats", llvm::cl::init(3),
                                       llvm::cl::desc("runs, of which the fastest counts"));

/// Seconds of the passes; negative after an error.
static double measure(ModuleOp module, StringRef mesh, StringRef mode) {
  OwningOpRef<ModuleOp> copy = module.clone();
  auto start = std::chrono::steady_clock::now();
  if (!distribute(*copy, mesh, "dp,fsdp,tp", getDistributeMode(mode)))
    return -1;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::cl::ParseCommandLineOptions(argc, argv, "seconds to distribute a large model\n");
  std::unique_ptr<MLIRContext> context = makeContext();
  ModelSizes sizes;
  sizes.batch = 256;
  sizes.channels = 500;
  sizes.height = 64;
  sizes.width = 128;
  sizes.patch = 4;
  sizes.embedding = 4096;
  sizes.heads = 32;
  sizes.blocks = blocks;
  const std::pair<const char *, const char *> meshes[] = {{"dp=2,fsdp=2,tp=2", "8 ranks"},
                                                          {"dp=4,fsdp=4,tp=4", "64 ranks"},
                                                          {"dp=16,fsdp=8,tp=8", "1,024 ranks"}};
  llvm::outs() << "seconds to distribute " << blocks << " blocks of width 4096, 500 channels\n";
  llvm::outs() << llvm::format("%-28s %9s", "mode", "ops");
  for (auto [mesh, ranks] : meshes)
    llvm::outs() << llvm::format(" %12s", ranks);
  llvm::outs() << "\n";
  struct Mode {
    const char *name;
    int64_t groups;
  };
  for (Mode mode : {Mode{"replicate", 1}, Mode{"gather", 1}, Mode{"hierarchical", 20},
                    Mode{"split-softmax", 1}}) {
    sizes.groups = mode.groups;
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(writeModel(sizes), context.get());
    if (!module)
      return 1;
    int64_t ops = 0;
    module->walk([&](Operation *) { ++ops; });
    llvm::outs() << llvm::format("%-28s %9lld", mode.name, static_cast<long long>(ops));
    for (auto [mesh, ranks] : meshes) {
      double best = -1;
      for (unsigned i = 0; i < repeats; ++i) {
        double seconds = measure(*module, mesh, mode.name);
        if (seconds < 0)
          return 1;
        best = best < 0 ? seconds : std::min(best, seconds);
      }
      llvm::outs() << llvm::format(" %12.2f", best);
      llvm::outs().flush();
    }
    llvm::outs() << "\n";
  }
  return 0;
}
