//===- CommTable.cpp - bytes that the modes of the aggregation send --------*- C++ -*-===//
//
// Distributes tokens and aggregation at the paper's numbers of channels (arXiv 2506.21411) in each
// mode, adds up what the collectives of the program of a rank send, and sets the closed formula
// beside it. The output is docs/communication.md, which a test compares.
//
//===----------------------------------------------------------------------===//

#include "bench/ModelText.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;

static llvm::cl::opt<std::string>
    check("check", llvm::cl::init(""),
          llvm::cl::desc("fails unless this file is what would be printed"));

static const char *const header = R"(# What the modes of the aggregation send

Bytes that a rank sends for one sample from the image to the aggregated token of every position, in float32, over `tp` ranks.
Made by `comm_table` (bench/README.md): read off the program of a rank, with the closed formula beside it; a test compares
this file with what the compiler does. The collectives are counted with the algorithms that send least: n - 1 parts for a
gather, an nth of n - 1 parts for an exchange or a scattered sum, twice that for a whole sum.

Sizes: C channels, image {0} x {1} (ERA5 at 5.625 degrees), patch {2}, so N = {3} positions; width D = {4}, h = {5} heads (the
sizes of ClimaX, arXiv 2301.10343). Mode `hierarchical` has as many groups as ranks, the others have one.

| mode | elements sent over p ranks | why |
|---|---|---|
| `replicate` | 2 (p-1)/p N D | heads are split: a sum behind the projection of the aggregation |
| `gather` | (p-1)/p C N D + 2 (p-1)/p N D | besides, the tokens of all channels |
| `hierarchical` | (p-1) N D | one token a group, from each rank to all |
| `split-softmax` | 2 (p-1)/p N (D + 2 h) | the parts of the online softmax: values, and two numbers a head |

MB (10^6 bytes) sent a rank; `=` where the formula gives the same number.

| mode | C |{6}
|---|---|{7}
)";

static const char *const modes[] = {"replicate", "gather", "hierarchical", "split-softmax"};
static const int64_t rankCounts[] = {2, 4, 8, 16};

static double getFormula(StringRef mode, const ModelSizes &sizes, double p) {
  double token = static_cast<double>(sizes.getPositions() * sizes.embedding);
  double share = (p - 1) / p, heads = static_cast<double>(sizes.getPositions() * sizes.heads);
  if (mode == "replicate")
    return 4 * 2 * share * token;
  if (mode == "gather")
    return 4 * (share * static_cast<double>(sizes.channels) * token + 2 * share * token);
  if (mode == "hierarchical")
    return 4 * (p - 1) * token;
  return 4 * 2 * share * (token + 2 * heads);
}

/// Bytes that the program of a rank sends; negative after an error.
static double getCompiled(MLIRContext *context, StringRef mode, const ModelSizes &sizes,
                          int64_t ranks) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(writeModel(sizes), context);
  std::string mesh = ("tp=" + Twine(ranks)).str();
  if (!module || !distribute(*module, mesh, "", getDistributeMode(mode)))
    return -1;
  return getBytesSent(*module, MeshAttr::lookup(*module));
}

static bool writeTable(llvm::raw_ostream &os) {
  std::unique_ptr<MLIRContext> context = makeContext();
  ModelSizes sizes;
  std::string ranks, rule;
  for (int64_t count : rankCounts) {
    ranks += llvm::formatv(" tp={0} | formula |", count);
    rule += "---|---|";
  }
  os << llvm::formatv(header, sizes.height, sizes.width, sizes.patch, sizes.getPositions(),
                      sizes.embedding, sizes.heads, ranks, rule);
  for (StringRef mode : modes)
    for (int64_t channels : {128, 256, 512}) {
      os << "| `" << mode << "` | " << channels << " |";
      for (int64_t count : rankCounts) {
        sizes.channels = channels;
        sizes.groups = mode == "hierarchical" ? count : 1;
        double compiled = getCompiled(context.get(), mode, sizes, count);
        double formula = getFormula(mode, sizes, static_cast<double>(count));
        if (compiled < 0)
          return false;
        os << llvm::format(" %.3f |", compiled / 1e6);
        if (compiled == formula)
          os << " = |";
        else
          os << llvm::format(" %.3f |", formula / 1e6);
      }
      os << "\n";
    }
  return true;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::cl::ParseCommandLineOptions(argc, argv, "bytes that the modes of the aggregation send\n");
  std::string text;
  llvm::raw_string_ostream os(text);
  if (!writeTable(os))
    return 1;
  if (check.empty()) {
    llvm::outs() << text;
    return 0;
  }
  auto file = llvm::MemoryBuffer::getFile(check);
  if (file && (*file)->getBuffer() == text)
    return 0;
  llvm::errs() << "comm_table: error: " << check
               << " is not what would be printed: run comm_table > " << check << "\n";
  return 1;
}
