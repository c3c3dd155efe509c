//===- IndexOps.cpp - operators of ONNX that move by index -----------------*- C++ -*-===//
//
// dchag.gather and dchag.scatter move slices of one dimension. Operators that address elements by
// several coordinates use one dimension instead of the indexed ones; those that have an index for
// each element are gathers whose other dimensions are batches, or slices where the index is
// constant along a dimension:
//
//     GatherElements(x[B, N, D], Expand(i[B, n, 1]), axis = 1)  =  dchag.gather x[i] {batch = 1,
//     dim = 1}
//
//===----------------------------------------------------------------------===//

#include "Operators.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

LogicalResult checkIndices(NodeBuilder &node, Value indices) {
  if (onnx::isFloat(indices) || onnx::isBool(indices))
    return node.fail("its indices are not integers");
  return success();
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

/// The stride of indices if they are equally spaced.
std::optional<int64_t> getStride(ArrayRef<int64_t> indices) {
  if (indices.size() < 2)
    return 1;
  int64_t stride = indices[1] - indices[0];
  for (size_t i = 1; i < indices.size(); ++i)
    if (indices[i] - indices[i - 1] != stride)
      return std::nullopt;
  return stride > 0 ? std::optional<int64_t>(stride) : std::nullopt;
}

/// Constant, equally spaced indices become a slice, others stay a gather.
LogicalResult buildConstantGather(NodeBuilder &node, Value value, int64_t axis,
                                  ArrayRef<int64_t> indexShape, SmallVector<int64_t> indices) {
  ArrayRef<int64_t> shape = shapeOf(value);
  for (int64_t &index : indices) {
    if (index < -shape[axis] || index >= shape[axis])
      return node.fail("index " + Twine(index) + " is outside of dimension " + Twine(axis) +
                       " of size " + Twine(shape[axis]));
    index = index < 0 ? index + shape[axis] : index;
  }
  auto stride = getStride(indices);
  if (indices.empty() || !stride)
    return node.setOutput(0, node.gather(value, axis, indexShape, indices), node.isUnsigned(0));
  SmallVector<int64_t> offsets(shape.size(), 0), sizes(shape), strides(shape.size(), 1);
  offsets[axis] = indices.front();
  sizes[axis] = indices.size();
  strides[axis] = *stride;
  SmallVector<int64_t> result(shape);
  result.erase(result.begin() + axis);
  result.insert(result.begin() + axis, indexShape.begin(), indexShape.end());
  Value slice = node.slice(value, offsets, sizes, strides);
  return node.setOutput(0, node.reshape(slice, result), node.isUnsigned(0));
}

LogicalResult buildGather(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0), indices = node.getInput(1);
  if (failed(value) || failed(indices))
    return failure();
  auto axis = node.normalizeAxis(node.getInt("axis", 0), shapeOf(*value).size());
  if (failed(axis))
    return failure();
  if (failed(checkIndices(node, *indices)))
    return failure();
  ArrayRef<int64_t> indexShape = shapeOf(*indices);
  if (auto constant = node.tryGetInts(1))
    return buildConstantGather(node, *value, *axis, indexShape, *constant);
  SmallVector<int64_t> shape(shapeOf(*value));
  shape.erase(shape.begin() + *axis);
  shape.insert(shape.begin() + *axis, indexShape.begin(), indexShape.end());
  if (!countElements(shape))
    return node.fail("the result would have the shape " + printShape(shape) +
                     ", which no device can hold");
  auto type = RankedTensorType::get(shape, elementTypeOf(*value));
  return node.setOutput(
      0, GatherOp::create(node.b, node.loc, type, *value, *indices, *axis, /*batch=*/0),
      node.isUnsigned(0));
}

//===----------------------------------------------------------------------===//
// Indices for each element
//===----------------------------------------------------------------------===//

