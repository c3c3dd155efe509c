//===- ConvOps.cpp - convolutions of ONNX ----------------------------------*- C++ -*-===//

#include "Operators.h"
#include "dialects/dchag/Dchag.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

/// Geometry of a convolution in each spatial dimension: pixels between two results, pixels between
/// two elements of the kernel, padding before and after, and the number of results.
struct Window {
  SmallVector<int64_t> strides, dilations, low, high, result;
};

/// An attribute with one entry for each spatial dimension, or `otherwise` for each.
FailureOr<SmallVector<int64_t>> getSpatial(NodeBuilder &node, StringRef name, size_t count,
                                           int64_t otherwise, int64_t least) {
  SmallVector<int64_t> values = node.getInts(name);
  if (!node.hasAttribute(name))
    values.assign(count, otherwise);
  bool isValid = values.size() == count;
  for (int64_t value : values)
    isValid &= value >= least && value < (int64_t(1) << 32);
  if (!isValid)
    return node.fail(name + " is not " + Twine(count) + " numbers of at least " + Twine(least));
  return values;
}

/// Padding of one dimension that gives ceil(size / stride) results.
void setSamePadding(Window &window, size_t dim, int64_t size, int64_t extent, bool upper) {
  int64_t stride = window.strides[dim];
  int64_t wanted = (size + stride - 1) / stride;
  int64_t total = std::max<int64_t>((wanted - 1) * stride + extent - size, 0);
  window.low[dim] = upper ? total / 2 : total - total / 2;
  window.high[dim] = total - window.low[dim];
}

/// The geometry of a convolution from the attributes of its node: `image` and `kernel` are sizes of
/// the spatial dimensions, in pixels. Fails with a message of the node if attributes do not match
/// them, or if the kernel does not fit into the padded image.
FailureOr<Window> getWindow(NodeBuilder &node, ArrayRef<int64_t> image, ArrayRef<int64_t> kernel) {
  size_t count = kernel.size();
  auto strides = getSpatial(node, "strides", count, 1, 1),
       dilations = getSpatial(node, "dilations", count, 1, 1),
       pads = getSpatial(node, "pads", 2 * count, 0, 0);
  if (failed(strides) || failed(dilations) || failed(pads))
    return failure();
  Window window{*strides, *dilations, {}, {}, {}};
  window.low.assign(pads->begin(), pads->begin() + count);
  window.high.assign(pads->begin() + count, pads->end());
  StringRef autoPad = node.getString("auto_pad", "NOTSET");
  if (autoPad != "NOTSET" && autoPad != "VALID" && autoPad != "SAME_UPPER" &&
      autoPad != "SAME_LOWER")
    return node.fail("auto_pad = \"" + autoPad + "\"", "NOTSET, VALID, SAME_UPPER, SAME_LOWER");
  for (size_t dim = 0; dim < count; ++dim) {
    int64_t extent;
    if (kernel[dim] < 1 || llvm::MulOverflow(window.dilations[dim], kernel[dim] - 1, extent) ||
        extent > (int64_t(1) << 48))
      return node.fail("the kernel has the shape " + printShape(kernel));
    ++extent;
    if (autoPad == "VALID")
      window.low[dim] = window.high[dim] = 0;
    else if (autoPad != "NOTSET")
      setSamePadding(window, dim, image[dim], extent, autoPad == "SAME_UPPER");
    int64_t room = image[dim] + window.low[dim] + window.high[dim] - extent;
    if (room < 0)
      return node.fail("the kernel of shape " + printShape(kernel) +
                       " is larger than the padded image of shape " + printShape(image));
    window.result.push_back(room / window.strides[dim] + 1);
  }
  return window;
}

