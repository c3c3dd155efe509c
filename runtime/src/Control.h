//===- Control.h - how processes find and watch each other ------*- C++ -*-===//
//
// Every rank keeps one connection to rank 0, which listens at MASTER_ADDR:MASTER_PORT until all
// have connected. The addresses for the data are exchanged over it. Afterwards it is monitored: it
// closes when a process ends, whatever the reason, and a rank that gives up sends the reason.
//
//     rank 0: listen ... all ranks are here ... close the port      rank r: connect, say hello
//     rank 0: collect the addresses of all, hand them out           rank r: send, receive
//     rank 0: "rank 3 ended"  <-  end of the connection of rank 3, or what a rank reports
//     all:    the same verdict, so that all name the same rank
//
// Under MPI the same connections are used in addition to those of MPI, which exchanges the address
// of rank 0. A call of MPI can neither be interrupted nor report for which rank it waits. So a rank
// marks its calls (`enterCall`), the monitoring thread finds those that take too long, and rank 0
// asks all ranks which of them wait as well: the hanging rank is the one that does not answer.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_RUNTIME_CONTROL_H
#define DCHAG_RUNTIME_CONTROL_H

#include "Late.h"
#include "Launch.h"
#include "Sockets.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace dchag::rt {

class Control {
public:
  struct Options {
    TcpLaunch launch;
    double timeout = 0;    ///< seconds; 0: for ever
    uint64_t identity = 0; ///< equal for the ranks of one job
    /// Addresses at which rank 0 may be reached; empty: the address of `launch`.
    std::vector<std::string> addresses;
    /// Called from time to time while ranks connect; may be empty.
    std::function<void()> progress;
    /// Ends this process with a line with this reason; called by the monitoring thread.
    std::function<void(const std::string &reason)> end;
  };
  explicit Control(Options options);
  ~Control();

  /// Rank 0: starts to listen, at a free port if that of `launch` is 0; otherwise `meet` does so.
  Error listen();
  /// Connects all ranks: returns when each has connected, or with the reason why not.
  Error meet();
  /// Address of this machine at which the other ranks reach it.
  const std::string &address() const { return ownAddress; }
  /// Gives rank r what every rank wrote for it: `inbox[s]` is entry r of the outbox of rank s.
  /// Collective; the entries of all ranks have one size.
  Error exchange(const std::vector<std::string> &outbox, std::vector<std::string> &inbox);

  /// Starts monitoring. `stop` is called once, by another thread, when there is a verdict; without
  /// it calls cannot be interrupted, and are marked by `enterCall`. A process that does not end
  /// within five seconds after it is ended, with one line.
  Error watch(std::function<void()> stop);
  /// The number of the next call that all ranks make in the same order.
  uint32_t countCall() { return ++calls; }
  /// This thread enters call `number`, which waits for `ranks` and returns only when they come. If
  /// they do not come in time, or a verdict ends all ranks, the process is ended from inside of the
  /// call. Returns false, without entering the call, if there is a verdict already.
  bool enterCall(const std::vector<int> &ranks, uint32_t number);
  /// `done`: this rank has its result.
  void leaveCall(bool done = true);
  /// Waits until all ranks have called it. Only while monitored.
  Error synchronise();

  /// The reason why all ranks stop, empty if there is none. Waits up to `seconds` for one.
  std::string verdict(double seconds = 0);
  /// Makes all ranks stop for this reason. Returns the verdict, which may be an earlier one.
  std::string accuse(const std::string &text);
  /// The same for ranks that did not arrive in time. If several ranks wait, the verdict names those
  /// that do not wait themselves: rank 1 may wait for rank 2 only because that waits for rank 3.
  std::string accuseLate(const std::vector<int> &ranks);
  /// Closes all connections, after waiting until all ranks have called it, so that no rank loses a
  /// connection that it still reads.
  void close();

  Clock::time_point deadline() const;
  int rank() const { return options.launch.rank; }
  int size() const { return options.launch.size; }
  int port() const { return options.launch.port; }

private:
  Error gatherRanks();
  Error admit(Connection &connection, const Message &message);
  Error joinRanks();
  Error tryToJoin(const std::string &address, Clock::time_point until, std::string &reason);
  Clock::time_point nextTurn(Clock::time_point until);
  Error receive(int from, char type, std::string &text, Clock::time_point until);
  Error stopAll(Error error);
  void run();
  void handle(int from, const Message &message);
  void loseConnection(int from);
  void decide(const std::string &text);
  void noteLate(int accuser, uint32_t number, const std::vector<int> &ranks);
  void answer(uint32_t number);
  void judge();
  bool reprieve();
  void allowMoreTime();
  void checkCall();
  void broadcast(char type, const std::string &text);
  void advance();
  void decideAlone();
  Clock::duration tick() const;
  void wakeUp();
  std::vector<int> missingRanks() const;
  std::string place() const;
  std::string absent(const std::vector<int> &ranks) const;

  Options options;
  std::string ownAddress;
  int listener = -1;
  std::vector<Connection> links; ///< rank 0: one for each rank; other ranks: links[0]

  std::mutex mutex;
  std::condition_variable changed;
  std::thread watcher;
  int wake[2] = {-1, -1};
  std::function<void()> stop;
  std::string decided;
  Clock::time_point lastMoment; ///< when a process that has a verdict must be gone
  std::vector<char> ready, left;
  enum : char { unheard, hasCome, isDone };
  std::vector<char> accusers, accused, present; ///< who waits, for whom, and what others answer
  Clock::time_point judgement = Clock::time_point::max(); ///< when rank 0 decides about them
  bool released = false, closing = false, finished = false;

  std::atomic<uint32_t> calls{0};
  bool marksCalls = false;                    ///< calls cannot be interrupted
  const std::vector<int> *waitsFor = nullptr; ///< the ranks of the call that this rank is in
  uint32_t callNumber = 0, lastDone = 0;
  uint32_t judgedNumber = 0; ///< rank 0: the call that was given more time, so many times
  int reprieves = 0;
  bool callIsLate = false; ///< reported to rank 0
  Clock::time_point callDeadline;
};

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_CONTROL_H
