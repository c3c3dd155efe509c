//===- PassPipeline.h - passes by their names ------------------------------*- C++ -*-===//
#ifndef DCHAG_SUPPORT_PASSPIPELINE_H
#define DCHAG_SUPPORT_PASSPIPELINE_H

#include "mlir/Pass/PassManager.h"

namespace mlir::dchag {

/// Adds the passes of a textual pipeline to a pass manager on modules. Unlike upstream's parser it
/// accepts passes on functions without `func.func(...)` around them. Reports errors in the text
/// through `errors`.
LogicalResult addPassPipeline(OpPassManager &manager, StringRef pipeline,
                              llvm::raw_ostream &errors);

} // namespace mlir::dchag

#endif // DCHAG_SUPPORT_PASSPIPELINE_H
