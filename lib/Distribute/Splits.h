//===- Splits.h - how an op's factors split, from its values and back ------*- C++ -*-===//
//
// Values are split by dimensions, ops by the factors of their rules. A factor can be split
// where it leads a dimension: of [heads, width] in a dimension of 16 * 64 elements, heads
// split with parts of a multiple of 64 elements. Once it is split into single elements, the
// factor behind it can be split further: of [group, channel] in 2 * 6 channels, over ["a", "b"] of
// 2 and 3 ranks, a rank has two channels of one group. Parts are compared by their size, not by the
// block size that led to it.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_DISTRIBUTE_SPLITS_H
#define DCHAG_DISTRIBUTE_SPLITS_H

#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::dchag {

/// Discardable attributes between the passes: shardings of the results of an op as it
/// computes them (unit attributes where nothing is decided), and of its operands as it
/// needs them.
constexpr llvm::StringLiteral kResultShardings = "dchag.shardings";
constexpr llvm::StringLiteral kOperandShardings = "dchag.operand_shardings";
/// Shardings that the user wants results to have, where the op computes them in another one.
constexpr llvm::StringLiteral kWantedShardings = "dchag.wanted_shardings";

/// How one factor is split: over which axes, in parts of which size; no axes: not at all.
struct FactorSplit {
  SmallVector<StringAttr, 2> axes;
  int64_t local = 0;

  explicit operator bool() const { return !axes.empty(); }
  bool operator==(const FactorSplit &other) const {
    return axes == other.axes && local == other.local;
  }
};
using Splits = SmallVector<FactorSplit>;

/// The operands and results of an op with a rule, alike.
class RuledOp {
public:
  /// Null rule: the op has none, or one that does not fit its operands.
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
    /// -1: the dimension has no factor that can split.
    int64_t factor = -1;
    /// Elements of the dimension that one element of the factor stands for.
    int64_t stride = 1;
  };
  Leading getLeading(unsigned slot, unsigned dim) const;
  /// Whether the rule allows to split a factor.
  bool maySplit(unsigned factor) const { return splittable[factor]; }
  /// Whether a factor can be split alone: it also leads a dimension wherever it is.
  bool canSplit(unsigned factor) const { return splittable[factor] && leading[factor]; }

  /// The splits of factors that a dimension's sharding means; empty if its parts do not fit them.
  SmallVector<std::pair<unsigned, FactorSplit>, 2> getFactorSplits(unsigned slot, unsigned dim,
                                                                   DimShardingAttr sharding) const;
  /// Whether the dimensions of all values can be split as the factors are.
  bool isExpressible(const Splits &splits) const;
  /// The dimension's part of what the splits say, which must be expressible.
  DimShardingAttr getDimSharding(unsigned slot, unsigned dim, const Splits &splits) const;
  /// The sharding of a value; for a result with partial results along split reductions.
  ShardingAttr getSharding(unsigned slot, const Splits &splits) const;
  /// Whether splits of several factors would split a value over one axis twice, which no
  /// sharding says.
  bool repeatsAxis(unsigned slot, const Splits &splits) const;

  /// The splits that the shardings of all values say; fails without a message when they
  /// contradict each other.
  FailureOr<Splits> getSplits(ArrayRef<ShardingAttr> shardings) const;

  /// Axes along which the op passes partial sums on: they are in `shardings` for all operands
  /// of a linear set and for no other operand, and nothing is split over them.
  SmallVector<StringAttr, 2> getPassedAxes(ArrayRef<ShardingAttr> operands) const;
  /// Takes partial sums that are passed on, and that all results have, out of the shardings of
  /// all values; what is left must agree with a split of the factors.
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

/// Whether an argument is a parameter, of the model or computed by `@prepare`.
bool isParameter(BlockArgument argument);
/// Values that depend on parameters and constants alone.
llvm::DenseSet<Value> getParameterValues(func::FuncOp function);

/// Functions with a body, `@step` first. Emits an error if one has several blocks.
FailureOr<SmallVector<func::FuncOp>> getDistributedFunctions(ModuleOp module);

/// Runs `verify` on all of them, also behind one that fails.
LogicalResult verifyDistributed(ModuleOp module,
                                llvm::function_ref<LogicalResult(func::FuncOp, MeshAttr)> verify);

/// The mesh of a module; emits an error when there is none.
MeshAttr getMeshOrError(ModuleOp module);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_SPLITS_H
