//===- PassPipeline.cpp - passes by their names ----------------------------*- C++ -*-===//

#include "dchag/Support/PassPipeline.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;
using namespace mlir::dchag;

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
