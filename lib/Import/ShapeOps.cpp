//===- ShapeOps.cpp - operators of ONNX that change only the shape ---------*- C++ -*-===//

#include "Operators.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

LogicalResult setReshaped(NodeBuilder &node, Value value, ArrayRef<int64_t> shape) {
  auto wanted = countElements(shape), found = countElements(shapeOf(value));
  if (!wanted || *wanted != *found)
    return node.fail("a tensor of shape " + printShape(shapeOf(value)) + " cannot be reshaped to " +
                     printShape(shape));
  return node.setOutput(0, node.reshape(value, shape), node.isUnsigned(0));
}

/// 0 copies the dimension of the input (unless allowzero), a single -1 takes the remaining
/// elements.
LogicalResult buildReshape(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  auto wanted = node.getConstantInts(1, "shape");
  if (failed(value) || failed(wanted))
    return failure();
  ArrayRef<int64_t> from = shapeOf(*value);
  SmallVector<int64_t> shape(*wanted);
  bool allowZero = node.getInt("allowzero", 0) != 0;
  std::optional<unsigned> open;
  for (unsigned dim = 0; dim < shape.size(); ++dim) {
    if (shape[dim] == 0 && !allowZero) {
      if (dim >= from.size())
        return node.fail("dimension " + Twine(dim) +
                         " of the shape is 0 (copy), but the input "
                         "has rank " +
                         Twine(from.size()));
      shape[dim] = from[dim];
    } else if (shape[dim] == -1) {
      if (open)
        return node.fail("the shape has more than one -1");
      open = dim;
    } else if (shape[dim] < 0) {
      return node.fail("the shape has the dimension " + Twine(shape[dim]));
    }
  }
  if (open) {
    shape[*open] = 1;
    auto rest = countElements(shape), all = countElements(from);
    if (!rest || *rest == 0 || *all % *rest != 0)
      return node.fail("a tensor of shape " + printShape(from) +
                       " cannot be reshaped: nothing fits for the -1 in its new shape");
    shape[*open] = *all / *rest;
  }
  return setReshaped(node, *value, shape);
}

LogicalResult buildFlatten(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  if (failed(value))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(*value);
  int64_t rank = shape.size(), axis = node.getInt("axis", 1);
  if (axis < -rank || axis > rank)
    return node.fail("axis " + Twine(axis) + " is outside of a tensor of rank " + Twine(rank));
  axis = axis < 0 ? axis + rank : axis;
  return setReshaped(
      node, *value,
      {*countElements(shape.take_front(axis)), *countElements(shape.drop_front(axis))});
}

LogicalResult buildSqueeze(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  if (failed(value))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(*value);
  SmallVector<int64_t> axes;
  if (node.hasInput(1)) {
    auto constant = node.getConstantInts(1, "axes");
    if (failed(constant))
      return failure();
    auto normal = node.normalizeAxes(*constant, shape.size());
    if (failed(normal))
      return failure();
    axes = *normal;
    for (int64_t axis : axes)
      if (shape[axis] != 1)
        return node.fail("dimension " + Twine(axis) + " has size " + Twine(shape[axis]) +
                         ", only size 1 can be squeezed");
  } else {
    // Removes all dimensions of size 1, a batch of one as well, as the file specifies.
    for (auto [dim, size] : llvm::enumerate(shape))
      if (size == 1)
        axes.push_back(dim);
  }
  SmallVector<int64_t> kept;
  for (auto [dim, size] : llvm::enumerate(shape))
    if (!llvm::is_contained(axes, static_cast<int64_t>(dim)))
      kept.push_back(size);
  return setReshaped(node, *value, kept);
}

LogicalResult buildUnsqueeze(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  auto constant = node.getConstantInts(1, "axes");
  if (failed(value) || failed(constant))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(*value);
  auto axes = node.normalizeAxes(*constant, shape.size() + constant->size());
  if (failed(axes))
    return failure();
  SmallVector<int64_t> result;
  const int64_t *next = shape.begin();
  for (size_t dim = 0; dim < shape.size() + axes->size(); ++dim)
    result.push_back(llvm::is_contained(*axes, static_cast<int64_t>(dim)) ? 1 : *next++);
  return setReshaped(node, *value, result);
}

LogicalResult buildTranspose(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  if (failed(value))
    return failure();
  int64_t rank = shapeOf(*value).size();
  SmallVector<int64_t> permutation = node.getInts("perm");
  if (permutation.empty() && !node.hasAttribute("perm"))
    permutation = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, rank)));
  auto sorted = node.normalizeAxes(permutation, rank);
  if (failed(sorted))
    return failure();
  if (static_cast<int64_t>(permutation.size()) != rank)
    return node.fail("perm has " + Twine(permutation.size()) + " entries, the input has rank " +
                     Twine(rank));
  for (int64_t &dim : permutation)
    dim = dim < 0 ? dim + rank : dim;
  return node.setOutput(0, node.transpose(*value, permutation), node.isUnsigned(0));
}

