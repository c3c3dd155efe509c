//===- Tokens.h - ops on tokens that strategies distribute -----------------*- C++ -*-===//
#ifndef DCHAG_INTERFACES_TOKENS_H
#define DCHAG_INTERFACES_TOKENS_H

#include "mlir/IR/OpDefinition.h"

namespace mlir::dchag {

/// What a dimension of tokens, or of the image that they are made of, runs over.
enum class TokenDim {
  Batch,    ///< samples
  Group,    ///< groups of channels that are aggregated separately
  Channel,  ///< channels: what has separate tokens (a variable, or several together)
  Position, ///< places in the image
  Feature,  ///< the numbers of a token
  Other     ///< anything else: heads, queries, space
};

/// What an op does with tokens.
enum class TokenRole {
  Tokenize,  ///< makes tokens of each channel of an image
  Rearrange, ///< moves the elements of an image into patches, or back
  Aggregate, ///< merges the tokens of the channels of a group at each position
  Attend,    ///< merges the tokens of all positions at each position
  Normalize  ///< normalizes each token
};

} // namespace mlir::dchag

#include "dialects/interfaces/Tokens.h.inc"

#endif // DCHAG_INTERFACES_TOKENS_H
