//===- FoldedAggregateEval.h - the arithmetic of folded aggregations -------*- C++ -*-===//
#ifndef DCHAG_FOLDEDAGGREGATEEVAL_H
#define DCHAG_FOLDEDAGGREGATEEVAL_H

#include "dialects/dchag/AggregateEval.h"

namespace mlir::dchag {

/// Operands of a folded aggregation; optional ones may be null. `features` are the pixels if the op
/// has none.
struct FoldedInputs {
  const EvalTensor *pixels, *scoreWeight, *scoreOffset, *scoreBias;
  const EvalTensor *features, *valueWeight, *valueOffset, *valueBias;
  const EvalTensor *normFactor, *normLinear, *normConstant, *mask;
  int64_t heads;
  double epsilon;
  bool normValues;
  /// As in AggregateInputs.
  bool weighsMasked = false;
};

AggregateParts evaluateFolded(const FoldedInputs &inputs);

} // namespace mlir::dchag

#endif // DCHAG_FOLDEDAGGREGATEEVAL_H
