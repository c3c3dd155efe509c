//===- Launch.cpp - what a launcher left in the environment -----*- C++ -*-===//

#include "Launch.h"

#include <cstdlib>

using namespace dchag::rt;

/// A whole number that is not negative.
static bool parseNumber(const char *text, long &value) {
  char *end = nullptr;
  value = std::strtol(text, &end, 10);
  return end != text && *end == '\0' && value >= 0;
}

/// A number in the first of these variables that has one, or `otherwise`.
static long readNumber(const char *const *names, long otherwise) {
  long value;
  for (; *names; ++names)
    if (const char *text = std::getenv(*names))
      if (parseNumber(text, value))
        return value;
  return otherwise;
}

static bool isSet(const char *name) {
  const char *text = std::getenv(name);
  return text && *text;
}

Launch dchag::rt::readLaunch() {
  // Open MPI; MPICH, Intel MPI and srun --mpi=pmi2; srun --mpi=pmix (PRRTE, too).
  static const char *const ranks[] = {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", nullptr};
  static const char *const sizes[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_NTASKS", nullptr};
  static const char *const rank[] = {"RANK", nullptr}, *const size[] = {"WORLD_SIZE", nullptr};
  Launch launch;
  launch.rank = readNumber(ranks, -1);
  if (launch.rank >= 0) {
    launch.kind = Launch::Kind::mpi;
    launch.size = readNumber(sizes, 0);
    return launch;
  }
  launch = Launch();
  if (isSet("RANK") && isSet("WORLD_SIZE") && isSet("MASTER_ADDR") && isSet("MASTER_PORT")) {
    launch.kind = Launch::Kind::tcp;
    launch.rank = readNumber(rank, 0);
    launch.size = readNumber(size, 0);
  }
  return launch;
}

Error dchag::rt::readTcpLaunch(TcpLaunch &launch) {
  std::string missing;
  for (const char *name : {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"})
    if (!isSet(name))
      missing += (missing.empty() ? "" : ", ") + std::string(name);
  if (!missing.empty())
    return failure("ranks that talk by TCP need RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT in "
                   "the environment; not set: %s: start them with torchrun, or set these",
                   missing.c_str());
  auto get = [](const char *name, long least, long most, int &result) {
    long value = -1;
    if (!parseNumber(std::getenv(name), value) || value < least || value > most)
      return failure("%s is \"%s\", wanted a number from %ld to %ld: correct the environment", name,
                     std::getenv(name), least, most);
    result = static_cast<int>(value);
    return Error::success();
  };
  if (Error error = get("WORLD_SIZE", 1, 65535, launch.size))
    return error;
  if (Error error = get("RANK", 0, launch.size - 1, launch.rank))
    return error;
  if (Error error = get("MASTER_PORT", 1, 65535, launch.port))
    return error;
  launch.address = std::getenv("MASTER_ADDR");
  const char *agent = std::getenv("TORCHELASTIC_USE_AGENT_STORE");
  launch.portIsTaken = agent && std::string(agent) == "True";
  if (launch.portIsTaken)
    launch.port += launch.port < 65535 ? 1 : -1;
  return Error::success();
}
