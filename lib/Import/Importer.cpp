//===- Importer.cpp - from an ONNX graph to a function ---------------------*- C++ -*-===//

#include "Importer.h"
#include "dchag/Import/DeviceSpec.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/Program.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

/// A bound for functions that call functions twice each, whose number of calls is exponential. A
/// model whose functions are called from many places has some times as many nodes as its file, and
/// one of a few functions less than this number.
constexpr int64_t leastMaxNodes = int64_t(1) << 15, maxNodesOfOne = 64;

int64_t getMaxNodes(const Model &model) {
  int64_t nodes = model.graph ? model.graph->nodes.size() : 0;
  for (const Function &function : model.functions)
    nodes += function.nodes.size();
  return std::max(leastMaxNodes, nodes * maxNodesOfOne);
}

/// The innermost module of PyTorch's ['', 'blocks.0', 'blocks.0.attn', 'linear']: the last
/// entry is the node itself.
StringRef getModulePath(const Node &node) {
  for (const StringEntry &entry : node.metadata) {
    if (entry.key != "pkg.torch.onnx.name_scopes")
      continue;
    SmallVector<StringRef> parts;
    entry.value.trim("[]").split(parts, ',');
    if (parts.size() < 2)
      return {};
    return parts[parts.size() - 2].trim().trim("'\"");
  }
  return {};
}

/// What to use instead of an operator without an entry.
StringRef getAlternative(StringRef op) {
  return llvm::StringSwitch<StringRef>(op)
      .Cases({"Loop", "Scan"}, "there is no control flow: unroll it at export")
      .Case("If", "an If whose condition is known at import")
      .Cases({"NonZero", "Unique", "NonMaxSuppression", "Compress"},
             "its result has no static shape: make it a constant at export, or use Where")
      .Case("Scatter", "ScatterElements")
      .Cases({"QuantizeLinear", "DequantizeLinear", "QLinearMatMul", "MatMulInteger"},
             "a model in float, float16 or bfloat16")
      .Default("");
}

} // namespace

const ImportedValue *Scope::lookup(StringRef name) const {
  for (const Scope *scope = this; scope; scope = scope->outer)
    if (auto it = scope->values.find(name); it != scope->values.end())
      return &it->second;
  return nullptr;
}

Importer::Importer(std::unique_ptr<Model> model, const ImportOptions &options, MLIRContext *context)
    : model(std::move(model)), options(options), context(context), b(context),
      folder([this](BlockArgument argument) { return readParameter(argument); }) {}

LogicalResult Importer::fail(const Twine &message) {
  ++numProblems;
  return emitError(FileLineColLoc::get(context, model->path, 0, 0)) << message.str();
}

Location Importer::getLocation(const Node &node, unsigned index, const Scope &scope) const {
  StringRef path = getModulePath(node);
  std::string name = scope.path;
  auto append = [&](StringRef part) {
    if (!part.empty())
      name += (name.empty() || part.starts_with("/") ? "" : "/") + part.str();
  };
  append(path);
  append(!node.name.empty()      ? node.name
         : !node.outputs.empty() ? node.outputs.front()
                                 : node.opType);
  Location file = FileLineColLoc::get(context, model->path, index, 0);
  return FusedLoc::get(context, {NameLoc::get(StringAttr::get(context, name)), file});
}

LogicalResult Importer::checkOpsets() {
  for (const OpsetId &opset : model->opsets) {
    if (!isDefaultDomain(opset.domain)) {
      opsets[opset.domain] = opset.version;
      continue;
    }
    opsets[""] = opset.version;
    if (opset.version > newestOpset)
      return fail("the model uses version " + Twine(opset.version) +
                  " of ONNX's operator set; versions " + Twine(oldestOpset) + " to " +
                  Twine(newestOpset) +
                  " are imported: convert it (onnx.version_converter), or "
                  "export it again with opset_version=18");
  }
  return success();
}

LogicalResult Importer::gatherInputs(NodeBuilder &builder, const Scope &scope,
                                     SmallVectorImpl<const Problem *> &causes) {
  for (StringRef name : builder.node.inputs) {
    if (name.empty()) {
      builder.inputs.push_back(std::nullopt);
      continue;
    }
    const ImportedValue *value = scope.lookup(name);
    if (!value)
      return builder.fail("its input \"" + name +
                          "\" is neither an input of the graph nor the "
                          "output of a node before it");
    if (value->problem && !llvm::is_contained(causes, value->problem))
      causes.push_back(value->problem);
    builder.inputs.push_back(*value);
  }
  // Trailing names may be omitted or empty.
  while (!builder.inputs.empty() && !builder.inputs.back())
    builder.inputs.pop_back();
  return success();
}

