//===- DropEmpty.cpp - values without elements -----------------------------*- C++ -*-===//

#include "dchag/Schedule/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Shard/IR/ShardDialect.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/SmallVectorExtras.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_DROPEMPTY
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;

static bool isEmpty(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() && tensor.getNumElements() == 0;
}

/// The value of a result to whose elements an operand without elements adds nothing; null if there
/// is no such operand.
static Value simplify(OpBuilder &b, Operation *op) {
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return llvm::is_contained(linalgOp.getStaticLoopRanges(), 0) && op->getNumResults() == 1
               ? linalgOp.getDpsInits().front()
               : Value();
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op))
    return isEmpty(insert.getSourceType()) ? insert.getDest() : Value();
  if (auto concat = dyn_cast<tensor::ConcatOp>(op)) {
    SmallVector<Value> parts = llvm::filter_to_vector(
        concat.getInputs(), [](Value part) { return !isEmpty(part.getType()); });
    if (parts.size() == concat.getInputs().size())
      return {};
    return parts.size() == 1
               ? parts.front()
               : tensor::ConcatOp::create(b, op->getLoc(), concat.getDim(), parts).getResult();
  }
  if (auto pad = dyn_cast<tensor::PadOp>(op)) {
    Value fill = pad.getConstantPaddingValue();
    if (!fill || !isEmpty(pad.getSourceType()))
      return {};
    Attribute number;
    if (matchPattern(fill, m_Constant(&number)))
      fill = arith::ConstantOp::create(b, op->getLoc(), cast<TypedAttr>(number));
    auto type = pad.getResultType();
    Value init = tensor::EmptyOp::create(b, op->getLoc(), type.getShape(), type.getElementType());
    return linalg::FillOp::create(b, op->getLoc(), fill, init).getResult(0);
  }
  return {};
}

namespace {
struct DropEmpty : mlir::dchag::impl::DropEmptyBase<DropEmpty> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      for (Block &block : function.getBody())
        for (Operation &op : llvm::make_early_inc_range(block))
          visit(&op);
  }

  void visit(Operation *op) {
    // Ranks meet in collectives, whatever is sent.
    if (op->getNumResults() == 0 || isa<tensor::EmptyOp>(op) || !isMemoryEffectFree(op) ||
        isa<shard::ShardDialect>(op->getDialect()))
      return;
    OpBuilder b(op);
    if (llvm::all_of(op->getResultTypes(), isEmpty)) {
      for (OpResult result : op->getResults()) {
        auto type = cast<RankedTensorType>(result.getType());
        result.replaceAllUsesWith(
            tensor::EmptyOp::create(b, op->getLoc(), type.getShape(), type.getElementType()));
      }
      ++numDropped;
      op->erase();
      return;
    }
    Value value = simplify(b, op);
    if (!value || value.getType() != op->getResult(0).getType())
      return;
    op->getResult(0).replaceAllUsesWith(value);
    ++numDropped;
    op->erase();
  }
};
} // namespace
