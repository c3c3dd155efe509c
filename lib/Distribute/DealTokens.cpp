//===- DealTokens.cpp - concatenated tokens in parts of all their sources --*- C++ -*-===//

#include "DealTokens.h"
#include "Aggregations.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::dchag;

/// Dimension of the channels in tokens without groups, B x K x N x D, whatever op makes them.
static constexpr unsigned kChannelDim = 1;

namespace {
/// Tokens of some channels, and their position in the concatenation.
struct Source {
  Value tokens;
  SmallVector<std::pair<int64_t, int64_t>> runs;

  int64_t getSize() const { return tensorType(tokens).getDimSize(kChannelDim); }
};

class Dealer : TensorBuilder {
public:
  Dealer(OpBuilder &b, Location loc, int64_t ranks) : TensorBuilder(b, loc), ranks(ranks) {}

  /// The values whose concatenation is `value`, looking through element-wise ops on the whole.
  SmallVector<Value> findSources(Value value);
  Value deal(ArrayRef<Source> sources);
  Value dealMask(ArrayRef<Source> sources, Value mask);
  int64_t getPart(const Source &source) { return llvm::divideCeil(source.getSize(), ranks); }

private:
  Value sliceChannels(Value value, int64_t offset, int64_t size);
  /// Dimension `dim` as (ranks, part).
  Value cut(Value value, unsigned dim) {
    return splitDim(value, dim, {ranks, dimOf(value, dim) / ranks});
  }

  int64_t ranks;
};
} // namespace

/// A slice of a broadcast is the broadcast of a slice of its operand.
Value Dealer::sliceChannels(Value value, int64_t offset, int64_t size) {
  auto broadcast = value.getDefiningOp<linalg::BroadcastOp>();
  if (!broadcast)
    return slice(value, kChannelDim, offset, size);
  ArrayRef<int64_t> added = broadcast.getDimensions();
  Value input = broadcast.getInput();
  if (!llvm::is_contained(added, int64_t(kChannelDim))) {
    unsigned before = llvm::count_if(added, [](int64_t dim) { return dim < kChannelDim; });
    input = slice(input, kChannelDim - before, offset, size);
  }
  SmallVector<int64_t> shape(tensorType(value).getShape());
  shape[kChannelDim] = size;
  return TensorBuilder::broadcast(input, shape, added);
}

SmallVector<Value> Dealer::findSources(Value value) {
  Operation *op = value.getDefiningOp();
  if (auto concat = dyn_cast_or_null<tensor::ConcatOp>(op)) {
    if (concat.getDim() != kChannelDim)
      return {};
    SmallVector<Value> sources;
    for (Value input : concat.getInputs()) {
      SmallVector<Value> inner = findSources(input);
      sources.append(inner.empty() ? SmallVector<Value>{input} : inner);
    }
    return sources;
  }
  if (!op || !op->hasTrait<OpTrait::Elementwise>() || op->getNumResults() != 1)
    return {};
  SmallVector<Value> found;
  unsigned at = 0;
  for (auto [index, operand] : llvm::enumerate(op->getOperands()))
    if (found.empty() && operand.getType() == value.getType()) {
      found = findSources(operand);
      at = index;
    }
  int64_t offset = 0;
  for (Value &source : found) {
    int64_t size = tensorType(source).getDimSize(kChannelDim);
    SmallVector<Value> operands;
    for (auto [index, operand] : llvm::enumerate(op->getOperands()))
      operands.push_back(index == at ? source
                         : isa<RankedTensorType>(operand.getType())
                             ? sliceChannels(operand, offset, size)
                             : operand);
    SmallVector<int64_t> shape(tensorType(value).getShape());
    shape[kChannelDim] = size;
    Operation *part = b.clone(*op);
    part->setOperands(operands);
    part->getResult(0).setType(tensorType(value).clone(shape));
    source = part->getResult(0);
    offset += size;
  }
  return found;
}

Value Dealer::deal(ArrayRef<Source> sources) {
  SmallVector<Value> parts;
  for (const Source &source : sources) {
    Value padded = source.tokens;
    SmallVector<int64_t> low(tensorType(padded).getRank(), 0), high(low);
    high[kChannelDim] = getPart(source) * ranks - source.getSize();
    parts.push_back(cut(padConstant(padded, low, high, 0), kChannelDim));
  }
  Value joined = joinDims(concat(parts, kChannelDim + 1), kChannelDim, 2);
  return splitDim(joined, kChannelDim, {1, dimOf(joined, kChannelDim)});
}

/// Which channels are valid: those of `mask` (all without one), without padding.
Value Dealer::dealMask(ArrayRef<Source> sources, Value mask) {
  constexpr unsigned dim = 2;
  Type i1 = b.getI1Type();
  bool isPadded =
      llvm::any_of(sources, [&](const Source &source) { return source.getSize() % ranks != 0; });
  if (!mask && !isPadded)
    return {};
  if (!mask) {
    SmallVector<bool> values;
    for (int64_t rank = 0; rank < ranks; ++rank)
      for (const Source &source : sources)
        for (int64_t i = 0; i < getPart(source); ++i)
          values.push_back(rank * getPart(source) + i < source.getSize());
    auto type = RankedTensorType::get({1, 1, int64_t(values.size())}, i1);
    return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, values));
  }
  SmallVector<Value> parts;
  for (const Source &source : sources) {
    SmallVector<Value> runs;
    for (auto [offset, size] : source.runs)
      runs.push_back(slice(mask, dim, offset, size));
    if (int64_t padding = getPart(source) * ranks - source.getSize()) {
      auto type = RankedTensorType::get({tensorType(mask).getDimSize(0), 1, padding}, i1);
      runs.push_back(arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, false)));
    }
    parts.push_back(cut(concat(runs, dim), dim));
  }
  return joinDims(concat(parts, dim + 1), dim, 2);
}

std::optional<DealtTokens> mlir::dchag::dealTokens(OpBuilder &builder, AggregateOp op,
                                                   int64_t ranks) {
  // B x 1 x K x N x D, of B x K x N x D.
  auto expand = op.getTokens().getDefiningOp<tensor::ExpandShapeOp>();
  if (!expand || expand.getSrcType().getRank() != 4 || getTokenSize(op, TokenDim::Group) != 1 ||
      expand.getSrcType().getDimSize(kChannelDim) != getTokenSize(op, TokenDim::Channel))
    return std::nullopt;
  Dealer dealer(builder, op.getLoc(), ranks);
  SmallVector<Source> sources;
  // Sources with fewer channels than ranks are merged into one, which every rank computes whole and
  // then slices.
  Source small;
  SmallVector<Value> smallTokens;
  int64_t offset = 0;
  for (Value tokens : dealer.findSources(expand.getSrc())) {
    int64_t size = tensorType(tokens).getDimSize(kChannelDim);
    if (size >= ranks) {
      sources.push_back({tokens, {{offset, size}}});
    } else {
      small.runs.push_back({offset, size});
      smallTokens.push_back(tokens);
    }
    offset += size;
  }
  if (sources.empty() || sources.size() + smallTokens.size() < 2)
    return std::nullopt;
  if (!smallTokens.empty()) {
    small.tokens =
        smallTokens.size() == 1
            ? smallTokens.front()
            : tensor::ConcatOp::create(builder, op.getLoc(), kChannelDim, smallTokens).getResult();
    sources.push_back(small);
  }
  return DealtTokens{dealer.deal(sources), dealer.dealMask(sources, op.getMask())};
}
