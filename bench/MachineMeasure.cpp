//===- MachineMeasure.cpp - figures of a machine, measured -----------------*- C++ -*-===//

#include "bench/MachineMeasure.h"
#include "runtime/src/Context.h"
#include "runtime/src/Memory.h"
#include "runtime/src/OpenMp.h"
#include "runtime/src/Text.h"
#include "runtime/src/Types.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <chrono>
#include <cmath>
#include <omp.h>
#include <unistd.h>

using namespace mlir::dchag::bench;
using runtime::Comm, runtime::Error, runtime::Region;

//===----------------------------------------------------------------------===//
// Ranks
//===----------------------------------------------------------------------===//

/// A rank may be late by this much: it may measure on a core that others use.
static constexpr double timeoutSeconds = 300;

Error Ranks::open(uint64_t identity) {
  if (Error error = runtime::checkOpenMpEnvironment())
    return error;
  runtime::Launch launch = runtime::readLaunch();
  if (!launch.launched() || launch.size == 1) {
    world = runtime::openSelf();
    return Error::success();
  }
  dchag_comm_options options = {
      DCHAG_RT_ABI_VERSION, sizeof(options), timeoutSeconds, "machine", identity, nullptr, nullptr};
  return runtime::openAdapter(launch.kind == runtime::Launch::Kind::mpi ? "mpi" : "gloo", options,
                              world);
}

void Ranks::stop(const std::string &reason) const {
  runtime::printLine(
      stderr, runtime::format("machine: error: rank %d of %d: %s", rank(), size(), reason.c_str()));
  world.ops->abort(world.comm, 1);
  std::abort();
}

double Ranks::largest(double mine) const {
  double most = mine;
  if (world.ops->all_reduce(world.comm, nullptr, &mine, &most, 1, DCHAG_F64, DCHAG_MAX))
    stop(world.ops->last_error(world.comm));
  return most;
}

double Ranks::time(llvm::function_ref<void()> work) const {
  using Clock = std::chrono::steady_clock;
  if (world.ops->barrier(world.comm))
    stop(world.ops->last_error(world.comm));
  auto start = Clock::now();
  work();
  return largest(std::chrono::duration<double>(Clock::now() - start).count());
}

int Ranks::chooseThreads() {
  runtime::Seat mine = runtime::findSeat();
  std::vector<runtime::Seat> seats(size());
  gather(world, &mine, seats.data(), sizeof(mine));
  for (const runtime::Seat &seat : seats)
    hosts.push_back(seat.host);
  numRanksHere = static_cast<int>(llvm::count(hosts, mine.host));
  runtime::chooseThreads(mine, seats);
  return omp_get_max_threads();
}

int Ranks::ranksPerHost() const {
  size_t here = llvm::count(hosts, hosts.front());
  if (hosts.size() % here != 0)
    return 0;
  for (size_t first = 0; first < hosts.size(); first += here) {
    auto group = llvm::ArrayRef(hosts).slice(first, here);
    if (!llvm::all_equal(group) || llvm::count(hosts, group.front()) != static_cast<long>(here))
      return 0;
  }
  return static_cast<int>(here);
}

Comm Ranks::split(int color) const {
  Comm group = {world.ops, world.ops->split(world.comm, color, rank())};
  if (!group.comm)
    stop(world.ops->last_error(world.comm));
  return group;
}

void Ranks::gather(const Comm &group, const void *src, void *dst, int64_t bytes) const {
  if (group.ops->all_gather(group.comm, nullptr, src, dst, bytes))
    stop(group.ops->last_error(group.comm));
}

//===----------------------------------------------------------------------===//
// Samples
//===----------------------------------------------------------------------===//

/// Seconds of one call of `work`: samples in ascending order.
static std::vector<double> sample(const Ranks &ranks, const Effort &effort,
                                  llvm::function_ref<void()> work) {
  // The first call makes plans and gets pages; the second says how many make a sample.
  ranks.time(work);
  double once = std::max(ranks.time(work), 1e-9);
  auto calls = static_cast<int64_t>(std::clamp(std::ceil(effort.seconds / once), 1.0, 1e7));
  std::vector<double> samples;
  for (unsigned i = 0; i < effort.repeats; ++i) {
    double seconds = ranks.time([&] {
      for (int64_t call = 0; call < calls; ++call)
        work();
    });
    samples.push_back(seconds / static_cast<double>(calls));
  }
  llvm::sort(samples);
  return samples;
}

/// The rate of `amount` in a call, from the fastest of the samples: other programs only take away
/// from what cores and memory do.
static Figure bestRate(llvm::ArrayRef<double> samples, double amount, std::string how) {
  double best = amount / samples.front();
  return {best, amount / samples.back(), best, "best of " + std::move(how)};
}

