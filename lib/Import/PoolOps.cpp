//===- PoolOps.cpp - pooling of ONNX ---------------------------------------*- C++ -*-===//
//
// Windows are combined along one dimension after the other: adjacent windows by a reshape and a
// reduction, others by combining one strided slice for each element of the window.
//
//===----------------------------------------------------------------------===//

#include "Operators.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

/// The windows of one dimension.
struct Windows {
  int64_t size, kernel, stride, dilation, low, high, count;

  int64_t getExtent() const { return dilation * (kernel - 1) + 1; }
  bool areSideBySide() const {
    return low == 0 && high == 0 && dilation == 1 && count * kernel == size &&
           (stride == kernel || count == 1);
  }
  bool isTrivial() const { return kernel == 1 && count == size && low == 0; }
  /// Number of elements of window `i` that are in [-before, size + after).
  int64_t countInside(int64_t i, int64_t before, int64_t after) const {
    int64_t inside = 0;
    for (int64_t t = 0; t < kernel; ++t) {
      int64_t at = i * stride + t * dilation - low;
      inside += at >= -before && at < size + after;
    }
    return inside;
  }
};

/// Maximum number of slices along one dimension; no real model has larger windows.
constexpr int64_t maxSlices = 4096;

/// Sets number of windows and padding according to auto_pad.
LogicalResult setPadding(NodeBuilder &node, Windows &windows, StringRef autoPad, bool ceil) {
  int64_t extent = windows.getExtent(), stride = windows.stride;
  if (autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER") {
    // Implementations differ in whether dilation counts.
    if (windows.dilation != 1)
      return node.fail("auto_pad = \"" + autoPad + "\" with dilations", "pads");
    windows.count = (windows.size + stride - 1) / stride;
    int64_t total = std::max<int64_t>((windows.count - 1) * stride + extent - windows.size, 0);
    windows.low = autoPad == "SAME_UPPER" ? total / 2 : total - total / 2;
    windows.high = total - windows.low;
    return success();
  }
  if (autoPad == "VALID")
    windows.low = windows.high = 0;
  int64_t room = windows.size + windows.low + windows.high - extent;
  if (room < 0 || windows.low >= extent || windows.high >= extent)
    return node.fail("a window of " + Twine(extent) + " elements does not go with " +
                         Twine(windows.size) + " elements and pads of " + Twine(windows.low) +
                         " and " + Twine(windows.high),
                     "a window that fits, and pads smaller than it");
  windows.count = (room + (ceil ? stride - 1 : 0)) / stride + 1;
  // A window that would begin past the elements is dropped.
  if (ceil && (windows.count - 1) * stride >= windows.size + windows.low)
    --windows.count;
  return success();
}

FailureOr<SmallVector<Windows>> getWindows(NodeBuilder &node, ArrayRef<int64_t> space) {
  size_t count = space.size();
  SmallVector<int64_t> kernel = node.getInts("kernel_shape");
  auto get = [&](StringRef name, size_t entries, int64_t otherwise) {
    SmallVector<int64_t> values = node.getInts(name);
    if (!node.hasAttribute(name))
      values.assign(entries, otherwise);
    return values;
  };
  SmallVector<int64_t> strides = get("strides", count, 1), dilations = get("dilations", count, 1);
  SmallVector<int64_t> pads = get("pads", 2 * count, 0);
  StringRef autoPad = node.getString("auto_pad", "NOTSET");
  if (autoPad != "NOTSET" && autoPad != "VALID" && autoPad != "SAME_UPPER" &&
      autoPad != "SAME_LOWER")
    return node.fail("auto_pad = \"" + autoPad + "\"", "NOTSET, VALID, SAME_UPPER, SAME_LOWER");
  auto inRange = [](int64_t least) {
    return [least](int64_t value) { return value >= least && value < (int64_t(1) << 31); };
  };
  if (kernel.size() != count || strides.size() != count || dilations.size() != count ||
      pads.size() != 2 * count || !llvm::all_of(kernel, inRange(1)) ||
      !llvm::all_of(strides, inRange(1)) || !llvm::all_of(dilations, inRange(1)) ||
      !llvm::all_of(pads, inRange(0)) || !llvm::all_of(space, inRange(1)))
    return node.fail("kernel_shape, strides, dilations and pads do not go with an image of shape " +
                     printShape(space));
  SmallVector<Windows> all;
  for (size_t i = 0; i < count; ++i) {
    Windows windows{space[i], kernel[i], strides[i], dilations[i], pads[i], pads[count + i], 0};
    if (failed(setPadding(node, windows, autoPad, node.getInt("ceil_mode", 0) != 0)))
      return failure();
    if (!windows.areSideBySide() && windows.kernel > maxSlices)
      return node.fail("its windows of " + Twine(windows.kernel) + " elements overlap",
                       "windows side by side");
    all.push_back(windows);
  }
  return all;
}

