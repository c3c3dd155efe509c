//===- Pipeline.cpp - all raising passes in order --------------------------*- C++ -*-===//

#include "dchag/Raise/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::dchag;

void dchag::buildRaisePipeline(OpPassManager &manager) {
  OpPassManager &function = manager.nest<func::FuncOp>();
  // Equal views become one value, so that values can be compared.
  function.addPass(createCSEPass());
  function.addPass(createRaiseLayerNorm());
  function.addPass(createRaiseGelu());
  function.addPass(createAbsorbLayout());
  function.addPass(createCSEPass());
  function.addPass(createRaiseTokenize());
  function.addPass(createAbsorbLayout());
  function.addPass(createRaiseAggregate());
  function.addPass(createGroupAggregates());
  function.addPass(createAbsorbLayout());
  function.addPass(createSplitTokenize());
  function.addPass(createRaiseAttention());
  function.addPass(createAbsorbLayout());
  // The matchers above look through views, but not through these ops: so they come last.
  function.addPass(createRaisePatchify());
  function.addPass(createCSEPass());
}

void dchag::registerRaisePipeline() {
  PassPipelineRegistration<>("raise", "Recognise the ops of the domain in a decomposed graph",
                             buildRaisePipeline);
}
