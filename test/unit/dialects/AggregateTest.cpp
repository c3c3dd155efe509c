//===- AggregateTest.cpp - aggregations against plain formulas ---*- C++ -*-===//

#include "unit/dialects/EvalTest.h"
#include <optional>

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// B 2, G 2, K 5, N 67 (more than are handled at once), Dt 6, Q 3, A 8, V 4, Do 7, 2 heads.
struct Model {
  Array tokens = randomArray({2, 2, 5, 67, 6}, 1), query = randomArray({2, 3, 8}, 2);
  Array wk = randomArray({2, 8, 6}, 3), bk = randomArray({2, 8}, 4);
  Array wv = randomArray({2, 4, 6}, 5), bv = randomArray({2, 4}, 6);
  Array wo = randomArray({2, 7, 4}, 7), bo = randomArray({2, 7}, 8);
  Array mask = Array({2, 2, 5});
  int64_t heads = 2;
  double scale = 0.5;
  KeyNormAttr norm;

  Model() { std::fill(mask.data.begin(), mask.data.end(), 1.0); }

  double project(Array &w, Array &bias, int64_t b, int64_t g, int64_t c, int64_t n, int64_t a) {
    double y = bias(g, a);
    for (int64_t d = 0; d < 6; ++d)
      y += w(g, a, d) * tokens(b, g, c, n, d);
    return y;
  }
  /// Feature `a` of a key, normalised with its neighbours if there is a norm.
  double key(int64_t b, int64_t g, int64_t c, int64_t n, int64_t a) {
    double x = project(wk, bk, b, g, c, n, a);
    if (!norm)
      return x;
    int64_t width = norm.getWidth() == NormWidth::PerHead ? 4 : 8, first = a / width * width;
    double mean = 0, square = 0;
    for (int64_t i = first; i < first + width; ++i) {
      double other = project(wk, bk, b, g, c, n, i);
      mean += other / width;
      square += other * other / width;
    }
    if (norm.getKind() == NormKind::Rms)
      return x / std::sqrt(square + norm.getEpsilon());
    return (x - mean) / std::sqrt(square - mean * mean + norm.getEpsilon());
  }
  double score(int64_t b, int64_t g, int64_t i, int64_t j, int64_t c, int64_t n) {
    double s = 0;
    for (int64_t d = 0; d < 4; ++d)
      s += query(g, i, j * 4 + d) * key(b, g, c, n, j * 4 + d);
    return scale * s;
  }
  /// The formula of the description for one value before the output projection.
  double value(int64_t b, int64_t g, int64_t i, int64_t n, int64_t v) {
    int64_t j = v / 2;
    double sum = 0, y = 0;
    for (int64_t c = 0; c < 5; ++c) {
      if (mask(mask.size(0) == 1 ? 0 : b, g, c) == 0)
        continue;
      double e = std::exp(score(b, g, i, j, c, n));
      sum += e;
      y += e * project(wv, bv, b, g, c, n, v);
    }
    return sum == 0 ? 0 : y / sum;
  }
  Array result() {
    Array y({2, 2, 3, 67, 7});
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t g = 0; g < 2; ++g)
        for (int64_t i = 0; i < 3; ++i)
          for (int64_t n = 0; n < 67; ++n)
            for (int64_t o = 0; o < 7; ++o) {
              y(b, g, i, n, o) = bo(g, o);
              for (int64_t v = 0; v < 4; ++v)
                y(b, g, i, n, o) += wo(g, o, v) * value(b, g, i, n, v);
            }
    return y;
  }
};

class AggregateTest : public EvalTest {
protected:
  Array aggregate(Model &model, bool masked) {
    return run(build<AggregateOp>(
        floatType({2, 2, 3, 67, 7}), arg(model.tokens), arg(model.query), arg(model.wk),
        arg(model.bk), arg(model.wv), arg(model.bv), arg(model.wo), arg(model.bo),
        masked ? arg(model.mask, 1) : Value(), model.heads, llvm::APFloat(model.scale),
        /*nan_when_empty=*/false, model.norm))[0];
  }
  /// The parts of the channels [first, first + count).
  SmallVector<Array> partial(Model &model, int64_t first, int64_t count, bool masked) {
    Array tokens({2, 2, count, 67, 6}), mask({2, 2, count});
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t g = 0; g < 2; ++g)
        for (int64_t c = 0; c < count; ++c) {
          mask(b, g, c) = model.mask(b, g, first + c);
          for (int64_t n = 0; n < 67; ++n)
            for (int64_t d = 0; d < 6; ++d)
              tokens(b, g, c, n, d) = model.tokens(b, g, first + c, n, d);
        }
    Type heads = floatType({2, 2, 3, 67, 2}), acc = floatType({2, 2, 3, 67, 4});
    return run(build<AggregatePartialOp>(
        TypeRange{heads, heads, acc}, arg(tokens), arg(model.query), arg(model.wk), arg(model.bk),
        arg(model.wv), arg(model.bv), masked ? arg(mask, 1) : Value(),
        builder.getI64IntegerAttr(model.heads), builder.getF64FloatAttr(model.scale), UnitAttr(),
        model.norm));
  }
  static Array stacked(ArrayRef<Array> parts) {
    SmallVector<int64_t> shape(parts[0].shape);
    shape.insert(shape.begin(), parts.size());
    Array result(shape);
    auto to = result.data.begin();
    for (const Array &part : parts)
      to = std::copy(part.data.begin(), part.data.end(), to);
    return result;
  }
};
} // namespace

