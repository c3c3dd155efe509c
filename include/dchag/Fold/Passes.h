//===- Passes.h - aggregations without tokens ------------------------------*- C++ -*-===//
#ifndef DCHAG_FOLD_PASSES_H
#define DCHAG_FOLD_PASSES_H

#include "dchag/Distribute/Strategy.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mlir::dchag {

/// How much of the aggregations of channels is folded into weights.
enum class FoldMode {
  Off,  ///< nothing: as the model is written
  Keys, ///< scores come from pixels; tokens are made for the values
  Full, ///< scores and values come from pixels; what cannot be folded is an error
  Auto  ///< what takes the least time by the cost model
};

/// The modes as values of an option of a pass or of a tool.
llvm::cl::ValuesClass getFoldModeValues();

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dchag/Fold/Passes.h.inc"

} // namespace mlir::dchag

#endif // DCHAG_FOLD_PASSES_H