/// Whether all elements along a dimension are equal, as far as the ops that produced the value
/// show.
bool isRepeatedAlong(Value value, int64_t dim) {
  if (shapeOf(value)[dim] == 1)
    return true;
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (auto broadcast = dyn_cast<linalg::BroadcastOp>(op)) {
    ArrayRef<int64_t> added = broadcast.getDimensions();
    if (llvm::is_contained(added, dim))
      return true;
    return isRepeatedAlong(broadcast.getInput(),
                           dim - llvm::count_if(added, [&](int64_t d) { return d < dim; }));
  }
  if (auto transpose = dyn_cast<linalg::TransposeOp>(op))
    return isRepeatedAlong(transpose.getInput(), transpose.getPermutation()[dim]);
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return llvm::all_of(collapse.getReassociationIndices()[dim],
                        [&](int64_t d) { return isRepeatedAlong(collapse.getSrc(), d); });
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    for (auto [source, group] : llvm::enumerate(expand.getReassociationIndices()))
      if (llvm::is_contained(group, dim))
        return isRepeatedAlong(expand.getSrc(), source);
    return false;
  }
  if (OpTrait::hasElementwiseMappableTraits(op) && op->getNumOperands() > 0)
    return llvm::all_of(op->getOperands(), [&](Value operand) {
      return isa<RankedTensorType>(operand.getType()) && isRepeatedAlong(operand, dim);
    });
  SplatElementsAttr splat;
  return matchPattern(value, m_Constant(&splat));
}

/// The same for constant elements.
bool isRepeatedAlong(ArrayRef<int64_t> elements, ArrayRef<int64_t> shape, int64_t dim) {
  int64_t inner = *countElements(shape.drop_front(dim + 1));
  for (auto [i, element] : llvm::enumerate(elements))
    if (int64_t at = static_cast<int64_t>(i) / inner % shape[dim];
        element != elements[i - at * inner])
      return false;
  return true;
}

/// An operator with an index for each element, rewritten with indices of slices.
struct ElementIndices {
  int64_t axis;
  /// Sizes of the other dimensions: those of the data except the indexed dimension.
  SmallVector<int64_t> sizes;
  /// Batches first, then slices around the indexed dimension.
  SmallVector<int64_t> order;
  int64_t batch = 0, dim = 0;
  /// Batches x number of indices.
  Value indices;
};

FailureOr<ElementIndices> getElementIndices(NodeBuilder &node, Value data) {
  FailureOr<Value> indices = node.getInput(1);
  if (failed(indices) || failed(checkIndices(node, *indices)))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(data), given = shapeOf(*indices);
  auto axis = node.normalizeAxis(node.getInt("axis", 0), shape.size());
  if (failed(axis))
    return failure();
  bool fits = given.size() == shape.size();
  for (size_t d = 0; fits && d < shape.size(); ++d)
    fits = static_cast<int64_t>(d) == *axis || given[d] <= shape[d];
  if (!fits)
    return node.fail("indices of shape " + printShape(given) + " do not go with data of shape " +
                         printShape(shape) + " and axis " + Twine(*axis),
                     "indices no larger than the data in the other dimensions");
  ElementIndices result;
  result.axis = *axis;
  result.sizes.assign(given.begin(), given.end());
  result.sizes[*axis] = shape[*axis];
  auto elements = node.tryGetInts(1);
  SmallVector<int64_t> batch, before, after, reduced(given), batchSizes;
  for (int64_t d = 0, rank = shape.size(); d < rank; ++d) {
    if (d == *axis)
      continue;
    bool isSlice = given[d] > 0 &&
                   (elements ? isRepeatedAlong(*elements, given, d) : isRepeatedAlong(*indices, d));
    if (!isSlice || (given[d] == 1 && d < *axis)) {
      batch.push_back(d);
      batchSizes.push_back(given[d]);
    } else {
      (d < *axis ? before : after).push_back(d);
      reduced[d] = 1;
    }
  }
  result.batch = batch.size();
  result.dim = batch.size() + before.size();
  for (ArrayRef<int64_t> list : {ArrayRef<int64_t>(batch), ArrayRef<int64_t>(before),
                                 ArrayRef<int64_t>(*axis), ArrayRef<int64_t>(after)})
    llvm::append_range(result.order, list);
  Value value = node.slice(*indices, SmallVector<int64_t>(given.size(), 0), reduced);
  batchSizes.push_back(given[*axis]);
  result.indices = node.reshape(node.transpose(value, result.order), batchSizes);
  return result;
}

SmallVector<int64_t> invert(ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> inverse(permutation.size());
  for (auto [to, from] : llvm::enumerate(permutation))
    inverse[from] = to;
  return inverse;
}

