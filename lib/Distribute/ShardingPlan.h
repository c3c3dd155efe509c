//===- ShardingPlan.h - what propagation decides, as data ------------------*- C++ -*-===//
//
// A plan says how every op of a function splits and how its values lie, without a change to the
// IR: it can be printed, scored by the cost model and compared with another plan of the same
// function, and `apply` writes it.
//
// Constants, empty tensors and what is filled with a scalar cost nothing in any layout. One that
// two ops share would tie their layouts together, so a plan has a copy of it for each use.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_DISTRIBUTE_SHARDINGPLAN_H
#define DCHAG_DISTRIBUTE_SHARDINGPLAN_H

#include "ReshardPlan.h"
#include "Splits.h"

namespace mlir::dchag {

/// Origin of a split: who asked for it, and how many ops it came through.
struct Origin {
  MarkPriority priority = MarkPriority::Activations;
  StringAttr by;
  unsigned steps = 0;
};

/// A split that an op could have had, and what it has instead.
struct PlannedConflict {
  unsigned factor;
  FactorSplit split;
  Origin origin;
  /// The factor that is split over one of its axes; none: nothing is.
  std::optional<unsigned> winner;
  /// Cost of the layouts of the op's values with what was chosen and with this split; no cost
  /// where it cannot be split so alone.
  Cost chosen;
  std::optional<Cost> other;
};

/// An op of the function, or a copy of it.
struct PlannedOp {
  Operation *op;
  /// 0: the op itself.
  unsigned copy = 0;
  /// Numbers of its operands, then of its results.
  SmallVector<unsigned> values;
  /// How its factors split, and why; empty without a rule.
  Splits splits;
  SmallVector<Origin> origins;
  /// Shardings of operands as it needs them, then of results as it computes them.
  SmallVector<ShardingAttr> shardings;
  /// Shardings that the user wants results to have instead; null for others.
  SmallVector<ShardingAttr> wanted;
  SmallVector<PlannedConflict, 0> conflicts;
  /// Operands that are gathered because it has no rule.
  SmallVector<unsigned> gathered;
};

struct PlannedValue {
  Value value;
  unsigned copy = 0;
  /// As its uses find it.
  ShardingAttr sharding;
  /// What propagation has split it by, and the origin of each dimension's split.
  SmallVector<DimShardingAttr> dims;
  SmallVector<Origin> origins;
};

/// A change of layout.
struct PlannedReshard {
  unsigned value;
  ShardingAttr from, to;
  /// Number of the maximum to which parts of a softmax that it combines are relative.
  std::optional<unsigned> maximum;
};

struct ShardingPlan {
  func::FuncOp function;
  MeshAttr mesh;
  /// Copies stand before their op, as they will in the IR.
  SmallVector<PlannedOp, 0> ops;
  /// Arguments first, in order.
  SmallVector<PlannedValue, 0> values;
  /// Numbers of what is returned, and how.
  SmallVector<unsigned> returned;
  SmallVector<ShardingAttr> results;

  ShardingAttr getArgument(unsigned index) const { return values[index].sharding; }
  int64_t getNumConflicts() const;
  /// In the order in which `insert-reshards` makes them, each once.
  SmallVector<PlannedReshard> getReshards() const;
  /// Of one run on one rank: all ops on their parts and all reshards, one after the other. An op's
  /// operations are divided as its iteration space is.
  Cost getCost(ReshardPlanner &planner) const;

  void print(llvm::raw_ostream &os, ReshardPlanner &planner) const;
  /// Remarks on conflicts, and warnings on ops without a rule, which are errors if `strict`.
  LogicalResult report(bool strict) const;
  /// Writes the plan into the IR: copies, shardings, with `explain` origins; takes away marks.
  void apply(bool explain) const;
};

/// Whether `a` takes fewer seconds than `b`, then sends fewer bytes. Both are of one function.
bool isCheaper(const Cost &a, const Cost &b);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_SHARDINGPLAN_H
