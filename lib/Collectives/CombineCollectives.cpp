//===- CombineCollectives.cpp - joins small collectives --------------------*- C++ -*-===//

#include "Create.h"
#include "dchag/Collectives/Passes.h"
#include "dialects/dchag/TensorBuilder.h"
#include "dialects/interfaces/Interfaces.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_COMBINECOLLECTIVES
#include "dchag/Collectives/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// Lays tensors out in rows, one for each rank, and takes them apart again.
class Rows : public TensorBuilder {
public:
  using TensorBuilder::TensorBuilder;

  /// [.., n s, ..] -> [n, the rest]: dimension `dim` holds the parts of n ranks.
  Value toRows(Value value, unsigned dim, int64_t ranks) {
    Value split = splitDim(value, dim, {ranks, dimOf(value, dim) / ranks});
    SmallVector<int64_t> permutation{static_cast<int64_t>(dim)};
    for (int64_t i = 0; i < tensorType(split).getRank(); ++i)
      if (i != static_cast<int64_t>(dim))
        permutation.push_back(i);
    return reshape(transpose(split, permutation),
                   {ranks, tensorType(value).getNumElements() / ranks});
  }

  /// The inverse, to `shape`.
  Value fromRows(Value rows, unsigned dim, ArrayRef<int64_t> shape) {
    int64_t ranks = tensorType(rows).getDimSize(0);
    SmallVector<int64_t> split{ranks}, permutation;
    for (auto [i, size] : llvm::enumerate(shape))
      split.push_back(i == dim ? size / ranks : size);
    for (int64_t i = 0; i < static_cast<int64_t>(split.size()); ++i)
      permutation.push_back(i < static_cast<int64_t>(dim)    ? i + 1
                            : i == static_cast<int64_t>(dim) ? 0
                                                             : i);
    return reshape(transpose(reshape(rows, split), permutation), shape);
  }

  /// Columns [at, at + count) of rows.
  Value columns(Value rows, int64_t at, int64_t count) { return slice(rows, 1, at, count); }
};

/// What collectives of one bucket have in common: kind, grid, mesh axes, reduction, element type.
using Key = std::tuple<unsigned, Attribute, Attribute, unsigned, Type>;
} // namespace

static std::optional<Key> getKey(CollectiveOpInterface op, int64_t maxBytes) {
  CollectiveKind kind = op.getCollectiveKind();
  if (!op.getGridSymbol() ||
      !llvm::is_contained(
          {CollectiveKind::AllGather, CollectiveKind::AllReduce, CollectiveKind::ReduceScatter},
          kind))
    return std::nullopt;
  auto type = dyn_cast<RankedTensorType>(op.getInput().getType());
  Type element = getElementTypeOrSelf(op.getInput());
  if (!type || !type.hasStaticShape() || !element.isIntOrFloat() || type.getNumElements() == 0 ||
      element != getElementTypeOrSelf(op.getOutput()) || getTensorBytes(type) > maxBytes)
    return std::nullopt;
  return Key{unsigned(kind), op.getGridSymbol(),
             DenseI32ArrayAttr::get(op.getContext(), op.getMeshAxes()),
             unsigned(op.getReductionKind().value_or(shard::ReductionKind::Sum)), element};
}

/// One collective on the inputs of all, and the parts of its output in place of theirs. Of a
/// gather each rank's part is a row and all parts are rows, of a scattered reduction the other
/// way round, of a reduction there is one row.
static void replace(ArrayRef<CollectiveOpInterface> members, OpBuilder &b, Location loc) {
  Rows rows(b, loc);
  CollectiveOpInterface first = members.front();
  SmallVector<Value> flat;
  int64_t ranks = 1, total = 0;
  for (CollectiveOpInterface op : members) {
    int64_t input = tensorType(op.getInput()).getNumElements();
    int64_t output = tensorType(op.getOutput()).getNumElements();
    ranks = std::max(input, output) / std::min(input, output);
    total += std::min(input, output);
    flat.push_back(op.getCutDim() ? rows.toRows(op.getInput(), *op.getCutDim(), ranks)
                                  : rows.reshape(op.getInput(), {1, input}));
  }
  Value all = tensor::ConcatOp::create(b, loc, 1, flat);
  int64_t outputRows = first.getJoinedDim() ? ranks : 1;
  Value joined = createCollective(b, loc, first.getCollectiveKind(), first, all,
                                  tensorType(all).clone(ArrayRef<int64_t>{outputRows, total}));
  int64_t at = 0;
  for (CollectiveOpInterface op : members) {
    RankedTensorType type = tensorType(op.getOutput());
    int64_t count = type.getNumElements() / outputRows;
    Value own = rows.columns(joined, at, count);
    op.getOutput().replaceAllUsesWith(op.getJoinedDim()
                                          ? rows.fromRows(own, *op.getJoinedDim(), type.getShape())
                                          : rows.reshape(own, type.getShape()));
    at += count;
  }
}

