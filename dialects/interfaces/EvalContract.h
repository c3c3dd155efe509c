//===- EvalContract.h - contractions in the interpreters -------------------*- C++ -*-===//
#ifndef DCHAG_INTERFACES_EVALCONTRACT_H
#define DCHAG_INTERFACES_EVALCONTRACT_H

#include "dialects/interfaces/EvalTensor.h"
#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Operation.h"
#include <vector>

namespace mlir::dchag {

/// A contraction as batched matrix product: loops of both inputs and the result, rows (left input
/// and result), columns (right input and result), and those that are summed.
struct ContractLoops {
  /// Loops with the same role, with the stride of each in each tensor (0 if the tensor does not
  /// have the loop).
  struct Part {
    SmallVector<int64_t> sizes, strides[3];

    int64_t count() const;
    /// Offset in tensor `t` of each index, row major.
    std::vector<int64_t> offsets(unsigned t) const;
  };
  Part batch, rows, columns, summed;
};

/// The loops of a contraction with an indexing map for each of its tensors, left, right, result.
/// Emits an error at `op` and fails where a map is no projected permutation or a size is
/// contradicted.
FailureOr<ContractLoops> getContractLoops(Operation *op, ArrayRef<AffineMap> maps,
                                          ArrayRef<EvalTensor> tensors);

/// Adds the sums of products of floats to `result`.
void addContraction(const ContractLoops &loops, const EvalTensor &lhs, const EvalTensor &rhs,
                    EvalTensor &result);

} // namespace mlir::dchag

#endif // DCHAG_INTERFACES_EVALCONTRACT_H
