//===- ExpandBFloat16.cpp - arithmetic of bf16 in f32, rounded exactly -----*- C++ -*-===//
//
// Few CPUs have instructions for bf16, those that do flush subnormal results to 0, and for the
// others LLVM calls functions that no linked library has.
//
//===----------------------------------------------------------------------===//

#include "ElementTypes.h"
#include "dchag/Target/Cpu/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_EXPANDBFLOAT16
#include "dchag/Target/Cpu/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// Rounds `x`, which is f64, to f32 by rounding to odd: towards 0, and if that is not exact, to the
/// neighbour whose last bit is 1. Rounding that again, to 16 bits, equals rounding `x` once (S.
/// Boldo and G. Melquiond, "When double rounding is odd", 2005).
static Value roundToOdd(OpBuilder &b, Location loc, Value x) {
  Type narrow = cloneWithElement(x.getType(), b.getF32Type());
  Type bits = cloneWithElement(x.getType(), b.getI32Type());
  Value nearest = arith::TruncFOp::create(b, loc, narrow, x);
  Value back = arith::ExtFOp::create(b, loc, x.getType(), nearest);
  Value isInexact = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::ONE, back, x);
  // Compares bits without the sign, because no math op is available here.
  Type wideBits = cloneWithElement(x.getType(), b.getI64Type());
  Value mask = createInteger(b, loc, wideBits, INT64_MAX);
  auto magnitude = [&](Value value) -> Value {
    Value raw = arith::BitcastOp::create(b, loc, wideBits, value);
    return arith::AndIOp::create(b, loc, raw, mask);
  };
  Value isAway =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ugt, magnitude(back), magnitude(x));
  Value raw = arith::BitcastOp::create(b, loc, bits, nearest), one = createInteger(b, loc, bits, 1);
  Value truncated =
      arith::SelectOp::create(b, loc, isAway, arith::SubIOp::create(b, loc, raw, one), raw);
  Value odd = arith::OrIOp::create(b, loc, truncated, one);
  Value result = arith::SelectOp::create(b, loc, isInexact, odd, raw);
  return arith::BitcastOp::create(b, loc, narrow, result);
}

namespace {
/// f64 to bf16 by way of f32.
struct NarrowF64 : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isBF16() ||
        !getElementTypeOrSelf(op.getIn().getType()).isF64())
      return failure();
    Value odd = roundToOdd(rewriter, op.getLoc(), op.getIn());
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), odd);
    return success();
  }
};

/// Integers to bf16 by way of f64, which holds those of 32 bits exactly.
template <typename OpTy>
struct ConvertInteger : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isBF16())
      return failure();
    Value wide = OpTy::create(rewriter, op.getLoc(),
                              cloneWithElement(op.getType(), rewriter.getF64Type()), op.getIn());
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), wide);
    return success();
  }
};

struct ExpandBFloat16 : mlir::dchag::impl::ExpandBFloat16Base<ExpandBFloat16> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    RewritePatternSet integers(context);
    integers.add<ConvertInteger<arith::SIToFPOp>, ConvertInteger<arith::UIToFPOp>>(context);
    if (failed(applyPatternsGreedily(getOperation(), std::move(integers))))
      return signalPassFailure();
    // Each op on bf16 becomes one on f32 between conversions.
    Type narrow = BFloat16Type::get(context), wide = Float32Type::get(context);
    TypeConverter converter;
    arith::populateEmulateUnsupportedFloatsConversions(converter, narrow, wide);
    RewritePatternSet arithmetic(context);
    arith::populateEmulateUnsupportedFloatsPatterns(arithmetic, converter);
    ConversionTarget target(*context);
    arith::populateEmulateUnsupportedFloatsLegality(target, converter);
    if (failed(applyPartialConversion(getOperation(), target, std::move(arithmetic))))
      return signalPassFailure();
    RewritePatternSet conversions(context);
    conversions.add<NarrowF64>(context);
    arith::populateExpandBFloat16Patterns(conversions);
    if (failed(applyPatternsGreedily(getOperation(), std::move(conversions))))
      return signalPassFailure();
  }
};
} // namespace
