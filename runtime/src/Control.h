//===- Control.h - how processes find and watch each other ------*- C++ -*-===//
//
// Every rank keeps one connection to rank 0, which listens at MASTER_ADDR:MASTER_PORT until all
// have come. Over it the addresses for the data are exchanged; after that it is watched: it
// ends when a process ends, whatever the reason, and a rank that gives up says why.
//
//     rank 0: listen ... all ranks are here ... close the port      rank r: connect, say hello
//     rank 0: collect the addresses of all, hand them out           rank r: send, receive
//     rank 0: "rank 3 ended"  <-  end of the connection of rank 3, or what a rank reports
//     all:    the same verdict, so that all name the same rank
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_RUNTIME_CONTROL_H
#define DCHAG_RUNTIME_CONTROL_H

#include "Late.h"
#include "Launch.h"
#include "Sockets.h"

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
    std::string program;
  };
  explicit Control(Options options);
  ~Control();

  /// Finds all ranks: returns when each has come, or with the reason why not.
  Error meet();
  /// Address of this machine by which the other ranks reach it.
  const std::string &address() const { return ownAddress; }
  /// Gives rank r what every rank wrote for it: `inbox[s]` is entry r of the outbox of rank s.
  /// Collective; the entries of all ranks have one size.
  Error exchange(const std::vector<std::string> &outbox, std::vector<std::string> &inbox);

  /// Starts to watch. `stop` is called once, by another thread, when there is a verdict. A
  /// process that does not end within five seconds of it is ended, with one line.
  Error watch(std::function<void()> stop);
  /// Waits until all ranks called it. Only while watched.
  Error synchronise();

  /// The reason why all ranks stop, empty while there is none. Waits up to `seconds` for one.
  std::string verdict(double seconds = 0);
  /// Tells all ranks why to stop. Returns the verdict, which may be an earlier one.
  std::string accuse(const std::string &text);
  /// The same for ranks that did not arrive in time. Where several ranks wait in vain, those are
  /// named that do not wait themselves: rank 1 may wait for rank 2 only because that waits for
  /// rank 3.
  std::string accuseLate(const std::vector<int> &ranks);
  /// Ends all connections; before that waits until all ranks are here, so that no connection of
  /// a rank that still reads is cut.
  void close();

  Clock::time_point deadline() const;
  int rank() const { return options.launch.rank; }
  int size() const { return options.launch.size; }

private:
  Error gatherRanks();
  Error admit(Connection &connection, const Message &message);
  Error joinRanks();
  Error receive(int from, char type, std::string &text, Clock::time_point until);
  Error stopAll(Error error);
  void run();
  void handle(int from, const Message &message);
  void loseConnection(int from);
  void decide(const std::string &text);
  void noteLate(int accuser, const std::vector<int> &ranks);
  void judge();
  void broadcast(char type, const std::string &text);
  void advance();
  void endLate();
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
  std::vector<char> accusers, accused;                    ///< who waits, and for whom
  Clock::time_point judgement = Clock::time_point::max(); ///< when rank 0 decides about them
  bool released = false, closing = false, finished = false;
};

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_CONTROL_H
