//===- FoldTest.cpp - folded aggregations against plain formulas ---*- C++ -*-===//

#include "unit/dialects/EvalTest.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// B 2, G 2, K 3, N 2, P 4, F 5, Q 2, 2 heads, V 6: all operands, and the formula of the
/// description.
struct Model {
  Array x = randomArray({2, 2, 3, 2, 4}, 1), f = randomArray({2, 2, 3, 2, 5}, 2);
  Array scoreWeight = randomArray({2, 2, 2, 3, 4}, 3),
        scoreOffset = randomArray({2, 2, 3, 2, 2}, 4);
  Array scoreBias = randomArray({1, 2, 3, 2, 2}, 5), valueWeight = randomArray({2, 6, 3, 5}, 6);
  Array valueOffset = randomArray({2, 2, 3, 6}, 7), valueBias = randomArray({1, 2, 1, 6}, 8);
  Array normFactor = randomArray({2, 3, 1, 4, 4}, 9), linear = randomArray({2, 2, 3, 1, 4}, 10);
  Array constant = randomArray({2, 2, 3, 1}, 11), mask = Array({2, 2, 3});
  double epsilon = 0.25;

  Model() {
    for (size_t i = 0; i < mask.data.size(); ++i)
      mask.data[i] = i % 4 != 1;
    // The second group of the first sample has no channel.
    for (int64_t c = 0; c < 3; ++c)
      mask(0, 1, c) = 0;
  }

  double factor(int64_t b, int64_t g, int64_t c, int64_t n) {
    double variance = constant(b, g, c, 0);
    for (int64_t p = 0; p < 4; ++p) {
      double y = linear(b, g, c, 0, p);
      for (int64_t r = 0; r < 4; ++r)
        y += normFactor(g, c, 0, p, r) * x(b, g, c, n, r);
      variance += y * y;
    }
    return 1 / std::sqrt(std::max(0.0, variance) + epsilon);
  }
  double score(int64_t b, int64_t g, int64_t c, int64_t n, int64_t i, int64_t j) {
    double s = scoreOffset(b, g, c, i, j);
    for (int64_t p = 0; p < 4; ++p)
      s += scoreWeight(g, i, j, c, p) * x(b, g, c, n, p);
    return s * factor(b, g, c, n) + scoreBias(0, g, c, i, j);
  }
  double value(int64_t b, int64_t g, int64_t c, int64_t n, int64_t v) {
    double y = valueOffset(b, g, c, v);
    for (int64_t p = 0; p < 5; ++p)
      y += valueWeight(g, v, c, p) * f(b, g, c, n, p);
    return y * factor(b, g, c, n) + valueBias(0, g, 0, v);
  }
  double result(int64_t b, int64_t g, int64_t i, int64_t n, int64_t v, double empty) {
    double sum = 0, y = 0;
    for (int64_t c = 0; c < 3; ++c) {
      if (mask(b, g, c) == 0)
        continue;
      double weight = std::exp(score(b, g, c, n, i, v / 3));
      sum += weight;
      y += weight * value(b, g, c, n, v);
    }
    return sum == 0 ? empty : y / sum;
  }
};

class FoldTest : public EvalTest {
protected:
  IntegerAttr integer(int64_t value) { return builder.getI64IntegerAttr(value); }
  FloatAttr number(double value) { return builder.getF64FloatAttr(value); }
  UnitAttr unit(bool isSet) { return isSet ? builder.getUnitAttr() : UnitAttr(); }
};
} // namespace

