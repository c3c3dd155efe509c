//===- OpsTest.cpp - single ops against plain formulas ---*- C++ -*-===//

#include "unit/dialects/EvalTest.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
using OpsTest = EvalTest;
const double infinity = std::numeric_limits<double>::infinity();
} // namespace

//===----------------------------------------------------------------------===//
// Activations and normalisation
//===----------------------------------------------------------------------===//

TEST_F(OpsTest, Gelu) {
  Array x = randomArray({2, 3}, 1);
  x(0, 0) = -8;
  Array exact = run(build<GeluOp>(floatType({2, 3}), arg(x), GeluKind::Erf))[0];
  Array approximate = run(build<GeluOp>(floatType({2, 3}), arg(x), GeluKind::Tanh))[0];
  for (size_t i = 0; i < 6; ++i) {
    double v = x.data[i], c = std::sqrt(2 / M_PI);
    EXPECT_NEAR(exact.data[i], v / 2 * (1 + std::erf(v / std::sqrt(2.0))), 1e-14);
    EXPECT_NEAR(approximate.data[i], v / 2 * (1 + std::tanh(c * (v + 0.044715 * v * v * v))),
                1e-14);
  }
  // 8 Phi(-8), with all its digits.
  EXPECT_NEAR(exact(0, 0) / -4.97676845941743e-15, 1, 1e-10);
}

TEST_F(OpsTest, LayerNorm) {
  Array x = randomArray({2, 3, 5}, 1), scale = randomArray({3, 5}, 2),
        bias = randomArray({3, 5}, 3);
  auto eps = [&] { return builder.getF64FloatAttr(0.25); };
  auto dims = [&] { return builder.getI64IntegerAttr(2); };
  Type type = floatType({2, 3, 5});
  Array full = run(build<LayerNormOp>(type, arg(x), arg(scale), arg(bias), dims(), eps()))[0];
  Array plain = run(build<LayerNormOp>(type, arg(x), Value(), Value(), dims(), eps()))[0];
  Array shift = run(build<LayerNormOp>(type, arg(x), Value(), arg(bias), dims(), eps()))[0];
  for (int64_t b = 0; b < 2; ++b) {
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < 15; ++i)
      mean += x.data[b * 15 + i] / 15;
    for (int64_t i = 0; i < 15; ++i)
      variance += std::pow(x.data[b * 15 + i] - mean, 2) / 15;
    for (int64_t i = 0; i < 15; ++i) {
      double y = (x.data[b * 15 + i] - mean) / std::sqrt(variance + 0.25);
      EXPECT_NEAR(full.data[b * 15 + i], y * scale.data[i] + bias.data[i], 1e-13);
      EXPECT_NEAR(plain.data[b * 15 + i], y, 1e-13);
      EXPECT_NEAR(shift.data[b * 15 + i], y + bias.data[i], 1e-13);
    }
  }
}

TEST_F(OpsTest, RmsNorm) {
  Array x = randomArray({3, 5}, 1), scale = randomArray({5}, 2);
  Array y = run(build<RmsNormOp>(floatType({3, 5}), arg(x), arg(scale),
                                 builder.getI64IntegerAttr(1), builder.getF64FloatAttr(0.5)))[0];
  for (int64_t b = 0; b < 3; ++b) {
    double square = 0;
    for (int64_t i = 0; i < 5; ++i)
      square += x(b, i) * x(b, i) / 5;
    for (int64_t i = 0; i < 5; ++i)
      EXPECT_NEAR(y(b, i), x(b, i) / std::sqrt(square + 0.5) * scale(i), 1e-13);
  }
}

TEST_F(OpsTest, SoftmaxOfEachDimension) {
  Array x = randomArray({2, 3, 5}, 1);
  for (unsigned dim = 0; dim < 3; ++dim) {
    Array y =
        run(build<SoftmaxOp>(floatType({2, 3, 5}), arg(x), builder.getI64IntegerAttr(dim)))[0];
    for (int64_t i = 0; i < 2; ++i)
      for (int64_t j = 0; j < 3; ++j)
        for (int64_t k = 0; k < 5; ++k) {
          double sum = 0;
          for (int64_t r = 0; r < x.size(dim); ++r)
            sum += std::exp(x(dim == 0 ? r : i, dim == 1 ? r : j, dim == 2 ? r : k));
          EXPECT_NEAR(y(i, j, k), std::exp(x(i, j, k)) / sum, 1e-14);
        }
  }
}

