//===- AggregateEval.cpp - the arithmetic of the aggregations --------------*- C++ -*-===//

#include "dialects/dchag/AggregateEval.h"
#include "dialects/interfaces/EvalMath.h"
#include "llvm/ADT/APFloat.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

double mlir::dchag::lowestFinite(Type type) {
  APFloat lowest = APFloat::getLargest(cast<FloatType>(type).getFloatSemantics(), true);
  bool losesInfo;
  lowest.convert(APFloat::IEEEdouble(), APFloat::rmTowardZero, &losesInfo);
  return lowest.convertToDouble();
}

void mlir::dchag::normaliseRow(const double *x, double *y, int64_t width, bool centered,
                               double epsilon) {
  double mean = 0, square = 0;
  for (int64_t i = 0; centered && i < width; ++i)
    mean += x[i] / width;
  for (int64_t i = 0; i < width; ++i)
    square += (x[i] - mean) * (x[i] - mean);
  double deviation = std::sqrt(square / width + epsilon);
  for (int64_t i = 0; i < width; ++i)
    y[i] = (x[i] - mean) / deviation;
}

namespace {
/// Number of positions that are processed at once, which bounds the memory of keys and values.
constexpr int64_t kPositions = 64;

/// Computes the partial results of one group of one batch entry.
class GroupParts {
public:
  GroupParts(const AggregateInputs &inputs, AggregateParts &parts, int64_t b, int64_t g)
      : in(inputs), out(parts), b(b), g(g), channels(in.tokens->getDim(2)),
        positions(in.tokens->getDim(3)), tokenWidth(in.tokens->getDim(4)),
        queries(in.query->getDim(1)), keyWidth(in.query->getDim(2)), valueWidth(out.acc.getDim(4)) {
  }

  void run() {
    for (int64_t n = 0; n < positions; n += kPositions)
      runPositions(n, std::min(kPositions, positions - n));
  }

private:
  /// Channels x count x width projections of the tokens from position `first` on.
  std::vector<double> project(int64_t first, int64_t count, const EvalTensor *weight,
                              const EvalTensor *bias, int64_t width) const {
    std::vector<double> result(channels * count * width);
    int64_t groups = in.tokens->getDim(1);
    for (int64_t c = 0; c < channels; ++c) {
      const double *tokens = in.tokens->floats() +
                             (((b * groups + g) * channels + c) * positions + first) * tokenWidth;
      double *to = result.data() + c * count * width;
      if (!weight) {
        std::copy_n(tokens, count * width, to);
        continue;
      }
      for (int64_t i = 0; bias && i < count; ++i)
        std::copy_n(bias->floats() + g * width, width, to + i * width);
      addProduct(count, width, tokenWidth, {tokens, tokenWidth, 1},
                 {weight->floats() + g * width * tokenWidth, 1, tokenWidth}, {to, width, 1});
    }
    return result;
  }

  /// Normalises keys in rows of `keyWidth`.
  void normalise(std::vector<double> &keys) const {
    if (!in.keyNorm)
      return;
    int64_t width = in.keyNorm.isPerHead() ? keyWidth / in.heads : keyWidth;
    for (double *row = keys.data(), *end = row + keys.size(); row != end; row += width)
      normaliseRow(row, row, width, in.keyNorm.isCentered(), in.keyNorm.getEpsilon());
  }

  bool isMasked(int64_t c) const { return mlir::dchag::isMasked(in.mask, b, g, c); }

  void runPositions(int64_t first, int64_t count) {
    std::vector<double> keys = project(first, count, in.wk, in.bk, keyWidth);
    normalise(keys);
    std::vector<double> values = project(first, count, in.wv, in.bv, valueWidth);
    for (int64_t i = 0; i < queries; ++i)
      for (int64_t n = 0; n < count; ++n) {
        // Without channels the row has no address.
        int64_t row = channels ? n : 0;
        for (int64_t j = 0; j < in.heads; ++j)
          attend(i, j, first + n, keys.data() + row * keyWidth, count * keyWidth,
                 values.data() + row * valueWidth, count * valueWidth);
      }
  }

