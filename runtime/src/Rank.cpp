//===- Rank.cpp - the life of one rank --------------------------*- C++ -*-===//

#include "Rank.h"
#include "OpenMp.h"
#include "Text.h"

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <omp.h>

using namespace dchag::rt;

std::string Rank::where() const {
  std::string text = format("%s: rank %d of %d%s", program.name, rank, size, phase.load());
  if (step >= 0)
    text += format(", step %lld", static_cast<long long>(step));
  if (repetition >= 0)
    text += format(", repetition %lld", static_cast<long long>(repetition));
  return text;
}

std::string Rank::whereNow() const {
  const char *collective = context.collective;
  return where() + ", " + (collective ? collective : "between collectives");
}

static const char agreement[] = "agreement of all ranks";

/// The message of a failed collective begins with the collective.
const char *Rank::separator() const { return context.poisoned ? ", " : ": "; }

/// Finds the lowest of the ranks that give true, INT_MAX if none does. False if ranks can no longer
/// communicate, maybe because of `error`.
bool Rank::findLowest(bool isMine, const Error &error, int32_t &lowest) {
  int32_t mine = isMine ? rank : INT_MAX;
  lowest = INT_MAX;
  context.collective = agreement;
  if (context.poisoned ||
      world.ops->all_reduce(world.comm, nullptr, &mine, &lowest, 1, DCHAG_I32, DCHAG_MIN)) {
    broken = true;
    report = where() + (error ? separator() + error.message()
                              : format(", %s: %s", agreement, world.ops->last_error(world.comm)));
    report += "; stopping all ranks";
    return false;
  }
  context.collective = nullptr;
  return true;
}

/// True if no rank failed. Otherwise the lowest rank that did has printed its line.
bool Rank::agree(Error error) {
  int32_t lowest;
  if (!findLowest(bool(error), error, lowest))
    return false;
  if (error && lowest == rank) {
    std::fflush(stdout);
    printLine(stderr, where() + separator() + error.message());
  }
  return lowest == INT_MAX;
}

/// Something that does not end the run: the lowest rank prints its line. `any` is whether a rank
/// has one; false if ranks can no longer communicate.
bool Rank::warn(const Error &error, bool &any) {
  int32_t lowest;
  if (!findLowest(bool(error), Error::success(), lowest))
    return false;
  if (error && lowest == rank)
    printLine(stderr, where() + ": warning: " + error.message());
  any = lowest != INT_MAX;
  return true;
}

/// Gives this rank its share of the cores that it may run on, unless the user chose.
void Rank::chooseThreads() {
  Seat mine = findSeat();
  std::vector<Seat> seats(size);
  context.collective = agreement;
  if (world.ops->all_gather(world.comm, nullptr, &mine, seats.data(), sizeof(Seat)))
    return; // the next agreement reports it
  dchag::rt::chooseThreads(mine, seats);
}

Error Rank::setUp() {
  if (early)
    return std::move(early);
  if (Error error = checkCpu(program))
    return error;
  int64_t ranks = size, wanted = meshSize(program);
  if (ranks != wanted)
    return failure("started on %lld %s, built for %s (%lld %s): start it with mpirun -n %lld, "
                   "srun --mpi=pmix or WORLD_SIZE=%lld, or with --comm threads in one process",
                   static_cast<long long>(ranks), ranks == 1 ? "rank" : "ranks",
                   meshText(program).c_str(), static_cast<long long>(wanted),
                   wanted == 1 ? "rank" : "ranks", static_cast<long long>(wanted),
                   static_cast<long long>(wanted));
  return Error::success();
}

Error Rank::openFiles() {
  if (Error error = weights.open(options.weights, program))
    return error;
  if (Error error = inputs.open(program, *options.entry, options.inputs))
    return error;
  if (!options.output.empty() && rank == 0)
    return outputs.create(program, *options.entry, options.output, inputs.batches);
  return Error::success();
}

/// Sends the tag of the unfinished files to all ranks.
Error Rank::shareTag() {
  if (options.output.empty())
    return Error::success();
  constexpr size_t most = 64;
  char mine[most] = "";
  std::snprintf(mine, most, "%s", outputs.tag().c_str());
  std::vector<char> all(most * size);
  context.collective = agreement;
  if (world.ops->all_gather(world.comm, nullptr, mine, all.data(), most)) {
    context.poisoned = true;
    return failure("%s: %s", agreement, world.ops->last_error(world.comm));
  }
  return rank == 0 ? Error::success()
                   : outputs.join(program, *options.entry, options.output, all.data());
}

/// Reads the weights, without those that are for preparation only if that is done.
Error Rank::load() {
  bool prepares = prepared != Prepared::cached;
  if (prepares)
    if (Error error = buffers.allocateLoaded(program, *options.entry, context.device))
      return error;
  if (Error error = buffers.load(program, context, weights))
    return error;
  return arena.allocate(
      context.device,
      planMemory(program, *options.entry, omp_get_max_threads(), prepares).loadArena,
      "scratch for preparing weights");
}

/// Collects the hashes of the weights of all ranks, and makes this rank's key of them.
Error Rank::shareKey() {
  Digest mine = {};
  Error error = cache.hashWeights(program, context, weights, mine);
  std::vector<Digest> all(size);
  context.collective = agreement;
  if (world.ops->all_gather(world.comm, nullptr, mine.data(), all.data(), sizeof(mine))) {
    context.poisoned = true;
    return failure("%s: %s", agreement, world.ops->last_error(world.comm));
  }
  cache.setKey(program, context, all);
  return error;
}