TEST_F(OpsTest, SoftmaxOfLargeInfiniteAndNaN) {
  Array x({4, 2});
  x.data = {1000, 1001, -2000, -infinity, std::nan(""), 1, 1, std::nan("")};
  Array y = run(build<SoftmaxOp>(floatType({4, 2}), arg(x), builder.getI64IntegerAttr(1)))[0];
  EXPECT_NEAR(y(0, 1), 1 / (1 + std::exp(-1.0)), 1e-15);
  EXPECT_EQ(y(1, 0), 1);
  EXPECT_EQ(y(1, 1), 0);
  for (int64_t i : {4, 5, 6, 7})
    EXPECT_TRUE(std::isnan(y.data[i]));
}

//===----------------------------------------------------------------------===//
// Moves
//===----------------------------------------------------------------------===//

TEST_F(OpsTest, GatherWithNegativeAndInvalidIndices) {
  Array x = randomArray({2, 5, 3}, 1), indices({2, 2});
  indices.data = {4, -5, 5, -6};
  Array y = run(build<GatherOp>(floatType({2, 2, 2, 3}), arg(x), arg(indices, 64), 1, 0))[0];
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t k = 0; k < 3; ++k) {
      EXPECT_EQ(y(i, 0, 0, k), x(i, 4, k));
      EXPECT_EQ(y(i, 0, 1, k), x(i, 0, k));
      EXPECT_EQ(y(i, 1, 0, k), 0);
      EXPECT_EQ(y(i, 1, 1, k), 0);
    }
}

TEST_F(OpsTest, GatherOfIntegers) {
  Array x({3}), index({1});
  x.data = {7, 8, 9};
  index.data = {1};
  auto type = RankedTensorType::get({1}, builder.getI32Type());
  Array y = run(build<GatherOp>(type, arg(x, 32), arg(index, 32), 0, 0))[0];
  EXPECT_EQ(y(0), 8);
}

TEST_F(OpsTest, GatherWithIndicesOfEachBatch) {
  Array x = randomArray({2, 3, 5, 2}, 1), indices({2, 4});
  indices.data = {4, 0, -2, 4, 7, 1, 1, -5};
  Array y = run(build<GatherOp>(floatType({2, 3, 4, 2}), arg(x), arg(indices, 64), 2, 1))[0];
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t i = 0; i < 3; ++i)
      for (int64_t j = 0; j < 4; ++j)
        for (int64_t k = 0; k < 2; ++k) {
          int64_t place = indices(b, j) < 0 ? indices(b, j) + 5 : indices(b, j);
          EXPECT_EQ(y(b, i, j, k), place < 5 ? x(b, i, place, k) : 0);
        }
}

TEST_F(OpsTest, ScatterOfEachKind) {
  Array x = randomArray({2, 3, 5, 2}, 1), u = randomArray({2, 3, 4, 2}, 2), indices({2, 4});
  indices.data = {1, -4, 1, 9, 0, -5, -1, 4};
  for (ScatterKind kind :
       {ScatterKind::Set, ScatterKind::Add, ScatterKind::Mul, ScatterKind::Max, ScatterKind::Min}) {
    Array y = run(
        build<ScatterOp>(floatType({2, 3, 5, 2}), arg(x), arg(indices, 64), arg(u), 2, 1, kind))[0];
    Array wanted = x;
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t i = 0; i < 3; ++i)
        for (int64_t j = 0; j < 4; ++j)
          for (int64_t k = 0; k < 2; ++k) {
            int64_t place = indices(b, j) < 0 ? indices(b, j) + 5 : indices(b, j);
            if (place > 4)
              continue;
            double &old = wanted(b, i, place, k), update = u(b, i, j, k);
            old = kind == ScatterKind::Set   ? update
                  : kind == ScatterKind::Add ? old + update
                  : kind == ScatterKind::Mul ? old * update
                  : kind == ScatterKind::Max ? std::max(old, update)
                                             : std::min(old, update);
          }
    EXPECT_EQ(y.data, wanted.data);
  }
}

