//===- Compile.cpp - from a model to a program of a target -----------------*- C++ -*-===//

#include "dchag/Compile/Compile.h"
#include "dchag/Collectives/Passes.h"
#include "dchag/Precision/Passes.h"
#include "dchag/Prepare/Passes.h"
#include "dchag/Raise/Passes.h"
#include "dchag/Schedule/Passes.h"
#include "dchag/Verify/Passes.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/Program.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::dchag;

Stage mlir::dchag::getStage(ModuleOp module) {
  if (rt::ProgramAttr::lookup(module))
    return module.getOps<func::FuncOp>().empty() ? Stage::Code : Stage::Scheduled;
  Program program(module);
  func::FuncOp step = program.getStep(), prepare = program.getPrepare();
  if (step && isPerDevice(step))
    return Stage::PerDevice;
  if (!step || !prepare)
    return Stage::Model;
  bool readsParts =
      llvm::any_of(getArguments(prepare), [](const Port &port) { return bool(port.getReads()); });
  return readsParts ? Stage::ReadsExtracted : Stage::Prepared;
}

/// The phases up to the program of a rank, from the stage that the module is at.
static void addModelPhases(PassManager &manager, Stage stage, const CompileOptions &options) {
  if (!options.machine.empty()) {
    SetMachineOptions machine;
    machine.file = options.machine;
    manager.addPass(createSetMachine(machine));
  }
  if (stage == Stage::Model) {
    manager.addPass(createVerifyGlobal());
    manager.addPass(createDropEmpty());
    buildRaisePipeline(manager);
    FoldAggregateOptions fold;
    fold.fold = options.fold.value_or(FoldMode::Auto);
    fold.mesh = options.distribute.mesh;
    fold.strategy = options.distribute.strategy.str();
    manager.addPass(createFoldAggregate(fold));
    manager.addNestedPass<func::FuncOp>(createCSEPass());
    manager.addPass(createAccumulateInF32());
    manager.addPass(createPrepare());
  }
  if (stage == Stage::Model || stage == Stage::Prepared)
    manager.addPass(createExtractReads());
  if (stage != Stage::PerDevice && !options.distribute.mesh.empty()) {
    buildDistributePipeline(manager, options.distribute);
    buildCollectivesPipeline(manager);
  }
  if (!options.commReport.empty())
    manager.addPass(createReportCommunication({options.commReport}));
}

/// Refuses options for phases that the module has already been through.
static LogicalResult checkOptions(ModuleOp module, Stage stage, const CompileOptions &options) {
  bool hasMesh = !options.distribute.mesh.empty();
  if (stage == Stage::PerDevice && hasMesh)
    return module.emitError("is already a per-device program with a mesh: leave out --mesh");
  if (stage != Stage::Model && options.fold)
    return module.emitError("is prepared already, so its aggregations are no longer folded: leave "
                            "out --fold, or compile the model");
  // The last pass of the schedule gives entry points the arena beside context and buffers.
  for (auto function : module.getOps<func::FuncOp>())
    if (stage == Stage::Scheduled && function.isPublic() && function.getNumArguments() != 3)
      return module.emitError("is between two passes of the schedule: run those that are left, up "
                              "to plan-memory, or compile what was there before bind-buffers");
  if (stage == Stage::Code || stage == Stage::Scheduled)
    for (auto [isGiven, name] : {std::pair(hasMesh, "--mesh"),
                                 {!options.machine.empty(), "--machine"},
                                 {!options.commReport.empty(), "--comm-report"}})
      if (isGiven)
        return module.emitError("is compiled already, which ")
               << name << " does not change: leave it out, or compile the model";
  return success();
}

LogicalResult mlir::dchag::compile(ModuleOp module, const CompileOptions &options) {
  Stage stage = getStage(module);
  if (failed(checkOptions(module, stage, options)))
    return failure();
  module->setAttr(kTargetAttr, options.target ? options.target : getTarget(module));
  PassManager manager(module.getContext(), ModuleOp::getOperationName(),
                      PassManager::Nesting::Implicit);
  if (options.configure && failed(options.configure(manager)))
    return failure();
  if (stage != Stage::Code && stage != Stage::Scheduled) {
    addModelPhases(manager, stage, options);
    buildSchedulePipeline(manager, ScheduleOptions());
  }
  if (stage != Stage::Code)
    getTarget(module).buildKernelPipeline(manager);
  return manager.run(module);
}
