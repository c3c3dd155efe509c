//===- TokenSources.h - tokens joined from several tokenizations -----------*- C++ -*-===//
#ifndef DCHAG_LIB_FOLD_TOKENSOURCES_H
#define DCHAG_LIB_FOLD_TOKENSOURCES_H

#include "FoldForms.h"

namespace mlir::dchag {

/// Channels [first, first + count) of an aggregation, and what was found out about their tokens.
struct TokenSource {
  int64_t first, count;
  Aggregation part;
  NotAffine why;
};

/// The channels of an aggregation, in runs that have one function of pixels each, or none: with one
/// group, concatenations behind the tokens are taken apart. Runs of less than `shortest` channels
/// are joined with those before where they can be: each run is a part of a softmax, which costs a
/// merge. One run if there is nothing to take apart. Creates slices of the tokens, the mask and
/// what `traceTokens` creates at `b`.
SmallVector<TokenSource> findSources(const Aggregation &op, const TokenFlow &flow,
                                     ParameterAnalysis &parameters, int64_t shortest, OpBuilder &b);

} // namespace mlir::dchag

#endif // DCHAG_LIB_FOLD_TOKENSOURCES_H
