//===- CpuCodegen.cpp - the pipeline of target cpu -------------------------*- C++ -*-===//

#include "dchag/Codegen/Passes.h"
#include "dchag/Memory/Passes.h"
#include "dchag/Verify/Passes.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/SCFToOpenMP/SCFToOpenMP.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/FuncBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Linalg/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/TensorInferTypeOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::dchag;

void mlir::dchag::registerCodegenDialects(DialectRegistry &registry) {
  registry.insert<rt::RuntimeDialect, affine::AffineDialect, bufferization::BufferizationDialect,
                  cf::ControlFlowDialect, memref::MemRefDialect, scf::SCFDialect,
                  vector::VectorDialect>();
  arith::registerBufferizableOpInterfaceExternalModels(registry);
  bufferization::func_ext::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerSubsetOpInterfaceExternalModels(registry);
  tensor::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerSubsetOpInterfaceExternalModels(registry);
  rt::registerBufferizableOpInterfaceModels(registry);
}

void mlir::dchag::buildCpuCodegenPipeline(OpPassManager &manager,
                                          const CpuCodegenOptions &options) {
  // A narrow sum would be invisible to the interpreter, so it must not get here; after
  // decomposition all sums are explicit.
  manager.addPass(createVerifyAccumulators());
  // First what the model says itself, so that a bias and a GELU become part of the product.
  manager.addPass(createDropEmpty());
  manager.addPass(createContractToMatmul());
  manager.addPass(createDecompose());
  manager.addPass(createDropEmpty());
  manager.addPass(createContractToMatmul());
  manager.addPass(createCollectivesToRuntime());
  manager.addNestedPass<func::FuncOp>(createConvertElementwiseToLinalgPass());
  manager.addPass(createLinalgGeneralizeNamedOpsPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createFuseElementwise());
  manager.addPass(createCSEPass());
  manager.addPass(createVerifyAccumulators());
  // Buffers.
  manager.addPass(createBufferizeProgram());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createBindBuffers());
  manager.addPass(createFoldViews());
  manager.addPass(createLegalizeRuntimeOperands());
  manager.addPass(createOutlineKernels());
  if (options.overlap)
    manager.addPass(createOverlapCollectives());
  manager.addPass(createPlanMemory());
  // Kernels.
  manager.addPass(createLowerKernels());
  manager.addPass(createExpandMath());
  manager.addPass(createExpandBFloat16());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  manager.addPass(createConvertSCFToOpenMPPass());
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createSCFToControlFlowPass());
  manager.addPass(createProgramToLLVM());
  manager.addPass(createReconcileUnrealizedCastsPass());
  manager.addPass(createCanonicalizerPass());
}

void mlir::dchag::registerCodegenPipelines() {
  registerDchagCodegenPasses();
  registerDchagMemoryPasses();
  // By name, so that reproducers of the pipeline run.
  registerPass([]() { return createConvertElementwiseToLinalgPass(); });
  registerPass([]() { return createLinalgGeneralizeNamedOpsPass(); });
  registerPass([]() { return createConvertSCFToOpenMPPass(); });
  registerPass([]() { return createSCFToControlFlowPass(); });
  registerPass([]() { return createReconcileUnrealizedCastsPass(); });
  PassPipelineRegistration<CpuCodegenOptions>(
      "cpu-codegen", "per-device programs to the LLVM dialect for target cpu",
      buildCpuCodegenPipeline);
}
