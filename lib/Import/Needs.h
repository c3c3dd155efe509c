//===- Needs.h - what the outputs of a graph need --------------------------*- C++ -*-===//
#ifndef DCHAG_IMPORT_NEEDS_H
#define DCHAG_IMPORT_NEEDS_H

#include "dchag/Import/Onnx.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::dchag::onnx {

/// Names that some output of a graph or function depends on, and the nodes that compute them: the
/// rest of a file is not imported. A node needs all of its inputs, and all names that its subgraphs
/// mention: which of them it actually reads is only seen during its import.
struct Needs {
  llvm::StringSet<> names;
  /// For each node.
  llvm::SmallVector<bool> nodes;
};

/// Walks from the outputs back to the inputs. `nodes` are topologically sorted.
Needs findNeeds(llvm::ArrayRef<Node> nodes, llvm::ArrayRef<llvm::StringRef> outputs);

} // namespace mlir::dchag::onnx

#endif // DCHAG_IMPORT_NEEDS_H
