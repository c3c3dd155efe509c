//===- Runner.cpp - runs a program on its ranks -----------------*- C++ -*-===//

#include "Runner.h"
#include "OpenMp.h"
#include "Rank.h"
#include "Text.h"
#include "Unfinished.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <pthread.h>
#include <unistd.h>

using namespace dchag::rt;

/// Stack of a rank that is a thread; unused pages take no memory.
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
  std::atomic<bool> broken{false}; ///< the rank has ended and left its report
  int code = 1;
};

/// What a thread of the communicator needs to end this process: the position of its rank.
struct Ending {
  const dchag_program &program;
  const Launch &launch;
  std::mutex mutex;
  const Rank *rank = nullptr; ///< while it lives
  std::string place;          ///< when it does not
};

} // namespace

/// The `stop` of an adapter. Does not flush: the thread of the rank may hold locks.
static void endProcess(void *data, const char *reason) {
  auto &ending = *static_cast<Ending *>(data);
  std::lock_guard<std::mutex> lock(ending.mutex);
  std::string where = ending.rank
                          ? ending.rank->whereNow()
                          : format("%s: rank %ld of %ld%s", ending.program.name, ending.launch.rank,
                                   ending.launch.size, ending.place.c_str());
  dprintf(STDERR_FILENO, "%s: %s; stopping all ranks\n", where.c_str(), reason);
  removeUnfinished();
  _exit(1);
}

/// Explains a trap of the processor; set once, before there are ranks.
static Ending *trapped = nullptr;

/// The only trap that compiled code can cause. It is in a loop of the model, where no lock is held
/// that `whereNow` could wait for.
static void explainDivision(int) {
  std::string where = trapped->rank ? trapped->rank->whereNow() : trapped->program.name;
  dprintf(STDERR_FILENO,
          "%s: an integer was divided by 0: dchag-opt --emit=run says by which node; stopping all "
          "ranks\n",
          where.c_str());
  removeUnfinished();
  _exit(1);
}

static void *runThread(void *data) {
  auto *self = static_cast<RankThread *>(data);
  self->code = self->rank.run();
  // Wakes ranks that wait for this one.
  if (self->rank.broken)
    self->comm.ops->abort(self->comm.comm, 1);
  self->broken = self->rank.broken;
  return nullptr;
}

/// Starts a rank; if that fails, the others do not wait for it.
static void startThread(RankThread &rank, const char *name) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, stackBytes);
  rank.started = pthread_create(&rank.thread, &attributes, runThread, &rank) == 0;
  pthread_attr_destroy(&attributes);
  if (rank.started)
    return;
  printLine(stderr, std::string(name) + ": cannot start a thread for every rank: use mpirun");
  rank.comm.ops->abort(rank.comm.comm, 1);
}

/// Waits for a rank. After another one has found that they cannot communicate any more, for five
/// seconds at most: this rank may never come to its next collective.
static bool joinThread(RankThread &rank, const std::vector<std::unique_ptr<RankThread>> &ranks) {
  constexpr int polls = 20, pollMilliseconds = 250;
  for (int waited = 0; waited < polls;) {
    timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += pollMilliseconds * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    if (pthread_timedjoin_np(rank.thread, nullptr, &until) == 0)
      return true;
    for (const auto &other : ranks)
      if (other->broken) {
        ++waited;
        break;
      }
  }
  return false;
}

/// Ranks that could not agree any more stored their lines; prints the first of them.
static void printReport(const std::vector<std::unique_ptr<RankThread>> &ranks) {
  for (const auto &rank : ranks)
    if (rank->broken) {
      printLine(stderr, rank->rank.report);
      return;
    }
}

static int runThreads(const dchag_program &program, const Options &options, const Error &early) {
  std::vector<std::unique_ptr<RankThread>> ranks;
  for (const Comm &comm : openThreads(static_cast<int>(meshSize(program)), options.timeout))
    ranks.push_back(std::make_unique<RankThread>(program, options, early, comm));
  for (auto &rank : ranks) {
    startThread(*rank, program.name);
    if (!rank->started)
      break;
  }
  int code = 0;
  for (auto &rank : ranks) {
    if (rank->started && !joinThread(*rank, ranks)) {
      printReport(ranks);
      std::fflush(nullptr);
      removeUnfinished();
      _exit(1);
    }
    code |= rank->code;
  }
  printReport(ranks);
  for (auto &rank : ranks)
    rank->comm.ops->close(rank->comm.comm);
  return code;
}

/// The exit code after everything was printed: not 0 if printing failed.
static int finishOutput(const dchag_program &program, int code) {
  errno = 0;
  if (std::fflush(stdout) == 0 && !std::ferror(stdout))
    return code;
  std::fprintf(stderr, "%s: cannot write to the standard output (%s): check where it leads\n",
               program.name, errno ? systemReason().c_str() : "a write failed");
  return code ? code : 1;
}

