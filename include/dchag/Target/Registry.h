//===- Registry.h - targets by name ----------------------------------------*- C++ -*-===//
//
// `--target` takes the names that are registered here. A plugin registers its own when it is
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

/// What the command line says to any target.
struct TargetOptions {
  /// The processor that host code is made for: an LLVM name, or `native`.
  std::string cpu = "native";
};

/// Makes the attribute of a target. Its dialect is loaded or loaded by the function.
using TargetFactory = std::function<Attribute(MLIRContext *, const TargetOptions &)>;

/// Adds a target, in place of an earlier one of the name. Not for several threads at once.
void registerTarget(StringRef name, StringRef description, TargetFactory factory);

/// The target `name`; or, after a line to `errors` that says which there are or what is wrong with
/// it, failure.
FailureOr<TargetAttrInterface> makeTarget(StringRef name, const TargetOptions &options,
                                          MLIRContext *context, raw_ostream &errors);

/// Registers the targets that the compiler brings.
void registerAllTargets();

} // namespace mlir::dchag

#endif // DCHAG_TARGET_REGISTRY_H
