//===- FoldedAggregateEval.cpp - the arithmetic of folded aggregations -----*- C++ -*-===//

#include "dialects/dchag/FoldedAggregateEval.h"
#include "dialects/interfaces/EvalMath.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

/// The elements of `tensor` at these leading indices, of which those of dimensions of size 1 count
/// as 0: such a dimension stands for all channels, samples or heads.
static const double *rowOf(const EvalTensor &tensor, ArrayRef<int64_t> indices) {
  int64_t offset = 0, inner = 1;
  for (auto [d, size] : llvm::enumerate(tensor.getShape()))
    offset = d < indices.size() ? offset * size + (size == 1 ? 0 : indices[d]) : offset,
    inner = d < indices.size() ? inner : inner * size;
  return tensor.floats() + offset * inner;
}

namespace {
/// Computes the partial results of one group of one sample at one position.
class FoldedPosition {
public:
  FoldedPosition(const FoldedInputs &inputs, AggregateParts &parts, int64_t b, int64_t g, int64_t n)
      : in(inputs), out(parts), b(b), g(g), n(n), channels(in.pixels->getDim(2)),
        numPixels(in.pixels->getDim(4)), numFeatures(in.features->getDim(4)),
        queries(in.scoreWeight->getDim(1)), width(out.acc.getDim(4) / in.heads) {}

  void run() {
    for (int64_t j = 0; j < in.heads; ++j) {
      std::vector<double> factors, values;
      for (int64_t c = 0; c < channels; ++c) {
        factors.push_back(getFactor(c, j));
        appendValues(values, c, j, in.normValues ? factors.back() : 1);
      }
      for (int64_t i = 0; i < queries; ++i)
        attend(i, j, factors, values);
    }
  }

private:
  bool isMasked(int64_t c) const { return mlir::dchag::isMasked(in.mask, b, g, c); }

  /// 1 / the standard deviation of what is normalised; 1 without a norm.
  double getFactor(int64_t c, int64_t j) const {
    if (!in.normFactor)
      return 1;
    if (isMasked(c))
      return 0;
    const double *x = rowOf(*in.pixels, {b, g, c, n}), *factor = rowOf(*in.normFactor, {g, c, j});
    const double *linear = in.normLinear ? rowOf(*in.normLinear, {b, g, c, j}) : nullptr;
    double variance = in.normConstant ? *rowOf(*in.normConstant, {b, g, c, j}) : 0;
    for (int64_t p = 0; p < numPixels; ++p) {
      double row = linear ? linear[p] : 0;
      for (int64_t r = 0; r < numPixels; ++r)
        row += factor[p * numPixels + r] * x[r];
      variance += row * row;
    }
    return 1 / std::sqrt(variance + in.epsilon);
  }

  void appendValues(std::vector<double> &values, int64_t c, int64_t j, double factor) const {
    const double *features = rowOf(*in.features, {b, g, c, n});
    for (int64_t e = j * width; e < (j + 1) * width; ++e) {
      double value = in.valueWeight ? 0 : features[e];
      if (in.valueWeight) {
        const double *weight = rowOf(*in.valueWeight, {g, e, c});
        for (int64_t f = 0; f < numFeatures; ++f)
          value += weight[f] * features[f];
      }
      if (in.valueOffset)
        value += rowOf(*in.valueOffset, {b, g, c})[e];
      value *= factor;
      if (in.valueBias)
        value += rowOf(*in.valueBias, {b, g, c})[e];
      values.push_back(value);
    }
  }

  double getScore(int64_t c, int64_t i, int64_t j, double factor) const {
    const double *x = rowOf(*in.pixels, {b, g, c, n});
    const double *weight = rowOf(*in.scoreWeight, {g, i, j, c});
    double score = in.scoreOffset ? *rowOf(*in.scoreOffset, {b, g, c, i, j}) : 0;
    for (int64_t p = 0; p < numPixels; ++p)
      score += weight[p] * x[p];
    return score * factor + (in.scoreBias ? *rowOf(*in.scoreBias, {b, g, c, i, j}) : 0);
  }

  /// One query and head; factors and values are those of the channels.
  void attend(int64_t i, int64_t j, ArrayRef<double> factors, ArrayRef<double> values) {
    std::vector<double> scores(channels);
    for (int64_t c = 0; c < channels; ++c)
      if (!isMasked(c))
        scores[c] = getScore(c, i, j, factors[c]);
    int64_t row = ((b * in.pixels->getDim(1) + g) * queries + i) * in.pixels->getDim(3) + n;
    setParts(
        out, row, j, scores, [&](int64_t c) { return isMasked(c); }, in.weighsMasked, values.data(),
        width);
  }

  const FoldedInputs &in;
  AggregateParts &out;
  int64_t b, g, n, channels, numPixels, numFeatures, queries, width;
};
} // namespace

AggregateParts mlir::dchag::evaluateFolded(const FoldedInputs &in) {
  Type type = in.pixels->getElementType();
  int64_t batch = in.pixels->getDim(0), groups = in.pixels->getDim(1);
  int64_t positions = in.pixels->getDim(3), queries = in.scoreWeight->getDim(1);
  int64_t values = in.valueWeight ? in.valueWeight->getDim(1) : in.features->getDim(4);
  AggregateParts parts = makeParts(batch, groups, queries, positions, in.heads, values, type);
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t n = 0; n < positions; ++n)
        FoldedPosition(in, parts, b, g, n).run();
  return parts;
}
