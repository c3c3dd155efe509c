//===- Pipelines.cpp - from a model to a program of a target ---------------*- C++ -*-===//

#include "dchag/Pipelines/Pipelines.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace mlir::dchag;

std::string mlir::dchag::getModelPipeline(const CompileOptions &options) {
  std::string text = "verify-global,raise,prepare,extract-reads";
  if (options.mesh.empty())
    return text;
  text += ",distribute{mesh=" + options.mesh;
  if (!options.mode.empty())
    text += " mode=" + options.mode;
  return text + "}";
}

/// The pipeline that takes per-device programs to the LLVM dialect, for each target.
static const llvm::StringMap<StringRef> &getTargets() {
  static const llvm::StringMap<StringRef> targets{{"cpu", "cpu-codegen"}};
  return targets;
}

LogicalResult mlir::dchag::addCompilePipeline(OpPassManager &manager, const CompileOptions &options,
                                              llvm::raw_ostream &errors) {
  auto target = getTargets().find(options.target);
  if (target == getTargets().end()) {
    errors << "unknown target '" << options.target << "': known are";
    for (auto &known : getTargets())
      errors << " " << known.first();
    errors << "\n";
    return failure();
  }
  return parsePassPipeline(getModelPipeline(options) + "," + target->second.str(), manager, errors);
}
