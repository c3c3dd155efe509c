//===- ProgramToLLVM.cpp - entry points and kernels in the LLVM dialect ----*- C++ -*-===//

#include "RuntimeToLLVM.h"
#include "dchag/Target/Cpu/Passes.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/OpenMPToLLVM/ConvertOpenMPToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/SmallVectorExtras.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_PROGRAMTOLLVM
#include "dchag/Target/Cpu/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// LLVM has no byte elements for i1: Boolean resources, with a byte for each, become attributes.
static LogicalResult expandBooleans(ModuleOp module) {
  for (auto global : module.getOps<memref::GlobalOp>()) {
    auto resource = dyn_cast_or_null<DenseResourceElementsAttr>(global.getInitialValueAttr());
    if (!resource || !resource.getElementType().isInteger(1))
      continue;
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob || blob->getData().size() != static_cast<size_t>(resource.getNumElements()))
      return global.emitOpError("has a resource '")
             << resource.getRawHandle().getKey() << "' that does not hold a byte for each element";
    SmallVector<bool> values = llvm::map_to_vector(blob->getData(), [](char c) { return c != 0; });
    global.setInitialValueAttr(DenseElementsAttr::get(resource.getType(), ArrayRef<bool>(values)));
  }
  return success();
}

namespace {
struct ProgramToLLVM : mlir::dchag::impl::ProgramToLLVMBase<ProgramToLLVM> {
  void runOnOperation() override {
    MLIRContext *context = &getContext();
    ModuleOp module = getOperation();
    if (failed(expandBooleans(module)) || failed(verifyGroups(module)))
      return signalPassFailure();
    RewritePatternSet slices(context);
    vector::populateVectorInsertExtractStridedSliceTransforms(slices);
    if (failed(applyPatternsGreedily(module, std::move(slices))))
      return signalPassFailure();
    LowerToLLVMOptions options(context);
    // A buffer of static shape is its pointer: sizes and strides are constants of the kernel.
    options.useBarePtrCallConv = true;
    LLVMTypeConverter converter(context, options);
    LLVMConversionTarget target(*context);
    target.addLegalOp<ModuleOp>();
    configureOpenMPToLLVMConversionLegality(target, converter);
    RewritePatternSet patterns(context);
    populateRuntimeToLLVMPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    index::populateIndexToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    populateMathToLibmConversionPatterns(patterns, /*benefit=*/0);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    populateOpenMPToLLVMConversionPatterns(converter, patterns);
    populateVectorToLLVMConversionPatterns(converter, patterns);
    if (failed(applyFullConversion(module, target, std::move(patterns))))
      return signalPassFailure();
  }
};
} // namespace
