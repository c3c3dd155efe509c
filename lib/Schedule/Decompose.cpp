//===- Decompose.cpp - domain ops in simpler ops ---------------------------*- C++ -*-===//

#include "dchag/Schedule/Passes.h"
#include "dialects/interfaces/Interfaces.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Shard/IR/ShardDialect.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_DECOMPOSE
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// `value`, rounded where it was computed in a wider float than `type` has. Null if it is of
/// another type altogether.
static Value roundTo(OpBuilder &builder, Location loc, Value value, Type type) {
  if (value.getType() == type)
    return value;
  auto from = dyn_cast<RankedTensorType>(value.getType()), to = dyn_cast<RankedTensorType>(type);
  if (!from || !to || from.getShape() != to.getShape())
    return Value();
  auto wide = dyn_cast<FloatType>(from.getElementType());
  auto narrow = dyn_cast<FloatType>(to.getElementType());
  if (!wide || !narrow || wide.getWidth() <= narrow.getWidth())
    return Value();
  return arith::TruncFOp::create(builder, loc, type, value);
}

/// Erases the ops between `first`, null for the start of the block, and `last`, if the interpreter
/// does not know one of them; says whether it did.
static bool eraseUnlessEvaluable(Operation *first, Operation *last) {
  SmallVector<Operation *> made;
  for (Operation *op = last->getPrevNode(); op != first; op = op->getPrevNode())
    made.push_back(op);
  if (llvm::all_of(made, [](Operation *op) { return isa<EvaluableOpInterface>(op); }))
    return false;
  for (Operation *op : made)
    op->erase();
  return true;
}

/// Replaces `op`; fails with an error where the op cannot say what it is.
static LogicalResult decompose(linalg::AggregatedOpInterface op, bool evaluable,
                               llvm::DenseSet<Operation *> &kept) {
  IRRewriter rewriter(op);
  Operation *before = op->getPrevNode();
  FailureOr<SmallVector<Value>> values = op.decomposeOperation(rewriter);
  if (failed(values) || values->size() != op->getNumResults())
    return op->emitOpError("has no decomposition for these operands and attributes: "
                           "AggregatedOpInterface must give one value for each result");
  if (evaluable && eraseUnlessEvaluable(before, op)) {
    kept.insert(op);
    return success();
  }
  for (auto [value, result] : llvm::zip_equal(*values, op->getResults())) {
    Type got = value.getType();
    value = roundTo(rewriter, op->getLoc(), value, result.getType());
    if (!value)
      return op->emitOpError("is decomposed into a value of type ")
             << got << ": AggregatedOpInterface must give " << result.getType()
             << ", or the same shape in a wider float";
  }
  rewriter.replaceOp(op, *values);
  return success();
}

static LogicalResult verifyKnown(Operation *op) {
  if (isa<ModuleOp>(op) || op->hasTrait<OpTrait::IsTerminator>())
    return success();
  StringRef dialect = op->getName().getDialectNamespace();
  if (llvm::is_contained({"arith", "math", "tensor", "linalg", "func", "scf", "shard", "dchag_rt"},
                         dialect))
    return success();
  return op->emitOpError("cannot be compiled: implement AggregatedOpInterface, "
                         "which says what it is in simpler ops");
}

namespace {
struct Decompose : mlir::dchag::impl::DecomposeBase<Decompose> {
  using DecomposeBase::DecomposeBase;

  void runOnOperation() override {
    llvm::DenseSet<Operation *> kept;
    // An op may decompose into ops that decompose.
    for (bool changed = true; changed;) {
      SmallVector<linalg::AggregatedOpInterface> ops;
      getOperation().walk([&](linalg::AggregatedOpInterface op) {
        if (!kept.contains(op))
          ops.push_back(op);
      });
      changed = !ops.empty();
      for (linalg::AggregatedOpInterface op : ops)
        if (failed(decompose(op, evaluable, kept)))
          return signalPassFailure();
    }
    if (evaluable)
      return;
    RewritePatternSet patterns(&getContext());
    linalg::populateDecomposePadPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    WalkResult known = getOperation().walk([](Operation *op) {
      return failed(verifyKnown(op)) ? WalkResult::interrupt() : WalkResult::advance();
    });
    if (known.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
