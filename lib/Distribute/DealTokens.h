//===- DealTokens.h - concatenated tokens in parts of all their sources ----*- C++ -*-===//
//
// Concatenated tokens of sources with 4 and 3 channels are 7 channels, of which two ranks would
// hold 4 and 3: the first rank would compute all of the first source and the second all of the
// other, or both would compute everything. The result of an aggregation does not depend on the
// order of channels, so each source is distributed over all ranks:
//
//     rank 0: a0 a1 b0 b1    rank 1: a2 a3 b2 --     for    a0 a1 a2 a3 b0 b1 b2
//
// Each source is padded to a multiple of the number of ranks and cut into as many parts; the parts
// are concatenated by rank, and a mask excludes the padding. Once the sources are split by channel,
// these are all views of the rank's local parts.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_DISTRIBUTE_DEALTOKENS_H
#define DCHAG_DISTRIBUTE_DEALTOKENS_H

#include "dialects/dchag/Dchag.h"

namespace mlir::dchag {

struct DealtTokens {
  /// B x 1 x (ranks * n) x N x D
  Value tokens;
  /// (B or 1) x 1 x (ranks * n); null where all channels count.
  Value mask;
};

/// Tokens of an aggregation of one group in the order above; nullopt if they are not a
/// concatenation, or if every source has fewer channels than there are ranks.
std::optional<DealtTokens> dealTokens(OpBuilder &builder, AggregateOp op, int64_t ranks);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_DEALTOKENS_H
