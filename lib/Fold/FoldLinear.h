//===- FoldLinear.h - linear aggregations of pixels ------------------------*- C++ -*-===//
#ifndef DCHAG_LIB_FOLD_FOLDLINEAR_H
#define DCHAG_LIB_FOLD_FOLDLINEAR_H

#include "AffineTokens.h"
#include "dialects/dchag/Dchag.h"

namespace mlir::dchag {

/// Why a linear aggregation of these tokens cannot be computed from pixels; empty if it can.
std::string whyNotLinear(const AffineTokens &tokens);

/// The result of `op`, B x G x Q x N x D, from the pixels of its tokens. With one tokenizer for all
/// channels the pixels are aggregated, then projected; otherwise the weights of the channels are
/// multiplied into the tokenizers.
Value buildLinear(AggregateLinearOp op, const AffineTokens &tokens, OpBuilder &b);

} // namespace mlir::dchag

#endif // DCHAG_LIB_FOLD_FOLDLINEAR_H
