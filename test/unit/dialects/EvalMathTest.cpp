//===- EvalMathTest.cpp - the matrix product of the interpreters ---*- C++ -*-===//

#include "dialects/interfaces/EvalMath.h"
#include "unit/dialects/EvalTest.h"

using namespace mlir;
using namespace mlir::dchag;

static Array product(Array a, Array b) {
  Array c({a.size(0), b.size(1)});
  for (int64_t i = 0; i < a.size(0); ++i)
    for (int64_t j = 0; j < b.size(1); ++j)
      for (int64_t p = 0; p < a.size(1); ++p)
        c(i, j) += a(i, p) * b(p, j);
  return c;
}

static Array transposed(Array a) {
  Array result({a.size(1), a.size(0)});
  for (int64_t i = 0; i < a.size(0); ++i)
    for (int64_t j = 0; j < a.size(1); ++j)
      result(j, i) = a(i, j);
  return result;
}

/// Sizes around the blocks of the kernel (6 x 8 in registers, 96 x 512 x 256 in caches).
TEST(EvalMath, ProductOfAnyLayout) {
  int64_t sizes[][3] = {{1, 1, 1}, {7, 9, 5}, {6, 8, 256}, {97, 3, 257}, {5, 513, 2}, {3, 2, 0}};
  for (auto [m, n, k] : sizes) {
    Array a = randomArray({m, k}, 1), b = randomArray({k, n}, 2), wanted = product(a, b);
    Array at = transposed(a), bt = transposed(b);
    for (bool flipA : {false, true}) {
      for (bool flipB : {false, true}) {
        ConstMatrix left =
            flipA ? ConstMatrix{at.data.data(), 1, m} : ConstMatrix{a.data.data(), k, 1};
        ConstMatrix right =
            flipB ? ConstMatrix{bt.data.data(), 1, k} : ConstMatrix{b.data.data(), n, 1};
        Array c({m, n});
        addProduct(m, n, k, left, right, {c.data.data(), n, 1});
        expectNear(c, wanted, 1e-13);
      }
    }
  }
}

TEST(EvalMath, AddsToTheResultInBatches) {
  Array a = randomArray({2, 3, 4}, 1), b = randomArray({4, 5}, 2), c({2, 3, 5});
  std::fill(c.data.begin(), c.data.end(), 1.0);
  addBatchedProduct(2, 3, 5, 4, {a.data.data(), 4, 1}, 12, {b.data.data(), 5, 1}, 0,
                    {c.data.data(), 5, 1}, 15);
  for (int64_t r = 0; r < 2; ++r)
    for (int64_t i = 0; i < 3; ++i)
      for (int64_t j = 0; j < 5; ++j) {
        double wanted = 1;
        for (int64_t p = 0; p < 4; ++p)
          wanted += a(r, i, p) * b(p, j);
        EXPECT_NEAR(c(r, i, j), wanted, 1e-13);
      }
}

TEST(EvalMath, PartOfTheRowsIsThatPartBitForBit) {
  Array a = randomArray({11, 300}, 1), b = randomArray({300, 13}, 2), whole({11, 13}),
        part({4, 13});
  addProduct(11, 13, 300, {a.data.data(), 300, 1}, {b.data.data(), 13, 1},
             {whole.data.data(), 13, 1});
  addProduct(4, 13, 300, {a.data.data() + 5 * 300, 300, 1}, {b.data.data(), 13, 1},
             {part.data.data(), 13, 1});
  for (int64_t i = 0; i < 4; ++i)
    for (int64_t j = 0; j < 13; ++j)
      EXPECT_EQ(part(i, j), whole(i + 5, j));
}

TEST(EvalMath, MaximumAndMinimumLetNaNThrough) {
  double nan = std::nan("");
  EXPECT_TRUE(std::isnan(maxOrNaN(nan, 1)));
  EXPECT_TRUE(std::isnan(maxOrNaN(1, nan)));
  EXPECT_TRUE(std::isnan(minOrNaN(nan, 1)));
  EXPECT_TRUE(std::isnan(minOrNaN(1, nan)));
  EXPECT_EQ(maxOrNaN(1, 2), 2);
  EXPECT_EQ(minOrNaN(1, 2), 1);
}
