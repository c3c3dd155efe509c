//===- Pipeline.cpp - the pipeline that distributes a program --------------*- C++ -*-===//

#include "Strategy.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
struct DistributeOptions : PassPipelineOptions<DistributeOptions> {
  Option<std::string> mesh{*this, "mesh", llvm::cl::desc("axes of the ranks with sizes: tp=2"),
                           llvm::cl::init("")};
  Option<std::string> strategy{
      *this, "strategy",
      llvm::cl::desc("what goes over which axis: dp,fsdp,tp,sp=tp,hierarchical (default: what "
                     "the names of the axes say)"),
      llvm::cl::init("")};
  Option<DistributeMode> mode{*this, "mode", llvm::cl::desc("how the aggregation is spread"),
                              llvm::cl::init(DistributeMode::Replicate), getDistributeModeValues()};
  Option<std::string> shard{
      *this, "shard", llvm::cl::desc("shardings by name: blocks.*.fc1.weight=[tp,_];x=[dp,_]"),
      llvm::cl::init("")};
  Option<bool> strict{*this, "strict-sharding",
                      llvm::cl::desc("an op without a sharding rule is an error"),
                      llvm::cl::init(false)};
  Option<bool> deferSums{*this, "defer-sums",
                         llvm::cl::desc("pass partial sums through linear ops"),
                         llvm::cl::init(false)};
  Option<bool> explain{*this, "explain-sharding", llvm::cl::desc("write the origin of each split"),
                       llvm::cl::init(false)};
};
} // namespace

static void addStrategies(OpPassManager &pm, const Strategy &strategy) {
  if (!strategy.channels.empty()) {
    pm.addPass(createSplitAggregates({strategy.channels, strategy.mode}));
    pm.addPass(createAnnotateAggregations({strategy.channels, strategy.mode}));
  }
  if (!strategy.widths.empty())
    pm.addPass(createAnnotateWidths({strategy.widths}));
  // Samples are spread over the ranks that share parameters too.
  std::string data = strategy.data;
  if (!strategy.parameters.empty())
    data += (data.empty() ? "" : "+") + strategy.parameters;
  if (!data.empty())
    pm.addPass(createAnnotateData({data}));
  // Windows split where samples are spread already.
  if (!strategy.positions.empty())
    pm.addPass(createAnnotatePositions({strategy.positions}));
  if (!strategy.parameters.empty()) {
    AnnotateParametersOptions options;
    options.axis = strategy.parameters;
    pm.addPass(createAnnotateParameters(options));
  }
}

static LogicalResult buildDistributePipeline(OpPassManager &pm, StringRef text,
                                             function_ref<LogicalResult(const Twine &)> onError) {
  DistributeOptions options;
  if (failed(options.parseFromString(text)))
    return failure();
  std::optional<DistributeMode> mode;
  if (options.mode.hasValue())
    mode = options.mode;
  std::string error;
  auto strategy = parseStrategy(options.strategy, options.mesh, mode, error);
  if (failed(strategy))
    return onError(error);
  pm.addPass(createSetMesh({options.mesh}));
  if (!options.shard.empty())
    pm.addPass(createAnnotateNamed({options.shard}));
  pm.addPass(createAnnotateDevices());
  addStrategies(pm, *strategy);
  pm.addPass(createPropagate({options.strict, options.deferSums, options.explain}));
  pm.addPass(createInsertReshards());
  pm.addPass(createVerifyShardings());
  pm.addPass(createPartition());
  pm.addPass(createVerifyPartition());
  pm.addPass(createReshardsToCollectives());
  // Propagation copied what is free in any layout: copies of one layout are one again.
  pm.addPass(createCSEPass());
  pm.addPass(createVerifyPartition());
  return success();
}

void mlir::dchag::registerDistributePipeline() {
  registerPassPipeline(
      "distribute", "Makes the program of each rank from a program for one device",
      buildDistributePipeline,
      [](function_ref<void(const detail::PassOptions &)> f) { f(DistributeOptions()); });
}
