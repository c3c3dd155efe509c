//===- OpenMp.h - threads of a rank -----------------------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_OPENMP_H
#define DCHAG_RUNTIME_OPENMP_H

#include "Error.h"

#include <cstdint>
#include <sched.h>
#include <vector>

namespace dchag::rt {

/// Fails, with the names of variables, where the environment (OMP_NUM_THREADS and others) makes
/// the OpenMP runtime abort. Ignores an empty OMP_NUM_THREADS. Must come before any other use of
/// OpenMP in this process, and before threads.
Error checkOpenMpEnvironment();

/// Where a rank runs. Ranks exchange it as bytes.
struct Seat {
  uint64_t host = 0; ///< the same for all ranks of a machine, by its name
  cpu_set_t cores;   ///< that the rank may run on
};
Seat findSeat();

/// Gives the rank at `mine` its share of the cores, unless the user chose: each core belongs in
/// equal parts to all ranks that may run on it. `seats` are those of all ranks.
void chooseThreads(const Seat &mine, const std::vector<Seat> &seats);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_OPENMP_H
