//===- LegalizeRuntimeOperands.cpp - layouts that calls can take -----------*- C++ -*-===//

#include "BufferUtils.h"
#include "dchag/Schedule/MatmulLayout.h"
#include "dchag/Schedule/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_LEGALIZERUNTIMEOPERANDS
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// A copy of `source` with its dimensions in the order `order`.
static Value copyPermuted(OpBuilder &b, Location loc, Value source, ArrayRef<unsigned> order) {
  auto type = cast<MemRefType>(source.getType());
  SmallVector<int64_t> shape;
  SmallVector<unsigned> inverse(order.size());
  for (auto [position, dim] : llvm::enumerate(order)) {
    shape.push_back(type.getDimSize(dim));
    inverse[dim] = position;
  }
  auto map = order.empty() ? AffineMap::get(0, 0, ArrayRef<AffineExpr>(), b.getContext())
                           : AffineMap::getPermutationMap(inverse, b.getContext());
  Value target = memref::AllocOp::create(b, loc, MemRefType::get(shape, type.getElementType()));
  buildCopy(b, loc, source, target, map);
  return target;
}

/// Copies operand `i` so that dimensions of the result come first, in the result's order, and
/// those summed over last.
static void copyOperand(OpBuilder &b, rt::MatmulOp op, unsigned i) {
  AffineMap map = op.getMap(i);
  SmallVector<unsigned> loops;
  for (AffineExpr expr : op.getInitMap().getResults())
    if (map.isFunctionOfDim(cast<AffineDimExpr>(expr).getPosition()))
      loops.push_back(cast<AffineDimExpr>(expr).getPosition());
  for (unsigned dim = 0; dim < map.getNumDims(); ++dim)
    if (map.isFunctionOfDim(dim) && !op.getInitMap().isFunctionOfDim(dim))
      loops.push_back(dim);
  SmallVector<unsigned> order;
  for (unsigned loop : loops)
    order.push_back(*map.getResultPosition(b.getAffineDimExpr(loop)));
  b.setInsertionPoint(op);
  op->setOperand(i, copyPermuted(b, op.getLoc(), op->getOperand(i), order));
  SmallVector<Attribute> maps(op.getIndexingMaps().getValue());
  maps[i] = AffineMapAttr::get(
      AffineMap::getMultiDimMapWithTargets(map.getNumDims(), loops, b.getContext()));
  op.setIndexingMapsAttr(b.getArrayAttr(maps));
}

/// Whether a matrix of operand `i` is contiguous along one of its dimensions.
static bool hasUnitStride(unsigned i, const MatmulLoop &outer, const MatmulLoop &inner) {
  return outer.size == 1 || inner.size == 1 || outer.strides[i] == 1 || inner.strides[i] == 1;
}

namespace {
struct LegalizeRuntimeOperands
    : mlir::dchag::impl::LegalizeRuntimeOperandsBase<LegalizeRuntimeOperands> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops) {
      LogicalResult result = success();
      // By name: products and copies have a form of their own, exchanges an interface.
      if (auto matmul = dyn_cast<rt::MatmulOp>(op))
        result = legalizeMatmul(matmul);
      else if (auto destination = dyn_cast<DestinationStyleOpInterface>(op);
               destination && getExchange(op))
        legalizeCollective(destination);
      else if (auto copy = dyn_cast<memref::CopyOp>(op))
        legalizeCopy(copy);
      if (failed(result))
        return signalPassFailure();
    }
  }

  LogicalResult legalizeMatmul(rt::MatmulOp op) {
    OpBuilder b(op);
    std::string reason;
    ProductAbilities abilities =
        getTarget(getOperation()).getProductAbilities(getElementTypeOrSelf(op.getLhs()));
    auto getLayout = [&] { return getMatmulLayout(op, abilities.maxBatchDims, reason); };
    FailureOr<MatmulLayout> layout = getLayout();
    if (failed(layout)) {
      copyOperand(b, op, 0);
      copyOperand(b, op, 1);
      numCopies += 2;
      layout = getLayout();
    }
    for (unsigned i = 0; i < 2 && succeeded(layout) && abilities.needsUnitStride; ++i) {
      const MatmulLoop &outer = i == 0 ? layout->m : layout->k;
      const MatmulLoop &inner = i == 0 ? layout->k : layout->n;
      if (hasUnitStride(i, outer, inner))
        continue;
      copyOperand(b, op, i);
      ++numCopies;
      layout = getLayout();
    }
    if (failed(layout))
      return op.emitOpError("has operands in a layout that products of the target do not take: ")
             << reason << "; reshape its operands to fewer dimensions";
    return success();
  }

  void legalizeCollective(DestinationStyleOpInterface op) {
    OpBuilder b(op);
    for (OpOperand &operand : op->getOpOperands()) {
      auto type = dyn_cast<MemRefType>(operand.get().getType());
      if (!type || type.getLayout().isIdentity())
        continue;
      Value original = operand.get();
      b.setInsertionPoint(op);
      Value copy = memref::AllocOp::create(b, op->getLoc(),
                                           MemRefType::get(type.getShape(), type.getElementType(),
                                                           AffineMap(), type.getMemorySpace()));
      bool isInit = op.isDpsInit(&operand);
      if (!isInit || cast<CollectiveOpInterface>(op.getOperation()).isInPlace())
        buildCopy(b, op->getLoc(), original, copy);
      if (isInit) {
        b.setInsertionPointAfter(op);
        buildCopy(b, op->getLoc(), copy, original);
      }
      operand.set(copy);
      ++numCopies;
    }
  }

  /// Within a memory space a copy is a kernel, between two of them a copy of contiguous data.
  void legalizeCopy(memref::CopyOp op) {
    OpBuilder b(op);
    Value source = op.getSource(), target = op.getTarget();
    auto type = cast<MemRefType>(target.getType());
    auto makeContiguous = [&](Value like) {
      auto type = cast<MemRefType>(like.getType());
      return memref::AllocOp::create(b, op.getLoc(),
                                     MemRefType::get(type.getShape(), type.getElementType(),
                                                     AffineMap(), type.getMemorySpace()));
    };
    auto isContiguous = [](Value buffer) {
      return cast<MemRefType>(buffer.getType()).getLayout().isIdentity();
    };
    if (cast<MemRefType>(source.getType()).getMemorySpace() == type.getMemorySpace()) {
      if (source != target)
        buildCopy(b, op.getLoc(), source, target);
      return op.erase();
    }
    if (!isContiguous(source)) {
      Value packed = makeContiguous(source);
      buildCopy(b, op.getLoc(), source, packed);
      source = packed;
    }
    Value received = isContiguous(target) ? target : makeContiguous(target);
    rt::CopyOp::create(b, op.getLoc(), TypeRange(), source, received);
    if (received != target)
      buildCopy(b, op.getLoc(), received, target);
    op.erase();
  }
};
} // namespace
