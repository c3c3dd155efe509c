//===- CombineCollectives.cpp - joins small collectives --------------------*- C++ -*-===//

#include "Replication.h"
#include "dchag/Collectives/Passes.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_COMBINECOLLECTIVES
#include "dchag/Collectives/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

namespace {
/// Lays tensors out in rows, one for each rank, and takes them apart again.
class Rows {
public:
  Rows(OpBuilder &b, Location loc) : b(b), loc(loc) {}

  Value reshape(Value value, ArrayRef<int64_t> shape) {
    RankedTensorType type = typeOf(value);
    int64_t count = type.getNumElements();
    if (type.getShape() == shape)
      return value;
    if (type.getRank() != 1) {
      SmallVector<ReassociationIndices> all;
      if (type.getRank() > 0)
        all.push_back(llvm::to_vector(llvm::seq<int64_t>(0, type.getRank())));
      auto flat = RankedTensorType::get({count}, type.getElementType());
      value = type.getRank() > 0 ? Value(tensor::CollapseShapeOp::create(b, loc, flat, value, all))
                                 : Value(tensor::ExpandShapeOp::create(b, loc, flat, value, all));
    }
    if (shape.size() == 1)
      return value;
    auto wanted = RankedTensorType::get(shape, type.getElementType());
    SmallVector<ReassociationIndices> all;
    if (!shape.empty())
      all.push_back(llvm::to_vector(llvm::seq<int64_t>(0, shape.size())));
    if (shape.empty())
      return tensor::CollapseShapeOp::create(b, loc, wanted, value, all);
    return tensor::ExpandShapeOp::create(b, loc, wanted, value, all);
  }

  Value transpose(Value value, ArrayRef<int64_t> permutation) {
    SmallVector<int64_t> shape;
    for (int64_t dim : permutation)
      shape.push_back(typeOf(value).getDimSize(dim));
    Value init = tensor::EmptyOp::create(b, loc, shape, typeOf(value).getElementType());
    return linalg::TransposeOp::create(b, loc, value, init, permutation)->getResult(0);
  }

  /// [.., n s, ..] -> [n, the rest]: dimension `dim` holds the parts of n ranks.
  Value toRows(Value value, unsigned dim, int64_t ranks) {
    SmallVector<int64_t> shape(typeOf(value).getShape());
    shape[dim] /= ranks;
    shape.insert(shape.begin() + dim, ranks);
    SmallVector<int64_t> permutation{static_cast<int64_t>(dim)};
    for (int64_t i = 0; i < static_cast<int64_t>(shape.size()); ++i)
      if (i != static_cast<int64_t>(dim))
        permutation.push_back(i);
    Value split = reshape(value, shape);
    if (dim != 0)
      split = transpose(split, permutation);
    return reshape(split, {ranks, typeOf(value).getNumElements() / ranks});
  }

  /// The inverse, to `shape`.
  Value fromRows(Value rows, unsigned dim, ArrayRef<int64_t> shape) {
    int64_t ranks = typeOf(rows).getDimSize(0);
    SmallVector<int64_t> split{ranks}, permutation;
    for (auto [i, size] : llvm::enumerate(shape))
      split.push_back(i == dim ? size / ranks : size);
    for (int64_t i = 0; i < static_cast<int64_t>(split.size()); ++i)
      permutation.push_back(i < static_cast<int64_t>(dim)    ? i + 1
                            : i == static_cast<int64_t>(dim) ? 0
                                                             : i);
    Value value = reshape(rows, split);
    if (dim != 0)
      value = transpose(value, permutation);
    return reshape(value, shape);
  }

