//===- Padding.h - what lies behind the end of a part ----------------------*- C++ -*-===//
#ifndef DCHAG_DISTRIBUTE_PADDING_H
#define DCHAG_DISTRIBUTE_PADDING_H

#include "Splits.h"

namespace mlir::dchag {

/// Shows of values that the padding of their parts is 0, so that no mask is needed in front of a
/// sum. Padding of all other values may hold anything, NaN too. Zeros are:
///
/// - padding of parameters: the runtime zeroes what it loads, `partition` masks what `@prepare`
///   computes;
/// - what a reshard adds, so that its result has zeros where its operand has no other padding;
/// - what an op that is linear in all of its operands makes of zeros: moves and sums. A
///   product is none: 0 times what is not finite is NaN.
class PaddingAnalysis {
public:
  explicit PaddingAnalysis(MeshAttr mesh) : mesh(mesh) {}

  /// Whether all elements behind the end of the parts of `value`, which has a sharding, are 0;
  /// so it is also where there are none.
  bool isZero(Value value);

private:
  bool compute(Value value);
  bool isLinearInZeros(OpResult result);

  MeshAttr mesh;
  llvm::DenseMap<Value, bool> known;
};

/// Whether parts of a tensor are longer than what they hold along dimension `dim`.
bool isPadded(Value value, unsigned dim, MeshAttr mesh);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_PADDING_H