static Region allocate(const Ranks &ranks, int64_t bytes, const char *purpose) {
  Region region;
  if (Error error = region.allocate(bytes, purpose))
    ranks.stop(error.message());
  return region;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// c = a b on square matrices that are dense, by rows.
static dchag_matmul makeProduct(int32_t dtype, int64_t size) {
  dchag_matmul op = {};
  op.a_dtype = op.b_dtype = op.c_dtype = dtype;
  op.alpha = 1;
  op.m = op.n = op.k = size;
  for (int64_t *strides : {op.a_strides, op.b_strides, op.c_strides}) {
    strides[0] = size;
    strides[1] = 1;
  }
  return op;
}

/// Small numbers, all positive: neither infinities nor subnormal numbers, which may be slower.
static Region makeMatrix(const Ranks &ranks, int32_t dtype, int64_t size) {
  Region matrix = allocate(ranks, size * size * runtime::sizeOf(dtype), "a matrix");
  runtime::dispatchFloat(dtype, [&](auto *tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    auto *data = reinterpret_cast<T *>(matrix.data());
    for (int64_t i = 0; i < size * size; ++i)
      data[i] = runtime::convert<T>(static_cast<float>(1 + i % 7) / 64);
  });
  return matrix;
}

/// Calls what programs call, dchag_rt_matmul.
static Figure measureSize(const Ranks &ranks, int32_t dtype, int64_t size, const Effort &effort) {
  const dchag_matmul op = makeProduct(dtype, size);
  Region a = makeMatrix(ranks, dtype, size), b = makeMatrix(ranks, dtype, size);
  Region c = allocate(ranks, size * size * runtime::sizeOf(dtype), "a matrix");
  dchag_context context;
  std::vector<double> samples = sample(ranks, effort, [&] {
    dchag_rt_matmul(&context, 0, &op, a.data(), b.data(), nullptr, c.data());
    if (context.error)
      ranks.stop(context.error.message());
  });
  double edge = static_cast<double>(size);
  return bestRate(samples, 2 * edge * edge * edge,
                  runtime::format("%u samples, product of square matrices of size %lld",
                                  effort.repeats, static_cast<long long>(size)));
}

Figure mlir::dchag::bench::measureProducts(const Ranks &ranks, int32_t dtype,
                                           const Effort &effort) {
  // All sizes until a call takes this long. To stop where a size is slower than the one before
  // would let one disturbance decide.
  constexpr double longest = 0.5;
  constexpr int64_t smallest = 128;
  Figure best;
  for (int64_t size = smallest; size <= effort.largestSize; size *= 2) {
    double edge = static_cast<double>(size);
    if (2 * edge * edge * edge > longest * best.value && best.value > 0)
      break;
    Figure figure = measureSize(ranks, dtype, size, effort);
    if (figure.value > best.value)
      best = std::move(figure);
  }
  return best;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// An ordinary loop, as kernels of programs are: no stores that bypass the caches.
static void runTriad(double *a, const double *b, const double *c, int64_t count) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < count; ++i)
    a[i] = b[i] + 3.0 * c[i];
}

Figure mlir::dchag::bench::measureMemory(const Ranks &ranks, const Effort &effort) {
  // The three arrays of all ranks of a host together are four times its last-level cache.
  long cache = 0;
  if (effort.exceedsCache)
    for (int name : {_SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE, _SC_LEVEL4_CACHE_SIZE})
      cache = std::max(cache, sysconf(name));
  int64_t bytes = std::max<int64_t>(effort.arrayBytes, 4 * cache / 3 / ranks.ranksHere());
  int64_t count = bytes / static_cast<int64_t>(sizeof(double));
  Region regions[3];
  for (Region &region : regions)
    region = allocate(ranks, count * static_cast<int64_t>(sizeof(double)), "an array");
  double *arrays[3];
  llvm::transform(regions, arrays,
                  [](Region &region) { return reinterpret_cast<double *>(region.data()); });
  // Pages belong to the memory beside the core that writes first.
  runTriad(arrays[1], arrays[2], arrays[0], count);
  runTriad(arrays[2], arrays[1], arrays[0], count);
  std::vector<double> samples =
      sample(ranks, effort, [&] { runTriad(arrays[0], arrays[1], arrays[2], count); });
  return bestRate(samples, 3.0 * sizeof(double) * static_cast<double>(count),
                  runtime::format("%u samples, a[i] = b[i] + s c[i] on arrays of %lld MiB",
                                  effort.repeats, static_cast<long long>(bytes >> 20)));
}

//===----------------------------------------------------------------------===//
// Network
//===----------------------------------------------------------------------===//

/// Samples of a gather of `bytes` from each rank of the group.
static std::vector<double> sampleGather(const Ranks &ranks, const Comm &group, int64_t bytes,
                                        const Effort &effort) {
  Region src = allocate(ranks, bytes, "a message");
  Region dst = allocate(ranks, bytes * group.ops->size(group.comm), "messages");
  return sample(ranks, effort, [&] { ranks.gather(group, src.data(), dst.data(), bytes); });
}

/// The median: waiting for each other is part of it, and a lucky sample is not what programs see.
static double median(llvm::ArrayRef<double> samples) { return samples[samples.size() / 2]; }

Figure mlir::dchag::bench::measureLatency(const Ranks &ranks, const Comm &group,
                                          const Effort &effort) {
  constexpr int64_t bytes = 8;
  int size = group.ops->size(group.comm);
  double rounds = llvm::Log2_64_Ceil(size);
  std::vector<double> samples = sampleGather(ranks, group, bytes, effort);
  return {
      median(samples) / rounds, samples.front() / rounds, samples.back() / rounds,
      runtime::format("median of %u samples, a round of a gather of %lld bytes by %s on %d ranks",
                      effort.repeats, static_cast<long long>(bytes), ranks.commName(), size)};
}

Figure mlir::dchag::bench::measureBandwidth(const Ranks &ranks, const Comm &group,
                                            const Effort &effort) {
  int size = group.ops->size(group.comm);
  constexpr int64_t least = 64 << 10; // or the latency would count on many ranks
  int64_t bytes = std::max(effort.messageBytes / size, least);
  std::vector<double> samples = sampleGather(ranks, group, bytes, effort);
  double sent = static_cast<double>(bytes) * (size - 1);
  return {
      sent / median(samples), sent / samples.back(), sent / samples.front(),
      runtime::format("median of %u samples, a gather of %lld KiB from each rank by %s on %d ranks",
                      effort.repeats, static_cast<long long>(bytes >> 10), ranks.commName(), size)};
}
