//===- CpuTarget.cpp - what the CPU answers as a target --------------------*- C++ -*-===//

#include "dchag/Target/Cpu/Passes.h"
#include "dchag_rt.h"
#include "dialects/dchag_rt/Runtime.h"

using namespace mlir;
using namespace mlir::dchag;

StringRef CpuAttr::getTargetName() const { return "cpu"; }

StringRef CpuAttr::getHostCpu() const { return getHost(); }

void CpuAttr::buildKernelPipeline(OpPassManager &manager) const { buildCpuKernelPipeline(manager); }

ProductAbilities mlir::dchag::getCpuProductAbilities(Type element) {
  ProductAbilities abilities;
  abilities.exists = isa<FloatType>(element);
  abilities.bias = abilities.accumulate = abilities.factor = abilities.rounds = true;
  abilities.activations = {rt::Activation::GeluErf, rt::Activation::GeluTanh};
  abilities.maxBatchDims = DCHAG_RT_MAX_BATCH;
  abilities.needsUnitStride = true;
  // The library adds up thousands of products one by one. For few results kernels are as fast,
  // because each factor is read once.
  abilities.fewResults = 64;
  abilities.longSum = 512;
  return abilities;
}

ProductAbilities CpuAttr::getProductAbilities(Type element) const {
  return getCpuProductAbilities(element);
}
