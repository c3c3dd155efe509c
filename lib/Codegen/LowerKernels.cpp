//===- LowerKernels.cpp - kernels as loops ---------------------------------*- C++ -*-===//

#include "dchag/Codegen/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_LOWERKERNELS
#include "dchag/Codegen/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// Iterations of a parallel loop from which more of them would not help the threads.
static constexpr int64_t kEnoughIterations = 256;
/// Elements of a piece of a one-dimensional kernel.
static constexpr int64_t kChunk = 4096;

/// Elements between neighbours along loop `dim` in an operand.
static int64_t getStride(AffineMap map, MemRefType type, unsigned dim) {
  SmallVector<int64_t> strides;
  int64_t offset;
  if (failed(type.getStridesAndOffset(strides, offset)))
    return 0;
  SmallVector<int64_t> zero(map.getNumDims(), 0), one(zero);
  one[dim] = 1;
  SmallVector<int64_t> from = map.compose(zero), to = map.compose(one);
  int64_t stride = 0;
  for (auto [a, b, s] : llvm::zip_equal(from, to, strides))
    stride += (b - a) * s;
  return stride;
}

/// The loop whose neighbours are neighbours in memory, in as many operands as possible.
static unsigned chooseInnermost(linalg::GenericOp op, ArrayRef<int64_t> sizes) {
  unsigned best = sizes.size() - 1;
  int64_t bestScore = -1;
  for (unsigned dim = 0; dim < sizes.size(); ++dim) {
    int64_t score = 0;
    for (OpOperand &operand : op->getOpOperands()) {
      auto type = dyn_cast<MemRefType>(operand.get().getType());
      if (!type)
        continue;
      int64_t stride = getStride(op.getMatchingIndexingMap(&operand), type, dim);
      bool isInit = op.isDpsInit(&operand);
      score += stride == 1 ? (isInit ? 6 : 4) : stride == 0 ? (isInit ? 0 : 1) : 0;
    }
    // A loop of few iterations is not worth vectors.
    score = score * 4 + (sizes[dim] >= 8 ? 3 : 0);
    if (sizes[dim] == 1)
      score = -1;
    if (score >= bestScore && sizes[dim] > 1) {
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
      : op(op), b(op), loc(op.getLoc()), sizes(op.getStaticLoopRanges()), threshold(threshold),
        indices(sizes.size()) {}
  void emit();

private:
  Value constant(int64_t value) { return arith::ConstantIndexOp::create(b, loc, value); }
  bool isReduction(unsigned dim) {
    return op.getIteratorTypesArray()[dim] == utils::IteratorType::reduction;
  }
  void emitParallel(ArrayRef<unsigned> dims);
  void emitChunks(unsigned dim, llvm::function_ref<void()> inner);
  void emitSerial(ArrayRef<unsigned> dims);
  void emitReductions(ArrayRef<unsigned> dims);
  SmallVector<Value> emitReductionLoops(ArrayRef<unsigned> dims, ValueRange sums);
  SmallVector<Value> getIndices(OpOperand &operand);
  Value load(OpOperand &operand);
  SmallVector<Value> emitBody(ValueRange sums);
  void store(ValueRange values);
  SmallVector<OpOperand *> getInits() {
    SmallVector<OpOperand *> inits;
    for (OpOperand &init : op.getDpsInitsMutable())
      inits.push_back(&init);
    return inits;
  }

  linalg::GenericOp op;
  OpBuilder b;
  Location loc;
  SmallVector<int64_t> sizes;
  int64_t threshold;
  SmallVector<Value> indices;
  SmallVector<unsigned> serial, reductions;
};
} // namespace

SmallVector<Value> KernelEmitter::getIndices(OpOperand &operand) {
  AffineMap map = op.getMatchingIndexingMap(&operand);
  SmallVector<Value> result;
  for (AffineExpr expr : map.getResults())
    result.push_back(affine::expandAffineExpr(b, loc, expr, indices, {}));
  return result;
}

Value KernelEmitter::load(OpOperand &operand) {
  if (!isa<MemRefType>(operand.get().getType()))
    return operand.get();
  return memref::LoadOp::create(b, loc, operand.get(), getIndices(operand));
}

/// The body at the current indices; `sums` stand for the elements of the results if given.
SmallVector<Value> KernelEmitter::emitBody(ValueRange sums) {
  Block *body = op.getBlock();
  IRMapping mapping;
  for (auto [i, operand] : llvm::enumerate(op->getOpOperands())) {
    BlockArgument argument = body->getArgument(i);
    if (argument.use_empty())
      continue;
    bool isInit = op.isDpsInit(&operand);
    bool isSum = isInit && !sums.empty();
    mapping.map(argument, isSum ? sums[i - op.getNumDpsInputs()] : load(operand));
  }
  for (Operation &inner : body->without_terminator()) {
    if (auto index = dyn_cast<linalg::IndexOp>(inner)) {
      mapping.map(index.getResult(), indices[index.getDim()]);
      continue;
    }
    b.clone(inner, mapping);
  }
  return llvm::map_to_vector(body->getTerminator()->getOperands(),
                             [&](Value value) { return mapping.lookupOrDefault(value); });
}

void KernelEmitter::store(ValueRange values) {
  for (auto [value, init] : llvm::zip_equal(values, getInits()))
    memref::StoreOp::create(b, loc, value, init->get(), getIndices(*init));
}

SmallVector<Value> KernelEmitter::emitReductionLoops(ArrayRef<unsigned> dims, ValueRange sums) {
  if (dims.empty())
    return emitBody(sums);
  auto loop =
      scf::ForOp::create(b, loc, constant(0), constant(sizes[dims.front()]), constant(1), sums);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  indices[dims.front()] = loop.getInductionVar();
  SmallVector<Value> next = emitReductionLoops(dims.drop_front(), loop.getRegionIterArgs());
  scf::YieldOp::create(b, loc, next);
  return loop.getResults();
}

/// Innermost reductions keep their sums in registers.
void KernelEmitter::emitReductions(ArrayRef<unsigned> dims) {
  if (dims.empty())
    return store(emitBody({}));
  SmallVector<Value> sums;
  for (OpOperand *init : getInits())
    sums.push_back(load(*init));
  store(emitReductionLoops(dims, sums));
}

void KernelEmitter::emitSerial(ArrayRef<unsigned> dims) {
  if (dims.empty())
    return emitReductions(reductions);
  auto loop = scf::ForOp::create(b, loc, constant(0), constant(sizes[dims.front()]), constant(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  indices[dims.front()] = loop.getInductionVar();
  emitSerial(dims.drop_front());
}

/// One parallel loop over all of `dims`.
void KernelEmitter::emitParallel(ArrayRef<unsigned> dims) {
  int64_t count = 1;
  for (unsigned dim : dims)
    count *= sizes[dim];
  auto loop = scf::ParallelOp::create(b, loc, ValueRange(constant(0)), ValueRange(constant(count)),
                                      ValueRange(constant(1)));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value rest = loop.getInductionVars()[0];
  for (unsigned dim : llvm::reverse(dims.drop_front())) {
    Value size = constant(sizes[dim]);
    indices[dim] = arith::RemUIOp::create(b, loc, rest, size);
    rest = arith::DivUIOp::create(b, loc, rest, size);
  }
  indices[dims.front()] = rest;
  emitSerial(serial);
}

/// A parallel loop over pieces of the only loop there is.
void KernelEmitter::emitChunks(unsigned dim, llvm::function_ref<void()> inner) {
  int64_t size = sizes[dim];
  auto loop = scf::ParallelOp::create(b, loc, ValueRange(constant(0)),
                                      ValueRange(constant(llvm::divideCeil(size, kChunk))),
                                      ValueRange(constant(1)));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value chunk = constant(kChunk);
  Value from = arith::MulIOp::create(b, loc, loop.getInductionVars()[0], chunk);
  Value to =
      arith::MinUIOp::create(b, loc, arith::AddIOp::create(b, loc, from, chunk), constant(size));
  auto serialLoop = scf::ForOp::create(b, loc, from, to, constant(1));
  b.setInsertionPointToStart(serialLoop.getBody());
  indices[dim] = serialLoop.getInductionVar();
  inner();
}

void KernelEmitter::emit() {
  int64_t work = std::max<int64_t>(1, op.getBlock()->getOperations().size() - 1);
  for (int64_t size : sizes)
    work *= size;
  if (work == 0) {
    op.erase();
    return;
  }
  bool isParallel = work >= threshold;
  unsigned innermost = sizes.empty() ? 0 : chooseInnermost(op, sizes);
  // Parallel loops outside, then reductions and the innermost loop, whatever it is.
  SmallVector<unsigned> outer, sums;
  for (unsigned dim = 0; dim < sizes.size(); ++dim)
    if (dim != innermost)
      (isReduction(dim) ? sums : outer).push_back(dim);
  bool hasInnerParallel = !sizes.empty() && !isReduction(innermost);
  int64_t iterations = 1;
  SmallVector<unsigned> parallel;
  if (isParallel)
    while (!outer.empty() && iterations < kEnoughIterations) {
      iterations *= sizes[outer.front()];
      parallel.push_back(outer.front());
      outer.erase(outer.begin());
    }
  serial = outer;
  if (hasInnerParallel && !sums.empty()) {
    // Sums stay in memory, row by row of the innermost loop.
    llvm::append_range(serial, sums);
    serial.push_back(innermost);
  } else {
    reductions = sums;
    if (hasInnerParallel)
      serial.push_back(innermost);
    else if (!sizes.empty())
      reductions.push_back(innermost);
  }
  if (isParallel && iterations == 1 && serial.size() == 1 && parallel.size() < sizes.size() &&
      hasInnerParallel && sizes[innermost] > kChunk) {
    for (unsigned dim : parallel)
      indices[dim] = constant(0);
    emitChunks(innermost, [&] { emitReductions(reductions); });
  } else if (iterations > 1) {
    emitParallel(parallel);
  } else {
    for (unsigned dim : parallel)
      indices[dim] = constant(0);
    emitSerial(serial);
  }
  op.erase();
}

namespace {
struct LowerKernels : mlir::dchag::impl::LowerKernelsBase<LowerKernels> {
  using LowerKernelsBase::LowerKernelsBase;

  void runOnOperation() override {
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
      KernelEmitter(generic, threshold).emit();
    }
  }
};
} // namespace
