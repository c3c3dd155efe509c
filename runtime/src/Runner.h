//===- Runner.h - runs a program on its ranks -------------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_RUNNER_H
#define DCHAG_RUNTIME_RUNNER_H

#include "dchag_rt.h"

namespace dchag::rt {

/// `main` of an executable: the exit code for this command line.
int runMain(const dchag_program &program, int argc, const char *const *argv);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_RUNNER_H
