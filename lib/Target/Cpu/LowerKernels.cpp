//===- LowerKernels.cpp - kernels as loops ---------------------------------*- C++ -*-===//

#include "KernelProduct.h"
#include "dchag/Target/Cpu/Passes.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/interfaces/Target.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_LOWERKERNELS
#include "dchag/Target/Cpu/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// Number of iterations of a parallel loop that is enough for any number of threads.
static constexpr int64_t kEnoughIterations = 256;
/// Elements of a piece of a one-dimensional kernel.
static constexpr int64_t kChunk = 4096;

/// The loop whose neighbours are adjacent in memory, in as many operands as possible.
static unsigned chooseInnermost(const BodyEmitter &body) {
  linalg::GenericOp op = body.op;
  unsigned best = body.sizes.size() - 1;
  int64_t bestScore = -1;
  // Results of sums are written once, operands read many times.
  int64_t initScore = op.getNumReductionLoops() == 0 ? 6 : 1;
  for (unsigned dim = 0; dim < body.sizes.size(); ++dim) {
    int64_t score = 0;
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isa<MemRefType>(operand.get().getType()))
        continue;
      int64_t stride = body.getStride(operand, dim);
      bool isInit = op.isDpsInit(&operand);
      score += stride == 1 ? (isInit ? initScore : 4) : stride == 0 ? (isInit ? 0 : 1) : 0;
    }
    // A loop of few iterations is not worth vectors.
    if (body.sizes[dim] >= 8)
      score = score * 4 + 3;
    if (body.sizes[dim] > 1 && score >= bestScore) {
      best = dim;
      bestScore = score;
    }
  }
  return best;
}

namespace {
/// Emits the loops of one linalg.generic on buffers.
class KernelEmitter {
public:
  KernelEmitter(linalg::GenericOp op, int64_t threshold)
      : op(op), b(op), loc(op.getLoc()), threshold(threshold), body(op, b) {}
  void emit();
  /// Within a tile: on one thread, and products in blocks.
  void emitInTile(unsigned vectorBits);

private:
  bool isReduction(unsigned dim) {
    return op.getIteratorTypesArray()[dim] == utils::IteratorType::reduction;
  }
  void emitLoops(bool isParallel);
  void emitParallel(ArrayRef<unsigned> dims);
  void emitChunks(unsigned dim);
  void emitSerial(ArrayRef<unsigned> dims);
  void emitElement();
  void emitVectors(unsigned dim);

  linalg::GenericOp op;
  OpBuilder b;
  Location loc;
  int64_t threshold;
  BodyEmitter body;
  /// The loops of an element of the results, outermost first, from the parallel ones on.
  SmallVector<unsigned> serial, sums;
  /// The loop of results whose neighbours are computed together, if there are sums.
  std::optional<unsigned> columns;
  bool parallelColumns = false;
  /// Neighbours along the innermost loop are computed as vectors.
  bool vectors = false;
};
} // namespace

/// Emits the loops and the body at one position of all outer loops.
void KernelEmitter::emitElement() {
  if (!sums.empty()) {
    ReductionEmitter reduction(body, sums);
    return columns ? reduction.emitColumns(*columns, parallelColumns) : reduction.emitRow();
  }
  IRMapping values = body.emit({}, llvm::SmallPtrSet<Operation *, 1>());
  for (auto [value, init] : llvm::zip_equal(op.getBlock()->getTerminator()->getOperands(),
                                            llvm::make_pointer_range(op.getDpsInitsMutable())))
    body.store(*init, body.get(values, value));
}

/// The innermost loop in vectors, which get smaller at its end.
void KernelEmitter::emitVectors(unsigned dim) {
  int64_t from = 0, size = body.sizes[dim];
  body.lane = dim;
  for (int64_t width : {64, 16, 4, 1}) {
    int64_t count = (size - from) / width;
    if (count == 0)
      continue;
    body.width = width;
    if (count == 1) {
      body.indices[dim] = body.constant(from);
      emitElement();
    } else {
      auto loop = scf::ForOp::create(b, loc, body.constant(from),
                                     body.constant(from + count * width), body.constant(width));
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointToStart(loop.getBody());
      body.indices[dim] = loop.getInductionVar();
      emitElement();
    }
    from += count * width;
  }
  body.width = 1;
}

