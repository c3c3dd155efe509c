//===- Inputs.cpp - graph inputs and their shapes --------------------------*- C++ -*-===//

#include "Importer.h"
#include "dchag/Files/TensorFiles.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

/// "2x3x5"; empty for a scalar.
std::optional<SmallVector<int64_t>> parseShape(StringRef text) {
  SmallVector<int64_t> shape;
  if (text.empty())
    return shape;
  SmallVector<StringRef> parts;
  text.split(parts, 'x');
  for (StringRef part : parts) {
    int64_t size;
    if (part.getAsInteger(10, size) || size < 0)
      return std::nullopt;
    shape.push_back(size);
  }
  return shape;
}

bool isBatchName(StringRef name) { return name.contains_insensitive("batch"); }

/// The shape as the file has it: "[batch, 3, ?]".
std::string printDims(const ValueInfo &info) {
  std::string text;
  for (const Dim &dim : info.dims) {
    text += text.empty() ? "[" : ", ";
    text += dim.size ? std::to_string(*dim.size) : dim.param.empty() ? "?" : dim.param.str();
  }
  return text.empty() ? "[]" : text + "]";
}

const ValueInfo *findInput(const Graph &graph, StringRef name) {
  for (const ValueInfo &info : graph.inputs)
    if (info.name == name)
      return &info;
  return nullptr;
}

} // namespace

/// Reads NAME=VALUE options; a name that is no input is an error that lists the inputs.
LogicalResult Importer::parseOptions(const Graph &graph) {
  auto split = [&](StringRef option, StringRef text) -> std::pair<StringRef, StringRef> {
    auto [name, value] = text.split('=');
    if (findInput(graph, name))
      return {name, value};
    std::string names;
    for (const ValueInfo &info : graph.inputs)
      names += (names.empty() ? "\"" : ", \"") + info.name.str() + "\"";
    (void)fail("--" + option + "=" + text + ": the model has no input \"" + name +
               "\"; its inputs: " + names);
    return {};
  };
  for (StringRef text : options.shapes) {
    auto [name, value] = split("shape", text);
    auto shape = parseShape(value);
    if (!name.empty() && (!shape || !countElements(*shape)))
      (void)fail("--shape=" + text + ": wanted sizes as in --shape=" + name + "=1x80x32x64");
    else if (!name.empty())
      shapeOptions[name] = *shape;
  }
  for (StringRef text : options.binds) {
    auto [name, value] = split("bind", text);
    if (!name.empty() && value.empty())
      (void)fail("--bind=" + text + ": wanted a file as in --bind=" + name + "=file.npy");
    else if (!name.empty())
      bindOptions[name] = value;
  }
  if (options.batch && *options.batch < 1)
    (void)fail("--batch=" + Twine(*options.batch) + ": wanted a positive number");
  return failure(numProblems > 0);
}

/// Sizes that --shape gives to named dimensions hold wherever the name stands; --batch is
/// for names with "batch", or, without such a name, for leading dimensions.
void Importer::spreadSizes(const Graph &graph) {
  bool hasBatchName = false;
  for (const ValueInfo &info : graph.inputs) {
    auto shape = shapeOptions.find(info.name);
    for (auto [index, dim] : llvm::enumerate(info.dims)) {
      if (dim.size || dim.param.empty())
        continue;
      hasBatchName |= isBatchName(dim.param);
      if (shape == shapeOptions.end() || index >= shape->getValue().size())
        continue;
      int64_t size = shape->getValue()[index];
      auto [known, isNew] = dimSizes.try_emplace(dim.param, size);
      if (!isNew && known->getValue() != size)
        (void)fail("--shape gives the dimension \"" + dim.param + "\" the sizes " +
                   Twine(known->getValue()) + " and " + Twine(size));
    }
  }
  if (!options.batch)
    return;
  for (const ValueInfo &info : graph.inputs)
    for (auto [index, dim] : llvm::enumerate(info.dims))
      if (!dim.size && !dim.param.empty() && (hasBatchName ? isBatchName(dim.param) : index == 0))
        dimSizes.try_emplace(dim.param, *options.batch);
}

/// The size of a dimension that the file leaves open.
std::optional<int64_t> Importer::bindDim(const ValueInfo &info, unsigned dim) {
  const Dim &open = info.dims[dim];
  if (auto known = dimSizes.find(open.param); !open.param.empty() && known != dimSizes.end())
    return known->getValue();
  if (options.batch && dim == 0 && open.param.empty())
    return options.batch;
  return std::nullopt;
}

