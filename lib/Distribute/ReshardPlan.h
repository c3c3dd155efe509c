//===- ReshardPlan.h - the cheapest way from one layout to another ---------*- C++ -*-===//
//
// A value of 8 x 6 elements on a 2 x 3 grid is resharded from rows over both axes to columns over
// the second:
//
//     [["a", "b"], []]   4 parts of 2 rows (8 = 6 * 2 - padding), 2 x 6 on each rank
//     all_to_all b       rows are joined along b, columns cut:  [["a"], ["b"]]  6 x 2
//     all_gather a       rows are joined along a:               [[], ["b"]]     8 x 2
//
// Layouts are the nodes of a graph; an edge is a collective or a local slice, its length the
// seconds by the cost model (latency and bytes that a rank sends). A plan is the shortest path,
// found by an A* search. The admissible heuristic is the time to receive the elements that rank 0
// needs but does not hold. Of paths of equal length the one with the fewest collectives, then the
// fewest slices wins. The search does not use IR, so that a plan can be printed, costed and
// compared.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_DISTRIBUTE_RESHARDPLAN_H
#define DCHAG_DISTRIBUTE_RESHARDPLAN_H

#include "dialects/dchag/Dchag.h"
#include "dialects/interfaces/CostModel.h"

namespace mlir::dchag {

/// How a value is sharded, with axis numbers: a `#dchag.sharding` resolved for one shape. Axes of
/// one rank are omitted.
struct Layout {
  struct Dim {
    /// First slowest.
    SmallVector<unsigned, 2> axes;
    /// Elements of the local shard, with padding.
    int64_t local = 0;
    bool operator==(const Dim &other) const { return axes == other.axes && local == other.local; }
  };
  struct Partial {
    unsigned axis;
    FactorKind kind;
    bool operator==(const Partial &other) const { return axis == other.axis && kind == other.kind; }
  };
  SmallVector<Dim, 4> dims;
  /// Ordered by axis.
  SmallVector<Partial, 2> partials;

  static Layout get(ShardingAttr sharding, ArrayRef<int64_t> shape, MeshAttr mesh);
  bool operator==(const Layout &other) const {
    return dims == other.dims && partials == other.partials;
  }
  bool usesAxis(unsigned axis) const;
  /// Elements of the local shard.
  int64_t getNumLocalElements() const;
};

enum class ReshardStepKind { Slice, AllGather, AllToAll, ReduceScatter, AllReduce };
StringRef stringifyReshardStepKind(ReshardStepKind kind);

/// One edge: slices and reduce-scatters cut `dim`, gathers join it; an all-to-all joins `dim`
/// and cuts `cutDim`.
struct ReshardStep {
  ReshardStepKind kind;
  /// Axes in the order of the group, first slowest.
  SmallVector<unsigned, 2> axes;
  unsigned dim = 0, cutDim = 0;
  /// How partial results are combined.
  FactorKind reduction = FactorKind::Sum;
  /// The layout afterwards.
  Layout after;
  /// Of the collective on one rank.
  Cost cost;
};

struct ReshardPlan {
  SmallVector<ReshardStep, 0> steps;
  /// Of all steps on one rank.
  Cost cost;
  unsigned getNumCollectives() const;
};

/// Finds plans on one mesh and caches them.
class ReshardPlanner {
public:
  ReshardPlanner(MeshAttr mesh, CostModel costs);
  ~ReshardPlanner();

  /// The shortest plan for a value whose global type is `type`. Partial results of `to` must be in
  /// `from` too, and those of an online softmax must have become sums (`dchag.rescale`) before.
  const ReshardPlan &plan(const Layout &from, const Layout &to, RankedTensorType type);
  const CostModel &getCosts() const { return costs; }

private:
  struct Memory;
  MeshAttr mesh;
  CostModel costs;
  std::unique_ptr<Memory> memory;
};

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_RESHARDPLAN_H
