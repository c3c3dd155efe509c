//===- FuseElementwise.cpp - fewer passes over memory ----------------------*- C++ -*-===//

#include "dchag/Schedule/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Iterators.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_FUSEELEMENTWISE
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// Whether an element takes a few operations only, so that computing it twice costs less than
/// storing it. By name: divisions take as long as a read, and scalars have no CostOpInterface.
static bool isCheap(linalg::GenericOp op) {
  return llvm::all_of(op.getBlock()->without_terminator(), [](Operation &inner) {
    return isa_and_nonnull<arith::ArithDialect>(inner.getDialect()) &&
           !isa<arith::DivFOp, arith::RemFOp, arith::DivSIOp, arith::RemSIOp>(inner);
  });
}

static bool isElementwise(linalg::GenericOp op) {
  return op && op.hasPureTensorSemantics() && op.getNumResults() == 1 &&
         op.getNumLoops() == op.getNumParallelLoops();
}

/// Inputs that are as large as the result.
static unsigned countLargeInputs(linalg::GenericOp op) {
  auto size = cast<ShapedType>(op.getResult(0).getType()).getNumElements();
  return llvm::count_if(op.getInputs(), [&](Value input) {
    auto type = dyn_cast<ShapedType>(input.getType());
    return type && type.getNumElements() >= size;
  });
}

/// Copies cheap producers, so that each user has its own to fuse.
static void duplicateCheapProducers(ModuleOp module) {
  SmallVector<linalg::GenericOp> producers;
  module.walk<WalkOrder::PostOrder, ReverseIterator>([&](linalg::GenericOp op) {
    if (isElementwise(op) && isCheap(op) && countLargeInputs(op) <= 1)
      producers.push_back(op);
  });
  for (linalg::GenericOp op : producers) {
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : op.getResult(0).getUses())
      if (isa<linalg::GenericOp>(use.getOwner()))
        uses.push_back(&use);
    if (uses.size() > 4)
      continue;
    for (OpOperand *use : ArrayRef(uses).drop_front(uses.empty() ? 0 : 1)) {
      OpBuilder builder(use->getOwner());
      use->set(builder.clone(*op)->getResult(0));
    }
  }
}

/// Whether elements of an operand with this map are factors of several sums, as in a product.
static bool isReadForManySums(linalg::GenericOp consumer, AffineMap map) {
  if (consumer.getNumReductionLoops() == 0)
    return false;
  SmallVector<unsigned> loops;
  consumer.getParallelDims(loops);
  return llvm::any_of(loops, [&](unsigned loop) { return !map.isFunctionOfDim(loop); });
}

static bool shouldFuse(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!isElementwise(producer) || !consumer)
    return false;
  // All uses by one op are one use.
  if (!llvm::all_of(producer.getResult(0).getUses(),
                    [&](OpOperand &use) { return use.getOwner() == consumer; }))
    return false;
  if (isReadForManySums(consumer, consumer.getMatchingIndexingMap(operand)))
    return false;
  bool repeats = consumer.getNumLoops() != consumer.getMatchingIndexingMap(operand).getNumResults();
  return !repeats || isCheap(producer);
}

namespace {
struct FuseElementwise : mlir::dchag::impl::FuseElementwiseBase<FuseElementwise> {
  void runOnOperation() override {
    duplicateCheapProducers(getOperation());
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, shouldFuse);
    linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, &getContext());
    tensor::EmptyOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
