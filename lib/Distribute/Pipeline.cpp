//===- Pipeline.cpp - the pipeline that distributes a program --------------*- C++ -*-===//

#include "dchag/Distribute/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
struct DistributePipelineOptions : PassPipelineOptions<DistributePipelineOptions> {
  Option<std::string> mesh{*this, "mesh", llvm::cl::desc("axes of the ranks with sizes: tp=2"),
                           llvm::cl::init("")};
  Option<std::string> axis{*this, "axis", llvm::cl::desc("axis of channels, heads and widths"),
                           llvm::cl::init("tp")};
  Option<DistributeMode> mode{*this, "mode", llvm::cl::desc("how the aggregation is spread"),
                              llvm::cl::init(DistributeMode::Replicate), getDistributeModeValues()};
  Option<bool> strict{*this, "strict-sharding",
                      llvm::cl::desc("an op without a sharding rule is an error"),
                      llvm::cl::init(false)};
};
} // namespace

static void buildDistributePipeline(OpPassManager &pm, const DistributePipelineOptions &options) {
  pm.addPass(createSplitAggregates({options.mesh, options.axis, options.mode}));
  pm.addPass(createAnnotate({options.mesh, options.axis, options.mode}));
  pm.addPass(createPropagate({options.strict}));
  pm.addPass(createInsertReshards());
  pm.addPass(createVerifyShardings());
  pm.addPass(createPartition());
  pm.addPass(createVerifyPartition());
  pm.addPass(createReshardsToCollectives());
  // Propagation copied what is free in any layout: copies of one layout are one again.
  pm.addPass(createCSEPass());
  pm.addPass(createVerifyPartition());
}

void mlir::dchag::registerDistributePipeline() {
  PassPipelineRegistration<DistributePipelineOptions>(
      "distribute", "Makes the program of each rank from a program for one device",
      buildDistributePipeline);
}
