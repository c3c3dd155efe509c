//===- ElementwiseOps.cpp - element-wise operators of ONNX -----------------*- C++ -*-===//

#include "Operators.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

/// Both inputs in their common shape.
FailureOr<std::pair<Value, Value>> getPair(NodeBuilder &node, unsigned first = 0) {
  FailureOr<Value> lhs = node.getInput(first), rhs = node.getInput(first + 1);
  if (failed(lhs) || failed(rhs))
    return failure();
  if (elementTypeOf(*lhs) != elementTypeOf(*rhs))
    return node.fail("its inputs have different element types");
  Value pair[] = {*lhs, *rhs};
  if (failed(node.broadcastTogether(pair)))
    return failure();
  return std::make_pair(pair[0], pair[1]);
}

/// An operator that is one op on floats.
template <typename FloatOp>
LogicalResult buildFloatUnary(NodeBuilder &node) {
  FailureOr<Value> x = node.getInput(0);
  if (failed(x))
    return failure();
  if (!onnx::isFloat(*x))
    return node.fail("its input is not of a floating-point type");
  return node.setOutput(0, FloatOp::create(node.b, node.loc, *x));
}

/// An operator that is one op on floats and the identity on integers.
template <typename FloatOp>
LogicalResult buildRounding(NodeBuilder &node) {
  FailureOr<Value> x = node.getInput(0);
  if (succeeded(x) && !onnx::isFloat(*x))
    return node.setOutput(0, *x, node.isUnsigned(0));
  return buildFloatUnary<FloatOp>(node);
}

LogicalResult buildNeg(NodeBuilder &node) {
  FailureOr<Value> x = node.getInput(0);
  if (failed(x))
    return failure();
  if (onnx::isFloat(*x))
    return node.setOutput(0, arith::NegFOp::create(node.b, node.loc, *x));
  return node.setOutput(0, node.sub(node.splat(tensorType(*x), 0), *x));
}

LogicalResult buildAbs(NodeBuilder &node) {
  FailureOr<Value> x = node.getInput(0);
  if (failed(x))
    return failure();
  if (onnx::isFloat(*x))
    return node.setOutput(0, math::AbsFOp::create(node.b, node.loc, *x));
  if (node.isUnsigned(0))
    return node.setOutput(0, *x, true);
  return node.setOutput(0, math::AbsIOp::create(node.b, node.loc, *x));
}

Value compare(NodeBuilder &node, arith::CmpFPredicate ordered, arith::CmpIPredicate isSigned,
              arith::CmpIPredicate isUnsigned, Value lhs, Value rhs, bool unsignedInput) {
  if (onnx::isFloat(lhs))
    return arith::CmpFOp::create(node.b, node.loc, ordered, lhs, rhs);
  auto predicate = unsignedInput || isBool(lhs) ? isUnsigned : isSigned;
  return arith::CmpIOp::create(node.b, node.loc, predicate, lhs, rhs);
}

/// -1, 0 or 1 by the sign; a NaN stays.
LogicalResult buildSign(NodeBuilder &node) {
  FailureOr<Value> x = node.getInput(0);
  if (failed(x))
    return failure();
  RankedTensorType type = tensorType(*x);
  Value zero = node.splat(type, 0);
  auto isGreater = [&](Value lhs, Value rhs) {
    return compare(node, arith::CmpFPredicate::OGT, arith::CmpIPredicate::sgt,
                   arith::CmpIPredicate::ugt, lhs, rhs, node.isUnsigned(0));
  };
  Value negative =
      node.isUnsigned(0)
          ? *x
          : arith::SelectOp::create(node.b, node.loc, isGreater(zero, *x), node.splat(type, -1), *x)
                .getResult();
  return node.setOutput(
      0,
      arith::SelectOp::create(node.b, node.loc, isGreater(*x, zero), node.splat(type, 1), negative),
      node.isUnsigned(0));
}

template <Value (TensorBuilder::*combine)(Value, Value)>
LogicalResult buildArithmetic(NodeBuilder &node) {
  auto pair = getPair(node);
  if (failed(pair))
    return failure();
  return node.setOutput(0, (node.*combine)(pair->first, pair->second), node.isUnsigned(0));
}

LogicalResult buildDiv(NodeBuilder &node) {
  auto pair = getPair(node);
  if (failed(pair))
    return failure();
  bool isUnsigned = node.isUnsigned(0);
  return node.setOutput(0, node.div(pair->first, pair->second, isUnsigned), isUnsigned);
}

LogicalResult buildReciprocal(NodeBuilder &node) {
  FailureOr<Value> x = node.getInput(0);
  if (failed(x))
    return failure();
  return node.setOutput(0, node.div(node.splat(tensorType(*x), 1), *x));
}

