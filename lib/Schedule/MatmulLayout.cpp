//===- MatmulLayout.cpp - a contraction as the runtime takes it ------------*- C++ -*-===//

#include "dchag/Schedule/MatmulLayout.h"

using namespace mlir;
using namespace mlir::dchag;

/// Joins neighbours that are one loop in every operand; loops are ordered by their stride in
/// operand `order`, outermost first.
static SmallVector<MatmulLoop> joinLoops(SmallVector<MatmulLoop> loops, unsigned order) {
  llvm::sort(loops, [&](const MatmulLoop &a, const MatmulLoop &b) {
    return std::tuple(a.strides[order], a.strides, a.size) >
           std::tuple(b.strides[order], b.strides, b.size);
  });
  SmallVector<MatmulLoop> joined;
  for (const MatmulLoop &loop : loops) {
    bool isNext = !joined.empty();
    for (unsigned i = 0; isNext && i < 4; ++i)
      isNext = joined.back().strides[i] == loop.strides[i] * loop.size;
    if (!isNext) {
      joined.push_back(loop);
      continue;
    }
    joined.back().size *= loop.size;
    joined.back().strides = loop.strides;
  }
  return joined;
}

/// Rows or columns of less than that are not worth that a matrix need not be copied.
static constexpr int64_t kFewRows = 8;

/// Takes the largest loop out of `loops`: the others become batch dimensions. If the sum does not
/// run over contiguous elements of `operand`, it is the largest one that does: otherwise the
/// operand would have to be copied.
static MatmulLoop takeLargest(SmallVector<MatmulLoop> loops, unsigned operand,
                              const MatmulLoop &sum, SmallVectorImpl<MatmulLoop> &batch) {
  if (loops.empty())
    return {};
  bool needsUnit = sum.size > 1 && sum.strides[operand] != 1;
  auto rank = [&](const MatmulLoop &loop) {
    return std::pair(needsUnit && loop.strides[operand] == 1 && loop.size >= kFewRows, loop.size);
  };
  auto *largest = llvm::max_element(
      loops, [&](const MatmulLoop &a, const MatmulLoop &b) { return rank(a) < rank(b); });
  MatmulLoop result = *largest;
  loops.erase(largest);
  llvm::append_range(batch, loops);
  return result;
}

FailureOr<MatmulLayout> mlir::dchag::getMatmulLayout(rt::MatmulOp op, unsigned maxBatchDims,
                                                     std::string &reason) {
  if (!isa<MemRefType>(op.getInit().getType())) {
    reason = "its operands are no buffers: bufferize first";
    return failure();
  }
  SmallVector<MatmulLoop> loops(op.getInitMap().getNumDims());
  for (auto [dim, size] : llvm::enumerate(op.getLoopSizes()))
    loops[dim].size = size;
  for (unsigned i = 0; i < op->getNumOperands(); ++i) {
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(
            cast<MemRefType>(op->getOperand(i).getType()).getStridesAndOffset(strides, offset)) ||
        llvm::is_contained(strides, ShapedType::kDynamic)) {
      reason = "an operand has no static strides";
      return failure();
    }
    bool isInit = i + 1 == op->getNumOperands();
    for (auto [position, stride] : llvm::enumerate(strides))
      loops[op.getMap(i).getDimPosition(position)].strides[isInit ? 3 : i] = stride;
  }
  SmallVector<MatmulLoop> batch, rows, columns, sums;
  for (auto [dim, loop] : llvm::enumerate(loops)) {
    if (loop.size == 1)
      continue;
    bool inLhs = op.getMap(0).isFunctionOfDim(dim), inRhs = op.getMap(1).isFunctionOfDim(dim);
    if (!op.getInitMap().isFunctionOfDim(dim))
      sums.push_back(loop);
    else
      (inLhs && inRhs ? batch : inLhs ? rows : columns).push_back(loop);
  }
  MatmulLayout layout;
  batch = joinLoops(batch, 3);
  sums = joinLoops(sums, 0);
  if (sums.size() > 1) {
    reason = "the dimensions summed over do not follow each other in both operands";
    return failure();
  }
  if (!sums.empty())
    layout.k = sums.front();
  layout.m = takeLargest(joinLoops(rows, 3), 0, layout.k, batch);
  layout.n = takeLargest(joinLoops(columns, 3), 1, layout.k, batch);
  if (batch.size() > maxBatchDims) {
    reason = "it has more than " + std::to_string(maxBatchDims) +
             " batch dimensions that do not follow each other";
    return failure();
  }
  layout.batch.assign(batch.begin(), batch.end());
  return layout;
}