void Importer::setOutputs(const NodeBuilder &builder, const Problem *problem, Scope &scope) {
  for (auto [index, name] : llvm::enumerate(builder.node.outputs))
    if (builder.wantsOutput(index))
      scope.values[name] = problem ? ImportedValue{{}, false, problem} : *builder.outputs[index];
}

LogicalResult Importer::importConstant(NodeBuilder &builder) {
  StringRef name = builder.node.outputs.empty() ? "" : builder.node.outputs.front();
  if (const Attribute *value = builder.findAttribute("value"); value && value->tensor) {
    std::string reason;
    auto imported = importTensor(*value->tensor, name, /*mayInline=*/true, reason);
    if (failed(imported))
      return builder.fail(reason);
    return builder.setOutput(0, imported->value, imported->isUnsigned);
  }
  auto setFloats = [&](ArrayRef<int64_t> shape, ArrayRef<float> values) {
    auto type = RankedTensorType::get(shape, b.getF32Type());
    return builder.setOutput(
        0, arith::ConstantOp::create(b, builder.loc, DenseElementsAttr::get(type, values)));
  };
  if (const Attribute *value = builder.findAttribute("value_float"))
    return setFloats({}, value->f);
  if (const Attribute *value = builder.findAttribute("value_floats"))
    return setFloats({static_cast<int64_t>(value->floats.size())}, value->floats);
  if (const Attribute *value = builder.findAttribute("value_int"))
    return builder.setOutput(0, builder.constantInts({}, b.getI64Type(), value->i));
  if (const Attribute *value = builder.findAttribute("value_ints"))
    return builder.setOutput(0, builder.constantInts({static_cast<int64_t>(value->ints.size())},
                                                     b.getI64Type(), value->ints));
  return builder.fail("its value is neither a dense tensor nor numbers",
                      "a dense tensor of floats, integers or booleans");
}

/// Builds a node; in f32 if its operator is a formula and its inputs are narrower floats.
static LogicalResult buildNode(const Operator &entry, NodeBuilder &builder) {
  FloatType narrow;
  if (entry.roundsOnce)
    for (std::optional<ImportedValue> &input : builder.inputs) {
      auto type = input ? dyn_cast<FloatType>(elementTypeOf(input->value)) : FloatType();
      if (!type || type.getWidth() >= 32)
        continue;
      narrow = narrow ? narrow : type;
      input->value = builder.convert(input->value, builder.b.getF32Type());
    }
  if (failed(entry.build(builder)))
    return failure();
  if (narrow)
    for (std::optional<ImportedValue> &output : builder.outputs)
      if (output && elementTypeOf(output->value).isF32())
        output->value = builder.convert(output->value, narrow);
  return success();
}

LogicalResult Importer::importOperator(NodeBuilder &builder) {
  const Node &node = builder.node;
  if (!isDefaultDomain(node.domain))
    return builder.fail("operators of this domain are not imported",
                        node.domain.starts_with("com.microsoft")
                            ? "the model as exported, before an optimiser of ONNX Runtime"
                            : "a model-local function that defines it");
  if (builder.opset < 1 || builder.opset > newestOpset)
    return builder.fail("the model does not say which version of ONNX's operator set it uses");
  ArrayRef<Operator> entries = getOperatorTable().lookup(node.opType);
  if (entries.empty())
    return builder.fail("the operator is not imported", getAlternative(node.opType));
  Operation *last = entry->empty() ? nullptr : &entry->back();
  for (const Operator &candidate : entries) {
    if (builder.opset < candidate.since || builder.opset > candidate.until)
      continue;
    if (failed(buildNode(candidate, builder)) || failed(builder.checkAttributes()))
      return failure();
    folder.fold(*entry, last, b, builder.outputs);
    return success();
  }
  return builder.fail("the operator is imported from version " + Twine(entries.front().since) +
                          " of the operator set on",
                      "a newer version of the model (onnx.version_converter), or another export");
}

