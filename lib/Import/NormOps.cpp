//===- NormOps.cpp - softmax and normalisations of ONNX --------------------*- C++ -*-===//

#include "Operators.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

struct AxisArgs {
  Value value;
  int64_t axis;
};

FailureOr<AxisArgs> getAxisArgs(NodeBuilder &node) {
  FailureOr<Value> value = node.getInput(0);
  if (failed(value))
    return failure();
  if (!onnx::isFloat(*value))
    return node.fail("its input is not of a floating-point type");
  auto axis = node.normalizeAxis(node.getInt("axis", -1), shapeOf(*value).size());
  if (failed(axis))
    return failure();
  return AxisArgs{*value, *axis};
}

LogicalResult buildSoftmax(NodeBuilder &node) {
  auto args = getAxisArgs(node);
  if (failed(args))
    return failure();
  return node.setOutput(0, SoftmaxOp::create(node.b, node.loc, args->value.getType(), args->value,
                                             node.b.getI64IntegerAttr(args->axis)));
}

/// (x - max) - log(sum(exp(x - max)))
LogicalResult buildLogSoftmax(NodeBuilder &node) {
  auto args = getAxisArgs(node);
  if (failed(args))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(args->value);
  Value max = node.reduce(Reduction::Max, args->value, {args->axis}, /*keep=*/true);
  Value shifted = node.sub(args->value, node.broadcastTo(max, shape));
  Value exp = math::ExpOp::create(node.b, node.loc, shifted);
  Value sum = node.reduce(Reduction::Sum, exp, {args->axis}, /*keep=*/true);
  Value log = math::LogOp::create(node.b, node.loc, sum);
  return node.setOutput(0, node.sub(shifted, node.broadcastTo(log, shape)));
}

/// A scale or bias in the shape of the normalised dimensions, or null when it is absent.
FailureOr<Value> getWeight(NodeBuilder &node, unsigned index, ArrayRef<int64_t> shape,
                           Type elementType) {
  if (!node.hasInput(index))
    return Value();
  Value weight = node.inputs[index]->value;
  auto common = broadcastShapes(shape, shapeOf(weight));
  if (!common || ArrayRef<int64_t>(*common) != shape || elementTypeOf(weight) != elementType)
    return node.fail("input " + Twine(index) + " of shape " + printShape(shapeOf(weight)) +
                         " does not go with normalised dimensions " + printShape(shape),
                     "a tensor of the shape of the normalised dimensions");
  return node.broadcastTo(weight, shape);
}

/// Sets mean and 1 / sqrt(variance + epsilon), which exporters leave unused.
LogicalResult setStatistics(NodeBuilder &node, const AxisArgs &args, double epsilon) {
  if (!node.wantsOutput(1) && !node.wantsOutput(2))
    return success();
  ArrayRef<int64_t> shape = shapeOf(args.value);
  Value value = args.value;
  // They are of the type of the computation, which is float unless the input is wider.
  if (!elementTypeOf(value).isF64())
    value = node.convert(value, node.b.getF32Type());
  SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(args.axis, shape.size()));
  double count = static_cast<double>(*countElements(shape.drop_front(args.axis)));
  auto mean = [&](Value of) {
    Value sum = node.reduce(Reduction::Sum, of, dims, /*keep=*/true);
    return node.div(sum, node.splat(tensorType(sum), count));
  };
  Value center = mean(value);
  Value distance = node.sub(value, node.broadcastTo(center, shape));
  Value variance = mean(node.mul(distance, distance));
  Value shifted = node.add(variance, node.splat(tensorType(variance), epsilon));
  Value root = math::SqrtOp::create(node.b, node.loc, shifted);
  if (failed(node.setOutput(1, center)))
    return failure();
  return node.setOutput(2, node.div(node.splat(tensorType(root), 1), root));
}

LogicalResult buildLayerNorm(NodeBuilder &node) {
  // The norm is one op that is rounded once, at least as precise as any type of its inner steps.
  node.ignoreAttributes({"stash_type"});
  auto args = getAxisArgs(node);
  if (failed(args))
    return failure();
  ArrayRef<int64_t> normalised = shapeOf(args->value).drop_front(args->axis);
  Type type = elementTypeOf(args->value);
  auto scale = getWeight(node, 1, normalised, type), bias = getWeight(node, 2, normalised, type);
  if (failed(scale) || failed(bias))
    return failure();
  double epsilon = node.getFloat("epsilon", 1e-5f);
  Value result = LayerNormOp::create(node.b, node.loc, args->value.getType(), args->value, *scale,
                                     *bias, node.b.getI64IntegerAttr(normalised.size()),
                                     node.b.getF64FloatAttr(epsilon));
  if (failed(setStatistics(node, *args, epsilon)))
    return failure();
  return node.setOutput(0, result);
}

LogicalResult buildRmsNorm(NodeBuilder &node) {
  node.ignoreAttributes({"stash_type"});
  auto args = getAxisArgs(node);
  if (failed(args))
    return failure();
  ArrayRef<int64_t> normalised = shapeOf(args->value).drop_front(args->axis);
  auto scale = getWeight(node, 1, normalised, elementTypeOf(args->value));
  if (failed(scale))
    return failure();
  double epsilon = node.getFloat("epsilon", 1e-5f);
  return node.setOutput(0, RmsNormOp::create(node.b, node.loc, args->value.getType(), args->value,
                                             *scale, node.b.getI64IntegerAttr(normalised.size()),
                                             node.b.getF64FloatAttr(epsilon)));
}

//===----------------------------------------------------------------------===//
// Norms of images, B x C x space
//===----------------------------------------------------------------------===//