/// The remainder with the sign of the divisor (fmod = 0) or of the dividend (fmod = 1).
LogicalResult buildMod(NodeBuilder &node) {
  auto pair = getPair(node);
  if (failed(pair))
    return failure();
  auto [lhs, rhs] = *pair;
  bool isFloat = onnx::isFloat(lhs), isFmod = node.getInt("fmod", 0) != 0;
  if (node.isUnsigned(0))
    return node.setOutput(0, arith::RemUIOp::create(node.b, node.loc, lhs, rhs), true);
  Value rest = isFloat ? arith::RemFOp::create(node.b, node.loc, lhs, rhs).getResult()
                       : arith::RemSIOp::create(node.b, node.loc, lhs, rhs).getResult();
  if (isFmod)
    return node.setOutput(0, rest);
  Value zero = node.splat(tensorType(lhs), 0);
  auto cmp = [&](arith::CmpFPredicate floats, arith::CmpIPredicate ints, Value value) -> Value {
    return compare(node, floats, ints, ints, value, zero, false);
  };
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  Value differ =
      arith::XOrIOp::create(node.b, node.loc, cmp(F::OLT, I::slt, rest), cmp(F::OLT, I::slt, rhs));
  Value isMoved = arith::AndIOp::create(node.b, node.loc, differ, cmp(F::UNE, I::ne, rest));
  return node.setOutput(
      0, arith::SelectOp::create(node.b, node.loc, isMoved, node.add(rest, rhs), rest));
}

/// The exponent of a Pow if it is a constant number.
std::optional<double> getKnownExponent(NodeBuilder &node) {
  if (onnx::isFloat(node.inputs[1]->value)) {
    auto floats = node.tryGetFloats(1);
    return floats && floats->size() == 1 ? std::optional(floats->front()) : std::nullopt;
  }
  auto ints = node.tryGetInts(1);
  return ints && ints->size() == 1 ? std::optional(static_cast<double>(ints->front()))
                                   : std::nullopt;
}

/// The type in which a power is computed: it holds every base and every exponent. An exponent of
/// 2^24 + 1 would become even in float32, and one of 300 another number in int8.
Type getPowerType(NodeBuilder &node, Value base, Value exponent) {
  Type type = elementTypeOf(base), other = elementTypeOf(exponent);
  unsigned width = type.getIntOrFloatBitWidth(), otherWidth = other.getIntOrFloatBitWidth();
  if (!isa<FloatType>(type) && !isa<FloatType>(other)) {
    width = std::max(width, otherWidth);
    bool isUnsigned = node.isUnsigned(0) || node.isUnsigned(1);
    return node.b.getIntegerType(isUnsigned ? std::min(2 * width, 64u) : width);
  }
  if (!isa<FloatType>(type))
    return node.b.getF64Type();
  if (std::optional<double> known = getKnownExponent(node)) {
    APFloat number(*known);
    bool loses = false;
    number.convert(cast<FloatType>(type).getFloatSemantics(), APFloat::rmNearestTiesToEven, &loses);
    return loses ? Type(node.b.getF64Type()) : type;
  }
  bool isWider = isa<FloatType>(other) ? otherWidth > width : otherWidth >= width;
  if (!isWider)
    return type;
  return otherWidth >= 32 ? Type(node.b.getF64Type()) : Type(node.b.getF32Type());
}

/// A power of integers of one type. Those of unsigned bases are never negative.
Value getIntegerPower(NodeBuilder &node, Value base, Value exponent) {
  Type type = base.getType();
  auto constant = [&](int64_t value) { return node.splat(tensorType(base), value); };
  if (node.isUnsigned(1) && elementTypeOf(base).isInteger(64)) {
    // Saturated exponents keep their parity.
    Value mask = node.constantInts({}, elementTypeOf(base), INT64_MAX);
    exponent = arith::AndIOp::create(node.b, node.loc, exponent,
                                     node.broadcastTo(mask, shapeOf(exponent)));
  }
  Value power = math::IPowIOp::create(node.b, node.loc, type, base, exponent);
  if (!node.isUnsigned(0) || node.isUnsigned(1))
    return power;
  Value isNegative =
      arith::CmpIOp::create(node.b, node.loc, arith::CmpIPredicate::slt, exponent, constant(0));
  Value isOne =
      arith::CmpIOp::create(node.b, node.loc, arith::CmpIPredicate::eq, base, constant(1));
  Value inverse = node.convert(isOne, elementTypeOf(base));
  return arith::SelectOp::create(node.b, node.loc, isNegative, inverse, power);
}

