//===- Launch.h - what a launcher left in the environment -------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_LAUNCH_H
#define DCHAG_RUNTIME_LAUNCH_H

#include "Error.h"

namespace dchag::rt {

/// What a launcher of several processes left in the environment.
struct Launch {
  enum class Kind { none, mpi, tcp };
  Kind kind = Kind::none;
  long rank = 0, size = 0; ///< size 0: the launcher does not say

  bool launched() const { return kind != Kind::none; }
};

/// MPI's launchers come first: they may run under another one.
Launch readLaunch();

/// RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT, as torchrun sets them.
struct TcpLaunch {
  int rank = 0, size = 0;
  std::string address;
  int port = 0; ///< where ranks meet: MASTER_PORT, or beside it where torchrun listens there
  bool portIsTaken = false;
};

/// Fails with one line that names what is missing or no number.
Error readTcpLaunch(TcpLaunch &launch);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_LAUNCH_H
