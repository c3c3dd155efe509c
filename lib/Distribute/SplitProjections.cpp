//===- SplitProjections.cpp - aggregations whose heads can split -----------*- C++ -*-===//

#include "Aggregations.h"
#include "dchag/Distribute/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_SPLITPROJECTIONS
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
struct SplitProjections : mlir::dchag::impl::SplitProjectionsBase<SplitProjections> {
  void runOnOperation() override {
    SmallVector<AggregateOp> projected;
    getOperation().walk([&](AggregateOp op) {
      if (op.getWo())
        projected.push_back(op);
    });
    numSplit += projected.size();
    for (AggregateOp op : projected)
      (void)splitProjection(op);
  }
};
} // namespace
