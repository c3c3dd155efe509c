//===- ShardingPlan.h - what propagation decides, as data ------------------*- C++ -*-===//
//
// A plan holds the split of every op of a function and the sharding of every value, without
// changing the IR: it can be printed, scored by the cost model and compared with another plan of
// the same function, and `apply` writes it into the IR.
//
// Constants, empty tensors and fills with a scalar are free in any sharding. Sharing one between
// two ops would force one sharding on both, so a plan has a copy of it for each use.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_DISTRIBUTE_SHARDINGPLAN_H
#define DCHAG_DISTRIBUTE_SHARDINGPLAN_H

#include "ReshardPlan.h"
#include "Splits.h"

namespace mlir::dchag {

/// Origin of a split: who requested it, and how many ops it was propagated through.
struct Origin {
  MarkPriority priority = MarkPriority::Activations;
  StringAttr by;
  unsigned steps = 0;
};

/// A requested split that an op does not have, and what won.
struct PlannedConflict {
  unsigned factor;
  FactorSplit split;
  Origin origin;
  /// The factor that is split over one of its axes instead; nullopt if none is.
  std::optional<unsigned> winner;
  /// Cost of resharding the op's values for the chosen splits and for this one; nullopt where the
  /// op cannot be split like this alone.
  Cost chosen;
  std::optional<Cost> other;
};

/// An op of the function, or a copy of it.
struct PlannedOp {
  Operation *op;
  /// Number of the copy; 0 is the op itself.
  unsigned copy = 0;
  /// Numbers of its operands, then of its results.
  SmallVector<unsigned> values;
  /// How its factors split, and why; empty if it has no rule.
  Splits splits;
  SmallVector<Origin> origins;
  /// Shardings in which the op needs its operands, then those in which it computes its results.
  SmallVector<ShardingAttr> shardings;
  /// Shardings that the user requests for results instead; null for others.
  SmallVector<ShardingAttr> wanted;
  SmallVector<PlannedConflict, 0> conflicts;
  /// Operands that are gathered because the op has no rule.
  SmallVector<unsigned> gathered;
};

struct PlannedValue {
  Value value;
  unsigned copy = 0;
  /// The sharding that its uses see.
  ShardingAttr sharding;
  /// The splits that propagation chose, and the origin of each.
  SmallVector<DimShardingAttr> dims;
  SmallVector<Origin> origins;
};

/// A change of layout.
struct PlannedReshard {
  unsigned value;
  ShardingAttr from, to;
  /// Number of the maximum that the softmax parts are relative to, if this combines any.
  std::optional<unsigned> maximum;
};

struct ShardingPlan {
  func::FuncOp function;
  MeshAttr mesh;
  /// Copies are in front of their op, as in the IR later.
  SmallVector<PlannedOp, 0> ops;
  /// Arguments first, in order.
  SmallVector<PlannedValue, 0> values;
  /// Numbers of the returned values, and their shardings.
  SmallVector<unsigned> returned;
  SmallVector<ShardingAttr> results;

  ShardingAttr getArgument(unsigned index) const { return values[index].sharding; }
  int64_t getNumConflicts() const;
  /// In the order in which `insert-reshards` creates them, without duplicates.
  SmallVector<PlannedReshard> getReshards() const;
  /// Of one run on one rank: all ops on local shards and all reshards, without overlap. An op's
  /// operations are divided as its iteration space is.
  Cost getCost(ReshardPlanner &planner) const;

  void print(llvm::raw_ostream &os, ReshardPlanner &planner) const;
  /// Emits remarks on conflicts, and warnings on ops without a rule (errors if `strict`).
  LogicalResult report(bool strict) const;
  /// Writes the plan into the IR: copies, shardings and, with `explain`, origins. Removes marks.
  void apply(bool explain) const;
};

/// Whether `a` takes fewer seconds or, if equal, sends fewer bytes. Both are of one function.
bool isCheaper(const Cost &a, const Cost &b);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_SHARDINGPLAN_H