static int runProcess(const dchag_program &program, const Options &options, const Error &early,
                      Comm world, Ending &ending) {
  int code = 1;
  auto setRank = [&](const Rank *rank) {
    std::lock_guard<std::mutex> lock(ending.mutex);
    ending.rank = rank;
  };
  {
    Rank rank(program, options, early, world);
    setRank(&rank);
    code = rank.run();
    if (rank.broken) {
      printLine(stderr, rank.report);
      std::fflush(nullptr);
      // Others may still write into buffers of this rank: it ends without destructors.
      removeUnfinished();
      world.ops->abort(world.comm, 1);
    }
    setRank(nullptr);
  }
  ending.place = ", at the end of the program";
  code = finishOutput(program, code);
  world.ops->close(world.comm);
  return code;
}

/// A rank that cannot open its communicator reports the error itself. MPI's launcher ends all ranks
/// when the first one fails, so other ranks wait a moment before they repeat its message.
static int failAlone(const dchag_program &program, const Launch &launch, const Error &error) {
  if (launch.kind == Launch::Kind::mpi && launch.rank > 0)
    sleep(3);
  long size = launch.launched() ? launch.size : 1;
  printLine(stderr, format("%s: rank %ld of %ld: %s", program.name, launch.rank, size,
                           error.message().c_str()));
  return 1;
}

static std::string chooseComm(const dchag_program &program, const Options &options,
                              const Launch &launch) {
  if (options.comm != "auto")
    return options.comm;
  bool single = launch.size == 1 && meshSize(program) == 1;
  if (!launch.launched() || single)
    return "self";
  return launch.kind == Launch::Kind::mpi ? "mpi" : "tcp";
}

/// A number that all ranks of one job have in common, from the program and the command line, so
/// that two jobs at one port do not accept each other's ranks.
static uint64_t identityOf(const dchag_program &program, int argc, const char *const *argv) {
  uint64_t hash = 0xcbf29ce484222325ull;
  auto add = [&](const std::string &text) {
    for (size_t i = 0; i <= text.size(); ++i) // with the zero at the end
      hash = (hash ^ static_cast<unsigned char>(text.c_str()[i])) * 0x100000001b3ull;
  };
  add(describeProgram(program));
  for (int i = 1; i < argc; ++i)
    add(argv[i]);
  return hash;
}

/// Opens the communicator of all processes. With TCP, ranks that cannot belong to the program are
/// refused before ranks wait for each other.
static Error openProcesses(const dchag_program &program, const std::string &kind,
                           const dchag_comm_options &options, Comm &world) {
  if (kind == "tcp") {
    TcpLaunch launch;
    if (Error error = readTcpLaunch(launch))
      return error;
    if (launch.size != meshSize(program))
      return failure(
          "WORLD_SIZE is %d, but the program was built for %s (%lld %s): start it with "
          "WORLD_SIZE=%lld",
          launch.size, meshText(program).c_str(), static_cast<long long>(meshSize(program)),
          meshSize(program) == 1 ? "rank" : "ranks", static_cast<long long>(meshSize(program)));
  }
  return openAdapter(kind == "tcp" ? "gloo" : kind, options, world);
}

int dchag::rt::runMain(const dchag_program &program, int argc, const char *const *argv) {
  // An output above the limit of file sizes is reported as an error, instead of a silent end.
  std::signal(SIGXFSZ, SIG_IGN);
  removeUnfinishedOnSignals();
  Launch launch = readLaunch();
  if (Error error = checkProgram(program)) {
    // Nothing else of the program may be read, not even its name.
    printLine(stderr, "dchag: " + error.message());
    return 1;
  }
  Options options;
  std::string help;
  Error early = parseOptions(program, argc, argv, options, help);
  if (!early && (options.help || options.describe)) {
    if (launch.rank == 0)
      std::printf("%s\n", options.help ? (help + "\n" + modelText(program, *options.entry)).c_str()
                                       : describeProgram(program).c_str());
    return finishOutput(program, 0);
  }
  std::string kind =
      early ? chooseComm(program, Options(), launch) : chooseComm(program, options, launch);
  if (!early)
    early = checkOpenMpEnvironment();
  Ending ending{program, launch, {}, nullptr, ""};
  trapped = &ending;
  std::signal(SIGFPE, explainDivision);
  if (kind == "threads")
    return finishOutput(program, runThreads(program, options, early));
  Comm world = openSelf();
  dchag_comm_options common = {DCHAG_RT_ABI_VERSION,
                               sizeof(dchag_comm_options),
                               options.timeout,
                               program.name,
                               identityOf(program, argc, argv),
                               endProcess,
                               &ending};
  if (kind != "self")
    if (Error error = openProcesses(program, kind, common, world))
      return failAlone(program, launch, error);
  return runProcess(program, options, early, world, ending);
}
