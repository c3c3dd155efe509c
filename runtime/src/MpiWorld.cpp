//===- MpiWorld.cpp - all ranks under MPI -----------------------*- C++ -*-===//
//
// MPI's functions block until every rank has come. So before ranks monitor each other, only
// messages are used that can be polled: rank 0 sends its address to each rank.
//
//===----------------------------------------------------------------------===//

#include "MpiWorld.h"

#include "Adapter.h"

#include <algorithm>
#include <random>
#include <sstream>

using namespace dchag::rt;

/// Bytes of the message with the addresses of rank 0.
static constexpr int addressBytes = 2048;
static constexpr int addressTag = 1;

namespace {

/// Ends the process if MPI_Init does not return in time: until then only what the launcher
/// announced is known about the other ranks.
class InitLimit {
public:
  explicit InitLimit(const dchag_comm_options &options) : options(options) {
    if (options.timeout_s > 0)
      thread = std::thread([this] { run(); });
  }
  ~InitLimit() {
    {
      std::lock_guard<std::mutex> lock(mutex);
      done = true;
    }
    changed.notify_all();
    if (thread.joinable())
      thread.join();
  }

private:
  void run();

  dchag_comm_options options;
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  std::thread thread;
};

} // namespace

void InitLimit::run() {
  Launch launch = readLaunch();
  // The launcher ends all ranks when the first one fails: others wait a moment before they repeat
  // its line.
  double seconds = std::min(options.timeout_s, 1e8) + (launch.rank > 0 ? 3 : 0);
  std::unique_lock<std::mutex> lock(mutex);
  if (changed.wait_for(lock, std::chrono::duration<double>(seconds), [&] { return done; }))
    return;
  std::string ranks =
      launch.size > 0 ? format("the %ld ranks that the launcher announced", launch.size) : "ranks";
  stopProcess(options, format("MPI_Init did not return within %g s, so that not all of %s came to "
                              "it: look at what they printed, or wait longer by --timeout",
                              options.timeout_s, ranks.c_str()));
}

Error MpiWorld::start() {
  InitLimit limit(options);
  int initialized = 0, provided = 0;
  MPI_Initialized(&initialized);
  if (!initialized && MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided))
    return failure("MPI_Init_thread failed");
  return Error::success();
}

/// Rank 0: listens, and starts to send its address to each rank.
Error MpiWorld::sendAddress(uint64_t identity) {
  if (Error error = control->listen())
    return error;
  std::ostringstream text;
  text << identity << ' ' << control->port();
  for (const std::string &one : machineAddresses())
    if (text.str().size() + one.size() + 2 < addressBytes)
      text << ' ' << one;
  address = text.str();
  address.resize(addressBytes);
  sends.resize(others.size());
  for (size_t i = 0; i < others.size(); ++i)
    if (MPI_Isend(address.data(), addressBytes, MPI_CHAR, others[i], addressTag, MPI_COMM_WORLD,
                  &sends[i]) != MPI_SUCCESS)
      return failure("cannot send to rank %d by MPI", others[i]);
  return Error::success();
}

/// Another rank: receives the address of rank 0.
Error MpiWorld::receiveAddress(Control::Options &settings) {
  address.resize(addressBytes);
  MPI_Request request;
  if (MPI_Irecv(address.data(), addressBytes, MPI_CHAR, 0, addressTag, MPI_COMM_WORLD, &request) !=
      MPI_SUCCESS)
    return failure("cannot receive from rank 0 by MPI");
  auto until = Control(settings).deadline();
  for (int done = 0; !done;) {
    MPI_Test(&request, &done, MPI_STATUS_IGNORE);
    if (!done && Clock::now() >= until)
      return failure("%s", lateText({0}, settings.timeout).c_str());
    if (!done)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  std::istringstream text(address.c_str());
  text >> settings.identity >> settings.launch.port;
  for (std::string one; text >> one;)
    settings.addresses.push_back(one);
  return Error::success();
}

Error MpiWorld::meet() {
  Control::Options settings = controlOptions(options);
  MPI_Comm_rank(MPI_COMM_WORLD, &settings.launch.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &settings.launch.size);
  for (int r = 0; r < settings.launch.size; ++r)
    if (r != settings.launch.rank)
      others.push_back(r);
  if (settings.launch.rank == 0 || others.empty()) {
    // A random number and not one of the program: two jobs of one program must be distinguished.
    std::random_device random;
    settings.identity = static_cast<uint64_t>(random()) << 32 | random();
    settings.addresses = machineAddresses();
    settings.launch.address = "::";
    settings.progress = [this] {
      int done = 0;
      MPI_Testall(static_cast<int>(sends.size()), sends.data(), &done, MPI_STATUSES_IGNORE);
    };
  } else if (Error error = receiveAddress(settings)) {
    return error;
  }
  control = std::make_unique<Control>(settings);
  if (others.empty())
    return Error::success();
  if (settings.launch.rank == 0)
    if (Error error = sendAddress(settings.identity))
      return error;
  if (Error error = control->meet())
    return error;
  // Every rank has received its message.
  MPI_Waitall(static_cast<int>(sends.size()), sends.data(), MPI_STATUSES_IGNORE);
  return control->watch(nullptr);
}

Error MpiWorld::open() {
  if (Error error = start())
    return error;
  return meet();
}

void MpiWorld::close() {
  if (!control->enterCall(others, control->countCall()))
    stopProcess(options, control->verdict());
  MPI_Finalize();
  control->leaveCall();
  control->close();
}
