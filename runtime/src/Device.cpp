//===- Device.cpp - what programs ask of the device of a rank ---*- C++ -*-===//

#include "Context.h"

using namespace dchag::rt;

Error DeviceMemory::allocate(const Device &device, int64_t bytes, const char *purpose) {
  release();
  if (bytes == 0)
    return Error::success();
  start = static_cast<char *>(device.ops->allocate(device.device, 0, bytes, purpose));
  if (!start)
    return device.error();
  owner = &device;
  length = bytes;
  return Error::success();
}

void DeviceMemory::release() {
  if (start)
    owner->ops->release(owner->device, 0, start, length);
  start = nullptr;
}

void dchag_rt_copy(dchag_context *context, int32_t queue, int64_t bytes, const void *src,
                   void *dst) {
  if (context->poisoned || context->error)
    return;
  const Device &device = context->device;
  if (device.ops->copy(device.device, device.queue(queue), dst, src, bytes))
    context->fail(device.error(), /*poisons=*/false);
}

void dchag_rt_matmul(dchag_context *context, int32_t queue, const dchag_matmul *op, const void *a,
                     const void *b, const void *bias, void *c) {
  // A failure here concerns this rank only: it stays in step with the others and reports it later.
  if (context->poisoned || context->error)
    return;
  context->progress();
  const Device &device = context->device;
  if (device.ops->multiply(device.device, device.queue(queue), op, a, b, bias, c))
    context->fail(device.error(), /*poisons=*/false);
  context->progress();
}
