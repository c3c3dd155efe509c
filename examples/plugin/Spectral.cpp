//===- Spectral.cpp - a dialect of two ops, a role and a target ------------*- C++ -*-===//
//
// All that the compiler must know of an op is in its interfaces: with them it is
// interpreted, distributed, compiled and costed, and no pass is changed; an op on tokens is found
// by the strategies, too. So it is with what a buffer is for: a role answers questions, which
// passes, descriptor and runtime ask. A target has the last passes and is registered by name
// (LowerMaps.cpp).
//
//===----------------------------------------------------------------------===//

#include "Spectral.h"
#include "dchag/Target/Cpu/Passes.h"
#include "dchag/Target/Registry.h"
#include "dialects/dchag/RuleBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
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

StringRef GainAttr::getRoleName() const { return "gain"; }
dchag::BufferFiller GainAttr::getFiller() const { return dchag::BufferFiller::File; }
dchag::BufferLifetime GainAttr::getLifetime() const { return dchag::BufferLifetime::Program; }
bool GainAttr::isUpdatedInPlace() const { return true; }
bool GainAttr::isPreparedAgain() const { return true; }
bool GainAttr::isInCheckpoint() const { return true; }

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

/// A threshold of many bits makes sums of results inexact.
bool SoftThresholdOp::isExactOnIntegers() { return dchag::hasFewBits(getThreshold()); }

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
// MergeBandsOp
//===----------------------------------------------------------------------===//

static constexpr unsigned kBandDim = 2;

LogicalResult MergeBandsOp::verify() {
  auto tokens = cast<RankedTensorType>(getTokens().getType());
  SmallVector<int64_t> shape(tokens.getShape());
  if (shape.size() != 5) // (C1)
    return emitOpError("(C1) tokens must be B x G x K x N x D: got ") << tokens;
  shape[kBandDim] = 1;
  if (getType() != tokens.clone(shape))
    return emitOpError("(C1) result must be ") << tokens.clone(shape) << ": got " << getType();
  return success();
}

LogicalResult MergeBandsOp::evaluate(ArrayRef<dchag::EvalTensor> operands,
                                     SmallVectorImpl<dchag::EvalTensor> &results) {
  dchag::EvalTensor result(getType());
  ArrayRef<int64_t> shape = operands[0].getShape();
  int64_t bands = shape[kBandDim], inner = shape[3] * shape[4];
  for (int64_t i = 0; i < operands[0].getNumElements(); ++i)
    result.mutableFloats()[i / (bands * inner) * inner + i % inner] += operands[0].floats()[i];
  results.push_back(std::move(result));
  return success();
}

dchag::RuleAttr MergeBandsOp::getShardingRule() {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(getTokens().getType()).getShape();
  dchag::RuleBuilder rule(getOperation());
  int64_t b = rule.factor(shape[0]), g = rule.factor(shape[1]);
  int64_t k = rule.factor(shape[2], dchag::FactorKind::Sum);
  int64_t n = rule.factor(shape[3]), d = rule.factor(shape[4]);
  return rule.operand(0, {b, g, k, n, d}).result(0, {{b}, {g}, {}, {n}, {d}}).build();
}

double MergeBandsOp::getFlops() {
  return cast<RankedTensorType>(getTokens().getType()).getNumElements();
}

dchag::TokenRole MergeBandsOp::getTokenRole() { return dchag::TokenRole::Aggregate; }

SmallVector<dchag::TokenDim> MergeBandsOp::getTokenDims(Value value) {
  using dchag::TokenDim;
  TokenDim third = value == getTokens() ? TokenDim::Channel : TokenDim::Other;
  return {TokenDim::Batch, TokenDim::Group, third, TokenDim::Position, TokenDim::Feature};
}

FailureOr<SmallVector<Value>> MergeBandsOp::decomposeOperation(OpBuilder &builder) {
  auto type = cast<RankedTensorType>(getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.erase(shape.begin() + kBandDim);
  Value zero =
      arith::ConstantOp::create(builder, getLoc(), builder.getZeroAttr(type.getElementType()));
  Value empty = tensor::EmptyOp::create(builder, getLoc(), shape, type.getElementType());
  Value init = linalg::FillOp::create(builder, getLoc(), zero, empty).getResult(0);
  auto add = [](OpBuilder &b, Location loc, ValueRange args) {
    Value sum = arith::AddFOp::create(b, loc, args[0], args[1]);
    linalg::YieldOp::create(b, loc, sum);
  };
  Value sum =
      linalg::ReduceOp::create(builder, getLoc(), getTokens(), init, {kBandDim}, add).getResult(0);
  SmallVector<ReassociationIndices> groups = {{0}, {1, 2}, {3}, {4}};
  Value result = tensor::ExpandShapeOp::create(builder, getLoc(), type, sum, groups);
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
