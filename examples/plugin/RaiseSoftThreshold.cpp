//===- RaiseSoftThreshold.cpp - finds soft thresholds ----------------------*- C++ -*-===//

#include "Spectral.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include "mlir/IR/Matchers.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace mlir::spectral;

namespace {
/// copysign(max(|x| - t, 0), x) with a constant t >= 0, as exporters write it.
struct RaiseSoftThreshold : OpRewritePattern<math::CopySignOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::CopySignOp op, PatternRewriter &rewriter) const override {
    Value x = op.getRhs();
    auto clipped = op.getLhs().getDefiningOp<arith::MaximumFOp>();
    if (!clipped || !isa<RankedTensorType>(x.getType()) ||
        !matchPattern(clipped.getRhs(), m_AnyZeroFloat()))
      return failure();
    auto shrunk = clipped.getLhs().getDefiningOp<arith::SubFOp>();
    if (!shrunk)
      return failure();
    auto magnitude = shrunk.getLhs().getDefiningOp<math::AbsFOp>();
    APFloat threshold(0.0);
    if (!magnitude || magnitude.getOperand() != x ||
        !matchPattern(shrunk.getRhs(), m_ConstantFloat(&threshold)) || threshold.isNegative() ||
        !threshold.isFinite())
      return failure();
    bool losesInfo;
    threshold.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
    rewriter.replaceOpWithNewOp<SoftThresholdOp>(
        op, x.getType(), x, rewriter.getF64FloatAttr(threshold.convertToDouble()));
    return success();
  }
};

struct RaiseSoftThresholdPass : PassWrapper<RaiseSoftThresholdPass, OperationPass<func::FuncOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(RaiseSoftThresholdPass)
  StringRef getArgument() const override { return "raise-soft-threshold"; }
  StringRef getDescription() const override { return "Finds soft thresholds"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<SpectralDialect>();
  }
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseSoftThreshold>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace

void mlir::spectral::registerPasses() {
  PassRegistration<RaiseSoftThresholdPass>();
  registerPass(createLowerMapsPass);
}
