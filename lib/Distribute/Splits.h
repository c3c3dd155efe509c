//===- Splits.h - how an op's factors split, from its values and back ------*- C++ -*-===//
//
// Values are split by dimensions, ops by the factors of their rules. A factor can be split where it
// is the leading factor of a dimension: of [heads, width] in a dimension of 16 * 64 elements, heads
// split into shards whose size is a multiple of 64 elements. Once a factor is split into single
// elements, the next factor can be split too: of [group, channel] in 2 * 6 channels, over ["a",
// "b"] of 2 and 3 ranks, a rank has two channels of one group. Shards are compared by size, not by
// the block size that led to it.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_DISTRIBUTE_SPLITS_H
#define DCHAG_DISTRIBUTE_SPLITS_H

#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::dchag {

/// Discardable attributes between the passes: shardings in which an op computes its results (unit
/// attributes where undecided), and in which it needs its operands.
constexpr llvm::StringLiteral kResultShardings = "dchag.shardings";
constexpr llvm::StringLiteral kOperandShardings = "dchag.operand_shardings";
/// Shardings that the user requests for results which the op computes in another one.
constexpr llvm::StringLiteral kWantedShardings = "dchag.wanted_shardings";

/// How one factor is split: the axes and the size of the shards; no axes: not split.
struct FactorSplit {
  SmallVector<StringAttr, 2> axes;
  int64_t local = 0;

  explicit operator bool() const { return !axes.empty(); }
  bool operator==(const FactorSplit &other) const {
    return axes == other.axes && local == other.local;
  }
};
using Splits = SmallVector<FactorSplit>;

/// An op with its rule; operands and results are slots numbered alike.
class RuledOp {
public:
  /// The rule is null if the op has none, or one that does not fit its operands.
  RuledOp(Operation *op, MeshAttr mesh);

  explicit operator bool() const { return static_cast<bool>(rule); }
  Operation *getOp() const { return op; }
  RuleAttr getRule() const { return rule; }
  unsigned getNumFactors() const { return rule.getFactors().size(); }
  /// The result that holds the maximum of an online softmax, or null.
  Value getMaximum() const {
    return rule && rule.getMaximum() ? Value(op->getResult(rule.getMaximum().getInt())) : Value();
  }

  /// A value of the op; results follow the operands.
  unsigned getNumSlots() const { return op->getNumOperands() + op->getNumResults(); }
  bool isResult(unsigned slot) const { return slot >= op->getNumOperands(); }
  Value getValue(unsigned slot) const;
  /// The shardings of all values as the IR has them.
  SmallVector<ShardingAttr> getValueShardings() const;
  unsigned getSlotRank(unsigned slot) const;
  int64_t getSlotSize(unsigned slot, unsigned dim) const;

  struct Leading {
    /// -1: no factor of the dimension can split.
    int64_t factor = -1;
    /// Elements of the dimension for each element of the factor.
    int64_t stride = 1;
  };
  Leading getLeading(unsigned slot, unsigned dim) const;
  /// Whether the rule allows a factor to be split.
  bool maySplit(unsigned factor) const { return splittable[factor]; }
  /// Whether a factor can be split alone: it is the leading factor in every dimension that has it.
  bool canSplit(unsigned factor) const { return splittable[factor] && leading[factor]; }

  /// The splits of factors that correspond to a dimension's sharding; empty if its shards do not
  /// fit them.
  SmallVector<std::pair<unsigned, FactorSplit>, 2> getFactorSplits(unsigned slot, unsigned dim,
                                                                   DimShardingAttr sharding) const;
  /// Whether the dimensions of all values can be split like the factors.
  bool isExpressible(const Splits &splits) const;
  /// The sharding of one dimension by the splits, which must be expressible.
  DimShardingAttr getDimSharding(unsigned slot, unsigned dim, const Splits &splits) const;
  /// The sharding of a value by the splits; of a result with partial results along split
  /// reductions.
  ShardingAttr getSharding(unsigned slot, const Splits &splits) const;
  /// Whether the splits of several factors would split a value over one axis twice, which no
  /// sharding can express.
  bool repeatsAxis(unsigned slot, const Splits &splits) const;

  /// The splits that correspond to the shardings of all values; fails without a message if these
  /// contradict each other.
  FailureOr<Splits> getSplits(ArrayRef<ShardingAttr> shardings) const;

  /// Axes along which the op passes partial sums on: all operands of a linear set and no other
  /// operand are partial along them, and nothing is split over them.
  SmallVector<StringAttr, 2> getPassedAxes(ArrayRef<ShardingAttr> operands) const;
  /// Removes partial sums that are passed on, and that all results have, from the shardings of all
  /// values; the remaining shardings must correspond to a split of the factors.
  void dropPassed(MutableArrayRef<ShardingAttr> shardings) const;

  /// Factors of a dimension, slowest first.
  ArrayRef<int64_t> getFactors(unsigned slot, unsigned dim) const;

private:
  bool hasFactor(unsigned slot, unsigned factor) const;

  Operation *op;
  MeshAttr mesh;
  RuleAttr rule;
  SmallVector<bool> splittable, leading;
};

/// The sharding with partial sums along further axes, or without those along some.
ShardingAttr addPartialSums(ShardingAttr sharding, ArrayRef<StringAttr> axes);
ShardingAttr dropPartialSums(ShardingAttr sharding, ArrayRef<StringAttr> axes);

/// Shardings of the results of `op` by its attribute, replicated where it has none.
ShardingAttr getResultSharding(OpResult result);
/// Sharding of any value: of an argument by the function's attribute.
ShardingAttr getValueSharding(Value value);
void setResultShardings(Operation *op, ArrayRef<ShardingAttr> shardings);

/// Whether an argument is a parameter: of the model, or computed by `@prepare`.
bool isParameter(BlockArgument argument);
/// Values that depend only on parameters and constants.
llvm::DenseSet<Value> getParameterValues(func::FuncOp function);

/// Fails with an error at a function that is the program of a rank already.
LogicalResult checkGlobal(func::FuncOp function);

/// Functions with a body, `@step` first. Emits an error if one has several blocks.
FailureOr<SmallVector<func::FuncOp>> getDistributedFunctions(ModuleOp module);

/// Runs `verify` on all functions, even if it fails on one.
LogicalResult verifyDistributed(ModuleOp module,
                                llvm::function_ref<LogicalResult(func::FuncOp, MeshAttr)> verify);

/// The mesh of a module; emits an error when there is none.
MeshAttr getMeshOrError(ModuleOp module);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_SPLITS_H
