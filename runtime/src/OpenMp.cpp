//===- OpenMp.cpp - threads of a rank ---------------------------*- C++ -*-===//
//
// libomp reads its variables at its first use and ends the process where it cannot do with a
// value: by failed assertions, or because the system has no resources for so many threads. Whether
// it does is tried in a child process, unless only a usual number of threads is set.
//
//===----------------------------------------------------------------------===//

#include "OpenMp.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <omp.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern char **environ;

using namespace dchag::rt;

/// Up to so many threads are taken without a trial.
static constexpr long usualThreads = 64;
/// A runtime that hangs on its variables is no better than one that aborts.
static constexpr unsigned trialSeconds = 30;

/// Positive numbers with commas between them, one for each level of nesting; the largest in `most`.
static bool isThreadList(const char *text, long &most) {
  most = 0;
  for (const char *at = text;; ++at) {
    at += std::strspn(at, " \t");
    size_t digits = std::strspn(at, "0123456789");
    errno = 0;
    long value = std::strtol(at, nullptr, 10);
    if (digits == 0 || value <= 0 || errno != 0)
      return false;
    most = std::max(most, value);
    at += digits;
    at += std::strspn(at, " \t");
    if (*at != ',')
      return *at == '\0';
  }
}

/// The variables that libomp may read.
static std::vector<std::string> listVariables() {
  std::vector<std::string> names;
  for (char **entry = environ; *entry; ++entry)
    for (const char *prefix : {"OMP_", "KMP_", "GOMP_", "LIBOMP_"})
      if (std::strncmp(*entry, prefix, std::strlen(prefix)) == 0)
        names.push_back(std::string(*entry, std::strcspn(*entry, "=")));
  return names;
}

/// libomp keeps a note of itself in shared memory, or in /tmp if that is not possible, under the
/// number of its process, which a process that is killed or that may not write leaves behind. One
/// of an earlier process with our number, still empty, would end this one.
static void removeStaleNotes() {
  std::string name =
      "/__KMP_REGISTERED_LIB_" + std::to_string(getpid()) + "_" + std::to_string(getuid());
  shm_unlink(name.c_str());
  unlink(("/tmp" + name).c_str());
}

/// What the child does: starts the runtime and all of its threads.
[[noreturn]] static void useThreads() {
  int sum = 0;
#pragma omp parallel reduction(+ : sum)
  sum += omp_get_thread_num();
  _exit(sum >= 0 ? 0 : 1);
}

/// Whether OpenMP works with the environment without variable `omitted`; `said` is the first line
/// of an error that it printed.
static bool tryThreads(const char *omitted, std::string &said) {
  int ends[2];
  if (pipe(ends) != 0)
    return true;
  pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    if (omitted)
      unsetenv(omitted);
    alarm(trialSeconds);
    removeStaleNotes();
    useThreads();
  }
  close(ends[1]);
  std::string text;
  char part[1024];
  for (ssize_t count; child > 0 && (count = read(ends[0], part, sizeof(part))) != 0;)
    if (count > 0)
      text.append(part, count);
    else if (errno != EINTR)
      break;
  close(ends[0]);
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  if (status == 0)
    return true;
  size_t at = text.find("OMP: Error");
  said = text.substr(at == std::string::npos ? 0 : at);
  said.resize(std::min(said.find('\n'), said.size()));
  if (said.empty())
    said = WIFSIGNALED(status) ? format("ends by signal %d", WTERMSIG(status)) : "fails";
  return false;
}

Error dchag::rt::checkOpenMpEnvironment() {
  removeStaleNotes();
  long threads = 0;
  const char *text = std::getenv("OMP_NUM_THREADS");
  if (text && text[std::strspn(text, " \t")] == '\0') {
    unsetenv("OMP_NUM_THREADS");
    text = nullptr;
  }
  if (text && !isThreadList(text, threads))
    return failure("OMP_NUM_THREADS is \"%s\", wanted the number of threads of a rank: correct it, "
                   "or unset it",
                   text);
  std::vector<std::string> names = listVariables();
  std::string said, ignored;
  if (names.size() <= (text ? 1u : 0u) && threads <= usualThreads)
    return Error::success();
  if (tryThreads(nullptr, said))
    return Error::success();
  // The one without which all is well, or all of them.
  std::string blamed, all;
  for (const std::string &name : names) {
    std::string setting = name + "=" + std::getenv(name.c_str());
    all += (all.empty() ? "" : ", ") + setting;
    if (blamed.empty() && tryThreads(name.c_str(), ignored))
      blamed = setting;
  }
  return failure("OpenMP cannot start its threads with %s (%s): correct or unset what is in the "
                 "environment",
                 (blamed.empty() ? all : blamed).c_str(), said.c_str());
}

Seat dchag::rt::findSeat() {
  Seat seat;
  char name[256] = "";
  gethostname(name, sizeof(name) - 1);
  seat.host = std::hash<std::string>()(name);
  CPU_ZERO(&seat.cores);
  if (sched_getaffinity(0, sizeof(seat.cores), &seat.cores) != 0)
    CPU_SET(0, &seat.cores);
  return seat;
}

void dchag::rt::chooseThreads(const Seat &mine, const std::vector<Seat> &seats) {
  double share = 0;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &mine.cores))
      continue;
    int users = 0;
    for (const Seat &seat : seats)
      users += seat.host == mine.host && CPU_ISSET(core, &seat.cores);
    share += 1.0 / std::max(users, 1);
  }
  if (!std::getenv("OMP_NUM_THREADS"))
    omp_set_num_threads(std::max(1, static_cast<int>(share + 1e-6)));
  // With more ranks than cores a thread that spins takes the core from one that works.
  if (share < 1 - 1e-6 && !std::getenv("KMP_BLOCKTIME") && !std::getenv("OMP_WAIT_POLICY"))
    kmp_set_blocktime(0);
}
