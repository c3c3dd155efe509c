//===- EvalMath.h - float64 kernels of the interpreters --------------------*- C++ -*-===//
//
// Functions for the evaluation of several ops: a matrix product that is fast enough for whole
// models, and a maximum that propagates NaN.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_INTERFACES_EVALMATH_H
#define DCHAG_INTERFACES_EVALMATH_H

#include "mlir/Support/LLVM.h"
#include <cstdint>
#include <vector>

namespace mlir::dchag {

/// A matrix in memory: element (i, j) is data[i * rowStride + j * colStride]. A transposed
/// view swaps the strides.
struct ConstMatrix {
  const double *data;
  int64_t rowStride, colStride;
};
struct Matrix {
  double *data;
  int64_t rowStride, colStride;
};

/// c += a b, with a of m x k, b of k x n, c of m x n elements. The sum of each element runs
/// over k in order within blocks of a fixed size, whatever m and n are, so that a product of
/// a part of the rows or columns is bit for bit that part of the product.
void addProduct(int64_t m, int64_t n, int64_t k, ConstMatrix a, ConstMatrix b, Matrix c);

/// c[i] += a[i] b[i] for `batch` products whose data are the given numbers of elements apart.
void addBatchedProduct(int64_t batch, int64_t m, int64_t n, int64_t k, ConstMatrix a,
                       int64_t aStride, ConstMatrix b, int64_t bStride, Matrix c, int64_t cStride);

/// The larger of two numbers, NaN if one of them is.
inline double maxOrNaN(double a, double b) { return a > b || a != a ? a : b; }
/// The smaller of two numbers, NaN if one of them is.
inline double minOrNaN(double a, double b) { return a < b || a != a ? a : b; }

/// For each multi-index of `sizes` in row-major order the sum of index[d] * strides[d].
std::vector<int64_t> offsetsOf(ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides);

} // namespace mlir::dchag

#endif // DCHAG_INTERFACES_EVALMATH_H
