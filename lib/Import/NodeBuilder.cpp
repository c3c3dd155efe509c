//===- NodeBuilder.cpp - what an operator's import works with --------------*- C++ -*-===//

#include "NodeBuilder.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

LogicalResult NodeBuilder::fail(const Twine &why, const Twine &instead) {
  if (reason.empty()) {
    reason = why.str();
    nearest = instead.str();
  }
  return failure();
}

FailureOr<Value> NodeBuilder::getInput(unsigned index) {
  if (!hasInput(index))
    return fail("input " + Twine(index) + " is missing");
  return inputs[index]->value;
}

FailureOr<SmallVector<Value>> NodeBuilder::getInputs() {
  SmallVector<Value> values;
  for (unsigned i = 0; i < inputs.size(); ++i) {
    FailureOr<Value> value = getInput(i);
    if (failed(value))
      return failure();
    values.push_back(*value);
  }
  if (values.empty())
    return fail("there is no input");
  return values;
}

FailureOr<SmallVector<int64_t>> NodeBuilder::getConstantInts(unsigned index, StringRef role) {
  FailureOr<Value> value = getInput(index);
  if (failed(value))
    return failure();
  if (auto ints = constants.readInts(*value))
    return *ints;
  return fail("input " + Twine(index) + " \"" + node.inputs[index] + "\" (" + role +
                  ") is not known at import",
              "shapes, axes and bounds are constants, or graph inputs fixed by "
              "--bind=NAME=file.npy");
}

std::optional<SmallVector<int64_t>> NodeBuilder::tryGetInts(unsigned index) {
  if (!hasInput(index))
    return std::nullopt;
  return constants.readInts(inputs[index]->value);
}

std::optional<SmallVector<double>> NodeBuilder::tryGetFloats(unsigned index) {
  if (!hasInput(index))
    return std::nullopt;
  return constants.readFloats(inputs[index]->value, /*orParameter=*/false);
}

FailureOr<SmallVector<double>> NodeBuilder::getConstantFloats(unsigned index, StringRef role) {
  FailureOr<Value> value = getInput(index);
  if (failed(value))
    return failure();
  if (auto floats = constants.readFloats(*value, /*orParameter=*/true))
    return *floats;
  return fail("input " + Twine(index) + " \"" + node.inputs[index] + "\" (" + role +
                  ") is not known at import",
              "a constant, or a graph input fixed by --bind=NAME=file.npy");
}

FailureOr<double> NodeBuilder::getConstantScalar(unsigned index, StringRef role) {
  FailureOr<Value> value = getInput(index);
  if (failed(value))
    return failure();
  if (onnx::isFloat(*value)) {
    auto floats = constants.readFloats(*value, /*orParameter=*/true);
    if (floats && floats->size() == 1)
      return floats->front();
  } else {
    auto ints = constants.readInts(*value);
    if (ints && ints->size() == 1)
      return static_cast<double>(ints->front());
  }
  return fail("input " + Twine(index) + " \"" + node.inputs[index] + "\" (" + role +
                  ") is not a number known at import",
              "a constant of one element, or a graph input fixed by --bind=NAME=file.npy");
}

LogicalResult NodeBuilder::setOutput(unsigned index, Value value, bool isUnsigned) {
  if (!countElements(shapeOf(value)))
    return fail("output " + Twine(index) + " would have the shape " + printShape(shapeOf(value)) +
                ", which no device can hold");
  if (index >= outputs.size())
    outputs.resize(index + 1);
  outputs[index] = ImportedValue{value, isUnsigned};
  return success();
}

const onnx::Attribute *NodeBuilder::findAttribute(StringRef name) const {
  readAttributes.insert(name);
  for (const onnx::Attribute &attribute : node.attributes) {
    if (attribute.name != name)
      continue;
    if (attribute.reference.empty())
      return &attribute;
    // An attribute of the enclosing function; absent if the call does not give it.
    return functionAttributes ? functionAttributes->lookup(attribute.reference) : nullptr;
  }
  return nullptr;
}

LogicalResult NodeBuilder::checkAttributes() {
  for (const onnx::Attribute &attribute : node.attributes)
    if (!readAttributes.contains(attribute.name))
      return fail("its attribute \"" + attribute.name + "\" is not supported");
  return success();
}

int64_t NodeBuilder::getInt(StringRef name, int64_t otherwise) const {
  const onnx::Attribute *attribute = findAttribute(name);
  return attribute ? attribute->i : otherwise;
}

double NodeBuilder::getFloat(StringRef name, double otherwise) const {
  const onnx::Attribute *attribute = findAttribute(name);
  return attribute ? attribute->f : otherwise;
}

StringRef NodeBuilder::getString(StringRef name, StringRef otherwise) const {
  const onnx::Attribute *attribute = findAttribute(name);
  return attribute ? attribute->s : otherwise;
}

SmallVector<int64_t> NodeBuilder::getInts(StringRef name) const {
  const onnx::Attribute *attribute = findAttribute(name);
  if (!attribute)
    return {};
  return SmallVector<int64_t>(attribute->ints.begin(), attribute->ints.end());
}

FailureOr<int64_t> NodeBuilder::normalizeAxis(int64_t axis, int64_t rank, StringRef role) {
  if (axis < -rank || axis >= rank)
    return fail(role + " " + Twine(axis) + " is outside of a tensor of rank " + Twine(rank));
  return axis < 0 ? axis + rank : axis;
}

FailureOr<SmallVector<int64_t>> NodeBuilder::normalizeAxes(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes) {
    FailureOr<int64_t> normal = normalizeAxis(axis, rank);
    if (failed(normal))
      return failure();
    if (llvm::is_contained(result, *normal))
      return fail("axis " + Twine(axis) + " is named twice");
    result.push_back(*normal);
  }
  llvm::sort(result);
  return result;
}

std::optional<int64_t> onnx::countElements(ArrayRef<int64_t> shape) {
  int64_t count = 1;
  bool hasZero = llvm::is_contained(shape, 0);
  for (int64_t dim : shape) {
    if (dim == 0)
      continue;
    if (dim < 0 || llvm::MulOverflow(count, dim, count) || count > (int64_t(1) << 48))
      return std::nullopt;
  }
  return hasZero ? 0 : count;
}

std::optional<SmallVector<int64_t>> onnx::broadcastShapes(ArrayRef<int64_t> lhs,
                                                          ArrayRef<int64_t> rhs) {
  if (lhs.size() < rhs.size())
    std::swap(lhs, rhs);
  SmallVector<int64_t> result(lhs);
  size_t shift = lhs.size() - rhs.size();
  for (size_t i = 0; i < rhs.size(); ++i) {
    int64_t &dim = result[shift + i];
    if (dim == 1)
      dim = rhs[i];
    else if (rhs[i] != 1 && rhs[i] != dim)
      return std::nullopt;
  }
  return result;
}

Type onnx::getElementType(DataType type, MLIRContext *context) {
  Builder b(context);
  switch (type) {
  case DataType::Float:
    return b.getF32Type();
  case DataType::Double:
    return b.getF64Type();
  case DataType::Float16:
    return b.getF16Type();
  case DataType::BFloat16:
    return b.getBF16Type();
  case DataType::Bool:
    return b.getI1Type();
  default:
    break;
  }
  unsigned bytes = getDataTypeBytes(type);
  return bytes ? b.getIntegerType(8 * bytes) : Type();
}

std::string onnx::printShape(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  std::string text;
  for (int64_t dim : shape)
    text += (text.empty() ? "" : "x") + std::to_string(dim);
  return text;
}
