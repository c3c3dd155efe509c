//===- ShardingElementwise.cpp - rules of arith and math ops ---------------*- C++ -*-===//

#include "dialects/dchag/RuleBuilder.h"
#include "dialects/interfaces/Interfaces.h"
#include "dialects/interfaces/models/Sharding.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// Integer divisors, and bases of integer powers, are 1 in padding: a division by 0 would trap.
std::optional<std::pair<unsigned, TypedAttr>> getPadding(Operation *op) {
  bool divides = isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
                     arith::CeilDivSIOp, arith::CeilDivUIOp, arith::FloorDivSIOp>(op);
  if (!divides && !isa<math::IPowIOp>(op))
    return std::nullopt;
  Type element = getElementTypeOrSelf(op->getResult(0).getType());
  return std::pair(divides ? 1u : 0u, TypedAttr(Builder(op).getIntegerAttr(element, 1)));
}

/// One model for all ops with the trait: the rule reads shapes only.
struct ElementwiseSharding : ShardingRuleOpInterface::FallbackModel<ElementwiseSharding> {
  RuleAttr getShardingRule(Operation *op) const {
    using Sets = SmallVector<SmallVector<int64_t>>;
    Sets linear = llvm::TypeSwitch<Operation *, Sets>(op)
                      .Case<arith::AddFOp, arith::SubFOp, arith::AddIOp, arith::SubIOp>(
                          [](auto) { return Sets{{0, 1}}; })
                      .Case<arith::MulFOp, arith::MulIOp>([](auto) { return Sets{{0}, {1}}; })
                      .Case<arith::NegFOp, arith::DivFOp>([](auto) { return Sets{{0}}; })
                      .Default([](Operation *) { return Sets{}; });
    return RuleBuilder::elementwise(op, linear, getPadding(op));
  }
  Operation *cloneLocal(Operation *op, OpBuilder &builder, ValueRange operands, TypeRange types,
                        ArrayRef<int64_t>) const {
    return cloneWithTypes(op, builder, operands, types);
  }
};

/// A splat is a splat on each rank; other constants are replicated, and sliced where they are used.
struct ConstantSharding
    : ShardingRuleOpInterface::ExternalModel<ConstantSharding, arith::ConstantOp> {
  RuleAttr getShardingRule(Operation *op) const {
    RuleBuilder rule(op);
    auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
    if (!type)
      return rule.build();
    bool splat = isa<SplatElementsAttr>(cast<arith::ConstantOp>(op).getValue());
    FactorKind kind = splat ? FactorKind::Parallel : FactorKind::Whole;
    return rule.result(0, rule.factors(type.getShape(), kind)).build();
  }
  Operation *cloneLocal(Operation *op, OpBuilder &builder, ValueRange, TypeRange types,
                        ArrayRef<int64_t>) const {
    auto constant = cast<arith::ConstantOp>(builder.clone(*op));
    if (auto splat = dyn_cast<SplatElementsAttr>(constant.getValue())) {
      constant.setValueAttr(splat.resizeSplat(cast<ShapedType>(types[0])));
      constant.getResult().setType(types[0]);
    }
    return constant;
  }
};

void attachToElementwise(MLIRContext *context, StringRef dialect) {
  // Not getRegisteredOperationsByDialect: its binary search compares names of dialects by
  // whether they differ, not by their order, so it leaves out ops.
  for (RegisteredOperationName name : context->getRegisteredOperations())
    if (name.getDialectNamespace() == dialect && name.hasTrait<OpTrait::Elementwise>())
      name.attachInterface<ElementwiseSharding>();
}
} // namespace

void mlir::dchag::registerElementwiseSharding(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, arith::ArithDialect *) {
    attachToElementwise(context, "arith");
    arith::ConstantOp::attachInterface<ConstantSharding>(*context);
  });
  registry.addExtension(
      +[](MLIRContext *context, math::MathDialect *) { attachToElementwise(context, "math"); });
}
