//===- ExpandPowers.cpp - powers of integers -------------------------------*- C++ -*-===//

#include "ExpandPowers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace {
struct ExpandPower : OpRewritePattern<math::IPowIOp> {
  using OpRewritePattern::OpRewritePattern;

  /// Without branches, so that it vectorises; with a constant exponent only its set bits cost.
  LogicalResult matchAndRewrite(math::IPowIOp op, PatternRewriter &rewriter) const override {
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type type = op.getType();
    Value base = op.getLhs(), exponent = op.getRhs();
    unsigned width = getElementTypeOrSelf(type).getIntOrFloatBitWidth();
    auto constant = [&](int64_t value) -> Value {
      APInt bits(width, value, /*isSigned=*/true, /*implicitTrunc=*/true);
      if (auto shaped = dyn_cast<ShapedType>(type))
        return arith::ConstantOp::create(b, DenseElementsAttr::get(shaped, bits));
      return arith::ConstantOp::create(b, IntegerAttr::get(type, bits));
    };
    auto compare = [&](arith::CmpIPredicate predicate, Value lhs, Value rhs) -> Value {
      return arith::CmpIOp::create(b, predicate, lhs, rhs);
    };
    using P = arith::CmpIPredicate;
    Value zero = constant(0), one = constant(1), minusOne = constant(-1);
    Value result = one, square = base;
    // The highest bit is the sign.
    for (unsigned bit = 0; bit + 1 < width; ++bit) {
      Value mask = constant(int64_t(1) << bit);
      Value isSet = compare(P::ne, arith::AndIOp::create(b, exponent, mask), zero);
      Value product = arith::MulIOp::create(b, result, square);
      result = arith::SelectOp::create(b, isSet, product, result);
      if (bit + 2 < width)
        square = arith::MulIOp::create(b, square, square);
    }
    // 1 and -1 are their own inverses; the inverse of any other number rounds to 0.
    Value isOdd = compare(P::ne, arith::AndIOp::create(b, exponent, one), zero);
    Value ofMinusOne = arith::SelectOp::create(b, isOdd, minusOne, one);
    Value inverse = arith::SelectOp::create(b, compare(P::eq, base, minusOne), ofMinusOne, zero);
    inverse = arith::SelectOp::create(b, compare(P::eq, base, one), one, inverse);
    Value isNegative = compare(P::slt, exponent, zero);
    rewriter.replaceOpWithNewOp<arith::SelectOp>(op, isNegative, inverse, result);
    return success();
  }
};
} // namespace

void mlir::dchag::populateExpandPowersPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandPower>(patterns.getContext());
}
