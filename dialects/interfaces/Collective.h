//===- Collective.h - ops that ranks execute together ----------------------*- C++ -*-===//
#ifndef DCHAG_INTERFACES_COLLECTIVE_H
#define DCHAG_INTERFACES_COLLECTIVE_H

#include "dialects/interfaces/Interfaces.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/OpDefinition.h"

namespace mlir::dchag {

/// What the ranks of a group do together. In brackets what a rank sends in a group of n ranks.
enum class CollectiveKind {
  AllGather,     ///< all receive the parts of all, joined [n - 1 times the input]
  AllReduce,     ///< all receive the combination of all [2 (n - 1)/n of the input]
  ReduceScatter, ///< each receives its part of the combination [(n - 1)/n of the input]
  AllToAll,      ///< each receives its part of all, joined [(n - 1)/n of the input]
  AllSlice,      ///< each keeps its part of what it has [nothing]
  Other          ///< defined by the op alone
};

/// Bytes that a rank sends of an input of `bytes`: see CollectiveKind.
double getBytesSentByKind(CollectiveKind kind, double bytes, int64_t ranks);
/// Number of messages in sequence: log2 of `ranks`, rounded up; twice that for an all-reduce, which
/// is a reduce-scatter and an all-gather; 0 for a slice.
unsigned getRoundsByKind(CollectiveKind kind, int64_t ranks);

} // namespace mlir::dchag

#include "dialects/interfaces/Collective.h.inc"

namespace mlir::dchag {
/// The op as a collective if it exchanges values; null for other ops and for slices.
inline CollectiveOpInterface getExchange(Operation *op) {
  auto collective = dyn_cast<CollectiveOpInterface>(op);
  return collective && collective.exchanges() ? collective : CollectiveOpInterface();
}
} // namespace mlir::dchag

#endif // DCHAG_INTERFACES_COLLECTIVE_H