LogicalResult buildConv(NodeBuilder &node) {
  FailureOr<Value> input = node.getInput(0), weight = node.getInput(1);
  if (failed(input) || failed(weight))
    return failure();
  ArrayRef<int64_t> x = shapeOf(*input), w = shapeOf(*weight);
  if (x.size() < 3 || x.size() != w.size())
    return node.fail("input of shape " + printShape(x) + " and weight of shape " + printShape(w) +
                         " do not make a convolution",
                     "B x C x space and F x C/groups x kernel");
  Type type = elementTypeOf(*input);
  if (!onnx::isFloat(*input) || elementTypeOf(*weight) != type)
    return node.fail("its inputs are not of one floating-point type");
  int64_t groups = node.getInt("group", 1);
  if (groups < 1 || w[1] < 1 || x[1] % groups != 0 || x[1] / groups != w[1] || w[0] % groups != 0)
    return node.fail("group " + Twine(groups) + " does not go with an input of shape " +
                     printShape(x) + " and a weight of shape " + printShape(w));
  SmallVector<int64_t> kernelShape = node.getInts("kernel_shape");
  if (!kernelShape.empty() && ArrayRef<int64_t>(kernelShape) != w.drop_front(2))
    return node.fail("kernel_shape is " + printShape(kernelShape) + ", the weight has the shape " +
                     printShape(w));
  Value bias = node.hasInput(2) ? node.inputs[2]->value : Value();
  if (bias && (shapeOf(bias) != w.take_front(1) || elementTypeOf(bias) != type))
    return node.fail("the bias has the shape " + printShape(shapeOf(bias)) + ", wanted " +
                     Twine(w[0]));
  auto window = getWindow(node, x.drop_front(2), w.drop_front(2));
  if (failed(window))
    return failure();
  SmallVector<int64_t> shape{x[0], w[0]};
  llvm::append_range(shape, window->result);
  if (!countElements(shape))
    return node.fail("the result would have the shape " + printShape(shape) +
                     ", which no device can hold");
  return node.setOutput(0, ConvolutionOp::create(node.b, node.loc,
                                                 RankedTensorType::get(shape, type), *input,
                                                 *weight, bias, window->strides, window->dilations,
                                                 window->low, window->high, groups));
}

//===----------------------------------------------------------------------===//
// ConvTranspose
//===----------------------------------------------------------------------===//

/// The geometry of a transposed convolution: every pixel adds its multiple of the kernel at its
/// index times the stride. `low` and `high` pixels of the result are cropped; negative: added.
struct TransposedConvGeometry {
  SmallVector<int64_t> strides, dilations, low, high;
  /// The kernels of pixels are adjacent and do not overlap: no sum, the result consists of patches.
  bool isPatches = true;
  int64_t getExtent(size_t dim, ArrayRef<int64_t> kernel) const {
    return dilations[dim] * (kernel[dim] - 1) + 1;
  }
};

/// Padding from the size of the result: excess is cropped at both ends, missing pixels are added at
/// the end.
LogicalResult setOutputShape(NodeBuilder &node, TransposedConvGeometry &geometry,
                             ArrayRef<int64_t> full, ArrayRef<int64_t> wanted, StringRef autoPad) {
  for (auto [dim, size] : llvm::enumerate(wanted)) {
    int64_t total = full[dim] - size;
    // Implementations differ in where they add zeros then.
    if (total < 0 && autoPad != "NOTSET")
      return node.fail("auto_pad = \"" + autoPad + "\" and a result of shape " +
                           printShape(wanted) + ", more than the " + printShape(full) +
                           " that the kernels cover",
                       "pads and output_padding");
    int64_t half = total < 0 ? 0 : total / 2;
    geometry.low[dim] = autoPad == "SAME_UPPER" || total < 0 ? half : total - half;
    geometry.high[dim] = total - geometry.low[dim];
  }
  return success();
}

/// Derives the geometry from the attributes of the node: `image` and `kernel` are sizes of the
/// spatial dimensions, in pixels. Fails with a message of the node if attributes do not match them,
/// or if nothing is left of the result.
FailureOr<TransposedConvGeometry>
getTransposedConvGeometry(NodeBuilder &node, ArrayRef<int64_t> image, ArrayRef<int64_t> kernel) {
  size_t count = kernel.size();
  auto strides = getSpatial(node, "strides", count, 1, 1),
       dilations = getSpatial(node, "dilations", count, 1, 1),
       more = getSpatial(node, "output_padding", count, 0, 0),
       wanted = getSpatial(node, "output_shape", count, 1, 1),
       pads = getSpatial(node, "pads", 2 * count, 0, 0);
  if (failed(strides) || failed(dilations) || failed(more) || failed(wanted) || failed(pads))
    return failure();
  TransposedConvGeometry geometry{*strides, *dilations, {}, {}};
  geometry.low.assign(pads->begin(), pads->begin() + count);
  geometry.high.assign(pads->begin() + count, pads->end());
  StringRef autoPad = node.getString("auto_pad", "NOTSET");
  bool isSame = autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER";
  if (autoPad != "NOTSET" && autoPad != "VALID" && !isSame)
    return node.fail("auto_pad = \"" + autoPad + "\"", "NOTSET, VALID, SAME_UPPER, SAME_LOWER");
  SmallVector<int64_t> full;
  for (size_t dim = 0; dim < count; ++dim) {
    // Strides, dilations and sizes are below 2^32 each, so nothing overflows after this check.
    if (image[dim] < 1 || kernel[dim] < 1 || image[dim] >= (int64_t(1) << 30) ||
        kernel[dim] >= (int64_t(1) << 30))
      return node.fail("an image of shape " + printShape(image) + " and a kernel of shape " +
                       printShape(kernel) + " make no image");
    geometry.isPatches &= (*strides)[dim] == kernel[dim] && (*dilations)[dim] == 1;
    full.push_back((image[dim] - 1) * (*strides)[dim] + geometry.getExtent(dim, kernel) +
                   (*more)[dim]);
  }
  if (autoPad == "VALID") {
    geometry.low.assign(count, 0);
    geometry.high.assign(count, 0);
  }
  for (size_t dim = 0; isSame && !node.hasAttribute("output_shape") && dim < count; ++dim)
    (*wanted)[dim] = image[dim] * (*strides)[dim];
  if ((isSame || node.hasAttribute("output_shape")) &&
      failed(setOutputShape(node, geometry, full, *wanted, autoPad)))
    return failure();
  for (size_t dim = 0; dim < count; ++dim) {
    geometry.high[dim] -= (*more)[dim];
    int64_t covered = full[dim] - (*more)[dim];
    if (geometry.low[dim] >= covered || geometry.high[dim] >= covered ||
        covered - geometry.low[dim] - geometry.high[dim] < 1)
      return node.fail("its padding leaves nothing of dimension " + Twine(dim + 2));
  }
  return geometry;
}

