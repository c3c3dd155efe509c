//===- Propagation.h - the fix-point over the factors of all ops -----------*- C++ -*-===//
//
// A value knows for each dimension the axes it is split over, and the origin of that. An op
// looks at its values, decides on one split for each factor of its rule (an axis splits one
// factor), and refines its values accordingly. Dimensions are only ever split further, so it ends.
// Requests of users are propagated over the whole program first, then those of weights, then those
// of activations.
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
    /// Linear ops pass partial sums on where that moves fewer bytes later.
    bool deferSums = false;
  };
  Propagation(func::FuncOp function, MeshAttr mesh, ReshardPlanner &planner, Options options);

  /// Decides all shardings; the IR stays as it is. `arguments` and `results` are what is decided of
  /// the signature, null where nothing is. Emits an error where a request does not fit its value.
  FailureOr<ShardingPlan> decide(ArrayRef<ShardingAttr> arguments, ArrayRef<ShardingAttr> results);

private:
  struct State {
    SmallVector<DimShardingAttr> dims;
    SmallVector<Origin> origins;
    /// Axes that a mark has put somewhere or nowhere.
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
  /// A split of a factor that values of an op request.
  struct Candidate {
    unsigned factor;
    FactorSplit split;
    Origin origin;
    /// Size of the values that have it: of equal priorities, the one that would move more wins.
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

  /// Of laying out the operands and results of an op that splits so, on one rank.
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
  /// Requests that count so far: those of this priority and before.
  MarkPriority level = MarkPriority::Activations;
  llvm::DenseSet<Value> parameters;
  SmallVector<Node, 0> ops;
  /// By number: arguments, then results of the nodes.
  SmallVector<Value> values;
  SmallVector<State, 0> states;
  SmallVector<unsigned> returned;
  /// What the op that makes a value gives; null before it is decided.
  SmallVector<ShardingAttr> given;
  /// Shardings that the uses of an argument need.
  SmallVector<SmallVector<ShardingAttr>> uses;
};

/// Plans of the functions of a module, `@step` first: ports of one name and role, and results of
/// `@prepare` and the arguments that they become, lie alike. The IR stays as it is. Emits an error
/// where a request does not fit its value.
FailureOr<SmallVector<ShardingPlan, 0>> planModule(ModuleOp module, ReshardPlanner &planner,
                                                   Propagation::Options options);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_PROPAGATION_H
