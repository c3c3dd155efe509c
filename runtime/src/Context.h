//===- Context.h - runtime state of one rank --------------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_CONTEXT_H
#define DCHAG_RUNTIME_CONTEXT_H

#include "Comm.h"
#include "Device.h"

#include <atomic>
#include <memory>

namespace dchag::rt {

/// A collective under way.
struct Request {
  Comm comm;
  int32_t site = 0;
  void *handle = nullptr; ///< of the communicator
};

} // namespace dchag::rt

/// The context that generated code passes to the runtime.
struct dchag_context {
  /// Finds the position of the rank in the mesh and creates the communicators of all groups.
  /// Collective over `world`, whose size is that of the mesh.
  dchag::rt::Error open(const dchag_program &program, const dchag::rt::Comm &world);

  /// Keeps the first failure. A failed collective poisons the context: this rank is out of step
  /// with the others, so that no further call may communicate.
  void fail(dchag::rt::Error failure, bool poisons);

  /// A request in use until it is released.
  dchag::rt::Request *takeRequest();
  void giveBack(dchag::rt::Request *request);
  /// Lets communicators move data while this rank does something else.
  void progress() {
    for (const auto &request : pending)
      request->comm.ops->progress(request->comm.comm);
  }

  const dchag_program *program = nullptr;
  /// The collective that this rank is in, for messages of another thread; null between collectives.
  std::atomic<const char *> collective{nullptr};
  dchag::rt::Comm world;
  std::vector<dchag::rt::Comm> groups;
  std::vector<int64_t> coordinates; ///< position along each axis of the mesh
  bool poisoned = false;
  dchag::rt::Error error;

  dchag::rt::Device device;
  std::vector<std::unique_ptr<dchag::rt::Request>> pending, spare;
};

#endif // DCHAG_RUNTIME_CONTEXT_H