/// An input with a number for each channel, or for each of fewer groups of channels, broadcast to
/// the elements of an image.
FailureOr<Value> broadcastOverChannels(NodeBuilder &node, unsigned index, Value image,
                                       int64_t entries) {
  FailureOr<Value> weight = node.getInput(index);
  if (failed(weight))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(image);
  if (shapeOf(*weight) != ArrayRef<int64_t>(entries) ||
      elementTypeOf(*weight) != elementTypeOf(image))
    return node.fail("input " + Twine(index) + " of shape " + printShape(shapeOf(*weight)) +
                         " is no tensor of " + Twine(entries) + " elements of the input's type",
                     "a number for each channel, of the type of the input");
  Value value =
      node.broadcastTo(node.reshape(*weight, {entries, 1}), {entries, shape[1] / entries});
  SmallVector<int64_t> column(shape.size() - 1, 1);
  column[0] = shape[1];
  return node.broadcastTo(node.reshape(value, column), shape);
}

FailureOr<Value> getImage(NodeBuilder &node) {
  FailureOr<Value> image = node.getInput(0);
  if (failed(image))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(*image);
  if (!onnx::isFloat(*image) || shape.size() < 2 || *countElements(shape) == 0)
    return node.fail("its input of shape " + printShape(shape) +
                         " is no image of floating-point numbers",
                     "B x C x space");
  return *image;
}

/// With given statistics: one factor and one addend for each channel, which are parameters.
LogicalResult buildBatchNorm(NodeBuilder &node) {
  node.ignoreAttributes({"momentum"});
  if (node.getInt("training_mode", 0) != 0 || node.wantsOutput(1))
    return node.fail("it takes the statistics of a batch (training_mode)",
                     "a model exported for inference");
  FailureOr<Value> image = getImage(node);
  if (failed(image))
    return failure();
  Value inputs[4];
  for (unsigned i = 0; i < 4; ++i) {
    FailureOr<Value> input = node.getInput(i + 1);
    if (failed(input))
      return failure();
    if (shapeOf(*input) != shapeOf(*image).slice(1, 1) ||
        elementTypeOf(*input) != elementTypeOf(*image))
      return node.fail("input " + Twine(i + 1) + " of shape " + printShape(shapeOf(*input)) +
                           " has not a number of the input's type for each channel",
                       "parameters of the type of the input");
    inputs[i] = *input;
  }
  auto [scale, bias, mean, variance] = inputs;
  Value shifted =
      node.add(variance, node.splat(tensorType(variance), node.getFloat("epsilon", 1e-5f)));
  Value factor = node.div(scale, math::SqrtOp::create(node.b, node.loc, shifted));
  Value addend = node.sub(bias, node.mul(mean, factor));
  ArrayRef<int64_t> shape = shapeOf(*image);
  SmallVector<int64_t> column(shape.size() - 1, 1);
  column[0] = shape[1];
  auto broadcast = [&](Value value) {
    return node.broadcastTo(node.reshape(value, column), shape);
  };
  return node.setOutput(0, node.add(node.mul(*image, broadcast(factor)), broadcast(addend)));
}

/// Normalises each group of channels of a sample over its channels and space.
LogicalResult buildNormOfGroups(NodeBuilder &node, Value image, int64_t groups, int64_t entries) {
  SmallVector<int64_t> shape(shapeOf(image));
  int64_t inner = *countElements(ArrayRef<int64_t>(shape).drop_front()) / groups;
  auto scale = broadcastOverChannels(node, 1, image, entries),
       bias = broadcastOverChannels(node, 2, image, entries);
  if (failed(scale) || failed(bias))
    return failure();
  Value flat = node.reshape(image, {shape[0], groups, inner});
  Value normal = LayerNormOp::create(node.b, node.loc, flat.getType(), flat, Value(), Value(),
                                     node.b.getI64IntegerAttr(1),
                                     node.b.getF64FloatAttr(node.getFloat("epsilon", 1e-5f)));
  return node.setOutput(0, node.add(node.mul(node.reshape(normal, shape), *scale), *bias));
}

LogicalResult buildInstanceNorm(NodeBuilder &node) {
  FailureOr<Value> image = getImage(node);
  if (failed(image))
    return failure();
  int64_t channels = shapeOf(*image)[1];
  return buildNormOfGroups(node, *image, channels, channels);
}

/// Up to version 20 of the operator set scale and bias are per group, later per channel.
LogicalResult buildGroupNorm(NodeBuilder &node) {
  node.ignoreAttributes({"stash_type"});
  FailureOr<Value> image = getImage(node);
  if (failed(image))
    return failure();
  int64_t channels = shapeOf(*image)[1], groups = node.getInt("num_groups", 0);
  if (groups < 1 || channels % groups != 0)
    return node.fail("num_groups = " + Twine(groups) + " does not divide " + Twine(channels) +
                     " channels");
  return buildNormOfGroups(node, *image, groups, node.opset >= 21 ? channels : groups);
}

} // namespace

void onnx::registerNormOps(OperatorTable &table) {
  table.add("Softmax", buildSoftmax);
  table.add("LogSoftmax", buildLogSoftmax);
  table.add("LayerNormalization", buildLayerNorm, 17);
  table.add("RMSNormalization", buildRmsNorm, 23);
  // Version 14 made the training mode an attribute; before, more outputs meant training.
  table.add("BatchNormalization", buildBatchNorm, 9);
  table.add("InstanceNormalization", buildInstanceNorm, 6);
  table.add("GroupNormalization", buildGroupNorm, 18);
  table.roundOnce(
      {"LogSoftmax", "BatchNormalization", "InstanceNormalization", "GroupNormalization"});
}