TEST_F(FoldTest, FoldedAggregate) {
  Model m;
  for (bool nanWhenEmpty : {false, true}) {
    Array got = run(build<FoldedAggregateOp>(
        floatType({2, 2, 2, 2, 6}), arg(m.x), arg(m.scoreWeight), arg(m.scoreOffset),
        arg(m.scoreBias), arg(m.f), arg(m.valueWeight), arg(m.valueOffset), arg(m.valueBias),
        arg(m.normFactor), arg(m.linear), arg(m.constant), arg(m.mask, 1), integer(2),
        number(m.epsilon), unit(true), unit(nanWhenEmpty)))[0];
    Array wanted({2, 2, 2, 2, 6});
    double empty = nanWhenEmpty ? std::nan("") : 0;
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t g = 0; g < 2; ++g)
        for (int64_t i = 0; i < 2; ++i)
          for (int64_t n = 0; n < 2; ++n)
            for (int64_t v = 0; v < 6; ++v)
              wanted(b, g, i, n, v) = m.result(b, g, i, n, v, empty);
    expectNear(got, wanted, 1e-12);
  }
}

// Masked channels have no effect, even if everything about them is NaN.
TEST_F(FoldTest, MaskedChannels) {
  Model m, broken;
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t g = 0; g < 2; ++g)
      for (int64_t c = 0; c < 3; ++c)
        for (int64_t n = 0; n < 2 && m.mask(b, g, c) == 0; ++n) {
          broken.x(b, g, c, n, 0) = broken.f(b, g, c, n, 1) = std::nan("");
          broken.scoreOffset(b, g, c, 0, 0) = broken.valueOffset(b, g, c, 0) = std::nan("");
          broken.linear(b, g, c, 0, 0) = broken.constant(b, g, c, 0) = std::nan("");
        }
  auto parts = [&](Model &model) {
    Type byHead = floatType({2, 2, 2, 2, 2});
    return run(build<FoldedAggregatePartialOp>(
        TypeRange{byHead, byHead, floatType({2, 2, 2, 2, 6})}, arg(model.x), arg(model.scoreWeight),
        arg(model.scoreOffset), arg(model.scoreBias), arg(model.f), arg(model.valueWeight),
        arg(model.valueOffset), arg(model.valueBias), arg(model.normFactor), arg(model.linear),
        arg(model.constant), arg(model.mask, 1), integer(2), number(model.epsilon), unit(true),
        unit(false)));
  };
  for (auto [got, wanted] : llvm::zip_equal(parts(broken), parts(m)))
    expectNear(got, wanted, 1e-12);
}

TEST_F(FoldTest, Weights) {
  // Three rows of width 6 in two groups, tokenizers of 4 pixels for 3 channels.
  Array query = randomArray({2, 3, 4}, 1), wk = randomArray({2, 4, 6}, 2);
  Array rows = run(
      build<FoldQueryOp>(floatType({2, 6, 6}), arg(query), arg(wk), integer(2), number(0.5)))[0];
  Array wanted({2, 6, 6});
  for (int64_t g = 0; g < 2; ++g)
    for (int64_t i = 0; i < 3; ++i)
      for (int64_t j = 0; j < 2; ++j)
        for (int64_t a = 0; a < 6; ++a)
          for (int64_t d = 2 * j; d < 2 * j + 2; ++d)
            wanted(g, i * 2 + j, a) += 0.5 * query(g, i, d) * wk(g, d, a);
  expectNear(rows, wanted, 1e-12);
  Array raw = run(
      build<FoldQueryOp>(floatType({2, 6, 4}), arg(query), Value(), integer(2), number(0.5)))[0];
  Array wantedRaw({2, 6, 4});
  for (int64_t g = 0; g < 2; ++g)
    for (int64_t i = 0; i < 3; ++i)
      for (int64_t d = 0; d < 4; ++d)
        wantedRaw(g, i * 2 + d / 2, d) = 0.5 * query(g, i, d);
  expectNear(raw, wantedRaw, 1e-12);

  Array tokenizer = randomArray({2, 3, 6, 4}, 3);
  Array folded =
      run(build<FoldProjectionOp>(floatType({2, 6, 3, 4}), arg(rows), arg(tokenizer)))[0];
  Array wantedFolded({2, 6, 3, 4});
  for (int64_t g = 0; g < 2; ++g)
    for (int64_t k = 0; k < 3; ++k)
      for (int64_t r = 0; r < 6; ++r)
        for (int64_t p = 0; p < 4; ++p)
          for (int64_t a = 0; a < 6; ++a)
            wantedFolded(g, r, k, p) += rows(g, r, a) * tokenizer(g, k, a, p);
  expectNear(folded, wantedFolded, 1e-12);
}