/// Powers have the element type of the base, whatever the exponent's.
LogicalResult buildPow(NodeBuilder &node) {
  FailureOr<Value> base = node.getInput(0), exponent = node.getInput(1);
  if (failed(base) || failed(exponent))
    return failure();
  Type type = elementTypeOf(*base);
  // A square needs no logarithm, and raising of norms matches this form.
  if (onnx::isFloat(*base) && getKnownExponent(node) == 2.0 &&
      shapeOf(*exponent).size() <= shapeOf(*base).size())
    return node.setOutput(0, node.mul(*base, *base));

  Type inner = getPowerType(node, *base, *exponent);
  Value pair[] = {node.convert(*base, inner, node.isUnsigned(0)),
                  node.convert(*exponent, inner, node.isUnsigned(1))};
  if (failed(node.broadcastTogether(pair)))
    return failure();
  Value result = isa<FloatType>(inner)
                     ? math::PowFOp::create(node.b, node.loc, pair[0], pair[1]).getResult()
                     : getIntegerPower(node, pair[0], pair[1]);
  bool isUnsigned = node.isUnsigned(0);
  return node.setOutput(0, node.convert(result, type, false, isUnsigned), isUnsigned);
}

struct Comparison {
  arith::CmpFPredicate floats;
  arith::CmpIPredicate signedInts, unsignedInts;
};

void addComparison(OperatorTable &table, StringRef name, Comparison kind,
                   int64_t since = oldestOpset) {
  auto build = [kind](NodeBuilder &node) -> LogicalResult {
    auto pair = getPair(node);
    if (failed(pair))
      return failure();
    return node.setOutput(0, compare(node, kind.floats, kind.signedInts, kind.unsignedInts,
                                     pair->first, pair->second, node.isUnsigned(0)));
  };
  table.add(name, build, since);
}

template <typename Op>
LogicalResult buildLogical(NodeBuilder &node) {
  auto pair = getPair(node);
  if (failed(pair))
    return failure();
  if (!isBool(pair->first))
    return node.fail("its inputs are not boolean");
  return node.setOutput(0, Op::create(node.b, node.loc, pair->first, pair->second));
}

template <typename Op>
LogicalResult buildBitwise(NodeBuilder &node) {
  auto pair = getPair(node);
  if (failed(pair))
    return failure();
  if (onnx::isFloat(pair->first))
    return node.fail("its inputs are not integers");
  return node.setOutput(0, Op::create(node.b, node.loc, pair->first, pair->second),
                        node.isUnsigned(0));
}

LogicalResult buildNot(NodeBuilder &node) {
  FailureOr<Value> x = node.getInput(0);
  if (failed(x))
    return failure();
  if (!isBool(*x))
    return node.fail("its input is not boolean");
  Value ones = node.splat(tensorType(*x), -1);
  return node.setOutput(0, arith::XOrIOp::create(node.b, node.loc, *x, ones));
}

LogicalResult buildWhere(NodeBuilder &node) {
  FailureOr<Value> condition = node.getInput(0), lhs = node.getInput(1), rhs = node.getInput(2);
  if (failed(condition) || failed(lhs) || failed(rhs))
    return failure();
  if (!isBool(*condition) || elementTypeOf(*lhs) != elementTypeOf(*rhs))
    return node.fail("it wants a boolean condition and two values of one element type");
  Value all[] = {*condition, *lhs, *rhs};
  if (failed(node.broadcastTogether(all)))
    return failure();
  return node.setOutput(0, arith::SelectOp::create(node.b, node.loc, all[0], all[1], all[2]),
                        node.isUnsigned(1));
}

LogicalResult buildIsNaN(NodeBuilder &node) {
  FailureOr<Value> x = node.getInput(0);
  if (failed(x))
    return failure();
  return node.setOutput(0,
                        arith::CmpFOp::create(node.b, node.loc, arith::CmpFPredicate::UNO, *x, *x));
}

