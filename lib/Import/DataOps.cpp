//===- DataOps.cpp - constants, shapes and what passes data on -------------*- C++ -*-===//

#include "Operators.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

/// Maximum number of different elements that Range and ConstantOfShape create at import.
constexpr int64_t maxMade = int64_t(1) << 24;

LogicalResult setInts(NodeBuilder &node, ArrayRef<int64_t> shape, ArrayRef<int64_t> values) {
  return node.setOutput(0, node.constantInts(shape, node.b.getI64Type(), values));
}

LogicalResult buildShape(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  if (failed(value))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(*value);
  int64_t rank = shape.size();
  auto clamp = [&](int64_t at) { return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank); };
  int64_t start = clamp(node.getInt("start", 0)), end = clamp(node.getInt("end", rank));
  shape = shape.slice(start, std::max<int64_t>(end - start, 0));
  return setInts(node, {static_cast<int64_t>(shape.size())}, shape);
}

LogicalResult buildSize(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  if (failed(value))
    return failure();
  return setInts(node, {}, {*countElements(shapeOf(*value))});
}

/// start + i delta
LogicalResult buildRange(NodeBuilder &node) {
  FailureOr<Value> first = node.getInput(0);
  auto start = node.getConstantScalar(0, "start"), limit = node.getConstantScalar(1, "limit"),
       delta = node.getConstantScalar(2, "delta");
  if (failed(first) || failed(start) || failed(limit) || failed(delta))
    return failure();
  double count = std::ceil((*limit - *start) / *delta);
  if (*delta == 0 || !(count <= maxMade))
    return node.fail("it would have more than 2^24 elements");
  SmallVector<int64_t> indices =
      llvm::to_vector(llvm::seq<int64_t>(0, std::max<int64_t>(static_cast<int64_t>(count), 0)));
  Type type = elementTypeOf(*first);
  int64_t size = indices.size();
  if (auto floatType = dyn_cast<FloatType>(type)) {
    SmallVector<mlir::Attribute> values;
    for (int64_t index : indices)
      values.push_back(
          node.b.getFloatAttr(floatType, *start + static_cast<double>(index) * *delta));
    auto attr = DenseElementsAttr::get(RankedTensorType::get({size}, type), values);
    return node.setOutput(0, arith::ConstantOp::create(node.b, node.loc, attr));
  }
  for (int64_t &index : indices)
    index = static_cast<int64_t>(*start) + index * static_cast<int64_t>(*delta);
  return node.setOutput(0, node.constantInts({size}, type, indices), node.isUnsigned(0));
}

LogicalResult buildConstantOfShape(NodeBuilder &node) {
  auto shape = node.getConstantInts(0, "shape");
  if (failed(shape))
    return failure();
  if (llvm::any_of(*shape, [](int64_t dim) { return dim < 0; }) || !countElements(*shape))
    return node.fail("the shape " + printShape(*shape) + " is not one of a tensor");
  const onnx::Attribute *attribute = node.findAttribute("value");
  if (!attribute)
    return node.setOutput(0, node.splat(RankedTensorType::get(*shape, node.b.getF32Type()), 0));
  const onnx::Tensor *tensor = attribute->tensor.get();
  Type type = tensor ? getElementType(tensor->type, node.b.getContext()) : Type();
  if (!type || tensor->numElements != 1)
    return node.fail("its value is not one number");
  double value = 0;
  if (onnx::isFloat(tensor->type)) {
    auto values = decodeFloats(*tensor);
    if (!values)
      return node.fail(llvm::toString(values.takeError()));
    value = values->front();
  } else {
    auto values = decodeInts(*tensor);
    if (!values)
      return node.fail(llvm::toString(values.takeError()));
    auto attr = DenseElementsAttr::get(
        RankedTensorType::get(*shape, type),
        APInt(type.getIntOrFloatBitWidth(), values->front(), true, /*implicitTrunc=*/true));
    return node.setOutput(0, arith::ConstantOp::create(node.b, node.loc, attr),
                          isUnsigned(tensor->type));
  }
  return node.setOutput(0, node.splat(RankedTensorType::get(*shape, type), value));
}

