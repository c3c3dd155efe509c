//===- BufferizeProgram.cpp - values in buffers ----------------------------*- C++ -*-===//

#include "dchag/Codegen/Passes.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotModuleBufferize.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_BUFFERIZEPROGRAM
#include "dchag/Codegen/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::bufferization;

namespace {
struct BufferizeProgram : mlir::dchag::impl::BufferizeProgramBase<BufferizeProgram> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    // Inputs and parameters outlive the call.
    for (auto function : module.getOps<func::FuncOp>())
      for (unsigned i = 0; i < function.getNumArguments(); ++i)
        if (isa<TensorType>(function.getArgumentTypes()[i]))
          function.setArgAttr(i, BufferizationDialect::kWritableAttrName,
                              BoolAttr::get(&getContext(), false));
    OneShotBufferizationOptions options;
    options.bufferizeFunctionBoundaries = true;
    options.setFunctionBoundaryTypeConversion(LayoutMapOption::IdentityLayoutMap);
    BufferizationState state;
    if (failed(runOneShotModuleBufferize(module, options, state)))
      return signalPassFailure();
    removeBufferizationAttributesInModule(module);
  }
};
} // namespace
