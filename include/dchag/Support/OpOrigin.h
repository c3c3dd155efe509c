//===- OpOrigin.h - where an op comes from, for people ---------------------*- C++ -*-===//
#ifndef DCHAG_SUPPORT_OPORIGIN_H
#define DCHAG_SUPPORT_OPORIGIN_H

#include "mlir/IR/Location.h"
#include "llvm/ADT/SmallVector.h"
#include <string>

namespace mlir::dchag {

/// Names of modules of the model and places in files that a location holds, each once.
struct OpOrigin {
  SmallVector<std::string> names;
  /// "climax.onnx" for a node of a model, "program.mlir:3:8" for textual IR.
  SmallVector<std::string> places;

  explicit OpOrigin(Location loc);
  /// `"agg.0", "agg.1" in climax.onnx`; of fused locations the first few are enough.
  std::string str() const;
  /// The first name and how many follow, without a name the first place: "agg.0 and 2 more".
  std::string brief() const;
};

} // namespace mlir::dchag

#endif // DCHAG_SUPPORT_OPORIGIN_H
