//===- ArenaPlan.h - offsets for buffers with lifetimes --------------------*- C++ -*-===//
#ifndef DCHAG_MEMORY_ARENAPLAN_H
#define DCHAG_MEMORY_ARENAPLAN_H

#include "mlir/Support/LLVM.h"

namespace mlir::dchag {

/// A buffer that holds its contents from step `first` to step `last`, both included.
struct Lifetime {
  int64_t bytes;
  int64_t first, last;
  int64_t offset = 0; ///< set by planArena
  bool overlaps(const Lifetime &other) const { return first <= other.last && other.first <= last; }
};

/// Assigns each buffer an offset, a multiple of `alignment`, so that buffers that are live at the
/// same time do not share a byte: from the largest to the smallest, at the lowest free offset.
/// Returns the bytes of the arena.
int64_t planArena(MutableArrayRef<Lifetime> buffers, int64_t alignment);

/// The maximum of bytes that are live at one step: a lower bound for any plan.
int64_t getPeakLiveBytes(ArrayRef<Lifetime> buffers, int64_t alignment);

} // namespace mlir::dchag

#endif // DCHAG_MEMORY_ARENAPLAN_H
