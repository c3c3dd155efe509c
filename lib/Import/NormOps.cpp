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
  auto axis = node.normalizeAxis(node.getInt("axis", -1), getShape(*value).size());
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
  ArrayRef<int64_t> shape = getShape(args->value);
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
  auto common = broadcastShapes(shape, getShape(weight));
  if (!common || ArrayRef<int64_t>(*common) != shape || getElementType(weight) != elementType)
    return node.fail("input " + Twine(index) + " of shape " + printShape(getShape(weight)) +
                         " does not go with normalised dimensions " + printShape(shape),
                     "a tensor of the shape of the normalised dimensions");
  return node.broadcastTo(weight, shape);
}

/// Mean and 1 / sqrt(variance + epsilon), which exporters leave unused.
LogicalResult setStatistics(NodeBuilder &node, const AxisArgs &args, double epsilon) {
  if (!node.wantsOutput(1) && !node.wantsOutput(2))
    return success();
  ArrayRef<int64_t> shape = getShape(args.value);
  Value value = args.value;
  // They are of the type of the computation, which is float unless the input is wider.
  if (!getElementType(value).isF64())
    value = node.convert(value, node.b.getF32Type());
  SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(args.axis, shape.size()));
  double count = static_cast<double>(*countElements(shape.drop_front(args.axis)));
  auto mean = [&](Value of) {
    Value sum = node.reduce(Reduction::Sum, of, dims, /*keep=*/true);
    return node.div(sum, node.splat(getTensorType(sum), count));
  };
  Value center = mean(value);
  Value distance = node.sub(value, node.broadcastTo(center, shape));
  Value variance = mean(node.mul(distance, distance));
  Value shifted = node.add(variance, node.splat(getTensorType(variance), epsilon));
  Value root = math::SqrtOp::create(node.b, node.loc, shifted);
  if (failed(node.setOutput(1, center)))
    return failure();
  return node.setOutput(2, node.div(node.splat(getTensorType(root), 1), root));
}

LogicalResult buildLayerNorm(NodeBuilder &node) {
  // The norm is one op, rounded once: as good as any precision of its inner steps.
  node.ignoreAttributes({"stash_type"});
  auto args = getAxisArgs(node);
  if (failed(args))
    return failure();
  ArrayRef<int64_t> normalised = getShape(args->value).drop_front(args->axis);
  Type type = getElementType(args->value);
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
  ArrayRef<int64_t> normalised = getShape(args->value).drop_front(args->axis);
  auto scale = getWeight(node, 1, normalised, getElementType(args->value));
  if (failed(scale))
    return failure();
  double epsilon = node.getFloat("epsilon", 1e-5f);
  return node.setOutput(0, RmsNormOp::create(node.b, node.loc, args->value.getType(), args->value,
                                             *scale, node.b.getI64IntegerAttr(normalised.size()),
                                             node.b.getF64FloatAttr(epsilon)));
}

} // namespace

void onnx::registerNormOps(OperatorTable &table) {
  table.add("Softmax", buildSoftmax);
  table.add("LogSoftmax", buildLogSoftmax);
  table.add("LayerNormalization", buildLayerNorm, 17);
  table.add("RMSNormalization", buildRmsNorm, 23);
}