namespace {
struct CombineCollectives : mlir::dchag::impl::CombineCollectivesBase<CombineCollectives> {
  using CombineCollectivesBase::CombineCollectivesBase;

  struct Bucket {
    SmallVector<CollectiveOpInterface> members;
    int64_t first = 0;
  };

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal() && function.getBody().hasOneBlock())
        runOnBlock(function.front());
  }

  void runOnBlock(Block &block) {
    SmallVector<Bucket> full;
    llvm::MapVector<Key, Bucket> open;
    // For each value the members of open buckets that it depends on.
    llvm::DenseMap<Value, SmallPtrSet<Operation *, 4>> dependences;
    for (auto [position, op] : llvm::enumerate(block)) {
      SmallPtrSet<Operation *, 4> before;
      op.walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          if (auto it = dependences.find(operand); it != dependences.end())
            before.insert(it->second.begin(), it->second.end());
      });
      auto collective = dyn_cast<CollectiveOpInterface>(op);
      if (auto key = collective ? getKey(collective, maxBytes) : std::nullopt) {
        Bucket &bucket = open[*key];
        bool depends = llvm::any_of(
            bucket.members, [&](CollectiveOpInterface other) { return before.contains(other); });
        bool isFar = int64_t(position) - bucket.first > window;
        if (!bucket.members.empty() && (depends || isFar)) {
          full.push_back(std::move(bucket));
          bucket = {};
        }
        if (bucket.members.empty())
          bucket.first = position;
        bucket.members.push_back(collective);
        before.insert(&op);
      }
      if (!before.empty())
        for (Value result : op.getResults())
          dependences[result] = before;
    }
    for (auto &[key, bucket] : open)
      full.push_back(std::move(bucket));
    combine(full);
  }

  /// Buckets that depend on each other cannot both be merged: those that would form a cycle with a
  /// merged one are left alone.
  void combine(ArrayRef<Bucket> buckets) {
    for (const Bucket &bucket : buckets) {
      if (bucket.members.size() < 2 || dependsOnItself(bucket.members))
        continue;
      Operation *place = bringTogether(bucket.members);
      SmallVector<Location> locations;
      for (CollectiveOpInterface op : bucket.members)
        locations.push_back(op->getLoc());
      OpBuilder b(place);
      Location loc = b.getFusedLoc(locations);
      replace(bucket.members, b, loc);
      for (CollectiveOpInterface op : bucket.members)
        op->erase();
      numCombined += bucket.members.size();
      ++numBuckets;
    }
  }

  /// Moves what the members need, and nothing else, in front of the first op that needs one of
  /// them; returns that op. Everything here is free of effects.
  static Operation *bringTogether(ArrayRef<CollectiveOpInterface> members) {
    Block *block = members.front()->getBlock();
    Operation *place = members.back();
    for (CollectiveOpInterface op : members)
      for (Operation *user : op->getUsers()) {
        Operation *inBlock = block->findAncestorOpInBlock(*user);
        if (inBlock->isBeforeInBlock(place))
          place = inBlock;
      }
    llvm::SmallPtrSet<Operation *, 16> needed;
    SmallVector<Operation *> work(members.begin(), members.end());
    while (!work.empty())
      work.pop_back_val()->walk([&](Operation *inner) {
        for (Value operand : inner->getOperands()) {
          Operation *source = operand.getDefiningOp();
          if (source && source->getBlock() == block && !source->isBeforeInBlock(place) &&
              needed.insert(source).second)
            work.push_back(source);
        }
      });
    SmallVector<Operation *> ordered(needed.begin(), needed.end());
    llvm::sort(ordered, [](Operation *x, Operation *y) { return x->isBeforeInBlock(y); });
    for (Operation *op : ordered)
      op->moveBefore(place);
    return place;
  }

  /// Whether a member needs, by way of other ops, the result of another member. Earlier joins
  /// may have made it so.
  static bool dependsOnItself(ArrayRef<CollectiveOpInterface> members) {
    llvm::SmallPtrSet<Operation *, 16> seen, own(members.begin(), members.end());
    SmallVector<Operation *> work(members.begin(), members.end());
    while (!work.empty()) {
      Operation *op = work.pop_back_val();
      bool found = false;
      op->walk([&](Operation *inner) {
        for (Value operand : inner->getOperands()) {
          Operation *source = operand.getDefiningOp();
          if (!source || op->isAncestor(source))
            continue;
          found |= own.contains(source);
          if (seen.insert(source).second)
            work.push_back(source);
        }
      });
      if (found)
        return true;
    }
    return false;
  }
};
} // namespace
