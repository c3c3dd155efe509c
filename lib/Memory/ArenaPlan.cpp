//===- ArenaPlan.cpp - offsets for buffers with lifetimes ------------------*- C++ -*-===//

#include "dchag/Memory/ArenaPlan.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <map>

using namespace mlir;
using namespace mlir::dchag;

int64_t mlir::dchag::planArena(MutableArrayRef<Lifetime> buffers, int64_t alignment) {
  SmallVector<Lifetime *> order;
  for (Lifetime &buffer : buffers)
    order.push_back(&buffer);
  llvm::sort(order, [](const Lifetime *a, const Lifetime *b) {
    if (a->bytes != b->bytes)
      return a->bytes > b->bytes;
    if (a->last - a->first != b->last - b->first)
      return a->last - a->first > b->last - b->first;
    return a < b; // their order in `buffers`
  });
  int64_t arena = 0;
  SmallVector<Lifetime *> placed;
  for (Lifetime *buffer : order) {
    int64_t offset = 0;
    // `placed` is sorted by offset: the first gap that is large enough.
    for (Lifetime *other : placed) {
      if (!other->overlaps(*buffer))
        continue;
      if (other->offset >= offset + buffer->bytes)
        break;
      offset = std::max<int64_t>(offset, llvm::alignTo(other->offset + other->bytes, alignment));
    }
    buffer->offset = offset;
    arena = std::max(arena, offset + buffer->bytes);
    auto position = llvm::upper_bound(
        placed, buffer, [](const Lifetime *a, const Lifetime *b) { return a->offset < b->offset; });
    placed.insert(position, buffer);
  }
  return llvm::alignTo(arena, alignment);
}

int64_t mlir::dchag::getPeakLiveBytes(ArrayRef<Lifetime> buffers, int64_t alignment) {
  std::map<int64_t, int64_t> changes;
  for (const Lifetime &buffer : buffers) {
    int64_t bytes = llvm::alignTo(buffer.bytes, alignment);
    changes[buffer.first] += bytes;
    changes[buffer.last + 1] -= bytes;
  }
  int64_t live = 0, peak = 0;
  for (auto [step, change] : changes)
    peak = std::max(peak, live += change);
  return peak;
}
