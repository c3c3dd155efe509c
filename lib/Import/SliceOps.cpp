//===- SliceOps.cpp - operators of ONNX that take or add parts -------------*- C++ -*-===//

#include "Operators.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

struct SliceBounds {
  SmallVector<int64_t> offsets, sizes, strides;
};

/// One dimension of a Slice, by the rules of ONNX: bounds are clamped to the dimension.
void setBounds(SliceBounds &bounds, int64_t axis, int64_t dim, int64_t start, int64_t end,
               int64_t step) {
  auto wrap = [&](int64_t at) { return at < 0 ? at + dim : at; };
  int64_t size;
  if (step > 0) {
    start = std::clamp<int64_t>(wrap(start), 0, dim);
    end = std::clamp<int64_t>(wrap(end), 0, dim);
    size = end > start ? (end - start - 1) / step + 1 : 0;
  } else {
    start = std::clamp<int64_t>(wrap(start), -1, dim - 1);
    // The smallest integer stands for "through element 0".
    end = end < -dim ? -1 : std::clamp<int64_t>(wrap(end), -1, dim - 1);
    size = start > end ? (start - end - 1) / -std::max<int64_t>(step, -dim - 1) + 1 : 0;
  }
  bounds.offsets[axis] = size == 0 ? 0 : start;
  bounds.sizes[axis] = size;
  bounds.strides[axis] = size <= 1 ? 1 : step;
}

FailureOr<SliceBounds> getSliceBounds(NodeBuilder &node, ArrayRef<int64_t> shape) {
  auto starts = node.getConstantInts(1, "starts"), ends = node.getConstantInts(2, "ends");
  if (failed(starts) || failed(ends))
    return failure();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, starts->size()));
  SmallVector<int64_t> steps(starts->size(), 1);
  if (node.hasInput(3)) {
    auto constant = node.getConstantInts(3, "axes");
    if (failed(constant))
      return failure();
    axes = *constant;
  }
  if (node.hasInput(4)) {
    auto constant = node.getConstantInts(4, "steps");
    if (failed(constant))
      return failure();
    steps = *constant;
  }
  if (ends->size() != starts->size() || axes.size() != starts->size() ||
      steps.size() != starts->size())
    return node.fail("starts, ends, axes and steps have different numbers of entries");
  SliceBounds bounds{SmallVector<int64_t>(shape.size(), 0), SmallVector<int64_t>(shape),
                     SmallVector<int64_t>(shape.size(), 1)};
  if (failed(node.normalizeAxes(axes, shape.size())))
    return failure();
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t axis = axes[i] < 0 ? axes[i] + static_cast<int64_t>(shape.size()) : axes[i];
    if (steps[i] == 0)
      return node.fail("a step is 0");
    setBounds(bounds, axis, shape[axis], (*starts)[i], (*ends)[i], steps[i]);
  }
  return bounds;
}

/// A reversed dimension is a gather: slices of the IR have positive strides.
LogicalResult buildSlice(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  if (failed(value))
    return failure();
  auto bounds = getSliceBounds(node, shapeOf(*value));
  if (failed(bounds))
    return failure();
  Value result = *value;
  for (size_t dim = 0; dim < bounds->strides.size(); ++dim) {
    int64_t stride = bounds->strides[dim];
    if (stride > 0)
      continue;
    SmallVector<int64_t> indices;
    for (int64_t i = 0; i < bounds->sizes[dim]; ++i)
      indices.push_back(bounds->offsets[dim] + i * stride);
    result = node.gather(result, dim, {bounds->sizes[dim]}, indices);
    bounds->offsets[dim] = 0;
    bounds->strides[dim] = 1;
  }
  result = node.slice(result, bounds->offsets, bounds->sizes, bounds->strides);
  return node.setOutput(0, result, node.isUnsigned(0));
}

FailureOr<SmallVector<int64_t>> getSplitSizes(NodeBuilder &node, int64_t size) {
  if (node.hasInput(1))
    return node.getConstantInts(1, "split");
  int64_t parts = node.node.outputs.size();
  if (node.opset >= 18) {
    parts = node.getInt("num_outputs", parts);
    if (parts != static_cast<int64_t>(node.node.outputs.size()))
      return node.fail("num_outputs is " + Twine(parts) + ", it has " +
                       Twine(node.node.outputs.size()) + " outputs");
  }
  // Equal parts; the last one is smaller if they do not divide evenly.
  int64_t part = (size + parts - 1) / parts;
  SmallVector<int64_t> sizes(parts, part);
  sizes.back() = size - part * (parts - 1);
  return sizes;
}