/// Takes what the entry points at load compute from the cache if all ranks find their files. Ranks
/// may exchange data there, so that all run them, or none.
bool Rank::restore() {
  bool isUnusable;
  if (!warn(cache.open(program, options.cache), isUnusable))
    return false;
  if (isUnusable)
    return true;
  usesCache = true;
  if (!agree(shareKey()))
    return false;
  bool found = false;
  // Each rank has a file of its own: so each of them reports what it found.
  if (Error error = cache.read(program, buffers.table, found))
    printLine(stderr, where() + ": warning: " + error.message());
  int32_t lowest;
  if (!findLowest(!found, Error::success(), lowest))
    return false;
  isStored = found;
  if (lowest == INT_MAX)
    prepared = Prepared::cached;
  return true;
}

/// Writes the file of a rank that has found none. A run does not depend on it.
bool Rank::store() {
  bool isIncomplete;
  return warn(isStored ? Error::success() : cache.write(program, buffers.table, rank),
              isIncomplete);
}

bool Rank::loadAndPrepare() {
  if (!agree(buffers.allocate(program, *options.entry, context.device)))
    return false;
  if (preparedBuffers(program).empty())
    prepared = Prepared::none;
  else if (!options.cache.empty() && !restore())
    return false;
  if (!agree(load()))
    return false;
  phase = ", preparing weights";
  if (prepared != Prepared::cached && !prepare(/*again=*/false))
    return false;
  phase = "";
  arena.release();
  buffers.releaseLoaded(program);
  // Before the first step, which may update what was prepared.
  return !usesCache || prepared == Prepared::cached || store();
}

Error Rank::call(const dchag_entry_point &entry) {
  entry.function(&context, buffers.table.data(), arena.data());
  return std::move(context.error);
}

/// Runs the entry points at load; or `again`, those that depend on parameters that a step may have
/// updated.
bool Rank::prepare(bool again) {
  for (int32_t e = 0; e < program.num_entries; ++e) {
    const dchag_entry_point &entry = program.entries[e];
    bool runs = again ? runsAgain(program, entry) : entry.time == DCHAG_AT_LOAD;
    if (runs && !agree(call(entry)))
      return false;
  }
  return true;
}

/// All steps with their inputs and outputs. The first of several repetitions is not timed.
bool Rank::steps() {
  using Clock = std::chrono::steady_clock;
  int64_t runs = options.repeat > 1 ? options.repeat + 1 : 1;
  const dchag_entry_point *end = program.entries + program.num_entries;
  bool preparesAgain = std::any_of(program.entries, end, [&](const dchag_entry_point &entry) {
    return runsAgain(program, entry);
  });
  bool updated = false;
  for (step = 0; step < inputs.batches.steps(); ++step) {
    inputs.fill(program, context, step, buffers.table);
    if (!agree(Error::success()))
      return false;
    for (int64_t run = 0; run < runs; ++run) {
      repetition = runs > 1 ? run : -1;
      auto begin = Clock::now();
      // Not after the last step: nothing would use it.
      if (updated && preparesAgain && !prepare(/*again=*/true))
        return false;
      updated = true;
      if (!agree(call(*options.entry)))
        return false;
      std::chrono::duration<double, std::milli> time = Clock::now() - begin;
      if (runs == 1 || run > 0)
        stepTimes.push_back(time.count());
    }
    repetition = -1;
    if (!options.output.empty() &&
        !agree(outputs.write(program, context, inputs.batches, step, buffers.table)))
      return false;
  }
  step = -1;
  return true;
}

bool Rank::writeOutputs() {
  if (options.output.empty())
    return true;
  if (!agree(outputs.sync()))
    return false;
  if (!agree(rank == 0 ? outputs.commit() : Error::success()))
    return false;
  outputs.keep();
  if (rank == 0)
    std::fputs(outputs.renamed(program).c_str(), stdout);
  return true;
}

void Rank::printResult() {
  int64_t mine = peakResidentBytes(), largest = mine;
  context.collective = agreement;
  if (world.ops->all_reduce(world.comm, nullptr, &mine, &largest, 1, DCHAG_I64, DCHAG_MAX))
    largest = mine;
  if (rank != 0)
    return;
  std::sort(stepTimes.begin(), stepTimes.end());
  size_t count = stepTimes.size();
  double median = count == 0 ? 0 : (stepTimes[(count - 1) / 2] + stepTimes[count / 2]) / 2;
  PlannedMemory memory =
      planMemory(program, *options.entry, omp_get_max_threads(), prepared != Prepared::cached);
  static const char *const names[] = {"computed", "cached", "none"};
  std::printf("step_ms=%.3f steps=%zu planned_peak_MiB=%.1f peak_rank_MiB=%.1f prepare=%s\n",
              median, count, memory.peak() / 1048576.0, largest / 1048576.0,
              names[static_cast<int>(prepared)]);
}

bool Rank::phases() {
  if (!agree(setUp()))
    return false;
  chooseThreads();
  context.collective = "making groups of ranks";
  if (!agree(context.open(program, world)))
    return false;
  if (!agree(openFiles()))
    return false;
  if (!agree(shareTag()))
    return false;
  if (!loadAndPrepare())
    return false;
  if (!agree(arena.allocate(context.device,
                            planMemory(program, *options.entry, omp_get_max_threads()).arena,
                            "scratch of a step")))
    return false;
  if (!steps() || !writeOutputs())
    return false;
  printResult();
  return true;
}

int Rank::run() { return phases() ? 0 : 1; }
