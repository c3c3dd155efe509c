//===- Padding.h - what lies behind the end of a part ----------------------*- C++ -*-===//
#ifndef DCHAG_DISTRIBUTE_PADDING_H
#define DCHAG_DISTRIBUTE_PADDING_H

#include "Splits.h"

namespace mlir::dchag {

/// What padding of the parts of values holds, and where it is overwritten so that it is finite.
///
/// `isZero` shows of values that their padding is 0, so that no mask is needed in front of a sum.
/// Padding of all other values may hold anything, NaN too. Zeros are:
///
/// - padding of parameters: the runtime zeroes what it loads, `partition` masks what `@prepare`
///   computes;
/// - what a reshard adds, so that its result has zeros where its operand has no other padding;
/// - what an op that is linear in all of its operands makes of zeros: moves and sums.
///
/// `makeFinite` is for what a weight of 0 leaves out. A product of zeros with what is no padding is
/// finite there, unless what is no padding is not: then so is what is left in. So tokens
/// (channels x positions) are made finite by masking the image that they are made of, which
/// is smaller, where their weights are parameters:
///
///     tokenize(image, weight)         // 0 in padding if the image is
///     tokens + broadcast(positions)   // finite in padding, then
class PaddingAnalysis {
public:
  explicit PaddingAnalysis(MeshAttr mesh) : mesh(mesh) {}

  /// Whether all elements behind the end of the parts of `value`, which has a sharding, are 0;
  /// so it is also where there are none.
  bool isZero(Value value);

  /// Chooses values, with the fewest bytes in all, that become 0 in padding where they are
  /// defined, so that the padding of `value` is finite.
  void makeFinite(Value value) { apply(value, Goal::Finite); }
  /// Whether the padding of a value has to be overwritten by 0 where it is defined.
  bool isOverwritten(Value value) const { return overwritten.contains(value); }
  /// Whether something relies on the padding of a value being finite.
  bool isReliedOn(Value value) const { return reliedOn.contains(value); }

private:
  enum class Goal { Zero, Finite };
  using Key = std::pair<Value, unsigned>;
  struct Plan {
    /// Bytes overwritten on a rank; none: the goal cannot be reached.
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

/// Whether parts of a tensor are longer than what they hold along dimension `dim`.
bool isPadded(Value value, unsigned dim, MeshAttr mesh);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_PADDING_H