  /// One query, head and position; keys and values of the channels are strides apart.
  void attend(int64_t i, int64_t j, int64_t n, const double *keys, int64_t keyStride,
              const double *values, int64_t valueStride) {
    int64_t depth = keyWidth / in.heads, width = valueWidth / in.heads;
    const double *query = in.query->floats() + (g * queries + i) * keyWidth + j * depth;
    int64_t row = ((b * in.query->getDim(0) + g) * queries + i) * positions + n;
    std::vector<double> scores(channels);
    for (int64_t c = 0; c < channels; ++c) {
      if (isMasked(c))
        continue;
      for (int64_t d = 0; d < depth; ++d)
        scores[c] += query[d] * keys[c * keyStride + j * depth + d];
      scores[c] *= in.scale;
    }
    setParts(
        out, row, j, scores, [&](int64_t c) { return isMasked(c); }, in.weighsMasked,
        values + j * width, valueStride);
  }

  const AggregateInputs &in;
  AggregateParts &out;
  int64_t b, g, channels, positions, tokenWidth, queries, keyWidth, valueWidth;
};
} // namespace

AggregateParts mlir::dchag::makeParts(int64_t batch, int64_t groups, int64_t queries,
                                      int64_t positions, int64_t heads, int64_t values, Type type) {
  EvalTensor byHead({batch, groups, queries, positions, heads}, type);
  return {byHead, byHead, EvalTensor({batch, groups, queries, positions, values}, type)};
}

bool mlir::dchag::isMasked(const EvalTensor *mask, int64_t b, int64_t g, int64_t c) {
  if (!mask)
    return false;
  int64_t row = mask->getDim(0) == 1 ? 0 : b;
  return mask->ints()[(row * mask->getDim(1) + g) * mask->getDim(2) + c] == 0;
}

void mlir::dchag::setParts(AggregateParts &parts, int64_t row, int64_t head,
                           ArrayRef<double> scores, llvm::function_ref<bool(int64_t)> isMasked,
                           bool weighsMasked, const double *values, int64_t stride) {
  int64_t heads = parts.max.getDim(4), width = parts.acc.getDim(4) / heads;
  double max = lowestFinite(parts.max.getElementType()), sum = 0;
  for (auto [c, score] : llvm::enumerate(scores))
    if (!isMasked(c))
      max = maxOrNaN(max, score);
  double *acc = parts.acc.mutableFloats() + (row * heads + head) * width;
  for (auto [c, score] : llvm::enumerate(scores)) {
    bool masked = isMasked(c);
    if (masked && !weighsMasked)
      continue;
    double weight = masked ? 0 : std::exp(score - max);
    sum += weight;
    for (int64_t e = 0; e < width; ++e)
      acc[e] += weight * values[c * stride + e];
  }
  parts.max.mutableFloats()[row * heads + head] = max;
  parts.sum.mutableFloats()[row * heads + head] = sum;
}

AggregateParts mlir::dchag::evaluateParts(const AggregateInputs &in) {
  Type type = in.tokens->getElementType();
  int64_t batch = in.tokens->getDim(0), groups = in.query->getDim(0);
  int64_t queries = in.query->getDim(1), positions = in.tokens->getDim(3);
  int64_t valueWidth = in.wv ? in.wv->getDim(1) : in.tokens->getDim(4);
  AggregateParts parts = makeParts(batch, groups, queries, positions, in.heads, valueWidth, type);
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t g = 0; g < groups; ++g)
      GroupParts(in, parts, b, g).run();
  return parts;
}

EvalTensor mlir::dchag::divideParts(const AggregateParts &parts, double empty) {
  EvalTensor result = parts.acc;
  int64_t heads = parts.sum.getDim(4), width = result.getDim(4) / heads;
  double *y = result.mutableFloats();
  for (int64_t i = 0; i < result.getNumElements(); ++i) {
    double sum = parts.sum.floats()[i / width];
    y[i] = sum == 0 ? empty : y[i] / sum;
  }
  return result;
}