LogicalResult buildIdentity(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  if (failed(value))
    return failure();
  return node.setOutput(0, *value, node.isUnsigned(0));
}

/// Inference: the input; the mask, if it is used, keeps everything.
LogicalResult buildDropout(NodeBuilder &node) {
  node.ignoreAttributes({"seed"});
  FailureOr<Value> value = node.getInput(0);
  if (failed(value))
    return failure();
  if (node.hasInput(2)) {
    auto training = node.getConstantScalar(2, "training_mode");
    if (failed(training))
      return failure();
    bool dropsNothing = false;
    if (node.hasInput(1)) {
      auto ratio = node.tryGetFloats(1);
      dropsNothing = ratio && ratio->size() == 1 && ratio->front() == 0;
    }
    if (*training != 0 && !dropsNothing)
      return node.fail("it drops elements at random (training_mode is true)",
                       "an export in inference mode (model.eval())");
  }
  if (node.wantsOutput(1)) {
    Value mask = node.splat(tensorType(*value).clone(node.b.getI1Type()), -1);
    if (failed(node.setOutput(1, mask)))
      return failure();
  }
  return node.setOutput(0, *value, node.isUnsigned(0));
}

/// Keeps one side of the diagonals of the last two dimensions, 0 elsewhere.
LogicalResult buildTrilu(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  if (failed(value))
    return failure();
  int64_t diagonal = 0;
  if (node.hasInput(1)) {
    auto k = node.getConstantInts(1, "k");
    if (failed(k))
      return failure();
    if (k->size() != 1)
      return node.fail("k is not one number");
    diagonal = k->front();
  }
  ArrayRef<int64_t> shape = shapeOf(*value);
  if (shape.size() < 2)
    return node.fail("its input has rank " + Twine(shape.size()), "rank 2 or more");
  int64_t rows = shape[shape.size() - 2], columns = shape.back();
  if (*countElements({rows, columns}) > maxMade)
    return node.fail("its triangle has more than 2^24 elements");
  bool upper = node.getInt("upper", 1) != 0;
  SmallVector<int64_t> keep;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      keep.push_back(upper ? column - row >= diagonal : column - row <= diagonal);
  Value mask = node.constantInts({rows, columns}, node.b.getI1Type(), keep);
  mask = node.broadcastTo(mask, shape);
  Value zero = node.splat(tensorType(*value), 0);
  return node.setOutput(0, arith::SelectOp::create(node.b, node.loc, mask, *value, zero),
                        node.isUnsigned(0));
}

LogicalResult buildConcat(NodeBuilder &node) {
  FailureOr<SmallVector<Value>> values = node.getInputs();
  if (failed(values))
    return failure();
  ArrayRef<int64_t> first = shapeOf(values->front());
  auto axis = node.normalizeAxis(node.getInt("axis", 0), first.size());
  if (failed(axis))
    return failure();
  for (Value value : *values) {
    SmallVector<int64_t> shape(shapeOf(value));
    bool fits =
        shape.size() == first.size() && elementTypeOf(value) == elementTypeOf(values->front());
    if (fits) {
      shape[*axis] = first[*axis];
      fits = ArrayRef<int64_t>(shape) == first;
    }
    if (!fits)
      return node.fail("a tensor of shape " + printShape(shapeOf(value)) +
                       " does not go with one of shape " + printShape(first) + " along axis " +
                       Twine(*axis));
  }
  return node.setOutput(0, node.concat(*values, *axis), node.isUnsigned(0));
}

} // namespace

void onnx::registerDataOps(OperatorTable &table) {
  table.add("Shape", buildShape);
  table.add("Size", buildSize);
  table.add("Range", buildRange, 11);
  table.add("ConstantOfShape", buildConstantOfShape, 9);
  table.add("Identity", buildIdentity);
  table.add("Dropout", buildDropout);
  table.add("Trilu", buildTrilu, 14);
  table.add("Concat", buildConcat);
}