void KernelEmitter::emitSerial(ArrayRef<unsigned> dims) {
  if (dims.empty())
    return emitElement();
  if (vectors && dims.size() == 1)
    return emitVectors(dims.front());
  auto loop = scf::ForOp::create(b, loc, body.constant(0), body.constant(body.sizes[dims.front()]),
                                 body.constant(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  body.indices[dims.front()] = loop.getInductionVar();
  emitSerial(dims.drop_front());
}

/// The position in each of several loops, the last one fastest, of one loop over all of them.
static SmallVector<Value> getPositions(OpBuilder &b, Location loc, Value position,
                                       ArrayRef<int64_t> sizes) {
  SmallVector<Value> positions(sizes.size());
  for (size_t dim = sizes.size(); dim-- > 1;) {
    Value size = arith::ConstantIndexOp::create(b, loc, sizes[dim]);
    positions[dim] = arith::RemUIOp::create(b, loc, position, size);
    position = arith::DivUIOp::create(b, loc, position, size);
  }
  positions[0] = position;
  return positions;
}

/// One parallel loop over all of `dims`.
void KernelEmitter::emitParallel(ArrayRef<unsigned> dims) {
  int64_t count = 1;
  for (unsigned dim : dims)
    count *= body.sizes[dim];
  auto loop =
      scf::ParallelOp::create(b, loc, ValueRange(body.constant(0)),
                              ValueRange(body.constant(count)), ValueRange(body.constant(1)));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<int64_t> sizes =
      llvm::map_to_vector(dims, [&](unsigned dim) { return body.sizes[dim]; });
  for (auto [dim, index] :
       llvm::zip_equal(dims, getPositions(b, loc, loop.getInductionVars()[0], sizes)))
    body.indices[dim] = index;
  emitSerial(serial);
}

/// A parallel loop over pieces of the only loop.
void KernelEmitter::emitChunks(unsigned dim) {
  int64_t size = body.sizes[dim];
  auto loop = scf::ParallelOp::create(b, loc, ValueRange(body.constant(0)),
                                      ValueRange(body.constant(llvm::divideCeil(size, kChunk))),
                                      ValueRange(body.constant(1)));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value chunk = body.constant(kChunk);
  Value from = arith::MulIOp::create(b, loc, loop.getInductionVars()[0], chunk);
  Value to = arith::MinUIOp::create(b, loc, arith::AddIOp::create(b, loc, from, chunk),
                                    body.constant(size));
  auto serialLoop = scf::ForOp::create(b, loc, from, to, body.constant(1));
  b.setInsertionPointToStart(serialLoop.getBody());
  body.indices[dim] = serialLoop.getInductionVar();
  emitElement();
}

/// Parallel loops outside, then the others, the innermost loop last.
void KernelEmitter::emitLoops(bool isParallel) {
  unsigned innermost = chooseInnermost(body);
  SmallVector<unsigned> outer, parallel;
  for (unsigned dim = 0; dim < body.sizes.size(); ++dim)
    if (dim != innermost)
      (isReduction(dim) ? sums : outer).push_back(dim);
  int64_t iterations = 1;
  if (isParallel)
    while (!outer.empty() && iterations < kEnoughIterations) {
      iterations *= body.sizes[outer.front()];
      parallel.push_back(outer.front());
      outer.erase(outer.begin());
    }
  serial = outer;
  if (isReduction(innermost))
    sums.push_back(innermost);
  else if (!sums.empty())
    columns = innermost;
  else
    serial.push_back(innermost);
  if (iterations > 1)
    return emitParallel(parallel);
  for (unsigned dim : parallel)
    body.indices[dim] = body.constant(0);
  parallelColumns = isParallel && serial.empty();
  bool isOneLoop = serial.size() == 1 && serial.front() == innermost;
  if (isParallel && isOneLoop && body.sizes[innermost] > kChunk)
    emitChunks(innermost);
  else
    emitSerial(serial);
}

/// Operations on elements.
static int64_t getWork(linalg::LinalgOp op) {
  int64_t work = std::max<int64_t>(1, op.getBlock()->getOperations().size() - 1);
  for (int64_t size : op.getStaticLoopRanges())
    work *= size;
  return work;
}

void KernelEmitter::emit() {
  int64_t work = getWork(op);
  if (work != 0 && body.sizes.empty())
    emitElement();
  else if (work != 0)
    emitLoops(work >= threshold);
  op.erase();
}

void KernelEmitter::emitInTile(unsigned vectorBits) {
  ProductEmitter product(body, vectorBits);
  if (!product) {
    threshold = std::numeric_limits<int64_t>::max();
    vectors = op.getNumReductionLoops() == 0 && body.isVectorizable() && !body.sizes.empty() &&
              body.isContiguous(chooseInnermost(body));
    return emit();
  }
  if (getWork(op) > 0)
    product.emit();
  op.erase();
}

namespace {
struct LowerKernels : mlir::dchag::impl::LowerKernelsBase<LowerKernels> {
  using LowerKernelsBase::LowerKernelsBase;

  void runOnOperation() override {
    unsigned vectorBits = getVectorBits(getTarget(getOperation()).getHostCpu());
    SmallVector<scf::ForallOp> loops;
    getOperation().walk([&](scf::ForallOp loop) { loops.push_back(loop); });
    for (scf::ForallOp loop : loops)
      lowerTiles(loop);
    SmallVector<linalg::LinalgOp> ops;
    getOperation().walk([&](linalg::LinalgOp op) { ops.push_back(op); });
    IRRewriter rewriter(&getContext());
    for (linalg::LinalgOp op : ops) {
      auto generic = dyn_cast<linalg::GenericOp>(op.getOperation());
      if (!generic) {
        rewriter.setInsertionPoint(op);
        FailureOr<linalg::GenericOp> general = linalg::generalizeNamedOp(rewriter, op);
        if (failed(general)) {
          op->emitOpError("has no form as linalg.generic, so no loops can be made of it");
          return signalPassFailure();
        }
        generic = *general;
      }
      if (!generic.hasPureBufferSemantics()) {
        generic.emitOpError("is not on buffers: bufferize first");
        return signalPassFailure();
      }
      // Tiles are what runs in parallel.
      KernelEmitter emitter(generic, threshold);
      if (isa<scf::ParallelOp, scf::ForOp>(generic->getParentOp()))
        emitter.emitInTile(vectorBits);
      else
        emitter.emit();
    }
  }

  /// A loop over all tiles, parallel if that is worth it.
  void lowerTiles(scf::ForallOp op) {
    IRRewriter b(op);
    Location loc = op.getLoc();
    auto constant = [&](int64_t value) -> Value {
      return arith::ConstantIndexOp::create(b, loc, value);
    };
    int64_t count = 1, work = 0;
    for (int64_t size : op.getStaticUpperBound())
      count *= size;
    op.walk([&](linalg::LinalgOp inner) { work += getWork(inner); });
    Value zero = constant(0), one = constant(1), all = constant(count), position;
    Block *body;
    if (count > 1 && work * count >= threshold) {
      auto loop =
          scf::ParallelOp::create(b, loc, ValueRange(zero), ValueRange(all), ValueRange(one));
      body = loop.getBody();
      position = loop.getInductionVars()[0];
    } else {
      auto loop = scf::ForOp::create(b, loc, zero, all, one);
      body = loop.getBody();
      position = loop.getInductionVar();
    }
    b.setInsertionPointToStart(body);
    SmallVector<Value> indices = getPositions(b, loc, position, op.getStaticUpperBound());
    b.eraseOp(op.getTerminator());
    b.inlineBlockBefore(op.getBody(), body->getTerminator(), indices);
    b.eraseOp(op);
  }
};
} // namespace
