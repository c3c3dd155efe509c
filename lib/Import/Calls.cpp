//===- Calls.cpp - functions of the model and branches ---------------------*- C++ -*-===//

#include "Importer.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

/// Deepest nesting of function calls and branches, which bounds the importer's stack.
constexpr unsigned maxCalls = 256;

std::string getFunctionKey(StringRef domain, StringRef name, StringRef overload) {
  return ((isDefaultDomain(domain) ? "" : domain) + "\n" + name + "\n" + overload).str();
}

} // namespace

void Importer::readFunctions() {
  for (const Function &function : model->functions)
    functions[getFunctionKey(function.domain, function.name, function.overload)] = &function;
}

const Function *Importer::findFunction(const Node &node) const {
  auto it = functions.find(getFunctionKey(node.domain, node.opType, node.overload));
  return it == functions.end() ? nullptr : it->second;
}

/// Whether a body may be imported inside of `scope`; `callee` is null for a branch.
LogicalResult Importer::checkDepth(NodeBuilder &builder, const Scope &scope,
                                   const Function *callee) {
  for (const Scope *outer = &scope; callee && outer; outer = outer->caller)
    if (outer->function == callee)
      return builder.fail("function \"" + callee->name + "\" calls itself" +
                          (outer == &scope ? "" : " by way of others"));
  if (scope.depth >= maxCalls)
    return builder.fail("functions and branches are nested more than " + Twine(maxCalls) +
                            " deep, which is the limit",
                        "a model with its functions inlined (onnx.inliner)");
  return success();
}

/// A constant condition selects a branch, which is imported in place.
LogicalResult Importer::importIf(NodeBuilder &builder, Scope &scope) {
  auto condition = builder.getConstantScalar(0, "cond");
  if (failed(condition))
    return failure();
  const Attribute *branch = builder.findAttribute(*condition != 0 ? "then_branch" : "else_branch");
  if (!branch || !branch->graph)
    return builder.fail("it lacks the branch that its condition chooses");
  if (failed(checkDepth(builder, scope, nullptr)))
    return failure();
  Scope inner;
  inner.outer = &scope;
  inner.caller = &scope;
  inner.opsets = scope.opsets;
  inner.attributes = scope.attributes;
  inner.path = scope.path;
  inner.depth = scope.depth + 1;
  SmallVector<StringRef> outputs;
  for (auto [index, info] : llvm::enumerate(branch->graph->outputs))
    if (builder.wantsOutput(index))
      outputs.push_back(info.name);
  Needs needs = findNeeds(branch->graph->nodes, outputs);
  createInitializers(*branch->graph, needs, inner);
  importNodes(branch->graph->nodes, needs, inner);
  builder.outputs.resize(branch->graph->outputs.size());
  for (auto [index, info] : llvm::enumerate(branch->graph->outputs)) {
    if (!builder.wantsOutput(index))
      continue;
    const ImportedValue *value = inner.lookup(info.name);
    if (!value)
      return builder.fail("its branch does not compute its output \"" + info.name + "\"");
    builder.outputs[index] = *value;
  }
  return success();
}

/// The body of a model-local function, imported in place of the call.
LogicalResult Importer::importFunction(NodeBuilder &builder, const Function &function,
                                       Scope &scope) {
  if (failed(checkDepth(builder, scope, &function)))
    return failure();
  if (builder.inputs.size() > function.inputs.size())
    return builder.fail("it passes more inputs than function \"" + function.name + "\" has");
  Scope inner;
  inner.caller = &scope;
  inner.function = &function;
  inner.depth = scope.depth + 1;
  inner.path = cast<NameLoc>(cast<FusedLoc>(builder.loc).getLocations().front()).getName().str();
  llvm::StringMap<int64_t> innerOpsets;
  for (const OpsetId &opset : function.opsets)
    innerOpsets[isDefaultDomain(opset.domain) ? "" : opset.domain] = opset.version;
  for (const auto &opset : *scope.opsets)
    innerOpsets.try_emplace(opset.getKey(), opset.getValue());
  inner.opsets = &innerOpsets;
  AttributeMap attributes;
  for (const Attribute &attribute : function.attributeDefaults)
    attributes[attribute.name] = &attribute;
  for (const Attribute &attribute : builder.node.attributes)
    if (const Attribute *value = builder.findAttribute(attribute.name))
      attributes[attribute.name] = value;
  inner.attributes = &attributes;
  for (auto [index, name] : llvm::enumerate(function.inputs))
    if (index < builder.inputs.size() && builder.inputs[index])
      inner.values[name] = *builder.inputs[index];
  SmallVector<StringRef> outputs;
  for (auto [index, name] : llvm::enumerate(function.outputs))
    if (builder.wantsOutput(index))
      outputs.push_back(name);
  importNodes(function.nodes, findNeeds(function.nodes, outputs), inner);
  builder.outputs.resize(function.outputs.size());
  for (auto [index, name] : llvm::enumerate(function.outputs)) {
    if (!builder.wantsOutput(index))
      continue;
    const ImportedValue *value = inner.lookup(name);
    if (!value)
      return builder.fail("function \"" + function.name + "\" does not compute its output \"" +
                          name + "\"");
    builder.outputs[index] = *value;
  }
  return success();
}