TEST_F(AggregateTest, IsTheFormula) {
  Model model;
  expectNear(aggregate(model, false), model.result(), 1e-12);
}

TEST_F(AggregateTest, MaskedChannelsAndAnEmptyGroup) {
  Model model;
  for (int64_t c = 0; c < 5; ++c)
    model.mask(1, 0, c) = 0;
  model.mask(0, 1, 2) = model.mask(1, 1, 0) = 0;
  Array wanted = model.result();
  for (int64_t o = 0; o < 7; ++o)
    EXPECT_EQ(wanted(1, 0, 2, 66, o), model.bo(0, o));
  // What is masked has no part in the result, whatever it is.
  for (int64_t n = 0; n < 67; ++n)
    model.tokens(0, 1, 2, n, 3) = std::nan("");
  expectNear(aggregate(model, true), wanted, 1e-12);
}

TEST_F(AggregateTest, OneMaskForTheWholeBatch) {
  Model model;
  model.mask = Array({1, 2, 5});
  model.mask(0, 0, 1) = model.mask(0, 1, 4) = model.mask(0, 1, 0) = 1;
  expectNear(aggregate(model, true), model.result(), 1e-12);
}

TEST_F(AggregateTest, LargeScoresDoNotOverflow) {
  Model model;
  model.scale = 400;
  for (double &x : aggregate(model, false).data)
    EXPECT_TRUE(std::isfinite(x));
}

TEST_F(AggregateTest, NaNOfAChannelReachesItsPositionOnly) {
  Model model;
  model.tokens(1, 0, 3, 65, 0) = std::nan("");
  Array y = aggregate(model, false);
  EXPECT_TRUE(std::isnan(y(1, 0, 0, 65, 0)));
  EXPECT_FALSE(std::isnan(y(1, 0, 0, 64, 0)));
  EXPECT_FALSE(std::isnan(y(1, 1, 0, 65, 0)));
  EXPECT_TRUE(std::isnan(partial(model, 3, 1, false)[0](1, 0, 0, 65, 0)));
}

TEST_F(AggregateTest, KeysAreNormalised) {
  for (NormKind kind : {NormKind::Layer, NormKind::Rms})
    for (NormWidth width : {NormWidth::PerHead, NormWidth::AllHeads}) {
      SCOPED_TRACE((stringifyNormKind(kind) + ", " + stringifyNormWidth(width)).str());
      Model model;
      model.norm = KeyNormAttr::get(&context, kind, width, 1e-2);
      model.mask(0, 1, 2) = model.mask(1, 1, 0) = 0;
      expectNear(aggregate(model, true), model.result(), 1e-12);
      SmallVector<Array> parts = partial(model, 0, 5, true);
      for (int64_t n = 0; n < 67; ++n)
        for (int64_t v = 0; v < 4; ++v)
          EXPECT_NEAR(parts[2](1, 1, 2, n, v) / parts[1](1, 1, 2, n, v / 2),
                      model.value(1, 1, 2, n, v), 1e-12);
    }
}

TEST_F(AggregateTest, TokensAreNormalisedAsKeysOnly) {
  Array tokens = randomArray({1, 1, 3, 2, 4}, 1), query = randomArray({1, 1, 4}, 2);
  auto norm = KeyNormAttr::get(&context, NormKind::Rms, NormWidth::PerHead, 0.5);
  Array y = run(build<AggregateOp>(floatType({1, 1, 1, 2, 4}), arg(tokens), arg(query), Value(),
                                   Value(), Value(), Value(), Value(), Value(), Value(), 2,
                                   llvm::APFloat(1.0), false, norm))[0];
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t e = 0; e < 4; ++e) {
      double sum = 0, wanted = 0;
      for (int64_t c = 0; c < 3; ++c) {
        int64_t j = e / 2 * 2;
        double a = tokens(0, 0, c, n, j), b = tokens(0, 0, c, n, j + 1);
        double s = std::exp((query(0, 0, j) * a + query(0, 0, j + 1) * b) /
                            std::sqrt((a * a + b * b) / 2 + 0.5));
        sum += s;
        wanted += s * tokens(0, 0, c, n, e);
      }
      EXPECT_NEAR(y(0, 0, 0, n, e), wanted / sum, 1e-13);
    }
}

