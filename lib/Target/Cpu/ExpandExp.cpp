//===- ExpandExp.cpp - the exponential function in place -------------------*- C++ -*-===//

#include "ExpandExp.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// exp(x) = 2^n exp(r) with n the integer nearest to x / ln 2 and r = x - n ln 2 in [-0.35, 0.35].
///
/// exp(r) = 1 + r + r^2 q(r), where the coefficients of q minimise the relative error: 3e-9, which
/// is 0.05 units in the last place; rounding adds the rest. ln 2 is the sum of a number of few
/// digits, so that its product with n is exact, and a rest. 2^n is multiplied in two factors, so
/// that results may be subnormal or infinite. n is found by adding 1.5 2^23, after which the last
/// digits of the sum are those of n; conversions would be undefined for NaN.
struct ExpandExp : OpRewritePattern<math::ExpOp> {
  ExpandExp(MLIRContext *context) : OpRewritePattern(context, /*benefit=*/3) {}

  LogicalResult matchAndRewrite(math::ExpOp op, PatternRewriter &b) const override {
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isF32())
      return failure();
    Location loc = op.getLoc();
    auto number = [&](float value) -> Value {
      return constant(b, loc, type, b.getF32FloatAttr(value));
    };
    auto fma = [&](Value x, Value y, Value z) -> Value {
      return math::FmaOp::create(b, loc, x, y, z);
    };
    // Beyond these numbers the result is 0 or infinite; NaN stays.
    Value x = choose(b, loc, arith::CmpFPredicate::OGT, op.getOperand(), number(89.0f));
    x = choose(b, loc, arith::CmpFPredicate::OLT, x, number(-105.0f));
    Value magic = number(12582912.0f);
    Value shifted = fma(x, number(1.44269504f), magic);
    Value n = arith::SubFOp::create(b, loc, shifted, magic);
    Value r = fma(n, number(-0.693145752f), x);
    r = fma(n, number(-1.42860677e-06f), r);
    Value q = number(0.0013814598f);
    for (float coefficient : {0.008368717f, 0.0416683881f, 0.1666652063f, 0.4999999345f})
      q = fma(q, r, number(coefficient));
    Value square = arith::MulFOp::create(b, loc, r, r);
    Value p = arith::AddFOp::create(b, loc, number(1.0f), fma(q, square, r));
    b.replaceOp(op, scale(b, loc, p, shifted));
    return success();
  }

  static Value constant(OpBuilder &b, Location loc, Type type, TypedAttr value) {
    if (auto vector = dyn_cast<VectorType>(type))
      value = SplatElementsAttr::get(vector, value);
    return arith::ConstantOp::create(b, loc, value);
  }

  /// `bound` where `x` is beyond it.
  static Value choose(OpBuilder &b, Location loc, arith::CmpFPredicate isBeyond, Value x,
                      Value bound) {
    Value beyond = arith::CmpFOp::create(b, loc, isBeyond, x, bound);
    return arith::SelectOp::create(b, loc, beyond, bound, x);
  }

  /// p 2^n, where the last digits of `shifted` are n.
  static Value scale(OpBuilder &b, Location loc, Value p, Value shifted) {
    Type type = p.getType(), bits = b.getI32Type();
    if (auto vector = dyn_cast<VectorType>(type))
      bits = vector.clone(b.getI32Type());
    auto number = [&](int32_t value) { return constant(b, loc, bits, b.getI32IntegerAttr(value)); };
    Value n = arith::BitcastOp::create(b, loc, bits, shifted);
    n = arith::SubIOp::create(b, loc, n, number(0x4B400000));
    Value half = arith::ShRSIOp::create(b, loc, n, number(1));
    Value rest = arith::SubIOp::create(b, loc, n, half);
    for (Value exponent : {half, rest}) {
      Value biased = arith::AddIOp::create(b, loc, exponent, number(127));
      Value power = arith::ShLIOp::create(b, loc, biased, number(23));
      power = arith::BitcastOp::create(b, loc, type, power);
      p = arith::MulFOp::create(b, loc, p, power);
    }
    return p;
  }
};
} // namespace

void mlir::dchag::populateExpandExpPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandExp>(patterns.getContext());
}