TEST_F(OpsTest, ScatterOfIntegersWraps) {
  Array x({2}), u({1}), index({1});
  x.data = {100, 7};
  u.data = {100};
  auto type = RankedTensorType::get({2}, builder.getI8Type());
  Array y =
      run(build<ScatterOp>(type, arg(x, 8), arg(index, 64), arg(u, 8), 0, 0, ScatterKind::Add))[0];
  EXPECT_EQ(y(0), -56);
  EXPECT_EQ(y(1), 7);
}

TEST_F(OpsTest, ScatterKeepsTheLastOfEqualIndices) {
  Array x = randomArray({2, 4}, 1), updates = randomArray({2, 4}, 2), indices({4});
  indices.data = {1, -1, 1, 9};
  Array y = run(build<ScatterOp>(floatType({2, 4}), arg(x), arg(indices, 64), arg(updates), 1, 0,
                                 ScatterKind::Set))[0];
  for (int64_t i = 0; i < 2; ++i) {
    EXPECT_EQ(y(i, 0), x(i, 0));
    EXPECT_EQ(y(i, 1), updates(i, 2));
    EXPECT_EQ(y(i, 2), x(i, 2));
    EXPECT_EQ(y(i, 3), updates(i, 1));
  }
}

TEST_F(OpsTest, PatchifyAndBack) {
  Array x = randomArray({2, 3, 4, 6}, 1);
  for (PatchLayout layout : {PatchLayout::ChannelsFirst, PatchLayout::ChannelsLast}) {
    Array y =
        run(build<PatchifyOp>(floatType({2, 4, 18}), arg(x), ArrayRef<int64_t>{2, 3}, layout))[0];
    bool first = layout == PatchLayout::ChannelsFirst;
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t c = 0; c < 3; ++c)
        for (int64_t i = 0; i < 4; ++i)
          for (int64_t j = 0; j < 6; ++j) {
            int64_t n = i / 2 * 2 + j / 3, r = i % 2 * 3 + j % 3;
            EXPECT_EQ(y(b, n, first ? c * 6 + r : r * 3 + c), x(b, c, i, j));
          }
    Array back = run(
        build<UnpatchifyOp>(floatType({2, 3, 4, 6}), arg(y), ArrayRef<int64_t>{2, 3}, layout))[0];
    EXPECT_EQ(back.data, x.data);
  }
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

TEST_F(OpsTest, TokenizeOwnAndSharedWeights) {
  Array x = randomArray({2, 3, 2, 4, 6}, 1), e = randomArray({3, 5}, 4);
  for (int64_t own : {3, 1}) {
    Array w = randomArray({own, 5, 2, 2, 3}, 2), bias = randomArray({own, 5}, 3);
    Array t = run(build<TokenizeOp>(floatType({2, 3, 4, 5}), arg(x), arg(w), arg(bias), arg(e)))[0];
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t c = 0; c < 3; ++c)
        for (int64_t n = 0; n < 4; ++n)
          for (int64_t d = 0; d < 5; ++d) {
            double wanted = bias(c % own, d) + e(c, d);
            for (int64_t i = 0; i < 2; ++i)
              for (int64_t r = 0; r < 2; ++r)
                for (int64_t s = 0; s < 3; ++s)
                  wanted += w(c % own, d, i, r, s) * x(b, c, i, n / 2 * 2 + r, n % 2 * 3 + s);
            EXPECT_NEAR(t(b, c, n, d), wanted, 1e-13);
          }
  }
}

TEST_F(OpsTest, TokenizeOneAndThreeSpatialDimensions) {
  Array x = randomArray({1, 2, 1, 6}, 1), w = randomArray({2, 3, 1, 2}, 2);
  Array t = run(build<TokenizeOp>(floatType({1, 2, 3, 3}), arg(x), arg(w), Value(), Value()))[0];
  EXPECT_NEAR(t(0, 1, 2, 1), w(1, 1, 0, 0) * x(0, 1, 0, 4) + w(1, 1, 0, 1) * x(0, 1, 0, 5), 1e-14);
  Array volume = randomArray({1, 1, 1, 2, 4, 3}, 3), cube = randomArray({1, 2, 1, 2, 2, 1}, 4);
  Array u =
      run(build<TokenizeOp>(floatType({1, 1, 6, 2}), arg(volume), arg(cube), Value(), Value()))[0];
  double wanted = 0;
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t j = 0; j < 2; ++j)
      wanted += cube(0, 1, 0, i, j, 0) * volume(0, 0, 0, i, 2 + j, 2);
  EXPECT_NEAR(u(0, 0, 5, 1), wanted, 1e-14);
}

