//===- Propagation.h - the fix-point over the factors of all ops -----------*- C++ -*-===//
//
// A value knows for each dimension the axes it is split over, and whose wish that is. An op
// looks at its values, decides on one split for each factor of its rule (an axis splits one
// factor), and tells its values what that means for them. Dimensions are only ever split further,
// so it ends. The wishes of users are spread over the whole program first, then those of
// weights, then those of activations.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_DISTRIBUTE_PROPAGATION_H
#define DCHAG_DISTRIBUTE_PROPAGATION_H

#include "Marks.h"
#include "ReshardPlan.h"
#include "llvm/ADT/MapVector.h"

namespace mlir::dchag {

/// Whose wish a split is, and how many ops it came through.
struct Origin {
  MarkPriority priority = MarkPriority::Activations;
  StringAttr by;
  unsigned steps = 0;
};

class Propagation {
public:
  struct Options {
    /// An op without a rule that needs operands gathered is an error.
    bool strict = false;
    /// Linear ops pass partial sums on where that moves fewer bytes later.
    bool deferSums = false;
    /// Writes whose wish each split is.
    bool explain = false;
  };
  Propagation(func::FuncOp function, MeshAttr mesh, ReshardPlanner &planner, Options options);

  /// Decides all shardings and writes them into the IR.
  LogicalResult run();
  int64_t getNumConflicts() const { return numConflicts; }

private:
  struct State {
    SmallVector<DimShardingAttr> dims;
    SmallVector<Origin> origins;
    /// Axes that a mark has put somewhere or nowhere.
    SmallVector<std::pair<StringAttr, MarkPriority>, 2> decided;
    /// Says all there is to say.
    bool closed = false;

    bool usesAxis(StringAttr axis) const;
    bool isDecided(StringAttr axis) const;
  };
  /// A split of a factor that values of an op wish for.
  struct Candidate {
    unsigned factor;
    FactorSplit split;
    Origin origin;
    /// Size of the values that have it: of equal wishes, the one that would move more wins.
    double bytes;
    size_t order;
  };
  struct Choice {
    Splits splits;
    SmallVector<Origin> origins;
    SmallVector<Candidate> lost;
  };

  LogicalResult seed();
  LogicalResult close(Value value, Attribute attr, Operation *at);
  LogicalResult applyMarks(Value value, Operation *at);
  State &getState(Value value);

  SmallVector<Candidate> getCandidates(const RuledOp &op);
  Choice choose(const RuledOp &op);
  bool isVetoed(const RuledOp &op, const Candidate &candidate);
  bool visit(RuledOp &op);
  bool refine(State &state, unsigned dim, DimShardingAttr wanted, const Origin &origin);

  /// Bytes a rank sends to lay out the operands and results of an op that splits so.
  double getCost(const RuledOp &op, const Splits &splits);
  void useFreeAxes(const RuledOp &op, Choice &choice);
  void reportConflicts(const RuledOp &op, const Choice &choice);
  LogicalResult reportWithoutRule(Operation *op);

  using Uses = llvm::MapVector<Value, SmallVector<ShardingAttr>>;
  LogicalResult write();
  void writeOp(const RuledOp &op, const Choice &choice, Uses &uses);
  SmallVector<StringAttr, 2> getDeferred(const RuledOp &op, const Choice &choice);
  void writeWanted(Operation *op);
  void writeSignature(Uses &uses);
  void writeOrigins();
  ShardingAttr addStorage(BlockArgument argument, ShardingAttr sharding);
  ShardingAttr toSharding(const State &state);

  func::FuncOp function;
  MeshAttr mesh;
  ReshardPlanner &planner;
  Options options;
  /// Wishes that count so far: those of this priority and before.
  MarkPriority level = MarkPriority::Activations;
  llvm::DenseSet<Value> parameters;
  SmallVector<RuledOp> ops;
  llvm::DenseMap<Value, State> states;
  /// What the op that makes a value gives.
  llvm::DenseMap<Value, ShardingAttr> given;
  int64_t numConflicts = 0;
};

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_PROPAGATION_H
