//===- KernelGroups.h - which ops become one kernel ------------------------*- C++ -*-===//
#ifndef DCHAG_LIB_SCHEDULE_KERNELGROUPS_H
#define DCHAG_LIB_SCHEDULE_KERNELGROUPS_H

#include "dchag/Schedule/KernelSpace.h"
#include "dialects/interfaces/CostModel.h"
#include "dialects/interfaces/Target.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::dchag {

/// Ops of a function that become one kernel, or one op that stays as it is.
struct KernelGroup {
  SmallVector<Operation *> ops; ///< in program order, without sources
  bool isFixed = false;         ///< stays as it is, like a collective
};

/// Divides the ops of a function into kernels. Begins with a group for each op and joins a group
/// with one that reads its results while that saves time: bytes that are not written and read,
/// against products that a library would compute faster.
class KernelGrouping {
public:
  KernelGrouping(func::FuncOp function, const CostModel &costs, const KernelAbilities &abilities);

  /// In an order in which each group follows those whose results it reads.
  SmallVector<KernelGroup> run();

private:
  struct Merge {
    double seconds; ///< that it saves
    unsigned from, to;
  };
  /// Of an op of the function, or of one inside of it.
  unsigned groupOf(Operation *op) const { return group.lookup(body.findAncestorOpInBlock(*op)); }
  void addOp(Operation *op);
  SmallVector<Merge> findMerges();
  std::optional<double> getSavings(unsigned from, unsigned to);
  double getTraffic(unsigned from, unsigned to);
  bool isLegal(unsigned from, unsigned to);
  bool isConvex(unsigned from, unsigned to);
  bool delaysWork(unsigned from, unsigned to) const;
  bool fits(ArrayRef<Operation *> ops, ArrayRef<OuterDim> dims);
  void merge(unsigned from, unsigned to);
  SmallVector<KernelGroup> sort();

  Block &body;
  const CostModel &costs;
  const KernelAbilities &abilities;
  RuleCache rules;
  SmallVector<KernelGroup> groups;
  SmallVector<unsigned> versions; ///< changes with the ops of a group
  llvm::DenseMap<Operation *, unsigned> group, position;
  /// The number of the last collective that an op waits for, counted from 1; 0: none.
  llvm::DenseMap<Operation *, unsigned> collective;
  unsigned numCollectives = 0;
  /// Pairs that could not be joined, with their versions.
  llvm::DenseSet<std::pair<std::pair<unsigned, unsigned>, std::pair<unsigned, unsigned>>> rejected;
};

} // namespace mlir::dchag

#endif // DCHAG_LIB_SCHEDULE_KERNELGROUPS_H
