//===- KernelProduct.h - products within a tile ----------------------------*- C++ -*-===//
//
// A contraction of floats in a tile is computed in blocks of some rows by some columns of the
// result, which stay in registers while the sum runs:
//
//     for block of 32 columns, for block of 8 rows:
//       c[8] = C[rows, columns] : vector<32xf32>
//       for k:
//         b = B[k, columns] : vector<32xf32>
//         c[i] += A[rows + i, k] * b
//       C[rows, columns] = c
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_LIB_TARGET_CPU_KERNELPRODUCT_H
#define DCHAG_LIB_TARGET_CPU_KERNELPRODUCT_H

#include "KernelLoops.h"

namespace mlir::dchag {

class ProductEmitter {
public:
  /// `vectorBits` is the width of the CPU's registers.
  ProductEmitter(BodyEmitter &body, unsigned vectorBits);

  /// Whether the op is such a contraction: a sum of products of two operands of which one, and the
  /// result, are contiguous along the same loop.
  explicit operator bool() const { return isProduct; }
  void emit();

private:
  bool matchBody();
  bool findLoops();
  void emitOuter(ArrayRef<unsigned> loops);
  void emitColumns();
  void emitRows(int64_t columns);
  void emitBlock(int64_t rows, int64_t columns);
  void emitSums(ArrayRef<unsigned> loops, SmallVectorImpl<Value> &sums);
  void forEach(unsigned loop, int64_t step, llvm::function_ref<void(int64_t)> emit);
  Value widen(Value value);

  BodyEmitter &body;
  OpBuilder &b;
  Location loc;
  int64_t maxRows, maxColumns;
  bool isProduct = false;
  OpOperand *scalars = nullptr; ///< read one by one
  OpOperand *vectors = nullptr; ///< read along the columns
  OpOperand *init = nullptr;
  Type sumType;
  unsigned row = 0, column = 0;
  bool hasRow = false;
  SmallVector<unsigned> outer, sums;
};

} // namespace mlir::dchag

#endif // DCHAG_LIB_TARGET_CPU_KERNELPRODUCT_H
