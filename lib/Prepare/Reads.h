//===- Reads.h - views of file parameters as strided boxes -----------------*- C++ -*-===//
#ifndef DCHAG_LIB_PREPARE_READS_H
#define DCHAG_LIB_PREPARE_READS_H

#include "dchag/Views/View.h"
#include "llvm/ADT/DenseMap.h"
#include <optional>

namespace mlir::dchag {

/// A box of a value that is copied from a parameter: value[at + i] = file[offset + i strides].
struct Box : Extent {
  BlockArgument parameter;
  int64_t offset = 0;
  SmallVector<int64_t> strides;
};

/// The boxes of a value; its other elements are 0.
using Boxes = SmallVector<Box>;

/// Computes which values of a function are views of its arguments.
class ReadAnalysis {
public:
  /// Null if the value is computed, or would need too many boxes.
  const Boxes *getBoxes(Value value);

private:
  std::optional<Boxes> compute(Value value);
  llvm::DenseMap<Value, std::optional<Boxes>> cache;
};

} // namespace mlir::dchag

#endif // DCHAG_LIB_PREPARE_READS_H
