//===- Needs.h - what the outputs of a graph need --------------------------*- C++ -*-===//
#ifndef DCHAG_IMPORT_NEEDS_H
#define DCHAG_IMPORT_NEEDS_H

#include "dchag/Import/Onnx.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::dchag::onnx {

/// Names that some output of a graph or function is computed from, and the nodes that do so: what
/// else is in a file is not looked at. A node needs all of its inputs, and all names that its
/// subgraphs mention: which of them it reads in the end shows while it is imported.
struct Needs {
  llvm::StringSet<> names;
  /// For each node.
  llvm::SmallVector<bool> nodes;
};

/// The walk from the outputs back to the inputs. `nodes` are in an order in which they can be
/// computed.
Needs findNeeds(llvm::ArrayRef<Node> nodes, llvm::ArrayRef<llvm::StringRef> outputs);

} // namespace mlir::dchag::onnx

#endif // DCHAG_IMPORT_NEEDS_H
