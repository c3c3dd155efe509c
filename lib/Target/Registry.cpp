//===- Registry.cpp - targets by name --------------------------------------*- C++ -*-===//

#include "dchag/Target/Registry.h"
#include "dialects/dchag/Dchag.h"
#include "llvm/Support/ManagedStatic.h"
#include <map>

using namespace mlir;
using namespace mlir::dchag;

namespace {
struct Entry {
  std::string description;
  TargetFactory factory;
};
} // namespace

static llvm::ManagedStatic<std::map<std::string, Entry>> targets;

void mlir::dchag::registerTarget(StringRef name, StringRef description, TargetFactory factory) {
  (*targets)[name.str()] = {description.str(), std::move(factory)};
}

void mlir::dchag::registerAllTargets() {
  registerTarget("cpu", "vectors, OpenMP and oneDNN",
                 [](MLIRContext *context, const TargetOptions &options) -> Attribute {
                   return CpuAttr::get(context, StringAttr::get(context, options.cpu));
                 });
}

FailureOr<TargetAttrInterface> mlir::dchag::makeTarget(StringRef name, const TargetOptions &options,
                                                       MLIRContext *context, raw_ostream &errors) {
  auto found = targets->find(name.str());
  if (found == targets->end()) {
    errors << "unknown target '" << name << "': known are";
    for (const auto &[known, entry] : *targets)
      errors << " " << known << " (" << entry.description << ")";
    return failure();
  }
  context->loadDialect<DchagDialect>();
  Attribute attribute = found->second.factory(context, options);
  if (auto target = dyn_cast_or_null<TargetAttrInterface>(attribute))
    return target;
  errors << "target '" << name << "' is incomplete: its attribute ";
  if (attribute)
    errors << attribute << " does not implement TargetAttrInterface";
  else
    errors << "is null";
  return failure();
}

TargetAttrInterface mlir::dchag::getTarget(ModuleOp module) {
  if (auto target = module->getAttrOfType<TargetAttrInterface>(kTargetAttr))
    return target;
  return CpuAttr::get(module.getContext(), StringAttr::get(module.getContext(), "native"));
}