LogicalResult buildGatherElements(NodeBuilder &node) {
  FailureOr<Value> data = node.getInput(0);
  if (failed(data))
    return failure();
  auto elements = getElementIndices(node, *data);
  if (failed(elements))
    return failure();
  Value used = node.slice(*data, SmallVector<int64_t>(elements->sizes.size(), 0), elements->sizes);
  Value ordered = node.transpose(used, elements->order);
  SmallVector<int64_t> shape(shapeOf(ordered));
  shape[elements->dim] = shapeOf(elements->indices).back();
  Value result =
      GatherOp::create(node.b, node.loc, RankedTensorType::get(shape, elementTypeOf(*data)),
                       ordered, elements->indices, elements->dim, elements->batch);
  return node.setOutput(0, node.transpose(result, invert(elements->order)), node.isUnsigned(0));
}

//===----------------------------------------------------------------------===//
// Several coordinates
//===----------------------------------------------------------------------===//

/// Linearises coordinates in the last dimension of `indices` into one row-major index of dimensions
/// of the given sizes; negative ones count from the end.
Value joinCoordinates(NodeBuilder &node, Value indices, ArrayRef<int64_t> sizes) {
  SmallVector<int64_t> rest(shapeOf(indices).drop_back());
  if (sizes.size() == 1)
    return node.reshape(indices, rest);
  Value joined;
  for (auto [i, size] : llvm::enumerate(sizes)) {
    Value part = node.slice(indices, shapeOf(indices).size() - 1, i, 1);
    part = node.convert(node.reshape(part, rest), node.b.getI64Type());
    RankedTensorType type = tensorType(part);
    Value isNegative = arith::CmpIOp::create(node.b, node.loc, arith::CmpIPredicate::slt, part,
                                             node.splat(type, 0));
    Value fromEnd = node.add(part, node.splat(type, size));
    part = arith::SelectOp::create(node.b, node.loc, isNegative, fromEnd, part);
    joined = joined ? node.add(node.mul(joined, node.splat(type, size)), part) : part;
  }
  return joined;
}

/// Checks indices whose last dimension holds coordinates of `shape` after `batch` dimensions;
/// returns their number.
FailureOr<int64_t> getNumCoordinates(NodeBuilder &node, Value indices, ArrayRef<int64_t> shape,
                                     int64_t batch) {
  ArrayRef<int64_t> given = shapeOf(indices);
  int64_t rank = shape.size();
  if (failed(checkIndices(node, indices)))
    return failure();
  if (given.empty() || given.back() < 1 || given.back() > rank - batch)
    return node.fail("indices of shape " + printShape(given) +
                         " name no elements of data of shape " + printShape(shape) +
                         (batch ? " after batch_dims = " + Twine(batch) : ""),
                     "a last dimension of at least 1 and at most the rank of the data");
  return given.back();
}

LogicalResult buildGatherND(NodeBuilder &node) {
  FailureOr<Value> data = node.getInput(0), indices = node.getInput(1);
  if (failed(data) || failed(indices))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(*data), given = shapeOf(*indices);
  int64_t batch = node.getInt("batch_dims", 0);
  if (batch < 0 || batch >= static_cast<int64_t>(std::min(shape.size(), given.size())) ||
      shape.take_front(batch) != given.take_front(batch))
    return node.fail("batch_dims = " + Twine(batch) + " does not go with data of shape " +
                         printShape(shape) + " and indices of shape " + printShape(given),
                     "equal first dimensions of both");
  auto count = getNumCoordinates(node, *indices, shape, batch);
  if (failed(count))
    return failure();
  ArrayRef<int64_t> indexed = shape.slice(batch, *count), slices = shape.drop_front(batch + *count);
  SmallVector<int64_t> joined(shape.take_front(batch)), result(given.drop_back());
  joined.push_back(*countElements(indexed));
  llvm::append_range(joined, slices);
  llvm::append_range(result, slices);
  if (!countElements(result))
    return node.fail("the result would have the shape " + printShape(result) +
                     ", which no device can hold");
  Value index = joinCoordinates(node, *indices, indexed);
  Value value =
      GatherOp::create(node.b, node.loc, RankedTensorType::get(result, elementTypeOf(*data)),
                       node.reshape(*data, joined), index, batch, batch);
  return node.setOutput(0, value, node.isUnsigned(0));
}

//===----------------------------------------------------------------------===//
// Scatter
//===----------------------------------------------------------------------===//

