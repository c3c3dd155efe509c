//===- ExpandDivisions.cpp - divisions of integers that do not trap --------*- C++ -*-===//

#include "ExpandDivisions.h"
#include "ElementTypes.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

static bool isConstantBeside(Value value, int64_t other) {
  APInt number;
  return matchPattern(value, m_ConstantInt(&number)) && number.getSExtValue() != other;
}

/// The smallest number divided by -1 overflows: it wraps, as other operations do, and does not
/// trap.
template <typename OpTy>
static void expand(OpTy op, bool isRemainder) {
  if (getElementTypeOrSelf(op.getType()).isIndex() || isConstantBeside(op.getRhs(), -1))
    return;
  OpBuilder b(op);
  Location loc = op.getLoc();
  auto constant = [&](int64_t value) { return dchag::createInteger(b, loc, op.getType(), value); };
  Value isMinusOne =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, op.getRhs(), constant(-1));
  Value divisor = arith::SelectOp::create(b, loc, isMinusOne, constant(1), op.getRhs());
  Value special = isRemainder ? constant(0)
                              : arith::SubIOp::create(b, loc, constant(0), op.getLhs()).getResult();
  Value quotient = OpTy::create(b, loc, op.getLhs(), divisor);
  op.getResult().replaceAllUsesWith(
      arith::SelectOp::create(b, loc, isMinusOne, special, quotient).getResult());
  op.erase();
}

void mlir::dchag::expandDivisions(Operation *root) {
  SmallVector<Operation *> ops;
  root->walk([&](Operation *op) {
    if (isa<arith::DivSIOp, arith::RemSIOp>(op))
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    if (auto division = dyn_cast<arith::DivSIOp>(op))
      expand(division, false);
    else
      expand(cast<arith::RemSIOp>(op), true);
  }
}
