//===- BufferizeProgram.cpp - values in buffers ----------------------------*- C++ -*-===//

#include "dchag/Schedule/Passes.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_BUFFERIZEPROGRAM
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::bufferization;

/// Bytes of a constant above which it is computed rather than stored in the program.
static constexpr int64_t kLargeConstant = 1 << 20;

/// A stored splat would make the program as large as the tensor.
static void fillLargeSplats(ModuleOp module) {
  SmallVector<arith::ConstantOp> constants;
  module.walk([&](arith::ConstantOp op) {
    auto splat = dyn_cast<SplatElementsAttr>(op.getValue());
    if (splat && isa<RankedTensorType>(op.getType()) &&
        llvm::divideCeil(splat.getElementType().getIntOrFloatBitWidth(), 8) *
                splat.getNumElements() >
            kLargeConstant)
      constants.push_back(op);
  });
  for (arith::ConstantOp op : constants) {
    IRRewriter b(op);
    auto splat = cast<SplatElementsAttr>(op.getValue());
    auto type = cast<RankedTensorType>(op.getType());
    Value number = arith::ConstantOp::create(b, op.getLoc(), splat.getSplatValue<TypedAttr>());
    Value empty = tensor::EmptyOp::create(b, op.getLoc(), type.getShape(), type.getElementType());
    auto fill = linalg::FillOp::create(b, op.getLoc(), number, empty);
    FailureOr<linalg::GenericOp> generic = linalg::generalizeNamedOp(b, fill);
    b.replaceOp(op, generic->getResults());
  }
}

namespace {
struct BufferizeProgram : mlir::dchag::impl::BufferizeProgramBase<BufferizeProgram> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    fillLargeSplats(module);
    // Inputs and parameters outlive the call.
    for (auto function : module.getOps<func::FuncOp>())
      for (unsigned i = 0; i < function.getNumArguments(); ++i)
        if (isa<TensorType>(function.getArgumentTypes()[i]))
          function.setArgAttr(i, BufferizationDialect::kWritableAttrName,
                              BoolAttr::get(&getContext(), false));
    OneShotBufferizationOptions options;
    options.bufferizeFunctionBoundaries = true;
    options.setFunctionBoundaryTypeConversion(LayoutMapOption::IdentityLayoutMap);
    // Kernels are made for the layouts of buffers afterwards.
    options.opFilter.denyOperation([](Operation *op) {
      return isa<dchag::rt::KernelOp>(op) || op->getParentOfType<dchag::rt::KernelOp>();
    });
    BufferizationState state;
    if (failed(runOneShotModuleBufferize(module, options, state)))
      return signalPassFailure();
    removeBufferizationAttributesInModule(module);
  }
};
} // namespace
