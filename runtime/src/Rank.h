//===- Rank.h - the life of one rank ----------------------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_RANK_H
#define DCHAG_RUNTIME_RANK_H

#include "Cache.h"
#include "Options.h"
#include "Outputs.h"

namespace dchag::rt {

/// One rank from its command line to its outputs. Work is cut into phases; after each the
/// ranks agree whether all of them got through, and if not, the lowest one that failed
/// prints its line and all end.
class Rank {
public:
  Rank(const dchag_program &program, const Options &options, Error early, Comm world)
      : program(program), options(options), early(std::move(early)), world(world),
        rank(world.ops->rank(world.comm)), size(world.ops->size(world.comm)) {}

  /// The exit code. True `broken` means that the ranks can no longer talk, and `report` is
  /// this rank's line, not printed yet: which rank, which step, which collective, and why.
  int run();
  bool broken = false;
  std::string report;
  /// Where this rank is, with the collective or "between collectives". Any thread may ask.
  std::string whereNow() const;

private:
  bool phases();
  Error setUp();
  Error openFiles();
  Error load();
  bool loadAndPrepare();
  bool restore();
  Error shareKey();
  bool store();
  Error call(const dchag_entry_point &entry);
  bool prepare(bool again);
  bool steps();
  bool writeOutputs();
  void printResult();
  bool agree(Error error);
  bool findLowest(bool isMine, const Error &error, int32_t &lowest);
  bool warn(const Error &error, bool &any);
  void chooseThreads();
  Error shareTag();
  std::string where() const;
  const char *separator() const;

  const dchag_program &program;
  const Options &options;
  Error early;
  Comm world;
  const int rank, size;
  dchag_context context;
  Weights weights;
  Inputs inputs;
  Buffers buffers;
  Outputs outputs;
  Cache cache;
  bool usesCache = false, isStored = false; ///< whether the file of this rank is there
  /// What became of the entry points at load.
  enum class Prepared { computed, cached, none } prepared = Prepared::computed;
  DeviceMemory arena; ///< first for what runs at load, then for the steps
  std::vector<double> stepTimes;
  std::atomic<const char *> phase{""};
  std::atomic<int64_t> step{-1}, repetition{-1};
};

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_RANK_H
