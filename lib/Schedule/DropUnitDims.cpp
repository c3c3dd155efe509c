//===- DropUnitDims.cpp - kernels without dimensions of size 1 -------------*- C++ -*-===//

#include "BufferUtils.h"
#include "dchag/Schedule/Passes.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_DROPUNITDIMS
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// The loops of an op that are longer than 1, renumbered.
struct LongLoops {
  SmallVector<utils::IteratorType> iterators;
  SmallVector<AffineExpr> exprs; ///< for each loop of the op
  bool changed = false;

  explicit LongLoops(linalg::GenericOp op) {
    MLIRContext *context = op.getContext();
    for (auto [size, type] :
         llvm::zip_equal(op.getStaticLoopRanges(), op.getIteratorTypesArray())) {
      if (size == 1) {
        exprs.push_back(getAffineConstantExpr(0, context));
        changed = true;
        continue;
      }
      exprs.push_back(getAffineDimExpr(iterators.size(), context));
      iterators.push_back(type);
    }
  }
};

struct DropUnitDims : mlir::dchag::impl::DropUnitDimsBase<DropUnitDims> {
  void runOnOperation() override {
    SmallVector<linalg::GenericOp> ops;
    getOperation().walk([&](linalg::GenericOp op) {
      bool isMap = llvm::all_of(op.getIndexingMapsArray(),
                                [](AffineMap map) { return map.isProjectedPermutation(); });
      if (op.hasPureBufferSemantics() && isMap && !op.hasIndexSemantics())
        ops.push_back(op);
    });
    for (linalg::GenericOp op : ops)
      if (LongLoops loops(op); loops.changed)
        rewrite(op, loops);
  }

  /// A view of `buffer` without the dimensions that `map` gives to loops of size 1.
  Value dropDims(OpBuilder &b, Value buffer, AffineMap map, const LongLoops &loops,
                 SmallVectorImpl<AffineExpr> &results) {
    auto type = dyn_cast<MemRefType>(buffer.getType());
    SmallVector<int64_t> shape, strides, kept;
    int64_t offset;
    if (!type || failed(type.getStridesAndOffset(strides, offset)))
      return buffer;
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      AffineExpr loop = loops.exprs[cast<AffineDimExpr>(expr).getPosition()];
      if (isa<AffineConstantExpr>(loop))
        continue;
      results.push_back(loop);
      shape.push_back(type.getDimSize(dim));
      kept.push_back(strides[dim]);
    }
    if (kept.size() == strides.size())
      return buffer;
    MemRefType plain = getStridedType(shape, kept, type.getElementType(), type.getMemorySpace());
    return rt::ViewOp::create(b, buffer.getLoc(), plain, buffer, Value(), b.getI64IntegerAttr(0));
  }

  void rewrite(linalg::GenericOp op, const LongLoops &loops) {
    IRRewriter b(op);
    SmallVector<Value> operands;
    SmallVector<AffineMap> maps;
    for (OpOperand &operand : op->getOpOperands()) {
      SmallVector<AffineExpr> results;
      operands.push_back(
          dropDims(b, operand.get(), op.getMatchingIndexingMap(&operand), loops, results));
      maps.push_back(AffineMap::get(loops.iterators.size(), 0, results, b.getContext()));
    }
    ArrayRef<Value> all(operands);
    auto made =
        linalg::GenericOp::create(b, op.getLoc(), all.drop_back(op.getNumDpsInits()),
                                  all.take_back(op.getNumDpsInits()), maps, loops.iterators);
    b.inlineRegionBefore(op.getRegion(), made.getRegion(), made.getRegion().begin());
    b.eraseOp(op);
    ++numOps;
  }
};
} // namespace
