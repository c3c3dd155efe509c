//===- Pipeline.cpp - all passes on collectives in order -------------------*- C++ -*-===//

#include "dchag/Collectives/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::dchag;

void mlir::dchag::buildCollectivesPipeline(OpPassManager &manager) {
  manager.addPass(createSimplifyCollectives());
  manager.addPass(createCombineCollectives());
  manager.addPass(createPrefetchParameters());
  manager.addPass(createCSEPass());
  manager.addPass(createVerifyCollectives());
}

void mlir::dchag::registerCollectivesPipeline() {
  PassPipelineRegistration<>("optimize-collectives",
                             "Fewer and earlier collectives in per-device programs",
                             buildCollectivesPipeline);
}
