//===- FoldViews.cpp - views without an offset -----------------------------*- C++ -*-===//

#include "BufferUtils.h"
#include "dchag/Schedule/Passes.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_FOLDVIEWS
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// `type` without its offset, row-major where the strides say so.
static FailureOr<MemRefType> dropOffset(MemRefType type) {
  SmallVector<int64_t> strides;
  int64_t offset;
  if (!type.hasStaticShape() || failed(type.getStridesAndOffset(strides, offset)) ||
      llvm::is_contained(strides, ShapedType::kDynamic))
    return failure();
  return getStridedType(type.getShape(), strides, type.getElementType());
}

namespace {
/// Where a view starts in its source: constant and, per rank, dynamic elements.
struct Start {
  int64_t elements = 0;
  Value dynamic;
};
} // namespace

static Start getSubviewStart(OpBuilder &b, memref::SubViewOp op, ArrayRef<int64_t> strides) {
  Start start;
  for (auto [offset, stride] : llvm::zip_equal(op.getMixedOffsets(), strides)) {
    if (std::optional<int64_t> constant = getConstantIntValue(offset)) {
      start.elements += *constant * stride;
      continue;
    }
    Value factor = arith::ConstantIndexOp::create(b, op.getLoc(), stride);
    Value term = arith::MulIOp::create(b, op.getLoc(), cast<Value>(offset), factor);
    start.dynamic =
        start.dynamic ? arith::AddIOp::create(b, op.getLoc(), start.dynamic, term) : term;
  }
  return start;
}

/// Replaces `op`, whose source has no offset any more, by a view.
static LogicalResult foldView(Operation *op, Value source) {
  auto result = cast<MemRefType>(op->getResult(0).getType());
  auto sourceType = cast<MemRefType>(source.getType());
  FailureOr<MemRefType> type = dropOffset(result);
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type) || failed(sourceType.getStridesAndOffset(strides, offset)))
    return op->emitOpError("has the type ")
           << result << ": only views of static shape and strides can be compiled";
  OpBuilder b(op);
  Start start;
  if (auto subview = dyn_cast<memref::SubViewOp>(op))
    start = getSubviewStart(b, subview, strides);
  else if (auto reinterpret = dyn_cast<memref::ReinterpretCastOp>(op))
    start.elements = reinterpret.getStaticOffsets()[0];
  Value view = rt::ViewOp::create(
      b, op->getLoc(), *type, source, start.dynamic,
      b.getI64IntegerAttr(start.elements * getElementBytes(result.getElementType())));
  op->getResult(0).replaceAllUsesWith(view);
  op->erase();
  return success();
}

namespace {
struct FoldViews : mlir::dchag::impl::FoldViewsBase<FoldViews> {
  void runOnOperation() override {
    SmallVector<Operation *> views;
    // In program order, so that a source is folded before its views.
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      // By name: how the start of a view follows from its operands is a matter of each op.
      if (isa<memref::SubViewOp, memref::ExpandShapeOp, memref::CollapseShapeOp, memref::CastOp,
              memref::ReinterpretCastOp>(op))
        views.push_back(op);
    });
    for (Operation *op : views)
      if (failed(foldView(op, op->getOperand(0))))
        return signalPassFailure();
  }
};
} // namespace
