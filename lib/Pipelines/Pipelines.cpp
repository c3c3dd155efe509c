//===- Pipelines.cpp - from a model to a program of a target ---------------*- C++ -*-===//

#include "dchag/Pipelines/Pipelines.h"
#include "dchag/Schedule/Passes.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/Program.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::dchag;

Stage mlir::dchag::getStage(ModuleOp module) {
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

std::string mlir::dchag::getModelPipeline(const CompileOptions &options) {
  SmallVector<std::string> passes;
  if (!options.machine.empty())
    passes.push_back("set-machine{file=" + options.machine + "}");
  if (options.stage == Stage::Model)
    passes.append({"verify-global", "drop-empty", "raise", "accumulate-in-f32", "prepare"});
  if (options.stage == Stage::Model || options.stage == Stage::Prepared)
    passes.push_back("extract-reads");
  if (options.stage != Stage::PerDevice && !options.mesh.empty()) {
    std::string pass = "distribute{mesh=" + options.mesh;
    for (auto [name, value] :
         {std::pair("mode", &options.mode), std::pair("strategy", &options.strategy),
          std::pair("shard", &options.shard)})
      if (!value->empty())
        pass += std::string(" ") + name + "=" + *value;
    passes.push_back(pass + "}");
    passes.push_back("optimize-collectives");
  }
  if (!options.commReport.empty())
    passes.push_back("report-communication{output=" + options.commReport + "}");
  return llvm::join(passes, ",");
}

/// Splits a pipeline at the commas that are not inside of options or nested pipelines.
static SmallVector<StringRef> splitPipeline(StringRef pipeline) {
  SmallVector<StringRef> elements;
  int depth = 0;
  size_t start = 0;
  for (size_t i = 0; i < pipeline.size(); ++i) {
    char c = pipeline[i];
    depth += (c == '{' || c == '(') - (c == '}' || c == ')');
    if (c == ',' && depth == 0) {
      elements.push_back(pipeline.slice(start, i).trim());
      start = i + 1;
    }
  }
  elements.push_back(pipeline.drop_front(start).trim());
  return elements;
}

LogicalResult mlir::dchag::addPassPipeline(OpPassManager &manager, StringRef pipeline,
                                           llvm::raw_ostream &errors) {
  for (StringRef element : splitPipeline(pipeline)) {
    std::string onModules, onFunctions;
    llvm::raw_string_ostream moduleErrors(onModules), functionErrors(onFunctions);
    if (succeeded(parsePassPipeline(element, manager, moduleErrors)))
      continue;
    OpPassManager functions(func::FuncOp::getOperationName());
    if (failed(parsePassPipeline(element, functions, functionErrors))) {
      errors << onModules;
      return failure();
    }
    manager.nest<func::FuncOp>() = std::move(functions);
  }
  return success();
}

LogicalResult mlir::dchag::addCompilePipeline(OpPassManager &manager, TargetAttrInterface target,
                                              const CompileOptions &options,
                                              llvm::raw_ostream &errors) {
  std::string model = getModelPipeline(options);
  if (!model.empty() && failed(addPassPipeline(manager, model, errors)))
    return failure();
  buildSchedulePipeline(manager, ScheduleOptions());
  target.buildKernelPipeline(manager);
  return success();
}