/// Crops `low` and `high` elements of the spatial dimensions, or adds zeros.
Value crop(NodeBuilder &node, Value value, ArrayRef<int64_t> low, ArrayRef<int64_t> high) {
  SmallVector<int64_t> offsets(2, 0), sizes(shapeOf(value).take_front(2)), before(2, 0),
      after(2, 0);
  for (auto [dim, l, h] : llvm::enumerate(low, high)) {
    offsets.push_back(std::max<int64_t>(l, 0));
    sizes.push_back(shapeOf(value)[dim + 2] - offsets.back() - std::max<int64_t>(h, 0));
    before.push_back(std::max<int64_t>(-l, 0));
    after.push_back(std::max<int64_t>(-h, 0));
  }
  return node.padConstant(node.slice(value, offsets, sizes), before, after, 0);
}

/// Products of pixels and kernels, which then only have to be rearranged.
Value transposedConvOfPatches(NodeBuilder &node, Value x, Value w, int64_t groups,
                              const TransposedConvGeometry &geometry) {
  ArrayRef<int64_t> image = shapeOf(x), kernel = shapeOf(w);
  int64_t count = kernel.size() - 2, depth = image[1] / groups;
  int64_t pixels = *countElements(image.drop_front(2)), taps = *countElements(kernel.drop_front(1));
  Value product = node.contract(node.reshape(x, {image[0], groups, depth, pixels}), "bgcn",
                                node.reshape(w, {groups, depth, taps}), "gct", "bgnt");
  // batch, group, space, feature, kernel  ->  batch, group, feature, (space, kernel) of each
  // dimension
  SmallVector<int64_t> split{image[0], groups}, permutation{0, 1, count + 2};
  SmallVector<int64_t> shape{image[0], groups * kernel[1]};
  llvm::append_range(split, image.drop_front(2));
  llvm::append_range(split, kernel.drop_front(1));
  for (int64_t dim = 0; dim < count; ++dim) {
    permutation.push_back(2 + dim);
    permutation.push_back(3 + count + dim);
    shape.push_back(image[dim + 2] * kernel[dim + 2]);
  }
  product = node.reshape(product, split);
  Value result = node.reshape(node.transpose(product, permutation), shape);
  return crop(node, result, geometry.low, geometry.high);
}

