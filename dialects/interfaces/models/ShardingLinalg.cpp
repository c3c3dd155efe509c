//===- ShardingLinalg.cpp - rules of linalg ops ----------------------------*- C++ -*-===//

#include "dialects/dchag/RuleBuilder.h"
#include "dialects/interfaces/Interfaces.h"
#include "dialects/interfaces/models/Sharding.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::dchag;

/// How partial results of a reduction are combined; `whole` for other combiners.
static FactorKind getReductionKind(linalg::LinalgOp op) {
  if (isa<linalg::ContractOp>(op.getOperation()))
    return FactorKind::Sum;
  Block *body = op.getBlock();
  if (!llvm::hasNItems(body->getOperations(), 2) || op.getNumDpsInits() != 1)
    return FactorKind::Whole;
  return llvm::TypeSwitch<Operation *, FactorKind>(&body->front())
      .Case<arith::AddFOp, arith::AddIOp>([](auto) { return FactorKind::Sum; })
      .Case<arith::MaximumFOp, arith::MaxSIOp>([](auto) { return FactorKind::Max; })
      .Case<arith::MinimumFOp, arith::MinSIOp>([](auto) { return FactorKind::Min; })
      .Default([](Operation *) { return FactorKind::Whole; });
}

/// Derives the rule from iterator types and indexing maps, all of them projected permutations.
static RuleAttr getLinalgRule(Operation *op) {
  auto linalgOp = cast<linalg::LinalgOp>(op);
  RuleBuilder rule(op);
  SmallVector<int64_t> sizes = linalgOp.getStaticLoopRanges();
  if (ShapedType::isDynamicShape(sizes))
    return {};
  FactorKind reduction = getReductionKind(linalgOp);
  for (auto [size, type] : llvm::zip_equal(sizes, linalgOp.getIteratorTypesArray()))
    rule.factor(size, type == utils::IteratorType::parallel ? FactorKind::Parallel : reduction);
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = linalgOp.getMatchingIndexingMap(&operand);
    if (!map.isProjectedPermutation())
      return {};
    SmallVector<int64_t> dims;
    for (unsigned i = 0; i < map.getNumResults(); ++i)
      dims.push_back(map.getDimPosition(i));
    rule.operand(operand.getOperandNumber(), dims);
    if (linalgOp.isDpsInit(&operand))
      rule.result(linalgOp.getTiedOpResult(&operand).getResultNumber(), dims);
  }
  bool sums = isa<linalg::ReduceOp>(op) && reduction == FactorKind::Sum;
  if (sums || isa<linalg::ContractOp, linalg::BroadcastOp, linalg::TransposeOp>(op))
    rule.linear({0});
  if (isa<linalg::ContractOp>(op))
    rule.linear({1});
  return rule.build();
}

namespace {
template <typename OpTy>
struct LinalgSharding : ShardingRuleOpInterface::ExternalModel<LinalgSharding<OpTy>, OpTy> {
  RuleAttr getShardingRule(Operation *op) const { return getLinalgRule(op); }
};

template <typename... Ops>
void attach(MLIRContext *context) {
  (Ops::template attachInterface<LinalgSharding<Ops>>(*context), ...);
}
} // namespace

void mlir::dchag::registerLinalgSharding(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, linalg::LinalgDialect *) {
    attach<linalg::ContractOp, linalg::ReduceOp, linalg::BroadcastOp, linalg::TransposeOp,
           linalg::FillOp>(context);
  });
}