TEST_F(AggregateTest, WithoutProjections) {
  Array tokens = randomArray({1, 1, 3, 2, 4}, 1), query = randomArray({1, 1, 4}, 2);
  Array y = run(build<AggregateOp>(floatType({1, 1, 1, 2, 4}), arg(tokens), arg(query), Value(),
                                   Value(), Value(), Value(), Value(), Value(), Value(), 2,
                                   llvm::APFloat(1.0), false, KeyNormAttr()))[0];
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t e = 0; e < 4; ++e) {
      double sum = 0, wanted = 0;
      for (int64_t c = 0; c < 3; ++c) {
        int64_t j = e / 2 * 2;
        double s = std::exp(query(0, 0, j) * tokens(0, 0, c, n, j) +
                            query(0, 0, j + 1) * tokens(0, 0, c, n, j + 1));
        sum += s;
        wanted += s * tokens(0, 0, c, n, e);
      }
      EXPECT_NEAR(y(0, 0, 0, n, e), wanted / sum, 1e-13);
    }
}

/// The merge of the parts of any split of the channels is the whole, output projection aside.
TEST_F(AggregateTest, MergedPartsAreTheWhole) {
  Model model;
  for (int64_t c = 0; c < 5; ++c)
    model.mask(1, 1, c) = 0;
  model.mask(0, 0, 4) = 0;
  model.scale = 20;
  SmallVector<SmallVector<int64_t>> splits = {{5}, {2, 3}, {1, 1, 3}, {4, 0, 1}};
  for (ArrayRef<int64_t> split : splits) {
    SmallVector<Array> max, sum, acc;
    int64_t first = 0;
    for (int64_t count : split) {
      SmallVector<Array> parts = partial(model, first, count, true);
      max.push_back(parts[0]);
      sum.push_back(parts[1]);
      acc.push_back(parts[2]);
      first += count;
    }
    Array y = run(build<MergePartialsOp>(floatType({2, 2, 3, 67, 4}), arg(stacked(max)),
                                         arg(stacked(sum)), arg(stacked(acc))))[0];
    Array wanted({2, 2, 3, 67, 4});
    for (int64_t b = 0; b < 2; ++b)
      for (int64_t g = 0; g < 2; ++g)
        for (int64_t i = 0; i < 3; ++i)
          for (int64_t n = 0; n < 67; ++n)
            for (int64_t v = 0; v < 4; ++v) {
              // Scores up to hundreds: the plain formula needs the shift as well.
              double top = -1e300, total = 0, value = 0;
              for (int64_t c = 0; c < 5; ++c)
                if (model.mask(b, g, c) != 0)
                  top = std::max(top, model.score(b, g, i, v / 2, c, n));
              for (int64_t c = 0; c < 5; ++c) {
                if (model.mask(b, g, c) == 0)
                  continue;
                double e = std::exp(model.score(b, g, i, v / 2, c, n) - top);
                total += e;
                value += e * model.project(model.wv, model.bv, b, g, c, n, v);
              }
              wanted(b, g, i, n, v) = total == 0 ? 0 : value / total;
            }
    expectNear(y, wanted, 1e-12);
  }
}

TEST_F(AggregateTest, LinearIsAWeightedSum) {
  Array tokens = randomArray({2, 2, 3, 4, 5}, 1), weight = randomArray({2, 2, 3}, 2);
  Array bias = randomArray({2, 2}, 3);
  Array y = run(
      build<AggregateLinearOp>(floatType({2, 2, 2, 4, 5}), arg(tokens), arg(weight), arg(bias)))[0];
  Array plain = run(
      build<AggregateLinearOp>(floatType({2, 2, 2, 4, 5}), arg(tokens), arg(weight), Value()))[0];
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t g = 0; g < 2; ++g)
      for (int64_t i = 0; i < 2; ++i)
        for (int64_t n = 0; n < 4; ++n)
          for (int64_t d = 0; d < 5; ++d) {
            double wanted = 0;
            for (int64_t c = 0; c < 3; ++c)
              wanted += weight(g, i, c) * tokens(b, g, c, n, d);
            EXPECT_NEAR(plain(b, g, i, n, d), wanted, 1e-13);
            EXPECT_NEAR(y(b, g, i, n, d), wanted + bias(g, i), 1e-13);
          }
}
