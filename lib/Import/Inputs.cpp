//===- Inputs.cpp - graph inputs and their shapes --------------------------*- C++ -*-===//

#include "DimExpression.h"
#include "Importer.h"
#include "dchag/Files/TensorFiles.h"
#include "llvm/ADT/StringExtras.h"

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

/// Whether a dimension has the name of the batch; a text such as "2 batches?" is not a name.
bool isBatchName(StringRef name) {
  return name.contains_insensitive("batch") && !llvm::isDigit(name.front()) &&
         name.find_first_of("+*/%^()<>=?!,") == StringRef::npos;
}

/// The shape as in the file: "[batch, 3, ?]".
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

/// Parses NAME=VALUE options; a name that is not an input is an error that lists the inputs.
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
    else if (!name.empty() && !shapeOptions.try_emplace(name, *shape).second)
      (void)fail("--shape=" + text + ": the shape of \"" + name + "\" was given before");
  }
  for (StringRef text : options.binds) {
    auto [name, value] = split("bind", text);
    if (!name.empty() && value.empty())
      (void)fail("--bind=" + text + ": wanted a file as in --bind=" + name + "=file.npy");
    else if (!name.empty() && !bindOptions.try_emplace(name, value).second)
      (void)fail("--bind=" + text + ": the value of \"" + name + "\" was given before");
  }
  if (options.batch && *options.batch < 1)
    (void)fail("--batch=" + Twine(*options.batch) + ": wanted a positive number");
  return failure(numProblems > 0);
}

/// The inputs that become arguments: before IR version 4 initializers are inputs, too.
static SmallVector<const ValueInfo *> getOpenInputs(const Graph &graph) {
  llvm::StringSet<> initialized;
  for (const Tensor &tensor : graph.initializers)
    initialized.insert(tensor.name);
  for (StringRef name : graph.sparseInitializers)
    initialized.insert(name);
  SmallVector<const ValueInfo *> inputs;
  for (const ValueInfo &info : graph.inputs)
    if (!initialized.contains(info.name))
      inputs.push_back(&info);
  return inputs;
}

/// Sizes that --shape gives to named dimensions hold for all dimensions of that name.
void Importer::bindNamedDims(ArrayRef<const ValueInfo *> inputs) {
  for (const ValueInfo *info : inputs) {
    auto shape = shapeOptions.find(info->name);
    if (shape == shapeOptions.end() || shape->getValue().size() != info->dims.size())
      continue;
    for (auto [dim, size] : llvm::zip(info->dims, shape->getValue())) {
      if (dim.size || dim.param.empty() || !DimExpression(dim.param).isSymbol())
        continue;
      auto [known, isNew] = dimSizes.try_emplace(dim.param, size);
      if (!isNew && known->getValue() != size)
        (void)fail("--shape gives the dimension \"" + dim.param + "\" the sizes " +
                   Twine(known->getValue()) + " and " + Twine(size));
    }
  }
}

/// --batch sets symbols with "batch" in their names, or, if there is none, the symbol of the
/// leading dimensions.
void Importer::bindBatch(ArrayRef<const ValueInfo *> inputs) {
  SmallVector<std::string> named, leading;
  for (const ValueInfo *info : inputs) {
    for (auto [index, dim] : llvm::enumerate(info->dims)) {
      if (dim.size || dim.param.empty())
        continue;
      DimExpression size(dim.param);
      for (const std::string &symbol : size.getSymbols())
        if (isBatchName(symbol) && !llvm::is_contained(named, symbol))
          named.push_back(symbol);
      if (index == 0 && size.isSymbol() && !llvm::is_contained(leading, dim.param))
        leading.push_back(dim.param.str());
    }
  }
  if (named.empty() && leading.size() > 1) {
    // Finds the batch among them. The sizes of others may be given by --shape.
    llvm::erase_if(leading, [&](const std::string &name) { return dimSizes.contains(name); });
    if (leading.size() > 1)
      return (void)fail(
          "--batch=" + Twine(*options.batch) + " does not say which of the leading dimensions \"" +
          llvm::join(leading, "\", \"") + "\" is the batch: give the sizes by --shape=NAME=SIZES");
  }
  for (const std::string &symbol : named.empty() ? leading : named) {
    auto [known, isNew] = dimSizes.try_emplace(symbol, *options.batch);
    if (!isNew && known->getValue() != *options.batch)
      (void)fail("--batch=" + Twine(*options.batch) + " and --shape give the dimension \"" +
                 symbol + "\" different sizes");
  }
}

