//===- Spectral.cpp - a dialect of an op, a role and a target --------------*- C++ -*-===//
//
// All that the compiler must know of an op is in its interfaces: with them it is
// interpreted, distributed, compiled and costed, and no pass is changed. So it is with what a
// buffer is for: a role answers questions, which passes, descriptor and runtime ask. A target has
// the last passes and is registered by name (LowerMaps.cpp).
//
//===----------------------------------------------------------------------===//

#include "Spectral.h"
#include "dchag/Target/Cpu/Passes.h"
#include "dchag/Target/Registry.h"
#include "dialects/dchag/RuleBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/IR/Module.h"
#include <cmath>

using namespace mlir;
using namespace mlir::spectral;

#include "SpectralDialect.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "SpectralAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "Spectral.cpp.inc"

void SpectralDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "SpectralAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "Spectral.cpp.inc"
      >();
}

StringRef LoopsAttr::getTargetName() const { return "loops"; }
StringRef LoopsAttr::getHostCpu() const { return getHost(); }

dchag::ProductAbilities LoopsAttr::getProductAbilities(Type element) const {
  dchag::ProductAbilities abilities = dchag::getCpuProductAbilities(element);
  abilities.activations.clear();
  return abilities;
}

void LoopsAttr::buildKernelPipeline(OpPassManager &manager) const {
  manager.addPass(createLowerMapsPass());
  dchag::buildCpuKernelPipeline(manager);
}

StringRef BackgroundAttr::getRoleName() const { return "background"; }
dchag::BufferFiller BackgroundAttr::getFiller() const { return dchag::BufferFiller::Zero; }
dchag::BufferLifetime BackgroundAttr::getLifetime() const { return dchag::BufferLifetime::Program; }
bool BackgroundAttr::isUpdatedInPlace() const { return true; }
bool BackgroundAttr::isInCheckpoint() const { return true; }

LogicalResult SoftThresholdOp::verify() {
  APFloat threshold = getThreshold();
  if (!threshold.isFinite() || threshold.isNegative()) // (C1)
    return emitOpError("(C1) threshold must be finite and not negative: got ")
           << threshold.convertToDouble();
  return success();
}

LogicalResult SoftThresholdOp::evaluate(ArrayRef<dchag::EvalTensor> operands,
                                        SmallVectorImpl<dchag::EvalTensor> &results) {
  dchag::EvalTensor result(getType());
  double *y = result.mutableFloats();
  const double *x = operands[0].floats();
  double threshold = getThreshold().convertToDouble();
  for (int64_t i = 0; i < result.getNumElements(); ++i) {
    double shrunk = std::fabs(x[i]) - threshold;
    // A NaN stays one: the comparison is false for it.
    y[i] = std::copysign(shrunk < 0 ? 0 : shrunk, x[i]);
  }
  results.push_back(std::move(result));
  return success();
}

dchag::RuleAttr SoftThresholdOp::getShardingRule() {
  return dchag::RuleBuilder::elementwise(getOperation());
}

double SoftThresholdOp::getFlops() { return 2.0 * getType().getNumElements(); }

FailureOr<SmallVector<Value>> SoftThresholdOp::decomposeOperation(OpBuilder &builder) {
  auto type = cast<RankedTensorType>(getType());
  auto constant = [&](double value) -> Value {
    auto attr = DenseElementsAttr::get(type, builder.getFloatAttr(type.getElementType(), value));
    return arith::ConstantOp::create(builder, getLoc(), attr);
  };
  Value magnitude = math::AbsFOp::create(builder, getLoc(), getInput());
  Value shrunk = arith::SubFOp::create(builder, getLoc(), magnitude,
                                       constant(getThreshold().convertToDouble()));
  Value clipped = arith::MaximumFOp::create(builder, getLoc(), shrunk, constant(0));
  Value result = math::CopySignOp::create(builder, getLoc(), clipped, getInput());
  return SmallVector<Value>{result};
}

//===----------------------------------------------------------------------===//
// Entry points that dchag-opt looks for
//===----------------------------------------------------------------------===//

extern "C" LLVM_ATTRIBUTE_WEAK DialectPluginLibraryInfo mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "spectral", "1.0", [](DialectRegistry *registry) {
            registry->insert<SpectralDialect>();
            dchag::registerTarget(
                "loops", "plain loops for element-wise kernels",
                [](MLIRContext *context, const dchag::TargetOptions &options) -> Attribute {
                  context->loadDialect<SpectralDialect>();
                  return LoopsAttr::get(context, StringAttr::get(context, options.cpu));
                });
          }};
}

extern "C" LLVM_ATTRIBUTE_WEAK PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "spectral", "1.0", [] { registerPasses(); }};
}
