//===- Replication.h - which ranks hold the same value ---------------------*- C++ -*-===//
#ifndef DCHAG_COLLECTIVES_REPLICATION_H
#define DCHAG_COLLECTIVES_REPLICATION_H

#include "dialects/dchag/Dchag.h"
#include "dialects/interfaces/Collective.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::dchag {

/// For each value of a per-device program the mesh axes along which all ranks hold equal values. A
/// forward analysis: arguments are equal along the axes that they are not split over, a result is
/// equal along the axes along which all values that its op uses are, a collective makes its axes
/// equal or different.
class Replication {
public:
  Replication(func::FuncOp function, MeshAttr mesh);

  /// Whether ranks that only differ along `axes` hold equal values.
  bool isReplicated(Value value, ArrayRef<int32_t> axes) const;

private:
  using Axes = uint64_t;
  Axes visit(Operation *op);
  Axes getAxesOf(Operation *op);
  void visitBlock(Block &block, Axes condition);

  MeshAttr mesh;
  /// Bit a: equal along axis a.
  llvm::DenseMap<Value, Axes> equal;
};

} // namespace mlir::dchag

#endif // DCHAG_COLLECTIVES_REPLICATION_H
