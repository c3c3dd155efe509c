//===- Driver.h - options and actions of dchag-opt -------------------------*- C++ -*-===//
#ifndef DCHAG_TOOLS_DRIVER_H
#define DCHAG_TOOLS_DRIVER_H

#include "Input.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Support/LLVM.h"

namespace mlir::dchag {

/// Loads the plugins named on the command line and removes their options from it. Must run
/// before options are parsed, so that a plugin's passes are options like all others.
LogicalResult loadPlugins(int &argc, char **argv, DialectRegistry &registry);

/// Imports or parses the input, applies the passes of the command line, then emits or
/// checks. Returns the exit code.
int runDriver(const char *argv0, StringRef inputFile, ModelFormat format, StringRef outputFile,
              DialectRegistry &registry);

} // namespace mlir::dchag

#endif // DCHAG_TOOLS_DRIVER_H