Value combineDim(NodeBuilder &node, Value value, int64_t dim, const Windows &windows,
                 Reduction kind, double fill, bool isUnsigned) {
  SmallVector<int64_t> shape(shapeOf(value));
  if (windows.isTrivial())
    return value;
  if (windows.areSideBySide()) {
    shape[dim] = windows.count;
    shape.insert(shape.begin() + dim + 1, windows.kernel);
    return node.reduce(kind, node.reshape(value, shape), {dim + 1}, /*keep=*/false, isUnsigned);
  }
  // Windows may end before the padding does, or past it.
  int64_t end = (windows.count - 1) * windows.stride + windows.getExtent();
  SmallVector<int64_t> low(shape.size(), 0), high(shape.size(), 0), strides(shape.size(), 1);
  low[dim] = windows.low;
  high[dim] = std::max<int64_t>(end - windows.low - windows.size, 0);
  Value padded = node.padConstant(value, low, high, fill), result;
  shape[dim] = windows.count;
  strides[dim] = windows.count > 1 ? windows.stride : 1;
  for (int64_t t = 0; t < windows.kernel; ++t) {
    SmallVector<int64_t> offsets(shape.size(), 0);
    offsets[dim] = t * windows.dilation;
    Value part = node.slice(padded, offsets, shape, strides);
    if (!result)
      result = part;
    else
      result = kind == Reduction::Max ? node.max(result, part, isUnsigned) : node.add(result, part);
  }
  return result;
}

/// The input and its windows, checked.
FailureOr<SmallVector<Windows>> getPool(NodeBuilder &node, Value input) {
  ArrayRef<int64_t> shape = shapeOf(input);
  if (shape.size() < 3)
    return node.fail("its input has the shape " + printShape(shape), "B x C x space");
  auto windows = getWindows(node, shape.drop_front(2));
  if (failed(windows))
    return failure();
  SmallVector<int64_t> result(shape.take_front(2));
  for (const Windows &dim : *windows)
    result.push_back(dim.count);
  if (!countElements(result))
    return node.fail("the result would have the shape " + printShape(result) +
                     ", which no device can hold");
  return *windows;
}

LogicalResult buildMaxPool(NodeBuilder &node) {
  FailureOr<Value> input = node.getInput(0);
  if (failed(input))
    return failure();
  auto windows = getPool(node, *input);
  if (failed(windows))
    return failure();
  node.ignoreAttributes({"storage_order"});
  if (node.wantsOutput(1))
    return node.fail("its output Indices is wanted", "the output Y alone");
  double lowest = -std::numeric_limits<double>::infinity();
  if (!onnx::isFloat(*input))
    lowest = node.isUnsigned(0)
                 ? 0
                 : -std::ldexp(1.0, elementTypeOf(*input).getIntOrFloatBitWidth() - 1);
  Value result = *input;
  for (auto [dim, entry] : llvm::enumerate(*windows))
    result = combineDim(node, result, dim + 2, entry, Reduction::Max, lowest, node.isUnsigned(0));
  return node.setOutput(0, result, node.isUnsigned(0));
}

/// Numbers of elements of the windows of one dimension, shaped to broadcast along the later ones.
Value getCounts(NodeBuilder &node, ArrayRef<Windows> windows, Type type, bool padding) {
  SmallVector<int64_t> shape;
  for (const Windows &dim : windows)
    shape.push_back(dim.count);
  Value product;
  for (auto [index, dim] : llvm::enumerate(windows)) {
    SmallVector<int64_t> counts, column(windows.size(), 1);
    for (int64_t i = 0; i < dim.count; ++i)
      counts.push_back(dim.countInside(i, padding ? dim.low : 0, padding ? dim.high : 0));
    column[index] = dim.count;
    Value table = node.reshape(
        node.convert(node.constantInts({dim.count}, node.b.getI64Type(), counts), type), column);
    table = node.broadcastTo(table, shape);
    product = product ? node.mul(product, table) : table;
  }
  return product;
}

LogicalResult buildAveragePool(NodeBuilder &node) {
  FailureOr<Value> input = node.getInput(0);
  if (failed(input))
    return failure();
  if (!onnx::isFloat(*input))
    return node.fail("its input is not of floating-point numbers");
  auto windows = getPool(node, *input);
  if (failed(windows))
    return failure();
  Value sum = *input;
  for (auto [dim, entry] : llvm::enumerate(*windows))
    sum = combineDim(node, sum, dim + 2, entry, Reduction::Sum, 0, false);
  bool padding = node.getInt("count_include_pad", 0) != 0;
  // All windows have the same size, unless some reach into the padding or past it.
  bool isEven = true;
  double size = 1;
  for (const Windows &dim : *windows) {
    size *= static_cast<double>(dim.kernel);
    for (int64_t i = 0; i < dim.count; ++i)
      isEven &= dim.countInside(i, padding ? dim.low : 0, padding ? dim.high : 0) == dim.kernel;
  }
  Value counts = isEven ? node.splat(tensorType(sum), size)
                        : node.broadcastTo(getCounts(node, *windows, elementTypeOf(sum), padding),
                                           shapeOf(sum));
  return node.setOutput(0, node.div(sum, counts));
}

} // namespace

void onnx::registerPoolOps(OperatorTable &table) {
  table.add("MaxPool", buildMaxPool, 8);
  table.add("AveragePool", buildAveragePool, 7);
  table.roundOnce({"AveragePool"});
}
