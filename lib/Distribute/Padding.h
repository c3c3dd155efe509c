//===- Padding.h - contents of the padding of shards -----------------------*- C++ -*-===//
#ifndef DCHAG_DISTRIBUTE_PADDING_H
#define DCHAG_DISTRIBUTE_PADDING_H

#include "Splits.h"

namespace mlir::dchag {

/// Tracks what the padding of shards holds, and decides where to overwrite it to make it finite.
///
/// `isZero` proves that the padding of a value is 0, so that no mask is needed before a sum. The
/// padding of all other values may hold anything, NaN too. Zero are:
///
/// - padding of parameters: the runtime zeroes the padding of what it loads, `partition` masks what
///   `@prepare` computes;
/// - padding of tensors that are filled with 0;
/// - padding that a reshard adds, unless its operand has other padding already;
/// - results of ops that are linear in all of their operands (moves and sums), if those are 0.
///
/// `makeFinite` serves masked elements, which have weight 0: 0 times NaN would still be NaN. A
/// product of zero padding with valid elements is finite unless these are infinite or NaN, and then
/// unmasked elements are too. So tokens (channels x positions) whose weights are parameters are
/// made finite by masking the image that they are made of, which is smaller:
///
///     tokenize(image, weight)         // 0 in padding if the image is
///     tokens + broadcast(positions)   // finite in padding, then
class PaddingAnalysis {
public:
  explicit PaddingAnalysis(MeshAttr mesh) : mesh(mesh) {}

  /// Whether all elements of `value`, which has a sharding, past the end of its shards are 0; true
  /// if there are none.
  bool isZero(Value value);

  /// Chooses the values to overwrite by 0 in the padding where they are defined, with the fewest
  /// bytes in total, so that the padding of `value` is finite.
  void makeFinite(Value value) { apply(value, Goal::Finite); }
  /// Whether the padding of a value must be overwritten by 0 where it is defined.
  bool isOverwritten(Value value) const { return overwritten.contains(value); }
  /// Whether the padding of a value must be finite for its uses.
  bool isReliedOn(Value value) const { return reliedOn.contains(value); }

private:
  enum class Goal { Zero, Finite };
  using Key = std::pair<Value, unsigned>;
  struct Plan {
    /// Bytes to overwrite on a rank; nullopt: the goal cannot be reached.
    std::optional<int64_t> cost;
    bool here = false;
    SmallVector<std::pair<Value, Goal>> parts;
  };

  bool isLinearInZeros(OpResult result);
  const Plan &getPlan(Value value, Goal goal);
  Plan makePlan(Value value, Goal goal);
  void planThrough(OpResult result, Goal goal, Plan &best);
  void apply(Value value, Goal goal);

  MeshAttr mesh;
  llvm::DenseMap<Value, bool> zeros;
  llvm::DenseMap<Key, Plan> plans;
  llvm::DenseSet<Value> overwritten, reliedOn;
};

/// Whether the shards of a tensor hold more elements than its dimension `dim` has.
bool isPadded(Value value, unsigned dim, MeshAttr mesh);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_PADDING_H
