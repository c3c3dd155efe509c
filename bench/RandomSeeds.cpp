//===- RandomSeeds.cpp - programs that try a seed after the other ----------*- C++ -*-===//

#include "bench/RandomSeeds.h"
#include "bench/Bench.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/PrettyStackTrace.h"

using namespace mlir;
using namespace mlir::dchag;

llvm::cl::opt<unsigned> bench::seedCount("count", llvm::cl::init(100),
                                         llvm::cl::desc("programs (default 100)"));
llvm::cl::opt<unsigned> bench::firstSeed("seed", llvm::cl::init(1),
                                         llvm::cl::desc("seed of the first (default 1)"));
llvm::cl::opt<bool> bench::printsAll("print", llvm::cl::init(false),
                                     llvm::cl::desc("writes the programs instead of running them"));

void bench::forEachSeed(llvm::function_ref<void(MLIRContext *, unsigned)> run) {
  std::unique_ptr<MLIRContext> context;
  for (unsigned i = 0; i < seedCount; ++i) {
    // Attributes live as long as their context.
    if (i % 100 == 0)
      context = makeContext();
    unsigned seed = firstSeed + i;
    llvm::PrettyStackTraceFormat where("the program of --seed=%u --count=1", seed);
    run(context.get(), seed);
  }
}

bool bench::makeFolder(StringRef folder) {
  if (!llvm::sys::fs::create_directories(folder))
    return true;
  llvm::errs() << "cannot make the folder '" << folder << "'\n";
  return false;
}

std::string bench::describeSeeds(unsigned passed) {
  return llvm::formatv("seeds {0} to {1}: {2} of {3} programs agree", unsigned(firstSeed),
                       firstSeed + seedCount - 1, passed, unsigned(seedCount));
}