  /// Columns [at, at + count) of rows.
  Value columns(Value rows, int64_t at, int64_t count) {
    RankedTensorType type = typeOf(rows);
    auto wanted = RankedTensorType::get({type.getDimSize(0), count}, type.getElementType());
    SmallVector<OpFoldResult> offsets{b.getIndexAttr(0), b.getIndexAttr(at)};
    SmallVector<OpFoldResult> sizes{b.getIndexAttr(type.getDimSize(0)), b.getIndexAttr(count)};
    SmallVector<OpFoldResult> strides(2, b.getIndexAttr(1));
    return tensor::ExtractSliceOp::create(b, loc, wanted, rows, offsets, sizes, strides);
  }

private:
  OpBuilder &b;
  Location loc;
};

/// What collectives of one bucket have in common.
using Key = std::tuple<const void *, Attribute, Attribute, Type>;
} // namespace

static Attribute getReduction(Operation *op) {
  return TypeSwitch<Operation *, Attribute>(op)
      .Case<shard::AllReduceOp, shard::ReduceScatterOp>(
          [](auto reduce) { return Attribute(reduce.getReductionAttr()); })
      .Default([](Operation *) { return Attribute(); });
}

static std::optional<Key> getKey(Operation *op, int64_t maxBytes) {
  if (!isa<shard::AllGatherOp, shard::AllReduceOp, shard::ReduceScatterOp>(op))
    return std::nullopt;
  RankedTensorType type = typeOf(op->getOperand(0));
  Type element = type.getElementType();
  if (!type.hasStaticShape() || !element.isIntOrFloat() || type.getNumElements() == 0 ||
      element != typeOf(op->getResult(0)).getElementType() ||
      type.getNumElements() * int64_t(llvm::divideCeil(element.getIntOrFloatBitWidth(), 8)) >
          maxBytes)
    return std::nullopt;
  return Key{op->getName().getAsOpaquePointer(), op->getAttr("grid_axes"), getReduction(op),
             element};
}

static Value combineReductions(ArrayRef<shard::AllReduceOp> ops, OpBuilder &b, Location loc) {
  Rows rows(b, loc);
  SmallVector<Value> flat;
  for (shard::AllReduceOp op : ops)
    flat.push_back(rows.reshape(op.getInput(), {1, typeOf(op.getInput()).getNumElements()}));
  Value all = tensor::ConcatOp::create(b, loc, 1, flat);
  shard::AllReduceOp first = ops.front();
  return shard::AllReduceOp::create(b, loc, all.getType(), first.getGridAttr(),
                                    first.getGridAxesAttr(), all, first.getReductionAttr());
}

static void replaceReductions(ArrayRef<Operation *> members, OpBuilder &b, Location loc) {
  SmallVector<shard::AllReduceOp> ops;
  for (Operation *op : members)
    ops.push_back(cast<shard::AllReduceOp>(op));
  Value all = combineReductions(ops, b, loc);
  Rows rows(b, loc);
  int64_t at = 0;
  for (shard::AllReduceOp op : ops) {
    RankedTensorType type = typeOf(op.getResult());
    Value own = rows.columns(all, at, type.getNumElements());
    op.getResult().replaceAllUsesWith(rows.reshape(own, type.getShape()));
    at += type.getNumElements();
  }
}

/// Each rank's part is a row of one, all parts are rows.
static void replaceGathers(ArrayRef<Operation *> members, OpBuilder &b, Location loc) {
  Rows rows(b, loc);
  SmallVector<Value> flat;
  int64_t ranks = 1, total = 0;
  for (Operation *op : members) {
    RankedTensorType part = typeOf(op->getOperand(0));
    ranks = typeOf(op->getResult(0)).getNumElements() / part.getNumElements();
    total += part.getNumElements();
    flat.push_back(rows.reshape(op->getOperand(0), {1, part.getNumElements()}));
  }
  Value all = tensor::ConcatOp::create(b, loc, 1, flat);
  auto first = cast<shard::AllGatherOp>(members.front());
  Value gathered = shard::AllGatherOp::create(
      b, loc, typeOf(all).clone(ArrayRef<int64_t>{ranks, total}), first.getGridAttr(),
      first.getGridAxesAttr(), all, b.getIndexAttr(0));
  int64_t at = 0;
  for (Operation *member : members) {
    auto op = cast<shard::AllGatherOp>(member);
    int64_t count = typeOf(op.getInput()).getNumElements();
    op.getResult().replaceAllUsesWith(rows.fromRows(rows.columns(gathered, at, count),
                                                    op.getGatherAxis().getZExtValue(),
                                                    typeOf(op.getResult()).getShape()));
    at += count;
  }
}

