//===- Propagation.h - the fix-point over the factors of all ops -----------*- C++ -*-===//
//
// A state records for each dimension of a value the axes it is split over, and the origin of that
// decision. An op collects the splits of its values, chooses one split for each factor of its rule
// (an axis splits one factor), and refines its values accordingly. Dimensions are only ever split
// further, so the fix-point terminates. User requests are propagated over the whole program first,
// then those of weights, then those of activations.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_DISTRIBUTE_PROPAGATION_H
#define DCHAG_DISTRIBUTE_PROPAGATION_H

#include "Marks.h"
#include "ShardingPlan.h"

namespace mlir::dchag {

class Propagation {
public:
  struct Options {
    /// Linear ops pass partial sums on where combining them later takes less time.
    bool deferSums = false;
  };
  Propagation(func::FuncOp function, MeshAttr mesh, ReshardPlanner &planner, Options options);

  /// Decides all shardings; does not change the IR. `arguments` and `results` are the shardings
  /// already decided for the signature, null where open. Emits an error where a request does not
  /// fit its value.
  FailureOr<ShardingPlan> decide(ArrayRef<ShardingAttr> arguments, ArrayRef<ShardingAttr> results);

private:
  struct State {
    SmallVector<DimShardingAttr> dims;
    SmallVector<Origin> origins;
    /// Axes that a mark has placed, or has kept from splitting the value.
    SmallVector<std::pair<StringAttr, MarkPriority>, 2> decided;
    /// Propagation must not refine it.
    bool closed = false;

    bool usesAxis(StringAttr axis) const;
    bool isDecided(StringAttr axis) const;
  };
  /// An op or a copy of it, with the numbers of its operands, then of its results.
  struct Node : RuledOp {
    Node(Operation *op, MeshAttr mesh, unsigned copy) : RuledOp(op, mesh), copy(copy) {}
    unsigned copy;
    SmallVector<unsigned> values;
  };
  /// A split of a factor that a value of the op requests.
  struct Candidate {
    unsigned factor;
    FactorSplit split;
    Origin origin;
    /// Size of the values that request it: of equal priorities, the larger one wins, whose reshard
    /// would move more.
    double bytes;
    size_t order;
  };
  struct Choice {
    Splits splits;
    SmallVector<Origin> origins;
    SmallVector<Candidate> lost;
  };

  void makeNodes();
  LogicalResult seed(ArrayRef<ShardingAttr> arguments, ArrayRef<ShardingAttr> results);
  LogicalResult close(unsigned value, Attribute attr, Operation *at);
  LogicalResult applyMarks(unsigned value, Operation *at);

  SmallVector<Candidate> getCandidates(const Node &op);
  Choice choose(const Node &op);
  bool isVetoed(const Node &op, const Candidate &candidate);
  bool visit(const Node &op);
  bool refine(State &state, unsigned dim, DimShardingAttr wanted, const Origin &origin);

  /// Cost of resharding the operands and results of an op that splits like this, on one rank.
  Cost getCost(const Node &op, const Splits &splits);
  void useFreeAxes(const Node &op, Choice &choice);
  SmallVector<PlannedConflict, 0> getConflicts(const Node &op, const Choice &choice);
  SmallVector<unsigned> getGathered(const Node &op);

  ShardingPlan makePlan(ArrayRef<ShardingAttr> results);
  PlannedOp planOp(const Node &op);
  SmallVector<StringAttr, 2> getDeferred(const Node &op, const Choice &choice);
  SmallVector<ShardingAttr> getWanted(const Node &op, ArrayRef<ShardingAttr> results);
  void planArguments();
  ShardingAttr addStorage(BlockArgument argument, ShardingAttr sharding);
  ShardingAttr toSharding(const State &state);

  func::FuncOp function;
  MeshAttr mesh;
  ReshardPlanner &planner;
  Options options;
  /// The lowest priority whose requests are considered at the moment.
  MarkPriority level = MarkPriority::Activations;
  llvm::DenseSet<Value> parameters;
  SmallVector<Node, 0> ops;
  /// By number: arguments, then results of the nodes.
  SmallVector<Value> values;
  SmallVector<State, 0> states;
  SmallVector<unsigned> returned;
  /// The sharding a value has as the op computes it; null before it is decided.
  SmallVector<ShardingAttr> given;
  /// Shardings that the uses of an argument need.
  SmallVector<SmallVector<ShardingAttr>> uses;
};

/// Plans of the functions of a module, `@step` first. Ports with the same name and role, and
/// results of `@prepare` and the arguments that take them, get the same sharding. Does not change
/// the IR. Emits an error where a request does not fit its value.
FailureOr<SmallVector<ShardingPlan, 0>> planModule(ModuleOp module, ReshardPlanner &planner,
                                                   Propagation::Options options);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_PROPAGATION_H
