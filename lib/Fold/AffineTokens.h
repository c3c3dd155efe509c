//===- AffineTokens.h - tokens as functions of pixels ----------------------*- C++ -*-===//
#ifndef DCHAG_LIB_FOLD_AFFINETOKENS_H
#define DCHAG_LIB_FOLD_AFFINETOKENS_H

#include "dchag/Views/IndexNotation.h"
#include <string>

namespace mlir::dchag {

/// A normalisation of tokens over their width Dt.
struct TokenNorm {
  /// Whether the mean is subtracted.
  bool centered;
  double epsilon;
  /// (G or 1) x (K or 1) x Dt; null: ones.
  Value scale;
};

/// Tokens B x G x K x N x Dt of an aggregation, as a function of the pixels of each channel:
///
///   t[b,g,c,n] = norm(weight[g,c] pixels[b,g,c,n] + offset[b,g,c]) + bias[b,g,c] + shift[b,g,n]
///
/// All but pixels and weight may be null. Without a norm `bias` is null. Pixels have the type of
/// the tokens, or f32 if that is narrower and they are sums of pixels; everything else has f32
/// then.
struct AffineTokens {
  /// B x G x K x N x P
  Value pixels;
  /// (G or 1) x (K or 1) x Dt x P
  Value weight;
  /// (B or 1) x G x K x Dt
  Value offset, bias;
  /// (B or 1) x G x (N or 1) x Dt
  Value shift;
  std::optional<TokenNorm> norm;

  bool isShared() const;
};

/// Why tokens are no such function.
struct NotAffine {
  std::string reason;
  /// Whether the tokens come from another aggregation.
  bool isAggregated = false;
};

/// Values of a block that depend on tokens of an image, and on results of aggregations.
struct TokenFlow {
  llvm::DenseSet<Value> fromImage, fromAggregation;

  /// Whether linear aggregations become part of the tokenizers. Otherwise their results count as
  /// those of other aggregations, so that their groups can be distributed.
  bool foldsLinear;

  TokenFlow(Block &block, bool foldsLinear);
  /// Which operand of a sum has the tokens: the one that depends on tokens of an image, else on the
  /// input. 2 if both do.
  unsigned getTokenSide(Operation *sum, ParameterAnalysis &parameters) const;
};

/// Creates the ops that `AffineTokens` consists of at `b`. `tokens` is B x G x K x N x Dt. On
/// success, too, `why` says whether they come from another aggregation.
FailureOr<AffineTokens> traceTokens(Value tokens, const TokenFlow &flow,
                                    ParameterAnalysis &parameters, OpBuilder &b, NotAffine &why);

/// The tokens of the channels of both, if they have functions of one form; else nothing.
std::optional<AffineTokens> joinChannels(AffineTokens first, AffineTokens second, OpBuilder &b,
                                         Location loc);

} // namespace mlir::dchag

#endif // DCHAG_LIB_FOLD_AFFINETOKENS_H
