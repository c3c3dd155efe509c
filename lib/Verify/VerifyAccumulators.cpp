//===- VerifyAccumulators.cpp - sums are kept in f32 at least --------------*- C++ -*-===//

#include "dchag/Verify/Passes.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_VERIFYACCUMULATORS
#include "dchag/Verify/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

static bool isNarrow(Type type) {
  auto element = dyn_cast<FloatType>(getElementTypeOrSelf(type));
  return element && element.getWidth() < 32;
}

/// Whether `value` is made of `accumulator` without rounding: passed on, chosen, or one of two.
static bool isExact(Value value, Value accumulator) {
  if (value == accumulator)
    return true;
  Operation *op = value.getDefiningOp();
  if (!op || !isa<arith::SelectOp, arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp,
                  arith::MinNumFOp>(op))
    return !op || op->getBlock() != accumulator.getParentBlock();
  return llvm::all_of(op->getOperands(), [&](Value operand) {
    // Values that do not depend on the accumulator are not sums.
    return !isNarrow(operand.getType()) || isExact(operand, accumulator) ||
           !llvm::is_contained(operand.getDefiningOp()->getOperands(), accumulator);
  });
}

static LogicalResult reject(Operation *op, Type type) {
  return op->emitOpError("keeps a sum or a product in ")
         << getElementTypeOrSelf(type)
         << ", in which it loses what is added late: wanted f32 or f64; cast the operands, or run "
         << "accumulate-in-f32 on the global program";
}

static LogicalResult verifyLinalg(linalg::LinalgOp op) {
  if (op.getNumReductionLoops() == 0)
    return success();
  for (OpOperand &init : op.getDpsInitsMutable()) {
    if (!isNarrow(init.get().getType()))
      continue;
    BlockArgument accumulator = op.getMatchingBlockArgument(&init);
    Value yielded =
        op.getBlock()->getTerminator()->getOperand(init.getOperandNumber() - op.getNumDpsInputs());
    if (!isExact(yielded, accumulator))
      return reject(op, init.get().getType());
  }
  return success();
}

static LogicalResult verifyOp(Operation *op) {
  auto verifySum = [&](Value value, bool isSum) {
    return isSum && isNarrow(value.getType()) ? reject(op, value.getType()) : success();
  };
  using Shard = shard::ReductionKind;
  auto isShardSum = [](Shard kind) { return kind != Shard::Max && kind != Shard::Min; };
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([](linalg::LinalgOp linalgOp) { return verifyLinalg(linalgOp); })
      .Case<shard::AllReduceOp, shard::ReduceScatterOp, shard::ReduceOp>([&](auto collective) {
        return verifySum(collective.getInput(), isShardSum(collective.getReduction()));
      })
      .Case<rt::AllReduceOp, rt::ReduceScatterOp>([&](auto collective) {
        return verifySum(collective.getInit(), collective.getReduction() == rt::Reduction::Sum);
      })
      .Default(success());
}

namespace {
struct VerifyAccumulators : mlir::dchag::impl::VerifyAccumulatorsBase<VerifyAccumulators> {
  void runOnOperation() override {
    bool ok = true;
    getOperation().walk([&](Operation *op) { ok &= succeeded(verifyOp(op)); });
    if (!ok)
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
