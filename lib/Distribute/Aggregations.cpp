//===- Aggregations.cpp - which aggregations are fed by tokens -------------*- C++ -*-===//

#include "Aggregations.h"

using namespace mlir;
using namespace mlir::dchag;

bool mlir::dchag::isAggregation(Operation *op) {
  return isa<AggregateOp, AggregatePartialOp, AggregateLinearOp>(op);
}

SmallVector<Operation *> mlir::dchag::getFirstAggregations(func::FuncOp function) {
  SmallVector<Operation *> first;
  // Values made of tokens that no aggregation has seen.
  llvm::DenseSet<Value> tokens;
  for (Operation &op : function.front()) {
    bool fed = llvm::any_of(op.getOperands(), [&](Value v) { return tokens.contains(v); });
    if (isAggregation(&op)) {
      if (tokens.contains(op.getOperand(0)))
        first.push_back(&op);
    } else if (fed || isa<TokenizeOp>(op)) {
      tokens.insert(op.result_begin(), op.result_end());
    }
  }
  return first;
}
