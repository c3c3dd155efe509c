//===- FoldForms.h - the forms in which an aggregation is computed ---------*- C++ -*-===//
#ifndef DCHAG_LIB_FOLD_FOLDFORMS_H
#define DCHAG_LIB_FOLD_FOLDFORMS_H

#include "AffineTokens.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/interfaces/CostModel.h"

namespace mlir::dchag {

/// Where scores and values come from; see the description of `fold-aggregate`.
enum class FoldForm { AsWritten, Keys, Values, Pooled };
StringRef getFoldFormName(FoldForm form);

/// Ranks among which samples, groups, channels and heads of a first aggregation are split.
struct SplitSizes {
  int64_t batch = 1, groups = 1, channels = 1, heads = 1;
};

/// The operands of an aggregation, and its tokens as a function of pixels if they are one.
struct Aggregation {
  /// B x G x K x N x Dt
  Value tokens;
  Value query, wk, bk, wv, bv;
  /// (B or 1) x G x K
  Value mask;
  int64_t heads = 1;
  double scale = 1;
  bool nanWhenEmpty = false;
  /// How keys are normalised; null if they are not.
  KeyNormAttr keyNorm;
  /// Of the result: that of the tokens, or f32 if that is narrower.
  Type elementType;
  std::optional<AffineTokens> affine;

  /// Without the output projection.
  static Aggregation of(AggregateOp op);
  int64_t getValueWidth() const;
  /// Whether scores can be functions of the pixels; otherwise they may be of the tokens.
  bool scoresFromPixels() const;
};

/// Why `form` does not exist for an aggregation; empty if it does.
std::string whyNot(FoldForm form, const Aggregation &op, const NotAffine &why);

/// The three parts of an online softmax over the channels of an aggregation (docs/math.md, section
/// 3).
struct SoftmaxParts {
  Value max, sum, acc;
};

/// The aggregation in a form that exists: B x G x Q x N x V, before the output projection.
Value buildForm(FoldForm form, const Aggregation &op, OpBuilder &b, Location loc);
/// The parts that its channels contribute to a softmax over more channels, in f32 at least.
SoftmaxParts buildParts(FoldForm form, const Aggregation &op, OpBuilder &b, Location loc);
/// The aggregation over the channels of all parts of `whole`.
Value mergeParts(ArrayRef<SoftmaxParts> parts, const Aggregation &whole, OpBuilder &b,
                 Location loc);

/// The seconds of a step on one rank in that form, with tokens where it needs them. What depends on
/// parameters alone costs nothing: it is computed once.
double getSeconds(FoldForm form, const Aggregation &op, const SplitSizes &sizes,
                  const CostModel &costs, ParameterAnalysis &parameters);

} // namespace mlir::dchag

#endif // DCHAG_LIB_FOLD_FOLDFORMS_H
