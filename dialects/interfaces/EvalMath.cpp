//===- EvalMath.cpp - float64 kernels of the interpreters ------------------*- C++ -*-===//

#include "dialects/interfaces/EvalMath.h"
#include "dialects/interfaces/EvalTensor.h"

using namespace mlir;
using namespace mlir::dchag;

// The interpreters run where the compiler was built for any machine of its kind: the inner
// loop is compiled for several generations of it and the loader takes the best.
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
#define DCHAG_FOR_EACH_CPU                                                                         \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define DCHAG_FOR_EACH_CPU
#endif

namespace {
/// Rows and columns that the inner loop keeps in registers, and the blocks kept in caches.
constexpr int64_t kRows = 6, kCols = 8;
constexpr int64_t kBlockRows = 96, kBlockCols = 512, kBlockDepth = 256;
} // namespace

/// acc = a panel of kRows rows times a panel of kCols columns, both packed by depth.
DCHAG_FOR_EACH_CPU static void multiplyPanels(int64_t depth, const double *__restrict a,
                                              const double *__restrict b, double *__restrict out) {
  double acc[kRows][kCols] = {};
  for (int64_t p = 0; p < depth; ++p, a += kRows, b += kCols)
    for (int64_t i = 0; i < kRows; ++i)
      for (int64_t j = 0; j < kCols; ++j)
        acc[i][j] += a[i] * b[j];
  for (int64_t i = 0; i < kRows; ++i)
    for (int64_t j = 0; j < kCols; ++j)
      out[i * kCols + j] = acc[i][j];
}

/// Copies `count` lines (rows of a, columns of b) of `depth` elements into panels of `width`
/// lines, depth slowest, the last panel filled up with zeros.
static void pack(int64_t count, int64_t depth, int64_t width, const double *data,
                 int64_t lineStride, int64_t depthStride, double *packed) {
  for (int64_t first = 0; first < count; first += width, packed += depth * width) {
    int64_t lines = std::min(width, count - first);
    const double *from = data + first * lineStride;
    for (int64_t p = 0; p < depth; ++p)
      for (int64_t line = 0; line < width; ++line)
        packed[p * width + line] = line < lines ? from[line * lineStride + p * depthStride] : 0.0;
  }
}

/// c += the product of packed blocks.
static void multiplyBlocks(int64_t m, int64_t n, int64_t depth, const double *a, const double *b,
                           Matrix c) {
  double tile[kRows * kCols];
  for (int64_t j0 = 0; j0 < n; j0 += kCols) {
    for (int64_t i0 = 0; i0 < m; i0 += kRows) {
      multiplyPanels(depth, a + i0 * depth, b + j0 * depth, tile);
      int64_t rows = std::min(kRows, m - i0), cols = std::min(kCols, n - j0);
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < cols; ++j)
          c.data[(i0 + i) * c.rowStride + (j0 + j) * c.colStride] += tile[i * kCols + j];
    }
  }
}

static int64_t roundUp(int64_t size, int64_t multiple) {
  return (size + multiple - 1) / multiple * multiple;
}

void mlir::dchag::addProduct(int64_t m, int64_t n, int64_t k, ConstMatrix a, ConstMatrix b,
                             Matrix c) {
  int64_t depth = std::min(k, kBlockDepth);
  std::vector<double> packedA(roundUp(std::min(m, kBlockRows), kRows) * depth);
  std::vector<double> packedB(roundUp(std::min(n, kBlockCols), kCols) * depth);
  for (int64_t p0 = 0; p0 < k; p0 += kBlockDepth) {
    int64_t pSize = std::min(kBlockDepth, k - p0);
    for (int64_t j0 = 0; j0 < n; j0 += kBlockCols) {
      int64_t jSize = std::min(kBlockCols, n - j0);
      pack(jSize, pSize, kCols, b.data + p0 * b.rowStride + j0 * b.colStride, b.colStride,
           b.rowStride, packedB.data());
      for (int64_t i0 = 0; i0 < m; i0 += kBlockRows) {
        int64_t iSize = std::min(kBlockRows, m - i0);
        pack(iSize, pSize, kRows, a.data + i0 * a.rowStride + p0 * a.colStride, a.rowStride,
             a.colStride, packedA.data());
        multiplyBlocks(iSize, jSize, pSize, packedA.data(), packedB.data(),
                       {c.data + i0 * c.rowStride + j0 * c.colStride, c.rowStride, c.colStride});
      }
    }
  }
}

void mlir::dchag::addBatchedProduct(int64_t batch, int64_t m, int64_t n, int64_t k, ConstMatrix a,
                                    int64_t aStride, ConstMatrix b, int64_t bStride, Matrix c,
                                    int64_t cStride) {
  for (int64_t i = 0; i < batch; ++i)
    addProduct(m, n, k, {a.data + i * aStride, a.rowStride, a.colStride},
               {b.data + i * bStride, b.rowStride, b.colStride},
               {c.data + i * cStride, c.rowStride, c.colStride});
}

std::vector<int64_t> mlir::dchag::offsetsOf(ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides) {
  std::vector<int64_t> offsets;
  forEachIndex(sizes, [&](ArrayRef<int64_t> index) {
    int64_t offset = 0;
    for (auto [i, stride] : llvm::zip_equal(index, strides))
      offset += i * stride;
    offsets.push_back(offset);
  });
  return offsets;
}
