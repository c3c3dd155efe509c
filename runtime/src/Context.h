//===- Context.h - what one rank knows while it runs ------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_CONTEXT_H
#define DCHAG_RUNTIME_CONTEXT_H

#include "Comm.h"
#include "Memory.h"

/// The context that generated code hands back to the runtime.
struct dchag_context {
  /// Finds the rank's place in the mesh and makes the communicators of all groups. Collective
  /// over `world`, whose size is that of the mesh.
  dchag::rt::Error open(const dchag_program &program, const dchag::rt::Comm &world);

  /// Keeps the first failure. One of a collective poisons the context: this rank is out of
  /// step with the others, so that no further call may communicate.
  void fail(dchag::rt::Error failure, bool poisons);

  const dchag_program *program = nullptr;
  dchag::rt::Comm world;
  std::vector<dchag::rt::Comm> groups;
  std::vector<int64_t> coordinates; ///< position along each axis of the mesh
  bool poisoned = false;
  dchag::rt::Error error;

  // Memory of the calls below generated code; it grows in the first step and stays.
  dchag::rt::Region packed, received;           ///< collectives
  dchag::rt::Region operandA, operandB, result; ///< matrix products on other layouts
  dchag::rt::Region libraryScratch;
};

#endif // DCHAG_RUNTIME_CONTEXT_H
