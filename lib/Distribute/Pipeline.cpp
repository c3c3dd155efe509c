//===- Pipeline.cpp - the pipeline that distributes a program --------------*- C++ -*-===//

#include "dchag/Distribute/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// The textual options of the pipeline.
struct TextOptions : PassPipelineOptions<TextOptions> {
  Option<MeshShape> mesh{*this, "mesh", llvm::cl::desc("axes of the ranks with sizes: tp=2")};
  Option<std::string> strategy{
      *this, "strategy",
      llvm::cl::desc("parallelism of each mesh axis: dp,fsdp,tp,sp=tp,hierarchical (default: the "
                     "axes of these names)"),
      llvm::cl::init("")};
  Option<DistributeMode> mode{*this, "mode", llvm::cl::desc("how the aggregation is split"),
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

FailureOr<DistributeOptions> DistributeOptions::parse(StringRef meshText, StringRef strategyText,
                                                      std::optional<DistributeMode> mode,
                                                      std::string &error) {
  DistributeOptions options;
  FailureOr<MeshShape> mesh = MeshShape::parse(meshText, error);
  if (failed(mesh))
    return failure();
  FailureOr<Strategy> strategy = Strategy::parse(strategyText, *mesh, mode, error);
  if (failed(strategy))
    return failure();
  options.mesh = *mesh;
  options.strategy = *strategy;
  return options;
}

static void addStrategies(OpPassManager &manager, const Strategy &strategy) {
  if (!strategy.channels.empty()) {
    manager.addPass(createAnnotateAggregations({strategy.channels, strategy.mode}));
    // Before other strategies: it may split a mesh axis in two.
    manager.addPass(createSplitAggregates());
  }
  if (!strategy.widths.empty())
    manager.addPass(createAnnotateWidths({strategy.widths}));
  // Ranks that store shards of parameters also have different samples.
  AxisNames data = strategy.data;
  for (const std::string &axis : strategy.parameters.names)
    if (!llvm::is_contained(data.names, axis))
      data.names.push_back(axis);
  if (!data.empty())
    manager.addPass(createAnnotateData({data}));
  // After annotate-data: sharding of windows needs one sample a rank.
  if (!strategy.positions.empty())
    manager.addPass(createAnnotatePositions({strategy.positions}));
  if (!strategy.parameters.empty()) {
    AnnotateParametersOptions options;
    options.axis = strategy.parameters;
    manager.addPass(createAnnotateParameters(options));
  }
}

void mlir::dchag::buildDistributePipeline(OpPassManager &manager,
                                          const DistributeOptions &options) {
  manager.addPass(createSetMesh({options.mesh}));
  // Before user marks: these may name the ops that it creates.
  if (!options.strategy.channels.empty())
    manager.addPass(createSplitProjections());
  if (!options.shard.empty())
    manager.addPass(createAnnotateNamed({options.shard}));
  manager.addPass(createAnnotateDevices());
  addStrategies(manager, options.strategy);
  manager.addPass(createPropagate({options.strict, options.deferSums, options.explain}));
  manager.addPass(createInsertReshards());
  manager.addPass(createVerifyShardings());
  manager.addPass(createPartition());
  manager.addPass(createVerifyPartition());
  manager.addPass(createReshardsToCollectives());
  // Propagation copied ops that are free in any sharding: merge copies with the same sharding.
  manager.addPass(createCSEPass());
  manager.addPass(createVerifyPartition());
}

static LogicalResult buildFromText(OpPassManager &manager, StringRef text,
                                   function_ref<LogicalResult(const Twine &)> onError) {
  TextOptions parsed;
  if (failed(parsed.parseFromString(text)))
    return failure();
  std::optional<DistributeMode> mode;
  if (parsed.mode.hasValue())
    mode = parsed.mode;
  std::string error;
  FailureOr<Strategy> strategy = Strategy::parse(parsed.strategy, parsed.mesh, mode, error);
  if (failed(strategy))
    return onError(error);
  buildDistributePipeline(manager, {parsed.mesh, *strategy, parsed.shard, parsed.strict,
                                    parsed.deferSums, parsed.explain});
  return success();
}

void mlir::dchag::registerDistributePipeline() {
  registerPassPipeline("distribute", "Makes the program of each rank from a program for one device",
                       buildFromText,
                       [](function_ref<void(const detail::PassOptions &)> f) { f(TextOptions()); });
}
