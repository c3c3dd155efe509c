//===- ControlWatch.cpp - how processes watch each other --------*- C++ -*-===//

#include "Control.h"
#include "Text.h"

#include "ControlMessages.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

using namespace dchag::rt;

/// How long a rank that was told to stop may go on computing before it is ended.
static constexpr std::chrono::seconds grace(5);
/// How long to wait for the verdict of rank 0 after telling it of a failure.
static constexpr double verdictSeconds = 2;
/// How long rank 0 collects who waits for whom. All that wait for one rank have begun before
/// those that wait for them, so that little time lies between them.
static constexpr std::chrono::milliseconds hearing(300);

Error Control::watch(std::function<void()> onStop) {
  stop = std::move(onStop);
  if (size() == 1)
    return Error::success();
  if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
    return failure("cannot watch the other ranks (%s): free some descriptors",
                   systemReason().c_str());
  watcher = std::thread([this] { run(); });
  return Error::success();
}

/// Wakes the thread that watches. The pipe is never full: it is emptied at each turn.
void Control::wakeUp() {
  ssize_t count = write(wake[1], "", 1);
  (void)count;
}

/// Watches until this rank closes. All state is behind the mutex; `stop` is called outside.
void Control::run() {
  std::unique_lock<std::mutex> lock(mutex);
  bool told = false;
  while (!finished) {
    if (!decided.empty() && !told) {
      told = true;
      lock.unlock();
      stop();
      lock.lock();
      continue;
    }
    if (!decided.empty() && !closing && Clock::now() >= lastMoment)
      endLate();
    if (decided.empty() && Clock::now() >= judgement)
      judge();
    std::vector<pollfd> waiting = {{wake[0], POLLIN, 0}};
    for (Connection &link : links)
      waiting.push_back({link.number(), POLLIN, 0});
    auto until = decided.empty() ? judgement : closing ? Clock::time_point::max() : lastMoment;
    until = std::min(until, Clock::now() + std::chrono::minutes(1));
    lock.unlock();
    poll(waiting.data(), waiting.size(), millisecondsUntil(until));
    lock.lock();
    char bytes[64];
    while (read(wake[0], bytes, sizeof(bytes)) > 0)
      ;
    for (int r = 0; r < static_cast<int>(links.size()); ++r) {
      if (!links[r].isOpen())
        continue;
      bool alive = links[r].fill();
      Message message;
      while (links[r].take(message))
        handle(r, message);
      if (!alive || !links[r].isOpen())
        loseConnection(r);
    }
  }
}

static std::string packRanks(const std::vector<int> &ranks) {
  std::vector<int32_t> numbers(ranks.begin(), ranks.end());
  return std::string(reinterpret_cast<const char *>(numbers.data()), numbers.size() * 4);
}

static std::vector<int> unpackRanks(const std::string &text) {
  std::vector<int32_t> numbers(text.size() / 4);
  std::memcpy(numbers.data(), text.data(), numbers.size() * 4);
  return std::vector<int>(numbers.begin(), numbers.end());
}

void Control::handle(int from, const Message &message) {
  if (message.type == messages::fail)
    decide(message.text);
  else if (message.type == messages::late)
    noteLate(from, unpackRanks(message.text));
  else if (message.type == messages::ready)
    ready[from] = 1;
  else if (message.type == messages::release)
    released = true;
  else if (message.type == messages::bye)
    left[from] = 1;
  advance();
}

/// The process of a rank is gone. Rank 0 speaks for the others, whose connections it holds.
void Control::loseConnection(int from) {
  links[from].close();
  if (!left[from])
    decide(format("rank %d ended", from));
  left[from] = 1;
  advance();
}

/// Rank 0: tells all when the last one is ready, or has left.
void Control::advance() {
  auto all = [&](std::vector<char> &flags) {
    for (char flag : flags)
      if (!flag)
        return false;
    return true;
  };
  if (rank() == 0 && !released && all(ready)) {
    released = true;
    broadcast(messages::release, "");
  }
  changed.notify_all();
}

