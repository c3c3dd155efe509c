//===- DeviceCpu.cpp - the CPU as a device ----------------------*- C++ -*-===//
//
// The thread of the rank does all work at once, so that there are neither queues nor events.
// Kernels are functions of the program, which calls them directly.
//
//===----------------------------------------------------------------------===//

#include "DeviceCpu.h"
#include "Device.h"

#include <cstring>

using namespace dchag::rt;

static CpuDevice &get(dchag_device *device) { return *static_cast<CpuDevice *>(device); }

/// Keeps the reason of a failure.
static int keep(dchag_device *device, const Error &error) {
  get(device).reason = error.message();
  return 1;
}

static dchag_queue *queueOf(dchag_device *, int32_t) { return nullptr; }

static void *allocate(dchag_device *device, int32_t space, int64_t bytes, const char *purpose) {
  Region region;
  Error error = space == 0 ? region.allocate(bytes, purpose)
                           : failure("%s: the CPU has no memory space %d", purpose, space);
  if (!error)
    return region.take();
  keep(device, error);
  return nullptr;
}

static void release(dchag_device *, int32_t, void *data, int64_t bytes) {
  Region::give(data, bytes);
}

static int copy(dchag_device *, dchag_queue *, void *dst, const void *src, int64_t bytes) {
  std::memcpy(dst, src, bytes);
  return 0;
}

static void *loadImage(dchag_device *device, const void *, int64_t) {
  keep(device, failure("a program for the CPU has its kernels in itself, not in an image"));
  return nullptr;
}

static void *findKernel(dchag_device *device, void *, const char *kernel) {
  keep(device, failure("kernel %s: the CPU has no images to find it in", kernel));
  return nullptr;
}

static int launch(dchag_device *device, dchag_queue *, void *, const int64_t *, int64_t, void **) {
  return keep(device, failure("kernels of the CPU are called, not launched"));
}

static int multiply(dchag_device *device, dchag_queue *, const dchag_matmul *op, const void *a,
                    const void *b, const void *bias, void *c) {
  Error error = multiplyOnCpu(get(device), *op, a, b, bias, c);
  return error ? keep(device, error) : 0;
}

static dchag_event *record(dchag_device *, dchag_queue *) { return nullptr; }
static int waitFor(dchag_device *, dchag_queue *, dchag_event *) { return 0; }
static int finish(dchag_device *, dchag_queue *) { return 0; }
static const char *lastError(dchag_device *device) { return get(device).reason.c_str(); }
static void closeDevice(dchag_device *device) { delete &get(device); }

static const dchag_device_ops table = {DCHAG_RT_ABI_VERSION,
                                       sizeof(dchag_device_ops),
                                       "cpu",
                                       queueOf,
                                       allocate,
                                       release,
                                       copy,
                                       loadImage,
                                       findKernel,
                                       launch,
                                       multiply,
                                       record,
                                       waitFor,
                                       finish,
                                       lastError,
                                       closeDevice};

Device::Device() : ops(&table), device(new CpuDevice) {}