LogicalResult buildIsInf(NodeBuilder &node) {
  FailureOr<Value> x = node.getInput(0);
  if (failed(x))
    return failure();
  bool positive = node.getInt("detect_positive", 1), negative = node.getInt("detect_negative", 1);
  auto isEqual = [&](double bound) -> Value {
    return arith::CmpFOp::create(node.b, node.loc, arith::CmpFPredicate::OEQ, *x,
                                 node.splat(tensorType(*x), bound));
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (positive && negative)
    return node.setOutput(
        0, arith::OrIOp::create(node.b, node.loc, isEqual(infinity), isEqual(-infinity)));
  if (positive || negative)
    return node.setOutput(0, isEqual(positive ? infinity : -infinity));
  return node.setOutput(0, node.splat(tensorType(*x).clone(node.b.getI1Type()), 0));
}

/// min(max(x, low), high), each bound optional.
LogicalResult buildClip(NodeBuilder &node) {
  FailureOr<Value> x = node.getInput(0);
  if (failed(x))
    return failure();
  bool isUnsigned = node.isUnsigned(0);
  Value result = *x;
  for (unsigned index : {1, 2}) {
    if (!node.hasInput(index))
      continue;
    Value bound = node.inputs[index]->value;
    if (elementTypeOf(bound) != elementTypeOf(*x) || countElements(shapeOf(bound)) != 1)
      return node.fail("a bound is not one number of the input's element type");
    bound = node.broadcastTo(node.reshape(bound, {}), shapeOf(*x));
    result = index == 1 ? node.max(result, bound, isUnsigned) : node.min(result, bound, isUnsigned);
  }
  return node.setOutput(0, result, isUnsigned);
}

enum class Variadic { Min, Max, Sum, Mean };

/// Operators on any number of inputs.
template <Variadic kind>
LogicalResult buildVariadic(NodeBuilder &node) {
  FailureOr<SmallVector<Value>> values = node.getInputs();
  if (failed(values))
    return failure();
  for (Value value : *values)
    if (elementTypeOf(value) != elementTypeOf(values->front()))
      return node.fail("its inputs have different element types");
  if (failed(node.broadcastTogether(*values)))
    return failure();
  bool isUnsigned = node.isUnsigned(0);
  Value result = values->front();
  for (Value value : ArrayRef<Value>(*values).drop_front())
    result = kind == Variadic::Min   ? node.min(result, value, isUnsigned)
             : kind == Variadic::Max ? node.max(result, value, isUnsigned)
                                     : node.add(result, value);
  if (kind == Variadic::Mean)
    result = node.div(result, node.splat(tensorType(result), values->size()));
  return node.setOutput(0, result, isUnsigned);
}

} // namespace

void onnx::registerElementwiseOps(OperatorTable &table) {
  table.add("Neg", buildNeg);
  table.add("Abs", buildAbs);
  table.add("Sign", buildSign);
  table.add("Reciprocal", buildReciprocal);
  table.add("Floor", buildRounding<math::FloorOp>);
  table.add("Ceil", buildRounding<math::CeilOp>);
  table.add("Round", buildRounding<math::RoundEvenOp>, 11);
  table.add("Sqrt", buildFloatUnary<math::SqrtOp>);
  table.add("Erf", buildFloatUnary<math::ErfOp>);
  table.add("Exp", buildFloatUnary<math::ExpOp>);
  table.add("Log", buildFloatUnary<math::LogOp>);
  table.add("Tanh", buildFloatUnary<math::TanhOp>);
  table.add("Sin", buildFloatUnary<math::SinOp>, 7);
  table.add("Cos", buildFloatUnary<math::CosOp>, 7);

  table.add("Add", buildArithmetic<&TensorBuilder::add>);
  table.add("Sub", buildArithmetic<&TensorBuilder::sub>);
  table.add("Mul", buildArithmetic<&TensorBuilder::mul>);
  table.add("Div", buildDiv);
  table.add("Mod", buildMod);
  table.add("Pow", buildPow);
  table.add("Min", buildVariadic<Variadic::Min>);
  table.add("Max", buildVariadic<Variadic::Max>);
  table.add("Sum", buildVariadic<Variadic::Sum>);
  table.add("Mean", buildVariadic<Variadic::Mean>);
  table.add("Clip", buildClip);

  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  addComparison(table, "Equal", {F::OEQ, I::eq, I::eq});
  addComparison(table, "Less", {F::OLT, I::slt, I::ult});
  addComparison(table, "LessOrEqual", {F::OLE, I::sle, I::ule}, 12);
  addComparison(table, "Greater", {F::OGT, I::sgt, I::ugt});
  addComparison(table, "GreaterOrEqual", {F::OGE, I::sge, I::uge}, 12);
  table.add("And", buildLogical<arith::AndIOp>, 7);
  table.add("Or", buildLogical<arith::OrIOp>, 7);
  table.add("Xor", buildLogical<arith::XOrIOp>, 7);
  table.add("Not", buildNot, 1);
  table.add("BitwiseAnd", buildBitwise<arith::AndIOp>, 18);
  table.add("BitwiseOr", buildBitwise<arith::OrIOp>, 18);
  table.add("BitwiseXor", buildBitwise<arith::XOrIOp>, 18);
  table.add("Where", buildWhere, 9);
  table.add("IsNaN", buildIsNaN);
  table.add("IsInf", buildIsInf, 10);
  table.roundOnce({"Sum", "Mean"});
}
