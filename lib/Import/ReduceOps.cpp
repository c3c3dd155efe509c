//===- ReduceOps.cpp - reductions of ONNX ----------------------------------*- C++ -*-===//

#include "Operators.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

struct ReduceArgs {
  Value value;
  SmallVector<int64_t> axes;
  bool keep;
  /// Number of elements that are combined into one.
  int64_t count;
};

/// The operand and the axes: an attribute before, an input from version `axesInput` on.
FailureOr<ReduceArgs> getReduceArgs(NodeBuilder &node, int64_t axesInput) {
  FailureOr<Value> value = node.getInput(0);
  if (failed(value))
    return failure();
  SmallVector<int64_t> axes = node.getInts("axes");
  if (node.opset >= axesInput && node.hasInput(1)) {
    auto constant = node.getConstantInts(1, "axes");
    if (failed(constant))
      return failure();
    axes = *constant;
  }
  ArrayRef<int64_t> shape = shapeOf(*value);
  if (!node.getInt("noop_with_empty_axes", 0) && axes.empty())
    axes = llvm::to_vector(llvm::seq<int64_t>(0, shape.size()));
  auto normal = node.normalizeAxes(axes, shape.size());
  if (failed(normal))
    return failure();
  ReduceArgs args{*value, *normal, node.getInt("keepdims", 1) != 0, 1};
  for (int64_t axis : *normal)
    args.count *= shape[axis];
  return args;
}

using Map = Value (*)(NodeBuilder &, Value);

Value square(NodeBuilder &node, Value x) { return node.mul(x, x); }
Value squareRoot(NodeBuilder &node, Value x) { return math::SqrtOp::create(node.b, node.loc, x); }
Value logarithm(NodeBuilder &node, Value x) { return math::LogOp::create(node.b, node.loc, x); }
Value magnitude(NodeBuilder &node, Value x) {
  if (onnx::isFloat(x))
    return math::AbsFOp::create(node.b, node.loc, x);
  if (node.isUnsigned(0))
    return x;
  return math::AbsIOp::create(node.b, node.loc, x);
}

/// after(reduce(before(x))).
LogicalResult buildReduce(NodeBuilder &node, Reduction kind, int64_t axesInput, Map before,
                          Map after) {
  auto args = getReduceArgs(node, axesInput);
  if (failed(args))
    return failure();
  if (after && !onnx::isFloat(args->value))
    return node.fail("a root or a logarithm of integers is not imported",
                     "a floating-point input (Cast before it)");
  Value value = before ? before(node, args->value) : args->value;
  value = node.reduce(kind, value, args->axes, args->keep, node.isUnsigned(0));
  return node.setOutput(0, after ? after(node, value) : value, node.isUnsigned(0));
}

LogicalResult buildReduceMean(NodeBuilder &node) {
  auto args = getReduceArgs(node, 18);
  if (failed(args))
    return failure();
  Value sum = node.reduce(Reduction::Sum, args->value, args->axes, args->keep, node.isUnsigned(0));
  if (args->count == 1)
    return node.setOutput(0, sum, node.isUnsigned(0));
  if (args->count == 0)
    return node.fail("it takes the mean of no elements");
  Value count = node.splat(tensorType(sum), static_cast<double>(args->count));
  return node.setOutput(0, node.div(sum, count, node.isUnsigned(0)), node.isUnsigned(0));
}

/// max + log(sum(exp(x - max))), which never overflows.
LogicalResult buildReduceLogSumExp(NodeBuilder &node) {
  auto args = getReduceArgs(node, 18);
  if (failed(args))
    return failure();
  if (!onnx::isFloat(args->value))
    return node.fail("its input is not of a floating-point type");
  Value max = node.reduce(Reduction::Max, args->value, args->axes, /*keep=*/true);
  // An infinite maximum is not subtracted: inf - inf is NaN.
  Value zero = node.splat(tensorType(max), 0);
  Value distance = node.sub(max, max);
  Value isFinite =
      arith::CmpFOp::create(node.b, node.loc, arith::CmpFPredicate::OEQ, distance, zero);
  max = arith::SelectOp::create(node.b, node.loc, isFinite, max, zero);
  Value shifted = node.sub(args->value, node.broadcastTo(max, shapeOf(args->value)));
  Value exp = math::ExpOp::create(node.b, node.loc, shifted);
  Value sum = node.reduce(Reduction::Sum, exp, args->axes, /*keep=*/true);
  Value result = node.add(max, logarithm(node, sum));
  if (args->keep)
    return node.setOutput(0, result);
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(shapeOf(args->value)))
    if (!llvm::is_contained(args->axes, static_cast<int64_t>(dim)))
      shape.push_back(size);
  return node.setOutput(0, node.reshape(result, shape));
}

void addReduce(OperatorTable &table, StringRef name, Reduction kind, Map before = nullptr,
               Map after = nullptr, int64_t axesInput = 18) {
  table.add(name,
            [=](NodeBuilder &node) { return buildReduce(node, kind, axesInput, before, after); });
}

/// The mean over all dimensions after the channels.
LogicalResult buildGlobalPool(NodeBuilder &node, Reduction kind) {
  FailureOr<Value> x = node.getInput(0);
  if (failed(x))
    return failure();
  ArrayRef<int64_t> shape = shapeOf(*x);
  if (shape.size() < 3)
    return node.fail("its input has rank " + Twine(shape.size()), "rank 3 or more");
  SmallVector<int64_t> dims = llvm::to_vector(llvm::seq<int64_t>(2, shape.size()));
  Value result = node.reduce(kind, *x, dims, /*keep=*/true);
  auto count = countElements(shape.drop_front(2));
  if (!count || *count == 0)
    return node.fail("it pools no elements");
  if (kind == Reduction::Sum)
    result = node.div(result, node.splat(tensorType(result), static_cast<double>(*count)));
  return node.setOutput(0, result);
}

} // namespace

void onnx::registerReduceOps(OperatorTable &table) {
  addReduce(table, "ReduceSum", Reduction::Sum, nullptr, nullptr, /*axesInput=*/13);
  addReduce(table, "ReduceProd", Reduction::Prod);
  addReduce(table, "ReduceMax", Reduction::Max);
  addReduce(table, "ReduceMin", Reduction::Min);
  addReduce(table, "ReduceSumSquare", Reduction::Sum, square);
  addReduce(table, "ReduceL1", Reduction::Sum, magnitude);
  addReduce(table, "ReduceL2", Reduction::Sum, square, squareRoot);
  addReduce(table, "ReduceLogSum", Reduction::Sum, nullptr, logarithm);
  table.add("ReduceMean", buildReduceMean);
  table.add("ReduceLogSumExp", buildReduceLogSumExp);
  table.add(
      "GlobalAveragePool", [](NodeBuilder &node) { return buildGlobalPool(node, Reduction::Sum); },
      1);
  table.add(
      "GlobalMaxPool", [](NodeBuilder &node) { return buildGlobalPool(node, Reduction::Max); }, 1);
  table.roundOnce({"ReduceProd", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSum",
                   "ReduceMean", "ReduceLogSumExp", "GlobalAveragePool"});
}
