//===- GlooWorld.h - the connections of all ranks by Gloo -------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_GLOOWORLD_H
#define DCHAG_RUNTIME_GLOOWORLD_H

#include "Comm.h"
#include "Control.h"
#include "Reduce.h"

#include <gloo/transport/context.h>
#include <gloo/transport/device.h>
#include <memory>
#include <set>

namespace dchag::rt {

/// All ranks, each connected to each, and the communicators that use the connections.
class GlooWorld {
public:
  explicit GlooWorld(const Control::Options &options)
      : control(options), timeout(options.timeout) {}
  ~GlooWorld();

  Error open();

  Control control;
  uint64_t nextGroup = 1;
  std::vector<std::shared_ptr<dchag_comm>> groups;

private:
  friend class GlooExchange;
  void close();
  void stopWaiting();
  Error connect(int rank, const std::string &address);

  double timeout;
  std::shared_ptr<gloo::transport::Device> device;
  std::shared_ptr<gloo::transport::Context> context;
  std::mutex mutex;
  std::set<gloo::transport::UnboundBuffer *> waiting; ///< buffers that a verdict must wake
  bool stopped = false;
};

/// Messages between this rank and others that are under way at the same time.
class GlooExchange {
public:
  GlooExchange(GlooWorld &world, uint64_t slot) : world(world), slot(slot) {}
  ~GlooExchange();

  void receive(int rank, void *data, int64_t bytes) { post(rank, data, bytes, true); }
  void send(int rank, const void *data, int64_t bytes) {
    post(rank, const_cast<void *>(data), bytes, false);
  }
  /// Waits until all have arrived and are sent. False with a reason that names who is missing.
  bool finish(std::string &reason);

private:
  struct Part {
    int rank;
    bool receives;
    std::unique_ptr<gloo::transport::UnboundBuffer> buffer;
  };
  void post(int rank, void *data, int64_t bytes, bool receives);
  bool wait(Part &part, Clock::time_point deadline);
  std::string explain(size_t failed, Clock::time_point deadline);

  GlooWorld &world;
  uint64_t slot;
  std::vector<Part> parts;
  int lost = -1; ///< the rank whose connection refused a message
};

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_GLOOWORLD_H