LogicalResult buildExpand(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  auto wanted = node.getConstantInts(1, "shape");
  if (failed(value) || failed(wanted))
    return failure();
  auto shape = broadcastShapes(shapeOf(*value), *wanted);
  if (!shape || !countElements(*shape))
    return node.fail("a tensor of shape " + printShape(shapeOf(*value)) +
                     " cannot be expanded to " + printShape(*wanted));
  return node.setOutput(0, node.broadcastTo(*value, *shape), node.isUnsigned(0));
}

/// Each dimension d repeated r times is a new dimension r in front of d, broadcast and
/// merged with it.
LogicalResult buildTile(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  auto repeats = node.getConstantInts(1, "repeats");
  if (failed(value) || failed(repeats))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(*value);
  if (repeats->size() != shape.size())
    return node.fail("repeats has " + Twine(repeats->size()) + " entries, the input has rank " +
                     Twine(shape.size()));
  SmallVector<int64_t> split, repeated, merged;
  for (auto [size, count] : llvm::zip(shape, *repeats)) {
    if (count < 0)
      return node.fail("a repeat is negative");
    if (count != 1) {
      split.push_back(1);
      repeated.push_back(count);
    }
    split.push_back(size);
    repeated.push_back(size);
    merged.push_back(*countElements({size}) * count);
  }
  if (!countElements(repeated) || !countElements(merged))
    return node.fail("the result would have the shape " + printShape(repeated) +
                     ", which no device can hold");
  Value result = node.broadcastTo(node.reshape(*value, split), repeated);
  return node.setOutput(0, node.reshape(result, merged), node.isUnsigned(0));
}

/// Blocks of the depth become blocks of the image. DCR: the depth is (block, block,
/// channel), CRD: (channel, block, block).
LogicalResult buildDepthToSpace(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  if (failed(value))
    return failure();
  ArrayRef<int64_t> s = shapeOf(*value);
  int64_t block = node.getInt("blocksize", 0);
  StringRef mode = node.getString("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    return node.fail("mode = \"" + mode + "\"", "\"DCR\" or \"CRD\"");
  if (s.size() != 4 || block < 1 || block > s[1] || s[1] % (block * block) != 0)
    return node.fail("blocksize " + Twine(block) + " does not divide the depth of " + printShape(s),
                     "an input of rank 4 with a depth divisible by blocksize^2");
  int64_t depth = s[1] / (block * block);
  bool isDcr = mode == "DCR";
  Value split = isDcr ? node.reshape(*value, {s[0], block, block, depth, s[2], s[3]})
                      : node.reshape(*value, {s[0], depth, block, block, s[2], s[3]});
  SmallVector<int64_t> permutation =
      isDcr ? SmallVector<int64_t>{0, 3, 4, 1, 5, 2} : SmallVector<int64_t>{0, 1, 4, 2, 5, 3};
  Value moved = node.transpose(split, permutation);
  return node.setOutput(0, node.reshape(moved, {s[0], depth, s[2] * block, s[3] * block}),
                        node.isUnsigned(0));
}

LogicalResult buildSpaceToDepth(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  if (failed(value))
    return failure();
  ArrayRef<int64_t> s = shapeOf(*value);
  int64_t block = node.getInt("blocksize", 0);
  if (s.size() != 4 || block < 1 || s[2] % block != 0 || s[3] % block != 0)
    return node.fail("blocksize " + Twine(block) + " does not divide the image of " + printShape(s),
                     "an input of rank 4 with sides divisible by blocksize");
  StringRef mode = node.getString("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    return node.fail("mode = \"" + mode + "\"", "\"DCR\" or \"CRD\"");
  int64_t height = s[2] / block, width = s[3] / block;
  Value split = node.reshape(*value, {s[0], s[1], height, block, width, block});
  SmallVector<int64_t> permutation = mode == "DCR" ? SmallVector<int64_t>{0, 3, 5, 1, 2, 4}
                                                   : SmallVector<int64_t>{0, 1, 3, 5, 2, 4};
  Value moved = node.transpose(split, permutation);
  return node.setOutput(0, node.reshape(moved, {s[0], s[1] * block * block, height, width}),
                        node.isUnsigned(0));
}

} // namespace

void onnx::registerShapeOps(OperatorTable &table) {
  table.add("Reshape", buildReshape);
  table.add("Flatten", buildFlatten);
  table.add("Squeeze", buildSqueeze);
  table.add("Unsqueeze", buildUnsqueeze);
  table.add("Transpose", buildTranspose);
  table.add("Expand", buildExpand);
  table.add("Tile", buildTile);
  table.add("DepthToSpace", buildDepthToSpace);
  table.add("SpaceToDepth", buildSpaceToDepth);
}