FailureOr<SmallVector<int64_t>> Importer::bindShape(const ValueInfo &info) {
  auto option = shapeOptions.find(info.name);
  if (!info.hasShape) {
    if (option != shapeOptions.end())
      return option->getValue();
    return fail("input \"" + info.name +
                "\" has no shape in the file: give it by --shape=" + info.name + "=1x80x32x64");
  }
  SmallVector<int64_t> shape;
  if (option != shapeOptions.end()) {
    shape = option->getValue();
    bool fits = shape.size() == info.dims.size();
    for (auto [dim, size] : llvm::zip(info.dims, shape))
      fits &= !dim.size || *dim.size == size;
    if (!fits)
      return fail("--shape=" + info.name + "=" + printShape(shape) + " does not fit the model's " +
                  printDims(info));
    return shape;
  }
  for (auto [index, dim] : llvm::enumerate(info.dims)) {
    std::optional<int64_t> size = dim.size ? dim.size : bindDim(info, index);
    if (!size)
      return fail("input \"" + info.name + "\" of shape " + printDims(info) + ": dimension " +
                  Twine(index) + (dim.param.empty() ? "" : " (\"" + dim.param + "\")") +
                  " has no size: give it by " +
                  (index == 0 || isBatchName(dim.param) ? "--batch=N or " : "") +
                  "--shape=" + info.name + "=SIZES");
    shape.push_back(*size);
  }
  if (!countElements(shape))
    return fail("input \"" + info.name + "\" has the shape " + printShape(shape) +
                ", which no device can hold");
  return shape;
}

/// An input fixed to the elements of a file.
void Importer::bindInput(const ValueInfo &info, StringRef path, Scope &scope) {
  ImportedValue &bound = scope.values[info.name];
  auto value = readTensor(path, info.name, context);
  if (!value) {
    (void)fail("--bind=" + info.name + "=" + path + ": the file " +
               llvm::toString(value.takeError()));
    return;
  }
  Type type = getElementType(info.type, context);
  if (type &&
      (type != value->value.getElementType() || isUnsigned(info.type) != value->isUnsigned)) {
    (void)fail("--bind=" + info.name + "=" + path +
               ": the file has other elements than the "
               "input, which is " +
               getDataTypeName(info.type));
    return;
  }
  ArrayRef<int64_t> shape = value->value.getShape();
  bool fits = !info.hasShape || info.dims.size() == shape.size();
  for (auto [dim, size] : llvm::zip(info.dims, shape))
    fits &= !dim.size || *dim.size == size;
  if (!fits) {
    (void)fail("--bind=" + info.name + "=" + path + ": the file has the shape " +
               printShape(shape) + ", the input is " + printDims(info));
    return;
  }
  if (value->value.getNumElements() > maxIntConstant) {
    (void)fail("--bind=" + info.name + "=" + path + ": more than " + Twine(maxIntConstant) +
               " elements are not made a constant: give the input at run time");
    return;
  }
  bound.value = makeConstant(b, function.getLoc(), value->value);
  bound.isUnsigned = value->isUnsigned;
}

void Importer::createInput(const ValueInfo &info, Scope &scope) {
  if (auto bind = bindOptions.find(info.name); bind != bindOptions.end())
    return bindInput(info, bind->getValue(), scope);
  ImportedValue &input = scope.values[info.name];
  if (!info.isTensor) {
    (void)fail("input \"" + info.name +
               "\" is not a tensor: sequences, maps and optional values "
               "are not imported");
    return;
  }
  Type type = getElementType(info.type, context);
  if (!type) {
    (void)fail("input \"" + info.name + "\" is of " + getDataTypeName(info.type) +
               " elements: float, double, float16, bfloat16, bool and integers are imported");
    return;
  }
  auto shape = bindShape(info);
  if (failed(shape))
    return;
  input.isUnsigned = isUnsigned(info.type);
  input.value =
      addArgument(RankedTensorType::get(*shape, type), "input", info.name, input.isUnsigned);
}

LogicalResult Importer::createInputs(const Graph &graph, Scope &scope) {
  if (failed(parseOptions(graph)))
    return failure();
  spreadSizes(graph);
  bool isOpen = false;
  llvm::StringMap<bool> initialized;
  for (const Tensor &tensor : graph.initializers)
    initialized[tensor.name] = true;
  for (const ValueInfo &info : graph.inputs) {
    // Before IR version 4 initializers are inputs as well.
    if (initialized.count(info.name))
      continue;
    if (scope.values.count(info.name)) {
      (void)fail("\"" + info.name + "\" is the name of two inputs");
      continue;
    }
    createInput(info, scope);
    isOpen |= !info.hasShape || llvm::any_of(info.dims, [](const Dim &dim) { return !dim.size; });
    isOpen |= options.batch && !info.dims.empty() && info.dims[0].size == *options.batch;
  }
  if (options.batch && !isOpen && numProblems == 0)
    emitWarning(function.getLoc())
        << "--batch=" << *options.batch << " sets nothing: the file gives every dimension of its "
        << "inputs a size. Export the model with a dynamic batch dimension";
  return failure(numProblems > 0);
}
