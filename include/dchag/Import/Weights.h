//===- Weights.h - parameters of a model in a safetensors file --------------*- C++ -*-===//
#ifndef DCHAG_IMPORT_WEIGHTS_H
#define DCHAG_IMPORT_WEIGHTS_H

#include "mlir/IR/BuiltinOps.h"

namespace mlir::dchag {

/// Writes every parameter of an imported module (before any pass) to a safetensors file, which
/// is what programs read. Bytes come from the files that `dchag.source` names, relative to
/// `modelFolder`, and are never in memory as a whole. The file appears under its name when it
/// is complete. Emits one error if a source or the file cannot be used.
LogicalResult writeWeights(ModuleOp module, StringRef modelFolder, StringRef path);

} // namespace mlir::dchag

#endif // DCHAG_IMPORT_WEIGHTS_H
