//===- ActivationOps.cpp - activations and type conversions of ONNX --------*- C++ -*-===//

#include "Operators.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

/// The floating-point input of an activation.
FailureOr<Value> getFloatInput(NodeBuilder &node) {
  FailureOr<Value> x = node.getInput(0);
  if (succeeded(x) && !onnx::isFloat(*x))
    return node.fail("its input is not of a floating-point type");
  return x;
}

Value negate(NodeBuilder &node, Value x) { return arith::NegFOp::create(node.b, node.loc, x); }
Value exponential(NodeBuilder &node, Value x) { return math::ExpOp::create(node.b, node.loc, x); }
Value splatLike(NodeBuilder &node, Value x, double value) {
  return node.splat(tensorType(x), value);
}
Value selectNegative(NodeBuilder &node, Value x, Value negative, Value otherwise) {
  Value isNegative =
      arith::CmpFOp::create(node.b, node.loc, arith::CmpFPredicate::OLT, x, splatLike(node, x, 0));
  return arith::SelectOp::create(node.b, node.loc, isNegative, negative, otherwise);
}

/// 1 / (1 + exp(-x)), computed with e = exp(-|x|) so that it does not overflow: 1 / (1 + e) above 0
/// and e / (1 + e) below, where the result is as small as e.
Value sigmoid(NodeBuilder &node, Value x) {
  Value one = splatLike(node, x, 1);
  Value magnitude = math::AbsFOp::create(node.b, node.loc, x);
  Value small = exponential(node, negate(node, magnitude));
  return node.div(selectNegative(node, x, small, one), node.add(one, small));
}

LogicalResult buildSigmoid(NodeBuilder &node) {
  FailureOr<Value> x = getFloatInput(node);
  if (failed(x))
    return failure();
  return node.setOutput(0, sigmoid(node, *x));
}

/// x sigmoid(alpha x)
LogicalResult buildSwish(NodeBuilder &node) {
  FailureOr<Value> x = getFloatInput(node);
  if (failed(x))
    return failure();
  double alpha = node.getFloat("alpha", 1);
  Value inner = alpha == 1 ? *x : node.mul(*x, splatLike(node, *x, alpha));
  return node.setOutput(0, node.mul(*x, sigmoid(node, inner)));
}

LogicalResult buildRelu(NodeBuilder &node) {
  FailureOr<Value> x = node.getInput(0);
  if (failed(x))
    return failure();
  return node.setOutput(0, node.max(*x, splatLike(node, *x, 0)));
}

LogicalResult buildLeakyRelu(NodeBuilder &node) {
  FailureOr<Value> x = getFloatInput(node);
  if (failed(x))
    return failure();
  Value scaled = node.mul(*x, splatLike(node, *x, node.getFloat("alpha", 0.01f)));
  return node.setOutput(0, selectNegative(node, *x, scaled, *x));
}

/// alpha (exp(x) - 1) below 0, where the difference would have no digit left near 0
LogicalResult buildElu(NodeBuilder &node) {
  FailureOr<Value> x = getFloatInput(node);
  if (failed(x))
    return failure();
  Value shifted = math::ExpM1Op::create(node.b, node.loc, *x);
  Value scaled = node.mul(shifted, splatLike(node, *x, node.getFloat("alpha", 1)));
  return node.setOutput(0, selectNegative(node, *x, scaled, *x));
}

/// log(1 + exp(x)) as max(x, 0) + log1p(exp(-|x|)), which never overflows and is exp(x) for a
/// large -x.
LogicalResult buildSoftplus(NodeBuilder &node) {
  FailureOr<Value> x = getFloatInput(node);
  if (failed(x))
    return failure();
  Value magnitude = math::AbsFOp::create(node.b, node.loc, *x);
  Value small = exponential(node, negate(node, magnitude));
  Value log = math::Log1pOp::create(node.b, node.loc, small);
  return node.setOutput(0, node.add(node.max(*x, splatLike(node, *x, 0)), log));
}

LogicalResult buildGelu(NodeBuilder &node) {
  FailureOr<Value> x = getFloatInput(node);
  if (failed(x))
    return failure();
  StringRef form = node.getString("approximate", "none");
  if (form != "none" && form != "tanh")
    return node.fail("approximate = \"" + form + "\"", "\"none\" or \"tanh\"");
  auto kind = form == "tanh" ? GeluKind::Tanh : GeluKind::Erf;
  return node.setOutput(0, GeluOp::create(node.b, node.loc, x->getType(), *x,
                                          GeluKindAttr::get(node.b.getContext(), kind)));
}

LogicalResult buildCast(NodeBuilder &node) {
  // These concern element types of 8 bits, which are refused.
  node.ignoreAttributes({"saturate", "round_mode"});
  FailureOr<Value> x = node.getInput(0);
  if (failed(x))
    return failure();
  auto to = static_cast<DataType>(node.getInt("to", 0));
  Type type = getElementType(to, node.b.getContext());
  if (!type)
    return node.fail("there is no conversion to " + getDataTypeName(to),
                     "float, double, float16, bfloat16, bool or integers of 8 to 64 bits");
  return node.setOutput(0, node.convert(*x, type, node.isUnsigned(0), isUnsigned(to)),
                        isUnsigned(to));
}

LogicalResult buildCastLike(NodeBuilder &node) {
  node.ignoreAttributes({"saturate", "round_mode"});
  FailureOr<Value> x = node.getInput(0), like = node.getInput(1);
  if (failed(x) || failed(like))
    return failure();
  bool toUnsigned = node.isUnsigned(1);
  return node.setOutput(0, node.convert(*x, elementTypeOf(*like), node.isUnsigned(0), toUnsigned),
                        toUnsigned);
}

} // namespace

void onnx::registerActivationOps(OperatorTable &table) {
  table.add("Relu", buildRelu);
  table.add("LeakyRelu", buildLeakyRelu, 6);
  table.add("Elu", buildElu, 6);
  table.add("Sigmoid", buildSigmoid);
  table.add("Swish", buildSwish, 24);
  table.add("Softplus", buildSoftplus, 1);
  table.add("Gelu", buildGelu, 20);
  table.add("Cast", buildCast);
  table.add("CastLike", buildCastLike, 15);
  table.roundOnce({"LeakyRelu", "Elu", "Sigmoid", "Swish", "Softplus"});
}