static void replaceScatters(ArrayRef<Operation *> members, OpBuilder &b, Location loc) {
  Rows rows(b, loc);
  SmallVector<Value> flat;
  int64_t total = 0;
  for (Operation *member : members) {
    auto op = cast<shard::ReduceScatterOp>(member);
    int64_t part = typeOf(op.getResult()).getNumElements();
    flat.push_back(rows.toRows(op.getInput(), op.getScatterAxis().getZExtValue(),
                               typeOf(op.getInput()).getNumElements() / part));
    total += part;
  }
  Value all = tensor::ConcatOp::create(b, loc, 1, flat);
  auto first = cast<shard::ReduceScatterOp>(members.front());
  Value scattered = shard::ReduceScatterOp::create(
      b, loc, typeOf(all).clone(ArrayRef<int64_t>{1, total}), first.getGridAttr(),
      first.getGridAxesAttr(), all, first.getReductionAttr(), b.getIndexAttr(0));
  int64_t at = 0;
  for (Operation *op : members) {
    RankedTensorType type = typeOf(op->getResult(0));
    Value own = rows.columns(scattered, at, type.getNumElements());
    op->getResult(0).replaceAllUsesWith(rows.reshape(own, type.getShape()));
    at += type.getNumElements();
  }
}

namespace {
struct CombineCollectives : mlir::dchag::impl::CombineCollectivesBase<CombineCollectives> {
  using CombineCollectivesBase::CombineCollectivesBase;

  struct Bucket {
    SmallVector<Operation *> members;
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
      if (std::optional<Key> key = getKey(&op, maxBytes)) {
        Bucket &bucket = open[*key];
        bool depends =
            llvm::any_of(bucket.members, [&](Operation *other) { return before.contains(other); });
        bool isFar = int64_t(position) - bucket.first > window;
        if (!bucket.members.empty() && (depends || isFar)) {
          full.push_back(std::move(bucket));
          bucket = {};
        }
        if (bucket.members.empty())
          bucket.first = position;
        bucket.members.push_back(&op);
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

  /// Buckets that wait for each other both ways cannot both be joined: those that would make a
  /// circle with one that is joined already are left alone.
  void combine(ArrayRef<Bucket> buckets) {
    for (const Bucket &bucket : buckets) {
      if (bucket.members.size() < 2 || dependsOnItself(bucket.members))
        continue;
      Operation *place = bringTogether(bucket.members);
      SmallVector<Location> locations;
      for (Operation *op : bucket.members)
        locations.push_back(op->getLoc());
      OpBuilder b(place);
      Location loc = b.getFusedLoc(locations);
      if (isa<shard::AllReduceOp>(bucket.members.front()))
        replaceReductions(bucket.members, b, loc);
      else if (isa<shard::AllGatherOp>(bucket.members.front()))
        replaceGathers(bucket.members, b, loc);
      else
        replaceScatters(bucket.members, b, loc);
      for (Operation *op : bucket.members)
        op->erase();
      numCombined += bucket.members.size();
      ++numBuckets;
    }
  }

  /// Moves what the members need, and nothing else, in front of the first op that needs one of
  /// them; returns that op. Everything here is free of effects.
  static Operation *bringTogether(ArrayRef<Operation *> members) {
    Block *block = members.front()->getBlock();
    Operation *place = members.back();
    for (Operation *op : members)
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
  static bool dependsOnItself(ArrayRef<Operation *> members) {
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