LogicalResult buildSplit(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  if (failed(value))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(*value);
  auto axis = node.normalizeAxis(node.getInt("axis", 0), shape.size());
  if (failed(axis))
    return failure();
  auto sizes = getSplitSizes(node, shape[*axis]);
  if (failed(sizes))
    return failure();
  int64_t offset = 0;
  bool isValid = sizes->size() == node.node.outputs.size();
  for (int64_t size : *sizes) {
    isValid &= size >= 0 && size <= shape[*axis];
    offset += isValid ? size : 0;
  }
  if (!isValid || offset != shape[*axis])
    return node.fail("parts of " + printShape(*sizes) + " elements do not make up dimension " +
                     Twine(*axis) + " of size " + Twine(shape[*axis]));
  offset = 0;
  for (auto [index, size] : llvm::enumerate(*sizes)) {
    if (failed(node.setOutput(index, node.slice(*value, *axis, offset, size), node.isUnsigned(0))))
      return failure();
    offset += size;
  }
  return success();
}

struct PadArgs {
  SmallVector<int64_t> low, high;
};

FailureOr<PadArgs> getPadArgs(NodeBuilder &node, ArrayRef<int64_t> shape) {
  auto pads = node.getConstantInts(1, "pads");
  if (failed(pads))
    return failure();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, shape.size()));
  if (node.hasInput(3)) {
    auto constant = node.getConstantInts(3, "axes");
    if (failed(constant) || failed(node.normalizeAxes(*constant, shape.size())))
      return failure();
    axes = *constant;
  }
  if (pads->size() != 2 * axes.size())
    return node.fail("pads has " + Twine(pads->size()) + " entries, wanted " +
                     Twine(2 * axes.size()));
  PadArgs args{SmallVector<int64_t>(shape.size(), 0), SmallVector<int64_t>(shape.size(), 0)};
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t axis = axes[i] < 0 ? axes[i] + static_cast<int64_t>(shape.size()) : axes[i];
    args.low[axis] = (*pads)[i];
    args.high[axis] = (*pads)[i + axes.size()];
  }
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    int64_t size;
    if (llvm::AddOverflow(shape[dim], args.low[dim], size) ||
        llvm::AddOverflow(size, args.high[dim], size) || size < 0 || !countElements({size}))
      return node.fail("pads of " + Twine(args.low[dim]) + " and " + Twine(args.high[dim]) +
                       " do not go with dimension " + Twine(dim) + " of size " + Twine(shape[dim]));
  }
  return args;
}

/// The element of the source at `at` (from -low to size + high).
int64_t mirrorIndex(StringRef mode, int64_t at, int64_t size) {
  if (mode == "edge")
    return std::clamp<int64_t>(at, 0, size - 1);
  if (mode == "wrap")
    return ((at % size) + size) % size;
  // reflect: the elements at the border are not repeated.
  if (size == 1)
    return 0;
  int64_t period = 2 * (size - 1);
  at = ((at % period) + period) % period;
  return at < size ? at : period - at;
}

LogicalResult buildPad(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  if (failed(value))
    return failure();
  StringRef mode = node.getString("mode", "constant");
  if (mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap")
    return node.fail("mode = \"" + mode + "\"", "constant, reflect, edge or wrap");
  auto args = getPadArgs(node, shapeOf(*value));
  if (failed(args))
    return failure();
  Value result = *value;
  // Negative pads crop.
  SmallVector<int64_t> offsets, sizes, low(args->low), high(args->high);
  for (size_t dim = 0; dim < low.size(); ++dim) {
    offsets.push_back(std::max<int64_t>(-low[dim], 0));
    sizes.push_back(shapeOf(*value)[dim] - offsets[dim] - std::max<int64_t>(-high[dim], 0));
    low[dim] = std::max<int64_t>(low[dim], 0);
    high[dim] = std::max<int64_t>(high[dim], 0);
    if (sizes[dim] < 0)
      return node.fail("it cuts more than dimension " + Twine(dim) + " has");
  }
  result = node.slice(result, offsets, sizes);
  if (mode == "constant") {
    double fill = 0;
    if (node.hasInput(2)) {
      auto scalar = node.getConstantScalar(2, "constant_value");
      if (failed(scalar))
        return failure();
      fill = *scalar;
    }
    return node.setOutput(0, node.padConstant(result, low, high, fill), node.isUnsigned(0));
  }
  for (size_t dim = 0; dim < low.size(); ++dim) {
    if (low[dim] == 0 && high[dim] == 0)
      continue;
    int64_t size = shapeOf(result)[dim];
    if (size == 0)
      return node.fail("dimension " + Twine(dim) + " has no elements to repeat");
    SmallVector<int64_t> indices;
    for (int64_t at = -low[dim]; at < size + high[dim]; ++at)
      indices.push_back(mirrorIndex(mode, at, size));
    result = node.gather(result, dim, {static_cast<int64_t>(indices.size())}, indices);
  }
  return node.setOutput(0, result, node.isUnsigned(0));
}

} // namespace

void onnx::registerSliceOps(OperatorTable &table) {
  table.add("Slice", buildSlice);
  table.add("Split", buildSplit);
  table.add("Pad", buildPad);
}
