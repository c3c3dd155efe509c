//===- ActivationDecompose.cpp - activations in simpler ops ----------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// A number as high + low, where high is the number rounded to the type of `high`. `low` is null if
/// that type is the widest that is used.
struct SplitNumber {
  Value high, low;
};
} // namespace

/// `x` in f64: arguments of functions are computed there, because an error of half an ulp in an
/// argument t changes exp(t) by t ulps and erfc(t) by 2 t^2 ulps.
static Value inF64(Decomposer &d, Value x) {
  RankedTensorType type = tensorType(x);
  return type.getElementType().isF64()
             ? x
             : arith::ExtFOp::create(d.b, d.loc, type.clone(d.b.getF64Type()), x).getResult();
}

/// Splits `exact`, which is f64, into two numbers of the type of `like`.
static SplitNumber split(Decomposer &d, Value exact, Value like) {
  RankedTensorType type = tensorType(like);
  if (type.getElementType().isF64())
    return {exact, {}};
  Value high = arith::TruncFOp::create(d.b, d.loc, type, exact);
  Value rest = d.sub(exact, inF64(d, high));
  return {high, arith::TruncFOp::create(d.b, d.loc, type, rest)};
}

/// Rounds `x`, which is f64, to the type of `like`.
static Value roundTo(Decomposer &d, Value x, Value like) {
  return x.getType() == like.getType()
             ? x
             : arith::TruncFOp::create(d.b, d.loc, tensorType(like), x).getResult();
}

/// x / 2 erfc(high + low), where erfc(high + low) = erfc(high) (1 - r low) with r = 2 exp(-z^2) /
/// (sqrt(pi) erfc(z)), which for z > 0.5 is at most 10% and from 1 on 4% less than z + sqrt(z^2 +
/// 2). Below, r low is less than half an ulp.
static Value timesErfc(Decomposer &d, Value x, SplitNumber z) {
  Value tail = math::ErfcOp::create(d.b, d.loc, z.high);
  if (!z.low)
    return d.mul(d.scale(x, 0.5), tail);
  Value zero = d.splat(x, 0.0), half = d.splat(x, 0.5);
  Value square = d.add(d.mul(z.high, z.high), d.splat(x, 2.0));
  Value slope = d.add(z.high, math::SqrtOp::create(d.b, d.loc, square));
  Value isFar = arith::CmpFOp::create(d.b, d.loc, arith::CmpFPredicate::OGT, z.high, half);
  Value change = inF64(d, d.select(isFar, d.mul(slope, z.low), zero));
  Value wide = d.mul(inF64(d, d.mul(x, half)), inF64(d, tail));
  return roundTo(d, d.mul(wide, d.sub(d.splat(wide, 1.0), change)), x);
}

/// x sigmoid(high + low): x e / (1 + e) with e = exp(high) (1 + low) below 0, where e is at most 1,
/// and x / (1 + e) with e = exp(-high) above, where `low` is negligible.
static Value timesSigmoid(Decomposer &d, Value x, SplitNumber t) {
  if (!t.low)
    return d.mul(x, d.sigmoid(t.high));
  Value zero = d.splat(x, 0.0);
  Value isNegative = arith::CmpFOp::create(d.b, d.loc, arith::CmpFPredicate::OLT, t.high, zero);
  Value magnitude = math::AbsFOp::create(d.b, d.loc, t.high);
  Value e = inF64(d, d.exp(arith::NegFOp::create(d.b, d.loc, magnitude)));
  e = d.add(e, d.mul(e, inF64(d, d.select(isNegative, t.low, zero))));
  Value wide = inF64(d, x);
  Value numerator = d.select(isNegative, d.mul(wide, e), wide);
  return roundTo(d, d.div(numerator, d.add(d.splat(e, 1.0), e)), x);
}

/// As they are usually written, both forms are small differences of numbers near 1 below 0, without
/// a correct digit at -5. These equal forms have no difference:
/// 1 + erf(z) = erfc(-z) and (1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u)).
FailureOr<SmallVector<Value>> GeluOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  Value x = d.wide(getInput()), exact = inF64(d, x);
  if (getForm() == GeluKind::Erf) {
    Value argument = d.scale(exact, -0.70710678118654752440);
    // erfc(30) is 0 in f32, and the square of 30 is finite.
    if (exact != x)
      argument = arith::MinimumFOp::create(builder, getLoc(), argument, d.splat(exact, 30.0));
    SplitNumber z = split(d, argument, x);
    return SmallVector<Value>{timesErfc(d, x, z)};
  }
  Value cube = d.mul(d.mul(exact, exact), exact);
  Value sum = d.add(exact, d.scale(cube, 0.044715));
  Value argument = d.scale(sum, 2 * 0.79788456080286535588);
  // exp(-200) is 0 in f32, and -200 is finite there.
  if (exact != x)
    argument = arith::MaximumFOp::create(builder, getLoc(), argument, d.splat(exact, -200.0));
  SplitNumber t = split(d, argument, x);
  return SmallVector<Value>{timesSigmoid(d, x, t)};
}
