//===- ConvOps.cpp - convolutions of ONNX ----------------------------------*- C++ -*-===//

#include "Operators.h"
#include "dialects/dchag/Dchag.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

struct Window {
  SmallVector<int64_t> strides, dilations, low, high, result;
};

/// An attribute with one entry for each spatial dimension, or `otherwise` in each.
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
  ArrayRef<int64_t> x = getShape(*input), w = getShape(*weight);
  if (x.size() < 3 || x.size() != w.size())
    return node.fail("input of shape " + printShape(x) + " and weight of shape " + printShape(w) +
                         " do not make a convolution",
                     "B x C x space and F x C/groups x kernel");
  Type type = getElementType(*input);
  if (!onnx::isFloat(*input) || getElementType(*weight) != type)
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
  if (bias && (getShape(bias) != w.take_front(1) || getElementType(bias) != type))
    return node.fail("the bias has the shape " + printShape(getShape(bias)) + ", wanted " +
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

} // namespace

void onnx::registerConvOps(OperatorTable &table) { table.add("Conv", buildConv, 11); }