// Numbers weight x + offset of which the last column of the first channel depends on the others,
// and the first one is 0: their variances are those of the description.
TEST_F(FoldTest, Norm) {
  Array weight = randomArray({2, 3, 6, 4}, 1), offset = randomArray({2, 2, 3, 6}, 2);
  Array x = randomArray({4}, 3);
  for (int64_t a = 0; a < 6; ++a) {
    weight(0, 0, a, 0) = 0;
    weight(0, 0, a, 3) = weight(0, 0, a, 1) - 2 * weight(0, 0, a, 2);
  }
  for (bool centered : {false, true}) {
    SmallVector<Type> types = {floatType({2, 3, 2, 3, 4}), floatType({2, 3, 2, 4, 4})};
    SmallVector<Array> got = run(build<FoldNormOp>(types, arg(weight), integer(2), unit(centered)));
    Array &basis = got[0], &factor = got[1];
    auto mean = [&](const double *y) { return centered ? (y[0] + y[1] + y[2]) / 3 : 0; };
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t g = 0; g < 2; ++g)
        for (int64_t k = 0; k < 3; ++k)
          for (int64_t s = 0; s < 2; ++s) {
            double o[3], y[3], form = 0, square = 0;
            for (int64_t a = 0; a < 3; ++a) {
              o[a] = y[a] = offset(b, g, k, s * 3 + a);
              for (int64_t p = 0; p < 4; ++p)
                y[a] += weight(g, k, s * 3 + a, p) * x(p);
            }
            double means[] = {mean(o), mean(y)};
            for (int64_t a = 0; a < 3; ++a) {
              o[a] -= means[0];
              square += (y[a] - means[1]) * (y[a] - means[1]) / 3;
            }
            double rest[] = {o[0], o[1], o[2]};
            for (int64_t p = 0; p < 4; ++p) {
              double linear = 0, row = 0;
              for (int64_t a = 0; a < 3; ++a)
                linear += basis(g, k, s, a, p) * o[a];
              for (int64_t r = 0; r < 4; ++r)
                row += factor(g, k, s, p, r) * x(r);
              for (int64_t a = 0; a < 3; ++a)
                rest[a] -= 3 * basis(g, k, s, a, p) * linear;
              form += (row + linear) * (row + linear);
            }
            for (double value : rest)
              form += value * value / 3;
            EXPECT_NEAR(form, square, 1e-12);
          }
  }
}

TEST_F(FoldTest, PatchesAndLinear) {
  Array image = randomArray({1, 2, 2, 4, 6}, 1);
  int64_t patch[] = {2, 3};
  Array x = run(build<ChannelPatchesOp>(floatType({1, 2, 4, 12}), arg(image), ArrayRef(patch)))[0];
  for (int64_t c = 0; c < 2; ++c)
    for (int64_t n = 0; n < 4; ++n)
      for (int64_t p = 0; p < 12; ++p)
        EXPECT_EQ(x(0, c, n, p), image(0, c, p / 6, n / 2 * 2 + p / 3 % 2, n % 2 * 3 + p % 3));
  Array pixels = randomArray({1, 2, 3, 2, 4}, 2), weight = randomArray({2, 2, 5, 3, 4}, 3);
  Array y = run(build<FoldedLinearOp>(floatType({1, 2, 2, 2, 5}), arg(pixels), arg(weight)))[0];
  Array wanted({1, 2, 2, 2, 5});
  for (int64_t g = 0; g < 2; ++g)
    for (int64_t i = 0; i < 2; ++i)
      for (int64_t n = 0; n < 2; ++n)
        for (int64_t d = 0; d < 5; ++d)
          for (int64_t k = 0; k < 3; ++k)
            for (int64_t p = 0; p < 4; ++p)
              wanted(0, g, i, n, d) += weight(g, i, d, k, p) * pixels(0, g, k, n, p);
  expectNear(y, wanted, 1e-12);
}
