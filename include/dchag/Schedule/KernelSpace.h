//===- KernelSpace.h - loops that the ops of a kernel share ----------------*- C++ -*-===//
//
// A kernel is a set of ops that one loop nest computes: softmax, say, is a maximum, differences,
// exponentials, a sum and quotients, all of them for one row after the other. The loops that all
// ops of a kernel share are its outer dimensions. They follow from the iteration spaces of the ops,
// which are described by their sharding rules (ShardingRuleOpInterface): what splits over ranks
// without any exchange also splits over tiles.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_SCHEDULE_KERNELSPACE_H
#define DCHAG_SCHEDULE_KERNELSPACE_H

#include "dialects/dchag/DchagAttrs.h"
#include "dialects/interfaces/Interfaces.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::dchag {
namespace rt {
class KernelOp;
}

/// A loop shared by all ops of a kernel.
struct OuterDim {
  int64_t size = 1;
  /// The factor of each op's rule that it is, in the order of the ops; kNone of those that are
  /// repeated.
  SmallVector<unsigned> factors;

  static constexpr unsigned kNone = ~0u;
};

/// Rules of ops, computed once.
class RuleCache {
public:
  RuleAttr get(Operation *op);

private:
  llvm::DenseMap<Operation *, RuleAttr> rules;
};

/// Whether an op is cheap to repeat where it is used: an empty tensor, a constant with one value,
/// a tensor filled with one.
bool isSource(Operation *op);

/// The ops of a kernel on tensors in program order, without sources.
SmallVector<Operation *> getKernelOps(rt::KernelOp kernel);

/// Whether one of a value's dimensions, as a rule lists them, is made of a factor.
bool hasFactor(ArrayAttr dims, int64_t factor);

/// The loops that all of `ops` share: each op has one parallel factor for it, values that one op
/// gives another one are split alike, and every part of a value is contiguous in the
/// dimension that is split. An op that only moves elements for others of `ops` may be repeated
/// instead. `ops` are in program order, without sources. Ordered by the dimensions of the last op's
/// first result.
SmallVector<OuterDim> getOuterDims(ArrayRef<Operation *> ops, RuleCache &rules);

/// Whether an op is a product: a contraction of floats.
bool isProduct(Operation *op);

/// Whether all of an op's results are factors of one product, or of what is such a factor, and each
/// element is used once: the product then takes them part by part of its sum, and they never exist
/// all together.
bool isFactorOfProduct(Operation *op, RuleCache &rules);

/// The product of the sizes.
int64_t countIterations(ArrayRef<OuterDim> dims);

} // namespace mlir::dchag

#endif // DCHAG_SCHEDULE_KERNELSPACE_H
