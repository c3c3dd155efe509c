//===- MpiWorld.h - all ranks under MPI -------------------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_MPIWORLD_H
#define DCHAG_RUNTIME_MPIWORLD_H

#include "Comm.h"
#include "Control.h"

#include <memory>
#include <mpi.h>

namespace dchag::rt {

/// MPI from its start to its end, with additional connections that detect ranks that die or hang.
class MpiWorld {
public:
  explicit MpiWorld(const dchag_comm_options &options) : options(options) {}

  /// Starts MPI and meets the other ranks. Fails with the reason.
  Error open();
  /// Ends MPI. Returns when all ranks have.
  void close();

  dchag_comm_options options;
  std::unique_ptr<Control> control; ///< after `open`
  std::vector<int> others;          ///< all ranks but this one

private:
  Error start();
  Error meet();
  Error sendAddress(uint64_t identity);
  Error receiveAddress(Control::Options &settings);

  std::string address; ///< what rank 0 sends to all
  std::vector<MPI_Request> sends;
};

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_MPIWORLD_H
