//===- OpenMp.h - what the environment asks of OpenMP -----------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_OPENMP_H
#define DCHAG_RUNTIME_OPENMP_H

#include "Error.h"

namespace dchag::rt {

/// Fails, with the names of variables, where the environment (OMP_NUM_THREADS and others) makes
/// the OpenMP runtime abort. Ignores an empty OMP_NUM_THREADS. Must come before any other use of
/// OpenMP in this process, and before threads.
Error checkOpenMpEnvironment();

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_OPENMP_H
