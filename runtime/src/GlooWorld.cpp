//===- GlooWorld.cpp - the connections of all ranks by Gloo -----*- C++ -*-===//
//
// Gloo reports failures by exceptions, which end here.
//
//===----------------------------------------------------------------------===//

#include "GlooWorld.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <gloo/transport/address.h>
#include <gloo/transport/pair.h>
#include <gloo/transport/tcp/device.h>

using namespace dchag::rt;

/// How long a rank whose connection to another one breaks waits to receive the reason.
static constexpr double reasonSeconds = 2;
/// Gloo has no value for waiting without end, and adds to the current time.
static constexpr std::chrono::hours longest(24 * 365);

/// The monitoring thread must end before the other members are destroyed.
GlooWorld::~GlooWorld() { close(); }

Error GlooWorld::open() {
  if (Error error = control.meet())
    return error;
  try {
    gloo::transport::tcp::attr attributes(control.address().c_str());
    // PyTorch's variable for the same choice.
    if (const char *interface = std::getenv("GLOO_SOCKET_IFNAME"); interface && *interface) {
      attributes.iface = interface;
      attributes.hostname.clear();
    }
    device = gloo::transport::tcp::CreateDevice(attributes);
    context = device->createContext(control.rank(), control.size());
    // Connecting takes five times the timeout of a context.
    auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(
        timeout > 0 ? control.deadline() - Clock::now() : Clock::duration(longest));
    context->setTimeout(whole / 5 + std::chrono::milliseconds(1));
    std::vector<std::string> outbox(control.size()), inbox;
    for (int r = 0; r < control.size(); ++r)
      if (r != control.rank()) {
        std::vector<char> bytes = context->createPair(r)->address().bytes();
        outbox[r].assign(bytes.begin(), bytes.end());
      }
    if (control.size() == 1)
      return Error::success();
    if (Error error = control.exchange(outbox, inbox))
      return error;
    if (Error error = control.watch([this] { stopWaiting(); }))
      return error;
    for (int r = 0; r < control.size(); ++r)
      if (r != control.rank())
        if (Error error = connect(r, inbox[r]))
          return error;
  } catch (const std::exception &problem) {
    std::string reason = control.accuse(format("rank %d cannot listen at %s (%s)", control.rank(),
                                               control.address().c_str(), problem.what()));
    return failure("%s", reason.c_str());
  }
  return control.synchronise();
}

Error GlooWorld::connect(int rank, const std::string &address) {
  try {
    context->getPair(rank)->connect(std::vector<char>(address.begin(), address.end()));
    return Error::success();
  } catch (const std::exception &problem) {
    std::string reason = control.verdict(reasonSeconds);
    if (reason.empty())
      reason = control.accuse(
          format("ranks %d and %d cannot connect (%s)", control.rank(), rank, problem.what()));
    return failure("%s", reason.c_str());
  }
}

void GlooWorld::close() {
  control.close();
  try {
    context.reset();
    device.reset();
  } catch (const std::exception &) {
    // All ranks are done: a connection that cannot be closed properly ends with the process.
  }
}

/// Called by the monitoring thread: makes everything that waits for a message fail.
void GlooWorld::stopWaiting() {
  std::lock_guard<std::mutex> lock(mutex);
  stopped = true;
  for (gloo::transport::UnboundBuffer *buffer : waiting) {
    buffer->abortWaitRecv();
    buffer->abortWaitSend();
  }
}

GlooExchange::~GlooExchange() {
  std::lock_guard<std::mutex> lock(world.mutex);
  for (Part &part : parts)
    world.waiting.erase(part.buffer.get());
}

void GlooExchange::post(int rank, void *data, int64_t bytes, bool receives) {
  if (bytes == 0 || lost >= 0)
    return;
  try {
    auto buffer = world.context->createUnboundBuffer(data, bytes);
    {
      std::lock_guard<std::mutex> lock(world.mutex);
      if (world.stopped) {
        lost = rank;
        return;
      }
      world.waiting.insert(buffer.get());
    }
    parts.push_back({rank, receives, std::move(buffer)});
    if (receives)
      parts.back().buffer->recv(rank, slot);
    else
      parts.back().buffer->send(rank, slot);
  } catch (const std::exception &) {
    lost = rank;
  }
}

bool GlooExchange::wait(Part &part, Clock::time_point deadline) {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  left = std::max(left, std::chrono::milliseconds(1));
  try {
    return part.receives ? part.buffer->waitRecv(left) : part.buffer->waitSend(left);
  } catch (const std::exception &) {
    return false;
  }
}

/// A broken connection is less informative than the reason that the ranks agree on, which comes by
/// another connection, perhaps a moment later.
std::string GlooExchange::explain(size_t failed, Clock::time_point deadline) {
  Control &control = world.control;
  std::string reason = control.verdict();
  if (!reason.empty())
    return reason;
  if (lost < 0 && Clock::now() >= deadline) {
    std::vector<int> late;
    for (size_t i = failed; i < parts.size(); ++i)
      if (parts[i].receives == parts[failed].receives &&
          (i == failed || !wait(parts[i], Clock::now())))
        late.push_back(parts[i].rank);
    return control.accuseLate(late);
  }
  reason = control.verdict(reasonSeconds);
  if (!reason.empty())
    return reason;
  int rank = lost >= 0 ? lost : parts[failed].rank;
  return control.accuse(
      format("the connection between ranks %d and %d broke", control.rank(), rank));
}

bool GlooExchange::finish(std::string &reason) {
  auto deadline = world.control.deadline();
  for (size_t i = 0; i < parts.size() && lost < 0; ++i)
    if (!wait(parts[i], deadline)) {
      reason = explain(i, deadline);
      return false;
    }
  if (lost >= 0)
    reason = explain(0, deadline);
  return lost < 0;
}