/// The size of a dimension that the file leaves open.
std::optional<int64_t> Importer::bindDim(const ValueInfo &info, unsigned dim) {
  const Dim &open = info.dims[dim];
  if (open.param.empty())
    return dim == 0 ? options.batch : std::nullopt;
  return DimExpression(open.param).evaluate([&](StringRef symbol) -> std::optional<int64_t> {
    auto known = dimSizes.find(symbol);
    return known == dimSizes.end() ? std::nullopt : std::optional(known->getValue());
  });
}

/// The shape that --shape gives to an input.
FailureOr<SmallVector<int64_t>> Importer::fitShape(const ValueInfo &info, ArrayRef<int64_t> shape) {
  bool fits = shape.size() == info.dims.size();
  for (auto [dim, size] : llvm::zip(info.dims, shape))
    fits &= !dim.size || *dim.size == size;
  if (!fits)
    return fail("--shape=" + info.name + "=" + printShape(shape) + " does not fit the model's " +
                printDims(info));
  for (auto [index, dim] : llvm::enumerate(info.dims))
    if (std::optional<int64_t> size = dim.param.empty() ? std::nullopt : bindDim(info, index);
        size && *size != shape[index])
      return fail("--shape=" + info.name + "=" + printShape(shape) + ": dimension " + Twine(index) +
                  " (\"" + dim.param + "\") is " + Twine(*size) + " by the other options");
  return SmallVector<int64_t>(shape);
}

/// The shape of an input; fails with a reason if the file and the options leave it open.
FailureOr<SmallVector<int64_t>> Importer::bindShape(const ValueInfo &info, std::string &reason) {
  auto option = shapeOptions.find(info.name);
  if (!info.hasShape) {
    if (option != shapeOptions.end())
      return option->getValue();
    reason = ("input \"" + info.name +
              "\" has no shape in the file: give it by --shape=" + info.name + "=1x80x32x64")
                 .str();
    return failure();
  }
  if (option != shapeOptions.end())
    return fitShape(info, option->getValue());
  SmallVector<int64_t> shape;
  for (auto [index, dim] : llvm::enumerate(info.dims)) {
    std::optional<int64_t> size = dim.size ? dim.size : bindDim(info, index);
    if (!size || *size < 0) {
      bool byBatch = dim.param.empty() ? index == 0 : DimExpression(dim.param).isSymbol();
      byBatch &= !options.batch && (index == 0 || isBatchName(dim.param));
      reason = ("input \"" + info.name + "\" of shape " + printDims(info) + ": dimension " +
                Twine(index) + (dim.param.empty() ? "" : " (\"" + dim.param + "\")") +
                " has no size" + (size ? " of 0 or more" : "") + ": give it by " +
                (byBatch ? "--batch=N or " : "") + "--shape=" + info.name + "=SIZES")
                   .str();
      return failure();
    }
    shape.push_back(*size);
  }
  if (!countElements(shape)) {
    reason = ("input \"" + info.name + "\" has the shape " + printShape(shape) +
              ", which no device can hold")
                 .str();
    return failure();
  }
  return shape;
}

/// Replaces an input by the elements of a file.
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
    input = poison("input \"" + info.name +
                   "\" is not a tensor: sequences, maps and optional values are not imported");
    return;
  }
  Type type = getElementType(info.type, context);
  if (!type) {
    input = poison("input \"" + info.name + "\" is of " + getDataTypeName(info.type) +
                   " elements: float, double, float16, bfloat16, bool and integers are imported");
    return;
  }
  std::string reason;
  auto shape = bindShape(info, reason);
  if (failed(shape)) {
    // Without a reason it was already reported: an option is wrong.
    if (!reason.empty())
      input = poison(reason);
    return;
  }
  input.isUnsigned = isUnsigned(info.type);
  input.value = addArgument(RankedTensorType::get(*shape, type), RoleKind::Input, info.name,
                            input.isUnsigned);
}

LogicalResult Importer::createInputs(const Graph &graph, Scope &scope) {
  if (failed(parseOptions(graph)))
    return failure();
  SmallVector<const ValueInfo *> inputs = getOpenInputs(graph);
  bindNamedDims(inputs);
  if (options.batch)
    bindBatch(inputs);
  bool isOpen = false;
  for (const ValueInfo *input : inputs) {
    const ValueInfo &info = *input;
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
