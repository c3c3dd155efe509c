//===- AggregateEval.h - the arithmetic of the aggregations ----------------*- C++ -*-===//
#ifndef DCHAG_AGGREGATEEVAL_H
#define DCHAG_AGGREGATEEVAL_H

#include "dialects/dchag/DchagAttrs.h"
#include "dialects/interfaces/EvalTensor.h"

namespace mlir::dchag {

/// Operands of an aggregation up to its softmax; optional ones may be null.
struct AggregateInputs {
  const EvalTensor *tokens, *query, *wk, *bk, *wv, *bv, *mask;
  int64_t heads;
  double scale;
  /// Whether masked channels have weight 0, as in the softmax of ONNX; else they have no effect,
  /// even if they are NaN.
  bool weighsMasked = false;
  /// How keys are normalised; null: not at all.
  KeyNormAttr keyNorm = {};
};

/// The three parts of the online softmax, see `dchag.aggregate_partial`.
struct AggregateParts {
  EvalTensor max, sum, acc;
};

/// y = (x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon), with 0 for mean(x) if not `centered`.
void normaliseRow(const double *x, double *y, int64_t width, bool centered, double epsilon);

/// Zeros, for values of `values` numbers in `heads` heads.
AggregateParts makeParts(int64_t batch, int64_t groups, int64_t queries, int64_t positions,
                         int64_t heads, int64_t values, Type type);

/// Whether `mask`, (B or 1) x G x K, excludes a channel; a mask that is null excludes none.
bool isMasked(const EvalTensor *mask, int64_t b, int64_t g, int64_t c);

/// Sets the parts of one head in row `row` (of B x G x Q x N): `scores` are those of the channels,
/// whose values are `stride` numbers apart. Channels for which `isMasked` holds have no effect,
/// even if their values are NaN, or weight 0.
void setParts(AggregateParts &parts, int64_t row, int64_t head, ArrayRef<double> scores,
              llvm::function_ref<bool(int64_t)> isMasked, bool weighsMasked, const double *values,
              int64_t stride);

AggregateParts evaluateParts(const AggregateInputs &inputs);

/// result[b,g,i,n] = acc / sum by head; `empty` where the sum is 0 (no channel).
EvalTensor divideParts(const AggregateParts &parts, double empty);

/// The lowest finite number of a float type.
double lowestFinite(Type type);

} // namespace mlir::dchag

#endif // DCHAG_AGGREGATEEVAL_H