FailureOr<ScatterKind> getScatterKind(NodeBuilder &node, Value data) {
  StringRef reduction = node.getString("reduction", "none");
  auto kind = reduction == "none" ? ScatterKind::Set : symbolizeScatterKind(reduction);
  if (!kind || reduction == "set")
    return node.fail("reduction = \"" + reduction + "\"", "none, add, mul, max or min");
  if (*kind == ScatterKind::Set)
    return *kind;
  if (onnx::isBool(data))
    return node.fail("reduction = \"" + reduction + "\" of booleans",
                     "a Cast to integers in front");
  if (node.isUnsigned(0) && (*kind == ScatterKind::Max || *kind == ScatterKind::Min))
    return node.fail("reduction = \"" + reduction + "\" of unsigned integers",
                     "a Cast to signed integers in front");
  return *kind;
}

/// Gets data and updates of one type, with updates of the given shape.
LogicalResult getScatterInputs(NodeBuilder &node, Value &data, Value &updates) {
  FailureOr<Value> first = node.getInput(0), last = node.getInput(2);
  if (failed(first) || failed(last))
    return failure();
  data = *first;
  updates = *last;
  if (elementTypeOf(data) != elementTypeOf(updates))
    return node.fail("data and updates are of different element types");
  return success();
}

LogicalResult checkUpdates(NodeBuilder &node, Value updates, ArrayRef<int64_t> wanted) {
  if (shapeOf(updates) == wanted)
    return success();
  return node.fail("updates have the shape " + printShape(shapeOf(updates)) + ", wanted " +
                   printShape(wanted));
}

LogicalResult buildScatterElements(NodeBuilder &node) {
  Value data, updates;
  if (failed(getScatterInputs(node, data, updates)))
    return failure();
  auto kind = getScatterKind(node, data);
  auto elements = getElementIndices(node, data);
  if (failed(kind) || failed(elements) ||
      failed(checkUpdates(node, updates, shapeOf(node.inputs[1]->value))))
    return failure();
  SmallVector<int64_t> offsets(elements->sizes.size(), 0);
  Value part = node.transpose(node.slice(data, offsets, elements->sizes), elements->order);
  Value written = ScatterOp::create(node.b, node.loc, part.getType(), part, elements->indices,
                                    node.transpose(updates, elements->order), elements->dim,
                                    elements->batch, *kind);
  written = node.transpose(written, invert(elements->order));
  if (ArrayRef<int64_t>(elements->sizes) != shapeOf(data)) {
    auto list = [&](ArrayRef<int64_t> values) {
      return getAsIndexOpFoldResult(node.b.getContext(), values);
    };
    written = tensor::InsertSliceOp::create(node.b, node.loc, written, data, list(offsets),
                                            list(elements->sizes),
                                            list(SmallVector<int64_t>(offsets.size(), 1)));
  }
  return node.setOutput(0, written, node.isUnsigned(0));
}

LogicalResult buildScatterND(NodeBuilder &node) {
  Value data, updates;
  FailureOr<Value> indices = node.getInput(1);
  if (failed(getScatterInputs(node, data, updates)) || failed(indices))
    return failure();
  auto kind = getScatterKind(node, data);
  ArrayRef<int64_t> shape = shapeOf(data), given = shapeOf(*indices);
  auto count = getNumCoordinates(node, *indices, shape, 0);
  if (failed(kind) || failed(count))
    return failure();
  ArrayRef<int64_t> slices = shape.drop_front(*count);
  SmallVector<int64_t> wanted(given.drop_back());
  int64_t number = *countElements(wanted);
  llvm::append_range(wanted, slices);
  if (failed(checkUpdates(node, updates, wanted)))
    return failure();
  SmallVector<int64_t> joined{*countElements(shape.take_front(*count))}, list{number};
  llvm::append_range(joined, slices);
  llvm::append_range(list, slices);
  Value index = joinCoordinates(node, *indices, shape.take_front(*count));
  Value flat = node.reshape(data, joined);
  Value written = ScatterOp::create(node.b, node.loc, flat.getType(), flat,
                                    node.reshape(index, {number}), node.reshape(updates, list),
                                    /*dim=*/0, /*batch=*/0, *kind);
  return node.setOutput(0, node.reshape(written, shape), node.isUnsigned(0));
}

} // namespace

void onnx::registerIndexOps(OperatorTable &table) {
  table.add("Gather", buildGather);
  table.add("GatherElements", buildGatherElements);
  table.add("GatherND", buildGatherND);
  table.add("ScatterElements", buildScatterElements);
  table.add("ScatterND", buildScatterND);
}
