//===- Control.cpp - how processes find each other --------------*- C++ -*-===//

#include "Control.h"

#include "ControlMessages.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace dchag::rt;

/// The first message of a rank. Both sides run on the same kind of machine, which programs are
/// compiled for.
namespace {
struct Hello {
  char magic[8];
  int32_t rank, size;
  uint64_t identity;
};
} // namespace

static constexpr char helloMagic[8] = {'D', 'C', 'H', 'A', 'G', 'T', 'C', '1'};
/// How long a rank that has detected a failure waits to send it to the others, or to receive their
/// reason. Rank 0 has the connections of all and detects first who is missing.
static constexpr std::chrono::seconds patience(2);

Control::Control(Options theOptions) : options(std::move(theOptions)) {
  links.resize(rank() == 0 ? size() : 1);
  ready.assign(size(), 0);
  left.assign(size(), 0);
  accusers.assign(size(), 0);
  accused.assign(size(), 0);
  present.assign(size(), 0);
}

Control::~Control() {
  close();
  for (int descriptor : {listener, wake[0], wake[1]})
    if (descriptor >= 0)
      ::close(descriptor);
}

Clock::time_point Control::deadline() const {
  constexpr double forEver = 3600.0 * 24 * 365;
  double seconds = options.timeout > 0 ? std::min(options.timeout, forEver) : forEver;
  return Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

std::string Control::place() const {
  const std::string &address =
      options.addresses.empty() ? options.launch.address : options.addresses.front();
  return address + ":" + std::to_string(options.launch.port);
}

/// When to check again while ranks connect.
Clock::time_point Control::nextTurn(Clock::time_point until) {
  if (!options.progress)
    return until;
  options.progress();
  return std::min(until, Clock::now() + std::chrono::milliseconds(10));
}

std::string Control::absent(const std::vector<int> &ranks) const {
  return format("%s at %s: look at what it printed, or wait longer by --timeout",
                lateText(ranks, options.timeout).c_str(), place().c_str());
}

std::vector<int> Control::missingRanks() const {
  std::vector<int> missing;
  for (int r = 1; r < static_cast<int>(links.size()); ++r)
    if (!links[r].isOpen())
      missing.push_back(r);
  return missing;
}

/// Sends the reason to the ranks that have connected.
Error Control::stopAll(Error error) {
  broadcast(messages::fail, error.message());
  return error;
}

void Control::broadcast(char type, const std::string &text) {
  for (Connection &link : links)
    if (link.isOpen())
      link.send(type, text, Clock::now() + patience);
}

/// Rank 0: accepts a rank, or refuses it. Fails if the job cannot become complete.
Error Control::admit(Connection &connection, const Message &message) {
  Hello hello = {};
  bool known = message.type == messages::hello && message.text.size() == sizeof(hello);
  if (known)
    std::memcpy(&hello, message.text.data(), sizeof(hello));
  if (!known || std::memcmp(hello.magic, helloMagic, sizeof(helloMagic)) != 0)
    return Error::success(); // not a rank: its connection is closed
  auto until = Clock::now() + patience;
  if (hello.identity != options.identity) {
    // If the address did not come from the user, the other side tries the next one.
    if (!options.addresses.empty())
      return Error::success();
    connection.send(messages::fail,
                    "another program, or one with other arguments, waits for its ranks at " +
                        place() +
                        ": give all ranks one command line, and each job its own MASTER_PORT",
                    until);
    return Error::success();
  }
  Error error;
  if (hello.size != size())
    error = failure("rank %d was started with WORLD_SIZE=%d, rank 0 with WORLD_SIZE=%d: give all "
                    "ranks the same, and each job its own MASTER_PORT",
                    hello.rank, hello.size, size());
  else if (hello.rank <= 0 || hello.rank >= size() || links[hello.rank].isOpen())
    error = failure("two processes say that they are rank %d: give each process its own RANK, and "
                    "each job its own MASTER_PORT",
                    hello.rank);
  if (error) {
    connection.send(messages::fail, error.message(), until);
    return error;
  }
  connection.send(messages::welcome, "", until);
  links[hello.rank] = std::move(connection);
  return Error::success();
}

/// Rank 0 has a connection for each rank, and shells set a low limit by default.
static Error allowConnections(int ranks) {
  constexpr rlim_t otherFiles = 64;
  rlim_t wanted = ranks + otherFiles;
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
    return Error::success();
  if (limit.rlim_max < wanted)
    return failure(
        "rank 0 needs %llu descriptors for its connections to %d ranks, but the limit is "
        "%llu: raise it (ulimit -Hn)",
        static_cast<unsigned long long>(wanted), ranks,
        static_cast<unsigned long long>(limit.rlim_max));
  limit.rlim_cur = wanted;
  setrlimit(RLIMIT_NOFILE, &limit);
  return Error::success();
}

Error Control::listen() {
  if (Error error = allowConnections(size()))
    return error;
  const char *remedy = options.launch.portIsTaken
                           ? "torchrun keeps MASTER_PORT, so that ranks meet at this one: start it "
                             "with another --master-port"
                           : "give each job its own MASTER_PORT";
  if (Error error = listenAt(options.launch.address, options.launch.port, remedy, listener))
    return error;
  options.launch.port = portOf(listener);
  return Error::success();
}

Error Control::gatherRanks() {
  if (listener < 0)
    if (Error error = listen())
      return error;
  auto until = deadline();
  std::vector<Connection> newcomers;
  while (!missingRanks().empty()) {
    std::vector<pollfd> waiting = {{listener, POLLIN, 0}};
    for (Connection &link : links)
      waiting.push_back({link.number(), POLLIN, 0});
    for (Connection &newcomer : newcomers)
      waiting.push_back({newcomer.number(), POLLIN, 0});
    poll(waiting.data(), waiting.size(), millisecondsUntil(nextTurn(until)));
    if (Clock::now() >= until)
      return stopAll(failure("%s", absent(missingRanks()).c_str()));
    for (int r = 1; r < size(); ++r)
      if (links[r].isOpen() && !links[r].fill()) {
        links[r].close();
        return stopAll(failure("rank %d ended while ranks gathered at %s", r, place().c_str()));
      }
    for (Connection &newcomer : newcomers) {
      bool alive = newcomer.fill();
      Message message;
      bool complete = newcomer.take(message);
      if (complete)
        if (Error error = admit(newcomer, message))
          return stopAll(std::move(error));
      if (complete || !alive)
        newcomer.close();
    }
    newcomers.erase(std::remove_if(newcomers.begin(), newcomers.end(),
                                   [](const Connection &c) { return !c.isOpen(); }),
                    newcomers.end());
    int descriptor = accept(listener, nullptr, nullptr);
    if (descriptor >= 0)
      newcomers.emplace_back(descriptor);
  }
  // The port is free for the next job; ranks that come later find nobody.
  ::close(listener);
  listener = -1;
  return Error::success();
}

/// One attempt to reach rank 0 at an address; `reason` says why it failed.
Error Control::tryToJoin(const std::string &address, Clock::time_point until, std::string &reason) {
  Hello hello = {};
  std::memcpy(hello.magic, helloMagic, sizeof(helloMagic));
  hello.rank = rank();
  hello.size = size();
  hello.identity = options.identity;
  std::string text(reinterpret_cast<const char *>(&hello), sizeof(hello));
  Connection link;
  if (Error error = tryConnect(address, options.launch.port, until, link, reason))
    return error;
  if (!link.isOpen() || !link.send(messages::hello, text, until))
    return Error::success();
  Message message;
  bool alive = true;
  while (alive && !link.take(message) && Clock::now() < until) {
    pollfd waiting = {link.number(), POLLIN, 0};
    poll(&waiting, 1, millisecondsUntil(until));
    alive = link.fill();
    if (!alive && link.take(message))
      break;
  }
  if (message.type == messages::welcome)
    links[0] = std::move(link);
  else if (message.type == messages::fail)
    return failure("%s", message.text.c_str());
  else
    reason = "what listens there is not rank 0 of this program";
  return Error::success();
}

/// Another rank: connects and says hello until rank 0 welcomes it.
Error Control::joinRanks() {
  // An attempt at one of several addresses that does not answer takes time from the others.
  constexpr std::chrono::seconds attempt(2);
  bool several = options.addresses.size() > 1;
  std::vector<std::string> addresses = options.addresses;
  if (addresses.empty())
    addresses.push_back(options.launch.address);
  auto until = deadline();
  std::string reason;
  while (Clock::now() < until) {
    for (const std::string &address : addresses) {
      auto last = several ? std::min(until, Clock::now() + attempt) : until;
      if (Error error = tryToJoin(address, last, reason))
        return error;
      if (links[0].isOpen())
        return Error::success();
    }
    // Rank 0 may not have started; on one machine a socket can even reach itself.
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return failure("%s (%s)", absent({0}).c_str(), reason.c_str());
}

/// The next message of a rank, which must be of this type.
Error Control::receive(int from, char type, std::string &text, Clock::time_point until) {
  Connection &link = links[from];
  Message message;
  while (!link.take(message)) {
    if (Clock::now() >= until)
      return failure("%s", absent({from}).c_str());
    pollfd waiting = {link.number(), POLLIN, 0};
    poll(&waiting, 1, millisecondsUntil(until));
    if (!link.fill() && !link.take(message)) {
      link.close();
      return failure("rank %d ended while ranks gathered at %s", from, place().c_str());
    }
    if (message.type)
      break;
  }
  if (message.type == messages::fail)
    return failure("%s", message.text.c_str());
  if (message.type != type)
    return failure("rank %d sent message '%c', wanted '%c': start all ranks from one executable",
                   from, message.type, type);
  text = std::move(message.text);
  return Error::success();
}

/// With ranks on several machines, one on the machine of rank 0 may have connected by its loopback
/// address: others reach it by the address of rank 0.
Error Control::meet() {
  if (size() == 1) {
    ownAddress = "127.0.0.1";
    return Error::success();
  }
  if (rank() != 0) {
    if (Error error = joinRanks())
      return error;
    std::string theirs;
    if (Error error = receive(0, messages::place, theirs, deadline() + patience))
      return error;
    ownAddress = links[0].localAddress();
    if (isLoopback(ownAddress))
      ownAddress = theirs;
    return Error::success();
  }
  if (Error error = gatherRanks())
    return error;
  ownAddress = links[1].localAddress();
  for (int r = 2; r < size(); ++r)
    if (isLoopback(ownAddress))
      ownAddress = links[r].localAddress();
  broadcast(messages::place, ownAddress);
  return Error::success();
}

Error Control::exchange(const std::vector<std::string> &outbox, std::vector<std::string> &inbox) {
  inbox.assign(size(), "");
  size_t bytes = outbox[rank() == 0 ? size() - 1 : 0].size();
  // Others wait longer than rank 0, which names who is missing.
  auto until = rank() == 0 ? deadline() : deadline() + patience;
  std::string all;
  for (const std::string &entry : outbox)
    all += entry.empty() ? std::string(bytes, '\0') : entry;
  auto entryOf = [&](const std::string &table, int r) { return table.substr(r * bytes, bytes); };
  if (rank() != 0) {
    links[0].send(messages::addresses, all, until);
    if (Error error = receive(0, messages::addresses, all, until))
      return error;
    for (int r = 0; r < size(); ++r)
      inbox[r] = entryOf(all, r);
    return Error::success();
  }
  std::vector<std::string> tables(size());
  tables[0] = all;
  for (int r = 1; r < size(); ++r)
    if (Error error = receive(r, messages::addresses, tables[r], until))
      return stopAll(std::move(error));
  for (int r = 0; r < size(); ++r) {
    std::string theirs;
    for (int s = 0; s < size(); ++s)
      theirs += entryOf(tables[s], r);
    if (r != 0)
      links[r].send(messages::addresses, theirs, until);
    else
      for (int s = 0; s < size(); ++s)
        inbox[s] = entryOf(theirs, s);
  }
  return Error::success();
}