/// The first reason counts. Rank 0's are those of all.
void Control::decide(const std::string &text) {
  if (!decided.empty())
    return;
  decided = text;
  lastMoment = Clock::now() + grace;
  if (rank() == 0)
    broadcast(messages::fail, text);
  wakeUp();
  changed.notify_all();
}

void Control::noteLate(int accuser, const std::vector<int> &ranks) {
  accusers[accuser] = 1;
  for (int rank : ranks)
    if (rank >= 0 && rank < size())
      accused[rank] = 1;
  judgement = std::min(judgement, Clock::now() + hearing);
  wakeUp();
}

void Control::judge() {
  std::vector<int> guilty, all;
  for (int r = 0; r < size(); ++r) {
    if (accused[r])
      all.push_back(r);
    if (accused[r] && !accusers[r])
      guilty.push_back(r);
  }
  decide(lateText(guilty.empty() ? all : guilty, options.timeout));
}

void Control::endLate() {
  std::fflush(stdout);
  printLine(stderr, format("%s: rank %d of %d, between collectives: %s; stopping all ranks",
                           options.program.c_str(), rank(), size(), decided.c_str()));
  std::fflush(stderr);
  _exit(1);
}

Error Control::synchronise() {
  if (size() == 1)
    return Error::success();
  auto until = rank() == 0 ? deadline() : deadline() + std::chrono::seconds(2);
  std::unique_lock<std::mutex> lock(mutex);
  if (rank() == 0)
    ready[0] = 1;
  else
    links[0].send(messages::ready, "", until);
  advance();
  auto done = [&] { return released || !decided.empty(); };
  if (!changed.wait_until(lock, until, done)) {
    std::vector<int> late;
    for (int r = 0; r < size(); ++r)
      if (rank() == 0 && !ready[r])
        late.push_back(r);
    if (rank() != 0)
      late.push_back(0);
    decide(absent(late));
  }
  return decided.empty() ? Error::success() : failure("%s", decided.c_str());
}

std::string Control::verdict(double seconds) {
  std::unique_lock<std::mutex> lock(mutex);
  auto until = Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
  changed.wait_until(lock, until, [&] { return !decided.empty(); });
  return decided;
}

std::string Control::accuse(const std::string &text) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (decided.empty() && (rank() == 0 || !watcher.joinable()))
      decide(text);
    else if (decided.empty() && links[0].isOpen())
      links[0].send(messages::fail, text, Clock::now() + std::chrono::seconds(1));
  }
  std::string common = verdict(verdictSeconds);
  if (!common.empty())
    return common;
  std::lock_guard<std::mutex> lock(mutex);
  decide(rank() == 0 ? text : "rank 0 does not answer");
  return decided;
}

std::string Control::accuseLate(const std::vector<int> &ranks) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (decided.empty() && rank() == 0)
      noteLate(0, ranks);
    else if (decided.empty() && links[0].isOpen())
      links[0].send(messages::late, packRanks(ranks), Clock::now() + std::chrono::seconds(1));
  }
  std::string common = verdict(verdictSeconds);
  if (!common.empty())
    return common;
  // Rank 0 does not even answer, so if it is one of them, the others wait for it, too.
  bool silent = std::find(ranks.begin(), ranks.end(), 0) != ranks.end();
  std::lock_guard<std::mutex> lock(mutex);
  decide(lateText(silent ? std::vector<int>{0} : ranks, options.timeout));
  return decided;
}

void Control::close() {
  if (watcher.joinable()) {
    auto until = deadline();
    std::unique_lock<std::mutex> lock(mutex);
    closing = true;
    left[rank()] = 1;
    if (rank() == 0) {
      changed.wait_until(lock, until, [&] {
        for (char flag : left)
          if (!flag)
            return !decided.empty();
        return true;
      });
      broadcast(messages::bye, "");
    } else if (links[0].isOpen()) {
      links[0].send(messages::bye, "", until);
      changed.wait_until(lock, until, [&] { return left[0] || !decided.empty(); });
    }
    finished = true;
    wakeUp();
    lock.unlock();
    watcher.join();
  }
  for (Connection &link : links)
    link.close();
}
