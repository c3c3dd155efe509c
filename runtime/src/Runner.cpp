//===- Runner.cpp - runs a program on its ranks -----------------*- C++ -*-===//

#include "Runner.h"
#include "Rank.h"

#include <cstdio>
#include <cstdlib>
#include <pthread.h>
#include <unistd.h>

using namespace dchag::rt;

/// Stack of a rank that is a thread; pages are taken when they are used.
static constexpr size_t stackBytes = 64 << 20;

namespace {

/// A rank that is a thread of this process.
struct RankThread {
  RankThread(const dchag_program &program, const Options &options, const Error &early, Comm comm)
      : rank(program, options, early, comm), comm(comm) {}

  Rank rank;
  Comm comm;
  pthread_t thread;
  bool started = false;
  int code = 1;
};

} // namespace

static void *runThread(void *data) {
  auto *self = static_cast<RankThread *>(data);
  self->code = self->rank.run();
  // Whoever still waits for this rank is woken.
  if (self->rank.broken)
    self->comm.ops->abort(self->comm.comm, 1);
  return nullptr;
}

/// Starts a rank; if that fails, the others are told not to wait for it.
static void startThread(RankThread &rank, const char *name) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stackBytes);
  rank.started = pthread_create(&rank.thread, &attributes, runThread, &rank) == 0;
  pthread_attr_destroy(&attributes);
  if (rank.started)
    return;
  std::fprintf(stderr, "%s: cannot start a thread for every rank: use mpirun\n", name);
  rank.comm.ops->abort(rank.comm.comm, 1);
}

static int runThreads(const dchag_program &program, const Options &options, const Error &early) {
  std::vector<std::unique_ptr<RankThread>> ranks;
  for (const Comm &comm : openThreads(static_cast<int>(meshSize(program))))
    ranks.push_back(std::make_unique<RankThread>(program, options, early, comm));
  for (auto &rank : ranks) {
    startThread(*rank, program.name);
    if (!rank->started)
      break;
  }
  int code = 0;
  bool reported = false;
  for (auto &rank : ranks) {
    if (rank->started)
      pthread_join(rank->thread, nullptr);
    code |= rank->code;
  }
  // Ranks that could not agree any more left their lines; the first of them is shown.
  for (auto &rank : ranks)
    if (rank->rank.broken && !reported) {
      std::fprintf(stderr, "%s\n", rank->rank.report.c_str());
      reported = true;
    }
  for (auto &rank : ranks)
    rank->comm.ops->close(rank->comm.comm);
  return code;
}

static int runProcess(const dchag_program &program, const Options &options, const Error &early,
                      Comm world) {
  int code = 1;
  {
    Rank rank(program, options, early, world);
    code = rank.run();
    if (rank.broken) {
      std::fprintf(stderr, "%s\n", rank.report.c_str());
      std::fflush(nullptr);
      world.ops->abort(world.comm, 1);
    }
  }
  std::fflush(nullptr);
  world.ops->close(world.comm);
  return code;
}

/// A rank that cannot even open its communicator speaks for itself. The launcher ends all
/// ranks when the first one fails, so ranks after the first wait a moment before they repeat
/// what it said.
static int failAlone(const dchag_program &program, const Launch &launch, const Error &error) {
  if (launch.launched && launch.rank > 0)
    sleep(3);
  if (launch.launched)
    std::fprintf(stderr, "%s: rank %ld of %ld: %s\n", program.name, launch.rank, launch.size,
                 error.message().c_str());
  else
    std::fprintf(stderr, "%s: rank 0 of 1: %s\n", program.name, error.message().c_str());
  return 1;
}

static std::string chooseComm(const dchag_program &program, const Options &options,
                              const Launch &launch) {
  if (options.comm != "auto")
    return options.comm;
  bool single = launch.size == 1 && meshSize(program) == 1;
  return launch.launched && !single ? "mpi" : "self";
}

int dchag::rt::runMain(const dchag_program &program, int argc, const char *const *argv) {
  Launch launch = readLaunch();
  Options options;
  std::string help;
  Error early = parseOptions(program, argc, argv, options, help);
  if (!early && (options.help || options.describe)) {
    if (launch.rank == 0)
      std::printf("%s\n", options.help ? (help + "\n" + modelText(program)).c_str()
                                       : describeProgram(program).c_str());
    return 0;
  }
  std::string kind =
      early ? chooseComm(program, Options(), launch) : chooseComm(program, options, launch);
  if (kind == "threads")
    return runThreads(program, options, early);
  Comm world = openSelf();
  if (kind != "self")
    if (Error error = openAdapter(kind, world))
      return failAlone(program, launch, error);
  return runProcess(program, options, early, world);
}
