//===- Unfinished.cpp - files that go with the process ----------*- C++ -*-===//

#include "Unfinished.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace dchag::rt;

namespace {
/// Entries are never unlinked, so that a signal handler may traverse them at any time.
struct Entry {
  char *path;
  std::atomic<bool> noted{true};
  Entry *next;
};
} // namespace

static std::atomic<Entry *> first{nullptr};

void dchag::rt::noteUnfinished(const std::string &path) {
  auto *entry = new Entry;
  entry->path = strdup(path.c_str());
  entry->next = first;
  while (!first.compare_exchange_weak(entry->next, entry))
    ;
}

void dchag::rt::forgetUnfinished() {
  for (Entry *entry = first; entry; entry = entry->next)
    entry->noted = false;
}

void dchag::rt::removeUnfinished() {
  for (Entry *entry = first; entry; entry = entry->next)
    if (entry->noted)
      unlink(entry->path);
}

static void endBySignal(int signal) {
  removeUnfinished();
  std::signal(signal, SIG_DFL);
  raise(signal);
}

void dchag::rt::removeUnfinishedOnSignals() {
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGPIPE, SIGALRM, SIGABRT, SIGSEGV,
                     SIGBUS, SIGILL}) {
    struct sigaction action = {};
    if (sigaction(signal, nullptr, &action) != 0 || action.sa_handler != SIG_DFL)
      continue;
    action.sa_handler = endBySignal;
    sigaction(signal, &action, nullptr);
  }
}
