//===- Bench.cpp - what the programs of this folder share ------------------*- C++ -*-===//

#include "bench/Bench.h"
#include "dchag/Distribute/Passes.h"
#include "dchag/InitAll.h"
#include "dchag/Support/PassPipeline.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace mlir::dchag;

std::unique_ptr<MLIRContext> bench::makeContext() {
  static const bool registered = (registerAllPasses(), true);
  (void)registered;
  DialectRegistry registry;
  registerAllDialects(registry);
  auto context = std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}

bool bench::runPasses(ModuleOp module, StringRef pipeline) {
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  std::string message;
  llvm::raw_string_ostream errors(message);
  if (failed(addPassPipeline(manager, pipeline, errors))) {
    module.emitError("cannot parse the pipeline '") << pipeline << "': " << message;
    return false;
  }
  return succeeded(manager.run(module));
}

bool bench::distribute(ModuleOp module, StringRef mesh, StringRef strategy,
                       std::optional<DistributeMode> mode) {
  std::string error;
  FailureOr<DistributeOptions> options = DistributeOptions::parse(mesh, strategy, mode, error);
  if (failed(options))
    return module.emitError(error), false;
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  buildDistributePipeline(manager, *options);
  return succeeded(manager.run(module));
}

/// The generator SplitMix64: what it adds to its state, and how a state becomes a number.
constexpr uint64_t kIncrement = 0x9e3779b97f4a7c15ull;
static uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

// Seeds are mixed: states that differ by the increment would give the same numbers, shifted.
bench::Random::Random(uint64_t seed) : state(mix(seed + kIncrement)) {}

uint64_t bench::Random::next() { return mix(state += kIncrement); }

double bench::getElementsSent(Operation *op, MeshAttr mesh) {
  if (!isa<shard::AllGatherOp, shard::AllToAllOp, shard::ReduceScatterOp, shard::AllReduceOp>(op))
    return 0;
  double ranks = 1;
  if (auto axes = op->getAttrOfType<DenseI16ArrayAttr>("grid_axes"))
    for (int16_t axis : axes.asArrayRef())
      ranks *= static_cast<double>(mesh.getSizes()[axis]);
  double count =
      static_cast<double>(cast<ShapedType>(op->getOperand(0).getType()).getNumElements());
  if (isa<shard::AllGatherOp>(op))
    return count * (ranks - 1);
  return count * (ranks - 1) / ranks * (isa<shard::AllReduceOp>(op) ? 2 : 1);
}

double bench::getBytesSent(Operation *root, MeshAttr mesh) {
  double bytes = 0;
  root->walk([&](Operation *op) {
    double sent = getElementsSent(op, mesh);
    if (sent > 0)
      bytes +=
          sent * llvm::divideCeil(
                     getElementTypeOrSelf(op->getOperand(0).getType()).getIntOrFloatBitWidth(), 8);
  });
  return bytes;
}

unsigned bench::countCollectives(Operation *root) {
  unsigned count = 0;
  root->walk([&](Operation *op) {
    count +=
        isa<shard::AllGatherOp, shard::AllToAllOp, shard::ReduceScatterOp, shard::AllReduceOp>(op);
  });
  return count;
}

MeshAttr bench::makeMesh(MLIRContext *context, ArrayRef<int64_t> sizes) {
  SmallVector<StringAttr> names;
  for (size_t i = 0; i < sizes.size(); ++i)
    names.push_back(StringAttr::get(context, StringRef("abcdefgh").substr(i, 1)));
  return MeshAttr::get(context, names, sizes);
}

std::string bench::formatGrid(ArrayRef<int64_t> sizes) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(sizes, os, "x");
  return text;
}

std::string bench::formatTensor(ArrayRef<int64_t> shape, StringRef element) {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + element.str() + ">";
}

std::string bench::formatNumbers(ArrayRef<int64_t> numbers) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(numbers, os);
  return text;
}
