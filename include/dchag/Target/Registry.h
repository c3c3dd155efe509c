//===- Registry.h - targets by name ----------------------------------------*- C++ -*-===//
//
// `--target` takes the names that are registered here. A plugin registers its targets when it is
// loaded:
//
//     registerTarget("spectral", "...", [](MLIRContext *context, const TargetOptions &options) {
//       return spectral::TargetAttr::get(context, options.cpu);
//     });
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_TARGET_REGISTRY_H
#define DCHAG_TARGET_REGISTRY_H

#include "dialects/interfaces/Target.h"
#include <functional>
#include <string>

namespace mlir::dchag {

/// Command-line options for any target.
struct TargetOptions {
  /// The processor that host code is made for: an LLVM name, or `native`.
  std::string cpu = "native";
};

/// Creates the attribute of a target. The function must load its dialect if it is not loaded yet.
using TargetFactory = std::function<Attribute(MLIRContext *, const TargetOptions &)>;

/// Adds a target, or replaces an earlier one of the name. Not thread-safe.
void registerTarget(StringRef name, StringRef description, TargetFactory factory);

/// The target `name`; or failure, after a line to `errors` that lists the targets or says what is
/// wrong with it.
FailureOr<TargetAttrInterface> makeTarget(StringRef name, const TargetOptions &options,
                                          MLIRContext *context, raw_ostream &errors);

/// Registers the targets that the compiler contains.
void registerAllTargets();

} // namespace mlir::dchag

#endif // DCHAG_TARGET_REGISTRY_H
