//===- Sockets.cpp - messages over TCP connections --------------*- C++ -*-===//

#include "Sockets.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace dchag::rt;

/// A message is a text or the addresses of all ranks: a larger one is invalid.
static constexpr uint32_t mostBytes = 256u << 20;
static constexpr size_t headBytes = 5;

int dchag::rt::millisecondsUntil(Clock::time_point deadline) {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  // One more, because the conversion rounds down: nobody wakes before the deadline.
  return static_cast<int>(std::clamp<int64_t>(left.count() + 1, 0, 60000));
}

bool dchag::rt::isLoopback(const std::string &address) {
  return address == "localhost" || address == "::1" || address.compare(0, 4, "127.") == 0;
}

Connection::Connection(int descriptor) : descriptor(descriptor) {
  int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  fcntl(descriptor, F_SETFD, FD_CLOEXEC);
}

Connection &Connection::operator=(Connection &&other) noexcept {
  std::swap(descriptor, other.descriptor);
  arrived.swap(other.arrived);
  return *this;
}

void Connection::close() {
  if (descriptor >= 0)
    ::close(descriptor);
  descriptor = -1;
}

bool Connection::fill() {
  char part[65536];
  while (isOpen()) {
    ssize_t count = recv(descriptor, part, sizeof(part), 0);
    if (count > 0) {
      arrived.append(part, count);
      continue;
    }
    if (count < 0 && errno == EINTR)
      continue;
    return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }
  return false;
}

static uint32_t lengthOf(const std::string &data) {
  uint32_t length = 0;
  for (int i = 3; i >= 0; --i)
    length = length << 8 | static_cast<unsigned char>(data[1 + i]);
  return length;
}

bool Connection::take(Message &message) {
  if (arrived.size() < headBytes)
    return false;
  uint32_t length = lengthOf(arrived);
  if (length > mostBytes) {
    arrived.clear();
    close();
    return false;
  }
  if (arrived.size() < headBytes + length)
    return false;
  message.type = arrived[0];
  message.text = arrived.substr(headBytes, length);
  arrived.erase(0, headBytes + length);
  return true;
}

bool Connection::send(char type, const std::string &text, Clock::time_point deadline) {
  std::string data(1, type);
  for (int i = 0; i < 4; ++i)
    data += static_cast<char>(text.size() >> (8 * i));
  data += text;
  for (size_t at = 0; at < data.size();) {
    ssize_t count = ::send(descriptor, data.data() + at, data.size() - at, MSG_NOSIGNAL);
    if (count >= 0) {
      at += count;
      continue;
    }
    if (errno == EINTR)
      continue;
    pollfd waiting = {descriptor, POLLOUT, 0};
    if ((errno != EAGAIN && errno != EWOULDBLOCK) ||
        poll(&waiting, 1, millisecondsUntil(deadline)) == 0)
      return false;
  }
  return true;
}

std::string Connection::localAddress() const {
  sockaddr_storage address = {};
  socklen_t length = sizeof(address);
  char text[NI_MAXHOST] = "";
  if (getsockname(descriptor, reinterpret_cast<sockaddr *>(&address), &length) != 0 ||
      getnameinfo(reinterpret_cast<sockaddr *>(&address), length, text, sizeof(text), nullptr, 0,
                  NI_NUMERICHOST) != 0)
    return "127.0.0.1";
  // How a dual-stack socket prints the address of an IPv4 peer.
  std::string result = text;
  return result.compare(0, 7, "::ffff:") == 0 ? result.substr(7) : result;
}

int dchag::rt::portOf(int descriptor) {
  sockaddr_storage address = {};
  socklen_t length = sizeof(address);
  if (getsockname(descriptor, reinterpret_cast<sockaddr *>(&address), &length) != 0)
    return 0;
  return ntohs(address.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6 *>(&address)->sin6_port
                                             : reinterpret_cast<sockaddr_in *>(&address)->sin_port);
}

