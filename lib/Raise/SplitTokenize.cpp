//===- SplitTokenize.cpp - a tokenization for each part of its channels ----*- C++ -*-===//

#include "dchag/Raise/Passes.h"
#include "dchag/Views/IndexNotation.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_SPLITTOKENIZE
#include "dchag/Raise/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// Dimension of the channels, in images and in tokens.
static constexpr unsigned kChannelDim = 1;

/// Whether a slice of tokens is cut in the dimension of channels only.
static bool takesChannels(tensor::ExtractSliceOp slice) {
  ArrayRef<int64_t> full = slice.getSourceType().getShape();
  if (!slice.getOffsets().empty() || !slice.getSizes().empty() || !slice.getStrides().empty())
    return false;
  for (unsigned dim = 0; dim < full.size(); ++dim)
    if (slice.getStaticStrides()[dim] != 1 ||
        (dim != kChannelDim && slice.getStaticSizes()[dim] != full[dim]))
      return false;
  return true;
}

/// The slices of a tokenization in the order of their channels; empty if it has other uses, or if
/// two slices overlap, whose tokens would be computed twice.
static SmallVector<tensor::ExtractSliceOp> getParts(TokenizeOp op) {
  SmallVector<tensor::ExtractSliceOp> slices;
  for (Operation *user : op->getUsers()) {
    auto slice = dyn_cast<tensor::ExtractSliceOp>(user);
    if (!slice || !takesChannels(slice))
      return {};
    slices.push_back(slice);
  }
  llvm::sort(slices, [](tensor::ExtractSliceOp a, tensor::ExtractSliceOp b) {
    return a.getStaticOffsets()[kChannelDim] < b.getStaticOffsets()[kChannelDim];
  });
  for (size_t i = 1; i < slices.size(); ++i)
    if (slices[i - 1].getStaticOffsets()[kChannelDim] +
            slices[i - 1].getStaticSizes()[kChannelDim] >
        slices[i].getStaticOffsets()[kChannelDim])
      return {};
  return slices;
}

/// A slice of one dimension, from `offset` on. Of a concatenation whose operands the slice takes
/// whole it is these operands, so that they are not joined only to be sliced again.
static Value sliceDim(OpBuilder &b, Value value, unsigned dim, int64_t offset, int64_t size) {
  if (auto concat = value.getDefiningOp<tensor::ConcatOp>(); concat && concat.getDim() == dim) {
    SmallVector<Value> taken;
    int64_t begin = 0, elements = 0;
    for (Value operand : concat.getInputs()) {
      int64_t length = dimOf(operand, dim);
      if (begin >= offset && begin + length <= offset + size) {
        taken.push_back(operand);
        elements += length;
      }
      begin += length;
    }
    if (elements == size)
      return TensorBuilder(b, value.getLoc()).concat(taken, dim);
  }
  return TensorBuilder(b, value.getLoc()).slice(value, dim, offset, size);
}

namespace {
struct SplitTokenize : mlir::dchag::impl::SplitTokenizeBase<SplitTokenize> {
  void runOnOperation() override {
    SmallVector<TokenizeOp> ops;
    getOperation().walk([&](TokenizeOp op) { ops.push_back(op); });
    for (TokenizeOp op : ops) {
      SmallVector<tensor::ExtractSliceOp> parts = getParts(op);
      if (parts.empty() || (parts.size() == 1 && takesAll(parts.front())))
        continue;
      for (tensor::ExtractSliceOp part : parts)
        split(op, part);
      op.erase();
    }
    // Concatenations of weights that are unused now.
    for (Block &block : getOperation().getBody())
      eraseDeadOps(block);
  }

  static bool takesAll(tensor::ExtractSliceOp slice) {
    return slice.getStaticSizes()[kChannelDim] == slice.getSourceType().getDimSize(kChannelDim);
  }

  void split(TokenizeOp op, tensor::ExtractSliceOp part) {
    // The operands of the tokenization are defined where it is.
    OpBuilder b(op);
    int64_t offset = part.getStaticOffsets()[kChannelDim],
            size = part.getStaticSizes()[kChannelDim];
    auto cut = [&](Value value) {
      // A weight that all channels share stays as it is.
      bool isShared = !value || cast<RankedTensorType>(value.getType()).getDimSize(0) == 1;
      return isShared && op.getType().getDimSize(kChannelDim) > 1
                 ? value
                 : sliceDim(b, value, 0, offset, size);
    };
    SmallVector<int64_t> shape(op.getType().getShape());
    shape[kChannelDim] = size;
    Value tokens =
        TokenizeOp::create(b, op.getLoc(), op.getType().clone(shape),
                           sliceDim(b, op.getImage(), kChannelDim, offset, size),
                           cut(op.getWeight()), cut(op.getBias()), cut(op.getEmbedding()));
    if (tokens.getType() == part.getType()) {
      part.replaceAllUsesWith(tokens);
    } else {
      // The slice may drop the dimension of a single channel.
      b.setInsertionPoint(part);
      std::optional<SmallVector<ReassociationIndices>> groups =
          getReassociationIndicesForReshape(op.getType().clone(shape), part.getType());
      assert(groups && "a slice drops dimensions of size 1 only");
      part.replaceAllUsesWith(
          tensor::CollapseShapeOp::create(b, part.getLoc(), part.getType(), tokens, *groups)
              .getResult());
    }
    part.erase();
    ++numTokenizations;
  }
};
} // namespace
