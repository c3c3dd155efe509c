//===- PassPipeline.h - passes by their names ------------------------------*- C++ -*-===//
#ifndef DCHAG_SUPPORT_PASSPIPELINE_H
#define DCHAG_SUPPORT_PASSPIPELINE_H

#include "mlir/Pass/PassManager.h"

namespace mlir::dchag {

/// Adds the passes of a textual pipeline to a pass manager on modules. Unlike upstream's
/// parser it takes passes on functions where they stand, without `func.func(...)` around them.
/// Says through `errors` what is wrong with the text.
LogicalResult addPassPipeline(OpPassManager &manager, StringRef pipeline,
                              llvm::raw_ostream &errors);

} // namespace mlir::dchag

#endif // DCHAG_SUPPORT_PASSPIPELINE_H
