//===- LowerMaps.cpp - element-wise kernels as scalar loops ----------------*- C++ -*-===//
//
// One kind of kernel lowered in a way of its own: what a target for another device does with all
// of them. The kernels of `dchag_rt` hold linalg ops on buffers until then.
//
//===----------------------------------------------------------------------===//

#include "Spectral.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace {
struct LowerMaps : PassWrapper<LowerMaps, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(LowerMaps)
  StringRef getArgument() const override { return "lower-maps"; }
  StringRef getDescription() const override { return "Make element-wise kernels scalar loops"; }
  void getDependentDialects(DialectRegistry &registry) const override {
    registry.insert<affine::AffineDialect, scf::SCFDialect>();
  }

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    for (auto kernel : getOperation().getOps<dchag::rt::KernelOp>()) {
      SmallVector<linalg::LinalgOp> maps;
      kernel.walk([&](linalg::LinalgOp op) {
        if (op.getNumLoops() == op.getNumParallelLoops())
          maps.push_back(op);
      });
      for (linalg::LinalgOp op : maps) {
        rewriter.setInsertionPoint(op);
        if (failed(linalg::linalgOpToLoops(rewriter, op))) {
          op->emitOpError("has no form as loops");
          return signalPassFailure();
        }
        rewriter.eraseOp(op);
      }
    }
  }
};
} // namespace

std::unique_ptr<Pass> spectral::createLowerMapsPass() { return std::make_unique<LowerMaps>(); }