std::vector<std::string> dchag::rt::machineAddresses() {
  std::vector<std::string> result;
  ifaddrs *all = nullptr;
  if (getifaddrs(&all) != 0)
    all = nullptr;
  for (ifaddrs *one = all; one; one = one->ifa_next) {
    int family = one->ifa_addr ? one->ifa_addr->sa_family : AF_UNSPEC;
    if (!(one->ifa_flags & IFF_UP) || (family != AF_INET && family != AF_INET6))
      continue;
    char text[NI_MAXHOST] = "";
    socklen_t length = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    if (getnameinfo(one->ifa_addr, length, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    // Addresses with a zone have another meaning on another machine.
    if (!isLoopback(text) && !std::strchr(text, '%'))
      result.push_back(text);
  }
  freeifaddrs(all);
  result.push_back("127.0.0.1");
  return result;
}

namespace {
struct Addresses {
  ~Addresses() {
    if (first)
      freeaddrinfo(first);
  }
  Error resolve(const char *host, int port, int flags) {
    addrinfo hints = {};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    if (int code = getaddrinfo(host, std::to_string(port).c_str(), &hints, &first))
      return failure("MASTER_ADDR \"%s\" is no address (%s): name the machine of rank 0",
                     host ? host : "", gai_strerror(code));
    return Error::success();
  }
  addrinfo *first = nullptr;
};
} // namespace

static int makeSocket(const addrinfo &address) {
  return socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
                address.ai_protocol);
}

Error dchag::rt::listenAt(const std::string &host, int port, const std::string &remedy,
                          int &descriptor) {
  // "::" includes IPv4, but not every machine supports it.
  int probe = host == "::" ? socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
  std::string name = host == "::" && probe < 0 ? "0.0.0.0" : host;
  if (probe >= 0)
    ::close(probe);
  Addresses named, any;
  if (Error error = named.resolve(name.c_str(), port, 0))
    return error;
  bool loopback = isLoopback(host);
  if (!loopback)
    if (Error error = any.resolve(nullptr, port, AI_PASSIVE))
      return error;
  std::string reason = "no address of its kind";
  for (addrinfo *a = loopback ? named.first : any.first; a; a = a->ai_next) {
    if (a->ai_family != named.first->ai_family)
      continue;
    descriptor = makeSocket(*a);
    int on = 1;
    // Otherwise connections of a program that just ended would hold the port for a minute.
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (descriptor >= 0 && bind(descriptor, a->ai_addr, a->ai_addrlen) == 0 &&
        listen(descriptor, SOMAXCONN) == 0)
      return Error::success();
    reason = systemReason();
    if (descriptor >= 0)
      ::close(descriptor);
    descriptor = -1;
  }
  return failure("cannot listen at %s:%d (%s): %s", host.c_str(), port, reason.c_str(),
                 remedy.c_str());
}

/// Connects one socket; false with the reason if that fails or takes too long.
static bool connectSocket(int descriptor, const addrinfo &address, Clock::time_point deadline,
                          std::string &reason) {
  if (descriptor >= 0 && connect(descriptor, address.ai_addr, address.ai_addrlen) == 0)
    return true;
  if (descriptor < 0 || errno != EINPROGRESS) {
    reason = systemReason();
    return false;
  }
  pollfd waiting = {descriptor, POLLOUT, 0};
  int code = ETIMEDOUT;
  socklen_t length = sizeof(code);
  if (poll(&waiting, 1, millisecondsUntil(deadline)) > 0)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length);
  reason = std::strerror(code);
  return code == 0;
}

Error dchag::rt::tryConnect(const std::string &host, int port, Clock::time_point deadline,
                            Connection &connection, std::string &reason) {
  Addresses addresses;
  if (Error error = addresses.resolve(host.c_str(), port, 0))
    return error;
  for (addrinfo *a = addresses.first; a; a = a->ai_next) {
    int descriptor = makeSocket(*a);
    if (connectSocket(descriptor, *a, deadline, reason)) {
      connection = Connection(descriptor);
      return Error::success();
    }
    if (descriptor >= 0)
      ::close(descriptor);
  }
  return Error::success();
}
