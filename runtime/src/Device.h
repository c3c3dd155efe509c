//===- Device.h - what does the work of a rank ------------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_DEVICE_H
#define DCHAG_RUNTIME_DEVICE_H

#include "Error.h"
#include "dchag_rt.h"

#include <utility>

namespace dchag::rt {

/// A device with its table of functions; closed on destruction.
class Device {
public:
  /// The CPU that the rank runs on.
  Device();
  Device(const Device &) = delete;
  ~Device() { ops->close(device); }

  dchag_queue *queue(int32_t number) const { return ops->queue(device, number); }
  /// The error of a call that failed.
  Error error() const { return failure("%s", ops->last_error(device)); }

  const dchag_device_ops *ops = nullptr;
  dchag_device *device = nullptr;
};

/// Zeroed memory of a device, given back on destruction.
class DeviceMemory {
public:
  DeviceMemory() = default;
  DeviceMemory(const DeviceMemory &) = delete;
  ~DeviceMemory() { release(); }

  /// Replaces what was held, by memory that the device, which outlives it, has in its default
  /// memory space. `purpose` is named in the message.
  Error allocate(const Device &device, int64_t bytes, const char *purpose);
  void release();
  char *data() const { return start; }

private:
  const Device *owner = nullptr;
  char *start = nullptr;
  int64_t length = 0;
};

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_DEVICE_H