TEST_F(OpsTest, AttentionWithGroupedHeadsBiasAndMask) {
  Array q = randomArray({2, 4, 3, 5}, 1), k = randomArray({2, 2, 7, 5}, 2);
  Array v = randomArray({2, 2, 7, 6}, 3), bias = randomArray({1, 4, 1, 7}, 4), mask({2, 1, 3, 7});
  for (size_t i = 0; i < mask.data.size(); ++i)
    mask.data[i] = i % 3 != 0;
  for (int64_t m = 0; m < 7; ++m)
    mask(1, 0, 2, m) = 0;
  Array y = run(build<AttentionOp>(floatType({2, 4, 3, 6}), arg(q), arg(k), arg(v), arg(bias),
                                   arg(mask, 1), builder.getF64FloatAttr(0.5)))[0];
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t j = 0; j < 4; ++j)
      for (int64_t n = 0; n < 3; ++n)
        for (int64_t e = 0; e < 6; ++e) {
          double sum = 0, wanted = 0;
          for (int64_t m = 0; m < 7; ++m) {
            if (mask(b, 0, n, m) == 0)
              continue;
            double s = bias(0, j, 0, m);
            for (int64_t d = 0; d < 5; ++d)
              s += 0.5 * q(b, j, n, d) * k(b, j / 2, m, d);
            sum += std::exp(s);
            wanted += std::exp(s) * v(b, j / 2, m, e);
          }
          EXPECT_NEAR(y(b, j, n, e), sum == 0 ? 0 : wanted / sum, 1e-13);
        }
}

TEST_F(OpsTest, AttentionLetsNaNThroughButNotMaskedOnes) {
  Array q = randomArray({1, 1, 2, 3}, 1), k = randomArray({1, 1, 3, 3}, 2);
  Array v = randomArray({1, 1, 3, 2}, 3), mask({1, 1, 2, 3});
  mask.data = {1, 1, 0, 1, 1, 1};
  k(0, 0, 2, 1) = std::nan("");
  v(0, 0, 2, 0) = std::nan("");
  Array y = run(build<AttentionOp>(floatType({1, 1, 2, 2}), arg(q), arg(k), arg(v), Value(),
                                   arg(mask, 1), builder.getF64FloatAttr(1)))[0];
  EXPECT_TRUE(std::isfinite(y(0, 0, 0, 0)) && std::isfinite(y(0, 0, 0, 1)));
  EXPECT_TRUE(std::isnan(y(0, 0, 1, 0)) && std::isnan(y(0, 0, 1, 1)));
}

TEST_F(OpsTest, ConvolutionWithEverything) {
  Array x = randomArray({2, 4, 5, 7}, 1), w = randomArray({6, 2, 2, 3}, 2),
        bias = randomArray({6}, 3);
  // Covered: 3 and 3; padded: 5 + 1 + 2 and 7 + 0 + 1; strides 2 and 3.
  Array y = run(build<ConvolutionOp>(floatType({2, 6, 3, 2}), arg(x), arg(w), arg(bias),
                                     ArrayRef<int64_t>{2, 3}, ArrayRef<int64_t>{2, 1},
                                     ArrayRef<int64_t>{1, 0}, ArrayRef<int64_t>{2, 1}, 2))[0];
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t f = 0; f < 6; ++f)
      for (int64_t t = 0; t < 3; ++t)
        for (int64_t u = 0; u < 2; ++u) {
          double wanted = bias(f);
          for (int64_t c = 0; c < 2; ++c)
            for (int64_t r = 0; r < 2; ++r)
              for (int64_t s = 0; s < 3; ++s) {
                int64_t i = t * 2 + r * 2 - 1, j = u * 3 + s;
                if (i >= 0 && i < 5 && j >= 0 && j < 7)
                  wanted += w(f, c, r, s) * x(b, f / 3 * 2 + c, i, j);
              }
          EXPECT_NEAR(y(b, f, t, u), wanted, 1e-13);
        }
}