LogicalResult Importer::importNode(NodeBuilder &builder, Scope &scope) {
  SmallVector<const Problem *> causes;
  if (failed(gatherInputs(builder, scope, causes)))
    return failure();
  const Function *callee = findFunction(builder.node);
  // A function need not read all of its inputs.
  if (!causes.empty() && !callee) {
    setOutputs(builder, addProblem(builder.loc, "", causes), scope);
    return success();
  }
  LogicalResult result = success();
  if (callee)
    result = importFunction(builder, *callee, scope);
  else if (isDefaultDomain(builder.node.domain) && builder.node.opType == "Constant")
    result = importConstant(builder);
  else if (isDefaultDomain(builder.node.domain) && builder.node.opType == "If")
    result = importIf(builder, scope);
  else
    result = importOperator(builder);
  if (failed(result))
    return failure();
  for (unsigned index = 0; index < builder.node.outputs.size(); ++index)
    if (builder.wantsOutput(index) && (index >= builder.outputs.size() || !builder.outputs[index]))
      return builder.fail("its output " + Twine(index) + " is not computed");
  noteDevices(builder);
  setOutputs(builder, /*problem=*/nullptr, scope);
  return success();
}

/// Imports the nodes that are needed.
void Importer::importNodes(ArrayRef<Node> nodes, const Needs &needs, Scope &scope) {
  for (auto [index, node] : llvm::enumerate(nodes)) {
    if (!needs.nodes[index] || numNodes > maxNodes)
      continue;
    if (++numNodes > maxNodes)
      return (void)fail("the model has more than " + Twine(maxNodes) +
                        " nodes, those of its functions counted once for each call");
    StringRef domain = isDefaultDomain(node.domain) ? "" : node.domain;
    auto opset = scope.opsets->find(domain);
    int64_t version = opset == scope.opsets->end() ? 0 : opset->getValue();
    NodeBuilder builder(b, getLocation(node, index, scope), node, version, scope.attributes,
                        folder);
    builder.needed = &needs.names;
    for (StringRef output : node.outputs)
      if (!output.empty() && scope.values.count(output) && scope.values[output].value)
        (void)fail("\"" + output + "\" is the output of two nodes");
    if (failed(importNode(builder, scope))) {
      std::string message;
      llvm::raw_string_ostream(message)
          << "node \"" << (node.name.empty() ? "#" + std::to_string(index) : node.name.str())
          << "\" (" << (domain.empty() ? "" : domain.str() + ".") << node.opType << ", opset "
          << version << "): " << builder.reason
          << (builder.nearest.empty() ? "" : "; instead: " + builder.nearest);
      setOutputs(builder, addProblem(builder.loc, message), scope);
    }
  }
}

/// The declared type of an output, if any, must be that of the computed value.
void Importer::checkDeclared(const ValueInfo &info, Value value) {
  ArrayRef<int64_t> shape = shapeOf(value);
  bool fits = !info.isTensor || !info.hasShape || info.dims.size() == shape.size();
  std::string declared;
  for (auto [index, dim] : llvm::enumerate(info.dims)) {
    declared += (declared.empty() ? "" : "x") + (dim.size ? std::to_string(*dim.size) : "?");
    fits &= !dim.size || index >= shape.size() || *dim.size == shape[index];
  }
  if (!fits)
    (void)fail("output \"" + info.name + "\" is declared with the shape " + declared +
               ", but computed with the shape " + printShape(shape));
  Type type = getElementType(info.type, context);
  if (info.type != DataType::Undefined && type != elementTypeOf(value))
    (void)fail("output \"" + info.name + "\" is declared with " + getDataTypeName(info.type) +
               " elements, but computed with others");
}

void Importer::createReturn(const Scope &scope) {
  SmallVector<Value> values;
  SmallVector<const Problem *> causes;
  for (const ValueInfo &info : model->graph->outputs) {
    const ImportedValue *value = scope.lookup(info.name);
    if (!value) {
      (void)fail("no node computes the graph's output \"" + info.name + "\"");
      continue;
    }
    if (value->problem) {
      causes.push_back(value->problem);
      continue;
    }
    values.push_back(value->value);
    // The declaration decides about the sign: types of the IR are signless, so that both match.
    bool isDeclared = info.isTensor && info.type != DataType::Undefined;
    results.push_back({info.name.str(), isDeclared ? isUnsigned(info.type) : value->isUnsigned});
    checkDeclared(info, value->value);
  }
  reportProblems(causes, scope);
  func::ReturnOp::create(b, b.getUnknownLoc(), values);
}

