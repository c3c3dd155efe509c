//===- DealTokens.h - concatenated tokens in parts of all their sources ----*- C++ -*-===//
//
// Tokens of 4 and 3 channels behind each other are 7 channels, of which two ranks would have 4 and
// 3: the first would compute all of the first source and the second all of the other, or both
// compute everything. An aggregation does not see the order of channels, so they are dealt:
//
//     rank 0: a0 a1 b0 b1    rank 1: a2 a3 b2 --     for    a0 a1 a2 a3 b0 b1 b2
//
// Each source is padded to a multiple of the ranks, cut in as many parts, and parts are put
// together by rank. A mask leaves out what is padded. All of it is views of a rank's own parts once
// the sources are split by channel.
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

/// Tokens of an aggregation of one group in the order above; nothing if they are not concatenated,
/// or no source has a channel for each rank.
std::optional<DealtTokens> dealTokens(OpBuilder &builder, AggregateOp op, int64_t ranks);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_DEALTOKENS_H
