//===- Pipeline.cpp - from the per-device level to a scheduled program -----*- C++ -*-===//

#include "dchag/Memory/Passes.h"
#include "dchag/Schedule/Passes.h"
#include "dchag/Verify/Passes.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Arith/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/FuncBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Linalg/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/TensorInferTypeOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Tensor/Transforms/SubsetInsertionOpInterfaceImpl.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::dchag;

void mlir::dchag::registerScheduleDialects(DialectRegistry &registry) {
  registry.insert<rt::RuntimeDialect, bufferization::BufferizationDialect, memref::MemRefDialect>();
  arith::registerBufferizableOpInterfaceExternalModels(registry);
  bufferization::func_ext::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerBufferizableOpInterfaceExternalModels(registry);
  linalg::registerSubsetOpInterfaceExternalModels(registry);
  tensor::registerBufferizableOpInterfaceExternalModels(registry);
  tensor::registerSubsetOpInterfaceExternalModels(registry);
  rt::registerBufferizableOpInterfaceModels(registry);
}

void mlir::dchag::buildSchedulePipeline(OpPassManager &manager, const ScheduleOptions &options) {
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
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  // Kernels on tensors, as loops over tiles.
  manager.addPass(createFormKernels());
  manager.addPass(createDecompose()); // what is in products
  manager.addPass(createAssignTiles());
  manager.addPass(createTileKernels());
  manager.addPass(createConvertElementwiseToLinalgPass());
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
  manager.addPass(createBufferizeKernels());
  manager.addPass(createFoldViews());
  manager.addPass(createDropUnitDims());
  if (options.overlap)
    manager.addPass(createOverlapCollectives());
  manager.addPass(createPlanMemory());
}

void mlir::dchag::registerSchedulePipeline() {
  registerDchagSchedulePasses();
  registerDchagMemoryPasses();
  // By name, so that reproducers of the pipeline run.
  registerPass([]() { return createConvertElementwiseToLinalgPass(); });
  registerPass([]() { return createLinalgGeneralizeNamedOpsPass(); });
  PassPipelineRegistration<ScheduleOptions>(
      "schedule", "per-device programs to kernels on buffers in one arena, for any target",
      buildSchedulePipeline);
}
