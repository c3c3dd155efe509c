//===- Sockets.h - messages over TCP connections ----------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_SOCKETS_H
#define DCHAG_RUNTIME_SOCKETS_H

#include "Error.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace dchag::rt {

using Clock = std::chrono::steady_clock;

/// Milliseconds until `deadline`, as poll() takes them: at least 0, at most a minute.
int millisecondsUntil(Clock::time_point deadline);

/// A message: one byte of type, four of length (little-endian), and that many more.
struct Message {
  char type = 0;
  std::string text;
};

/// One connection, closed on destruction. Reading never blocks: received bytes are kept until a
/// message is complete.
class Connection {
public:
  Connection() = default;
  explicit Connection(int descriptor);
  Connection(Connection &&other) noexcept { *this = std::move(other); }
  Connection &operator=(Connection &&other) noexcept;
  ~Connection() { close(); }

  bool isOpen() const { return descriptor >= 0; }
  int number() const { return descriptor; }
  void close();
  /// Reads the received bytes. False after the other side closed the connection or sent an invalid
  /// message; earlier messages can still be taken.
  bool fill();
  bool take(Message &message);
  /// False if the other side is gone or does not receive the message by the deadline.
  bool send(char type, const std::string &text, Clock::time_point deadline);
  /// Address of this side, without port.
  std::string localAddress() const;

private:
  int descriptor = -1;
  std::string arrived;
};

/// A socket that listens at `port`: at this machine's address `host` if that is literally a
/// loopback address, otherwise at all addresses of its kind, with "::" at all. Port 0: a free one.
/// `remedy` ends the message.
Error listenAt(const std::string &host, int port, const std::string &remedy, int &descriptor);

/// One attempt to connect, until the deadline at most; the result is not open if it failed, with
/// the reason in `reason`. An address that does not resolve is an error.
Error tryConnect(const std::string &host, int port, Clock::time_point deadline,
                 Connection &connection, std::string &reason);

/// The port of a socket.
int portOf(int descriptor);
/// All addresses of this machine at which others may reach it, the loopback one last.
std::vector<std::string> machineAddresses();

bool isLoopback(const std::string &address);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_SOCKETS_H
