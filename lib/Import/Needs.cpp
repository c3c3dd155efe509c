//===- Needs.cpp - what the outputs of a graph need ------------------------*- C++ -*-===//

#include "Needs.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

/// Names that a node reads, in its subgraphs too: the reader bounds how deep these are nested.
static void addInputs(const Node &node, llvm::StringSet<> &names) {
  for (llvm::StringRef input : node.inputs)
    if (!input.empty())
      names.insert(input);
  for (const Attribute &attribute : node.attributes) {
    if (!attribute.graph)
      continue;
    for (const Node &inner : attribute.graph->nodes)
      addInputs(inner, names);
    for (const ValueInfo &output : attribute.graph->outputs)
      names.insert(output.name);
  }
}

Needs onnx::findNeeds(llvm::ArrayRef<Node> nodes, llvm::ArrayRef<llvm::StringRef> outputs) {
  Needs needs;
  for (llvm::StringRef output : outputs)
    needs.names.insert(output);
  needs.nodes.resize(nodes.size(), false);
  for (size_t index = nodes.size(); index > 0; --index) {
    const Node &node = nodes[index - 1];
    if (llvm::none_of(node.outputs, [&](llvm::StringRef output) {
          return !output.empty() && needs.names.contains(output);
        }))
      continue;
    needs.nodes[index - 1] = true;
    addInputs(node, needs.names);
  }
  return needs;
}