/// Sets the attributes of arguments and results, once their number is final.
void Importer::finishFunction() {
  SmallVector<Type> inputs(entry->getArgumentTypes()), outputs;
  for (Value value : entry->getTerminator()->getOperands())
    outputs.push_back(value.getType());
  function.setFunctionType(b.getFunctionType(inputs, outputs));
  SmallVector<DictionaryAttr> argumentAttrs, resultAttrs;
  for (const auto &argument : arguments) {
    PortAttrs port{argument.name, argument.role, argument.isUnsigned, argument.source};
    argumentAttrs.push_back(port.get(context));
  }
  for (const auto &result : results)
    resultAttrs.push_back(PortAttrs{result.name, {}, result.isUnsigned}.get(context));
  function.setAllArgAttrs(argumentAttrs);
  function.setAllResultAttrs(resultAttrs);
}

OwningOpRef<ModuleOp> Importer::run() {
  if (failed(checkOpsets()))
    return nullptr;
  readFunctions();
  maxNodes = getMaxNodes(*model);
  Location loc = FileLineColLoc::get(context, model->path, 0, 0);
  module = ModuleOp::create(loc);
  StringRef name = model->path == "<stdin>" ? "model" : llvm::sys::path::stem(model->path);
  Program(*module).setModelName(name);
  b.setInsertionPointToEnd(module->getBody());
  function = Program::createStep(b, loc);
  entry = function.addEntryBlock();
  b.setInsertionPointToEnd(entry);

  Scope scope;
  scope.opsets = &opsets;
  SmallVector<StringRef> outputs;
  for (const ValueInfo &info : model->graph->outputs)
    outputs.push_back(info.name);
  Needs needs = findNeeds(model->graph->nodes, outputs);
  if (failed(createInputs(*model->graph, scope)))
    return nullptr;
  createInitializers(*model->graph, needs, scope);
  importNodes(model->graph->nodes, needs, scope);
  createReturn(scope);
  if (numProblems) {
    if (numProblems > 1)
      emitError(loc) << numProblems << " problems keep the model from being imported; the "
                     << "operators that are: docs/onnx-operators.md";
    return nullptr;
  }
  finishConstants(*entry);
  eraseUnusedParameters();
  finishFunction();
  if (!devices.empty())
    (*module)->setAttr(DeviceSpec::attrName, b.getArrayAttr(devices));
  if (failed(verify(*module)))
    return nullptr;
  return std::move(module);
}

const OperatorTable &onnx::getOperatorTable() {
  static const OperatorTable table = [] {
    OperatorTable all;
    registerElementwiseOps(all);
    registerActivationOps(all);
    registerShapeOps(all);
    registerDataOps(all);
    registerSliceOps(all);
    registerIndexOps(all);
    registerMatmulOps(all);
    registerEinsumOps(all);
    registerNormOps(all);
    registerReduceOps(all);
    registerConvOps(all);
    registerResizeOps(all);
    registerPoolOps(all);
    registerAttentionOps(all);
    return all;
  }();
  return table;
}

void dchag::registerImportDialects(DialectRegistry &registry) {
  registry.insert<DchagDialect, arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect,
                  math::MathDialect, tensor::TensorDialect>();
}

static OwningOpRef<ModuleOp> importModel(llvm::Expected<std::unique_ptr<Model>> model,
                                         StringRef path, const ImportOptions &options,
                                         MLIRContext *context) {
  context->loadDialect<DchagDialect, arith::ArithDialect, func::FuncDialect, linalg::LinalgDialect,
                       math::MathDialect, tensor::TensorDialect>();
  if (!model) {
    emitError(FileLineColLoc::get(context, path, 0, 0)) << llvm::toString(model.takeError());
    return nullptr;
  }
  return Importer(std::move(*model), options, context).run();
}

OwningOpRef<ModuleOp> dchag::importOnnx(StringRef path, const ImportOptions &options,
                                        MLIRContext *context) {
  return importModel(readModel(path), path, options, context);
}

OwningOpRef<ModuleOp> dchag::importOnnx(std::unique_ptr<llvm::MemoryBuffer> buffer,
                                        const ImportOptions &options, MLIRContext *context) {
  std::string name = buffer->getBufferIdentifier().str();
  return importModel(readModel(std::move(buffer)), name, options, context);
}
