//===- CpuPipeline.cpp - the passes of target cpu --------------------------*- C++ -*-===//

#include "dchag/Schedule/Passes.h"
#include "dchag/Target/Cpu/Passes.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/SCFToOpenMP/SCFToOpenMP.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::dchag;

void mlir::dchag::registerCpuDialects(DialectRegistry &registry) {
  registry.insert<affine::AffineDialect, cf::ControlFlowDialect, LLVM::LLVMDialect,
                  omp::OpenMPDialect, scf::SCFDialect, vector::VectorDialect>();
}

void mlir::dchag::buildCpuKernelPipeline(OpPassManager &manager) {
  manager.addPass(createKernelsToFunctions());
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

void mlir::dchag::registerCpuPipelines() {
  registerDchagCpuPasses();
  // By name, so that reproducers of the pipeline run.
  registerPass([]() { return createConvertSCFToOpenMPPass(); });
  registerPass([]() { return createSCFToControlFlowPass(); });
  registerPass([]() { return createReconcileUnrealizedCastsPass(); });
  PassPipelineRegistration<>("lower-to-cpu", "scheduled programs to the LLVM dialect for CPUs",
                             buildCpuKernelPipeline);
  PassPipelineRegistration<ScheduleOptions>(
      "cpu-codegen",
      "per-device programs to the LLVM dialect for target cpu: schedule, lower-to-cpu",
      [](OpPassManager &manager, const ScheduleOptions &options) {
        buildSchedulePipeline(manager, options);
        buildCpuKernelPipeline(manager);
      });
}