/// Kernels that overlap or leave gaps: a convolution with the reversed kernel of the image with
/// zeros between its pixels.
Value transposedConvByConvolution(NodeBuilder &node, Value x, Value w, int64_t groups,
                                  const TransposedConvGeometry &geometry) {
  SmallVector<int64_t> image(shapeOf(x)), kernel(shapeOf(w));
  size_t count = kernel.size() - 2;
  SmallVector<int64_t> apart{image[0], image[1]}, joined(apart), cut(apart), high{0, 0};
  for (size_t dim = 0; dim < count; ++dim) {
    int64_t stride = geometry.strides[dim], size = image[dim + 2];
    apart.append({size, 1});
    high.append({0, stride - 1});
    joined.push_back(size * stride);
    cut.push_back((size - 1) * stride + 1);
  }
  SmallVector<int64_t> zeros(high.size(), 0);
  x = node.padConstant(node.reshape(x, apart), zeros, high, 0);
  x = node.slice(node.reshape(x, joined), SmallVector<int64_t>(cut.size(), 0), cut);

  // (g C/g) x F/g  ->  (g F/g) x C/g
  SmallVector<int64_t> split{groups, kernel[0] / groups, kernel[1]}, permutation{0, 2, 1};
  SmallVector<int64_t> flat{groups * kernel[1], kernel[0] / groups};
  for (size_t dim = 0; dim < count; ++dim) {
    split.push_back(kernel[dim + 2]);
    permutation.push_back(dim + 3);
    flat.push_back(kernel[dim + 2]);
  }
  w = node.reshape(node.transpose(node.reshape(w, split), permutation), flat);
  SmallVector<int64_t> low, end, cutLow, cutHigh, shape{image[0], flat[0]};
  for (size_t dim = 0; dim < count; ++dim) {
    int64_t size = kernel[dim + 2],
            reach = geometry.getExtent(dim, ArrayRef(kernel).drop_front(2)) - 1;
    if (size > 1) {
      SmallVector<int64_t> reverse;
      for (int64_t i = size - 1; i >= 0; --i)
        reverse.push_back(i);
      w = node.gather(w, dim + 2, {size}, reverse);
    }
    int64_t before = reach - geometry.low[dim], after = reach - geometry.high[dim];
    low.push_back(std::max<int64_t>(before, 0));
    end.push_back(std::max<int64_t>(after, 0));
    cutLow.push_back(std::max<int64_t>(-before, 0));
    cutHigh.push_back(std::max<int64_t>(-after, 0));
    shape.push_back(cut[dim + 2] + before + after - reach);
  }
  x = crop(node, x, cutLow, cutHigh);
  auto type = RankedTensorType::get(shape, elementTypeOf(x));
  return ConvolutionOp::create(node.b, node.loc, type, x, w, Value(),
                               SmallVector<int64_t>(count, 1), geometry.dilations, low, end,
                               groups);
}

LogicalResult buildConvTranspose(NodeBuilder &node) {
  FailureOr<Value> input = node.getInput(0), weight = node.getInput(1);
  if (failed(input) || failed(weight))
    return failure();
  ArrayRef<int64_t> x = shapeOf(*input), w = shapeOf(*weight);
  if (x.size() < 3 || x.size() != w.size() || x.size() > 5)
    return node.fail(
        "input of shape " + printShape(x) + " and weight of shape " + printShape(w) +
            " do not make a transposed convolution",
        "B x C x space and C x F/groups x kernel, with one to three dimensions of space");
  Type type = elementTypeOf(*input);
  if (!onnx::isFloat(*input) || elementTypeOf(*weight) != type)
    return node.fail("its inputs are not of one floating-point type");
  int64_t groups = node.getInt("group", 1);
  if (groups < 1 || x[1] < 1 || w[1] < 1 || x[1] != w[0] || x[1] % groups != 0)
    return node.fail("group " + Twine(groups) + " does not go with an input of shape " +
                     printShape(x) + " and a weight of shape " + printShape(w));
  SmallVector<int64_t> kernelShape = node.getInts("kernel_shape");
  if (!kernelShape.empty() && ArrayRef<int64_t>(kernelShape) != w.drop_front(2))
    return node.fail("kernel_shape is " + printShape(kernelShape) + ", the weight has the shape " +
                     printShape(w));
  Value bias = node.hasInput(2) ? node.inputs[2]->value : Value();
  if (bias && (shapeOf(bias) != ArrayRef<int64_t>(w[1] * groups) || elementTypeOf(bias) != type))
    return node.fail("the bias has the shape " + printShape(shapeOf(bias)) + ", wanted " +
                     Twine(w[1] * groups));
  auto geometry = getTransposedConvGeometry(node, x.drop_front(2), w.drop_front(2));
  if (failed(geometry))
    return failure();
  SmallVector<int64_t> shape{x[0], w[1] * groups};
  for (size_t dim = 0; dim + 2 < x.size(); ++dim)
    shape.push_back((x[dim + 2] - 1) * geometry->strides[dim] +
                    geometry->getExtent(dim, w.drop_front(2)) - geometry->low[dim] -
                    geometry->high[dim]);
  if (!countElements(shape))
    return node.fail("the result would have the shape " + printShape(shape) +
                     ", which no device can hold");
  Value result = geometry->isPatches
                     ? transposedConvOfPatches(node, *input, *weight, groups, *geometry)
                     : transposedConvByConvolution(node, *input, *weight, groups, *geometry);
  if (bias) {
    SmallVector<int64_t> column(x.size() - 1, 1);
    column.front() = shapeOf(bias)[0];
    result = node.add(result, node.broadcastTo(node.reshape(bias, column), shape));
  }
  return node.setOutput(0, result);
}

} // namespace

void onnx::registerConvOps(OperatorTable &table) {
  table.add("Conv", buildConv, 11);
  table.add("ConvTranspose", buildConvTranspose, 11);
}
