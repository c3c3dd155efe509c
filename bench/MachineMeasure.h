//===- MachineMeasure.h - figures of a machine, measured -------------------*- C++ -*-===//
//
// All ranks measure at the same time, as they compute at the same time when they run a program. A
// sample is the time of the slowest rank. All ranks know it, so that they repeat things equally
// often:
//
//     Ranks ranks;
//     if (runtime::Error error = ranks.open(identity)) ...
//     Figure rate = measureProducts(ranks, DCHAG_F32, effort); // of one rank
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_BENCH_MACHINEMEASURE_H
#define DCHAG_BENCH_MACHINEMEASURE_H

#include "runtime/src/Comm.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::dchag::bench {

namespace runtime = ::dchag::rt;

/// How long to measure.
struct Effort {
  unsigned repeats = 7;          ///< samples of each figure
  double seconds = 0.2;          ///< of a sample, at least
  int64_t largestSize = 4096;    ///< of products
  int64_t arrayBytes = 64 << 20; ///< at least
  bool exceedsCache = true;      ///< arrays are larger where the cache is
  int64_t messageBytes = 64 << 20;
};

/// A figure, the samples that it comes from, and what they were taken with.
struct Figure {
  double value = 0, lowest = 0, highest = 0;
  std::string how;
};

/// The ranks that a launcher started, or this process alone. When a rank cannot reach the others
/// any more, its functions print why and end the process.
class Ranks {
public:
  runtime::Error open(uint64_t identity);
  /// Where others end, too. After it nothing else may be called.
  void close() { world.ops->close(world.comm); }

  int rank() const { return world.ops->rank(world.comm); }
  int size() const { return world.ops->size(world.comm); }
  /// "mpi", "tcp", or "self" for one process.
  const char *commName() const { return world.ops->name; }
  /// Whether it is so on one of the ranks.
  bool any(bool mine) const { return largest(mine ? 1 : 0) > 0; }
  /// Seconds that the slowest rank takes; all begin at the same time.
  double time(llvm::function_ref<void()> work) const;

  /// Gives this rank as many threads as the runtime does, its share of the cores or
  /// OMP_NUM_THREADS, and returns their number. Finds which ranks run on the same host, too.
  int chooseThreads();
  /// Of this host.
  int ranksHere() const { return numRanksHere; }
  /// If all hosts have equally many ranks, and those of a host follow each other: how many. Else 0.
  int ranksPerHost() const;

  /// Ranks of the same color are a group, in order.
  runtime::Comm split(int color) const;
  void gather(const runtime::Comm &group, const void *src, void *dst, int64_t bytes) const;
  /// Prints `reason` and ends all ranks.
  [[noreturn]] void stop(const std::string &reason) const;

private:
  double largest(double mine) const;

  runtime::Comm world;
  int numRanksHere = 1;
  std::vector<uint64_t> hosts; ///< of each rank
};

/// Operations a second of products of square matrices of a type, at the size where they are most.
/// They are those of the runtime, with all conversions that they need.
Figure measureProducts(const Ranks &ranks, int32_t dtype, const Effort &effort);

/// Bytes a second of a[i] = b[i] + s c[i] on arrays that no cache holds.
Figure measureMemory(const Ranks &ranks, const Effort &effort);

/// Seconds of a round of a gather of 8 bytes in all groups at the same time, which has log2 n
/// rounds on n ranks.
Figure measureLatency(const Ranks &ranks, const runtime::Comm &group, const Effort &effort);

/// Bytes a second that a rank sends while all groups gather much, counted as the cost model does:
/// n - 1 times its part.
Figure measureBandwidth(const Ranks &ranks, const runtime::Comm &group, const Effort &effort);

} // namespace mlir::dchag::bench

#endif // DCHAG_BENCH_MACHINEMEASURE_H
