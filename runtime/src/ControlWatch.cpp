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

/// How long a rank may go on computing after it was asked to stop, before it is ended.
static constexpr std::chrono::seconds grace(5);
/// How long to wait for the verdict of rank 0 after reporting a failure to it.
static constexpr double verdictSeconds = 2;
/// How long to try to send to rank 0.
static constexpr std::chrono::seconds sending(1);
/// How long rank 0 collects who waits for whom. Ranks that wait for one rank began before those
/// that wait for them, so that the reports arrive shortly after each other.
static constexpr std::chrono::milliseconds hearing(300);
/// The same if it asks all ranks: on a loaded machine answers take a while.
static constexpr std::chrono::seconds longHearing(1);

Error Control::watch(std::function<void()> onStop) {
  marksCalls = !onStop;
  stop = std::move(onStop);
  if (size() == 1)
    return Error::success();
  if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) != 0)
    return failure("cannot watch the other ranks (%s): free some descriptors",
                   systemReason().c_str());
  watcher = std::thread([this] { run(); });
  return Error::success();
}

/// Wakes the monitoring thread. The pipe never fills up: it is emptied at each turn.
void Control::wakeUp() {
  ssize_t count = write(wake[1], "", 1);
  (void)count;
}

/// Monitors until this rank closes. The mutex protects all state; `stop` is called without it.
void Control::run() {
  std::unique_lock<std::mutex> lock(mutex);
  bool stopped = false;
  while (!finished) {
    if (!decided.empty() && !stopped) {
      stopped = true;
      if (marksCalls)
        continue;
      lock.unlock();
      stop();
      lock.lock();
      continue;
    }
    // The mutex stays locked, so that the call cannot return before the process ends.
    if (!decided.empty() && (waitsFor || (!closing && Clock::now() >= lastMoment)))
      options.end(decided);
    if (decided.empty() && Clock::now() >= judgement)
      judge();
    if (decided.empty() && waitsFor)
      checkCall();
    std::vector<pollfd> waiting = {{wake[0], POLLIN, 0}};
    for (Connection &link : links)
      waiting.push_back({link.number(), POLLIN, 0});
    auto until = decided.empty() ? judgement : closing ? Clock::time_point::max() : lastMoment;
    until = std::min(until, Clock::now() + tick());
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

static std::string packRanks(uint32_t number, const std::vector<int> &ranks) {
  std::vector<int32_t> numbers(ranks.begin(), ranks.end());
  numbers.insert(numbers.begin(), static_cast<int32_t>(number));
  return std::string(reinterpret_cast<const char *>(numbers.data()), numbers.size() * 4);
}

static std::vector<int> unpackRanks(const std::string &text, uint32_t &number) {
  std::vector<int32_t> numbers(std::max<size_t>(text.size() / 4, 1));
  std::memcpy(numbers.data(), text.data(), text.size() / 4 * 4);
  number = static_cast<uint32_t>(numbers.front());
  return std::vector<int>(numbers.begin() + 1, numbers.end());
}

void Control::handle(int from, const Message &message) {
  uint32_t number = 0;
  if (message.type == messages::fail) {
    decide(message.text);
  } else if (message.type == messages::late) {
    std::vector<int> ranks = unpackRanks(message.text, number);
    noteLate(from, number, ranks);
  } else if (message.type == messages::ask) {
    unpackRanks(message.text, number);
    answer(number);
  } else if (message.type == messages::present)
    present[from] = message.text == "done" ? isDone : hasCome;
  else if (message.type == messages::patience)
    allowMoreTime();
  else if (message.type == messages::ready)
    ready[from] = 1;
  else if (message.type == messages::release)
    released = true;
  else if (message.type == messages::bye)
    left[from] = 1;
  advance();
}

/// The process of a rank has ended. Rank 0 reports it to the others, whose connections it has.
void Control::loseConnection(int from) {
  links[from].close();
  if (!left[from])
    decide(format("rank %d ended", from));
  left[from] = 1;
  advance();
}

/// Rank 0: notifies all ranks when the last one is ready, or has left.
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

/// The first reason is kept. That of rank 0 is sent to all.
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

void Control::noteLate(int accuser, uint32_t number, const std::vector<int> &ranks) {
  bool first = judgement == Clock::time_point::max();
  accusers[accuser] = 1;
  for (int rank : ranks)
    if (rank >= 0 && rank < size())
      accused[rank] = 1;
  judgement = std::min(judgement, Clock::now() + (marksCalls ? longHearing : hearing));
  if (first && marksCalls) {
    reprieves = number == judgedNumber ? reprieves : 0;
    judgedNumber = number;
    broadcast(messages::ask, packRanks(number, {}));
    answer(number);
  }
  wakeUp();
}

/// Answers whether this rank waits, or has reached the call that another one waits in.
void Control::answer(uint32_t number) {
  auto reached = [&](uint32_t mine) { return static_cast<int32_t>(mine - number) >= 0; };
  char state = reached(lastDone) ? isDone : reached(calls) ? hasCome : unheard;
  if (rank() == 0 && waitsFor)
    noteLate(0, callNumber, *waitsFor);
  else if (rank() == 0)
    present[0] = state;
  else if (waitsFor)
    links[0].send(messages::late, packRanks(callNumber, *waitsFor), Clock::now() + sending);
  else if (state != unheard)
    links[0].send(messages::present, state == isDone ? "done" : "", Clock::now() + sending);
}

void Control::judge() {
  std::vector<int> absent, idle, all;
  for (int r = 0; r < size(); ++r) {
    if (accused[r])
      all.push_back(r);
    if (accused[r] && !accusers[r] && present[r] != isDone)
      idle.push_back(r);
    if (accused[r] && !accusers[r] && present[r] == unheard)
      absent.push_back(r);
  }
  if (marksCalls && idle.empty() && reprieve())
    return;
  const std::vector<int> &guilty = !absent.empty() ? absent : !idle.empty() ? idle : all;
  decide(lateText(guilty, options.timeout));
}

/// All ranks of the call have reached it, or are done: it takes long because it moves much data, or
/// the machines are loaded. The extension is limited: a network may fail silently.
bool Control::reprieve() {
  constexpr int most = 9;
  if (++reprieves > most)
    return false;
  for (std::vector<char> *flags : {&accusers, &accused, &present})
    flags->assign(size(), 0);
  judgement = Clock::time_point::max();
  broadcast(messages::patience, "");
  allowMoreTime();
  return true;
}

void Control::allowMoreTime() {
  callIsLate = false;
  callDeadline = deadline();
}

/// How often to check for a call that takes too long.
Clock::duration Control::tick() const {
  if (!marksCalls || options.timeout <= 0)
    return std::chrono::minutes(1);
  return std::chrono::milliseconds(
      static_cast<int64_t>(std::clamp(options.timeout * 1000 / 8, 20.0, 250.0)));
}

/// Reports a call that takes too long to rank 0, and decides without it if it does not answer.
void Control::checkCall() {
  if (Clock::now() < callDeadline)
    return;
  if (!callIsLate) {
    callIsLate = true;
    callDeadline = Clock::now() + std::chrono::milliseconds(int(verdictSeconds * 1000));
    if (rank() == 0)
      noteLate(0, callNumber, *waitsFor);
    else
      links[0].send(messages::late, packRanks(callNumber, *waitsFor), Clock::now() + sending);
    return;
  }
  decideAlone();
}

bool Control::enterCall(const std::vector<int> &ranks, uint32_t number) {
  std::lock_guard<std::mutex> lock(mutex);
  if (!decided.empty())
    return false;
  waitsFor = &ranks;
  callNumber = number;
  callIsLate = false;
  callDeadline = deadline();
  return true;
}

void Control::leaveCall(bool done) {
  std::lock_guard<std::mutex> lock(mutex);
  waitsFor = nullptr;
  if (done && static_cast<int32_t>(callNumber - lastDone) > 0)
    lastDone = callNumber;
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
      links[0].send(messages::fail, text, Clock::now() + sending);
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
      noteLate(0, 0, ranks);
    else if (decided.empty() && links[0].isOpen())
      links[0].send(messages::late, packRanks(0, ranks), Clock::now() + sending);
  }
  std::string common = verdict(verdictSeconds);
  if (!common.empty())
    return common;
  std::lock_guard<std::mutex> lock(mutex);
  decideAlone();
  return decided;
}

/// The monitoring thread of rank 0 answers at once, whatever rank 0 computes. If it does not, rank
/// 0 hangs, and all ranks wait for it.
void Control::decideAlone() { decide(lateText({0}, options.timeout)); }

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
