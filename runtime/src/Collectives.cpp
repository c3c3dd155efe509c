//===- Collectives.cpp - collectives of generated programs ------*- C++ -*-===//
//
// Communicators move whole contiguous buffers. A dimension that is not the outermost one is
// brought there by a copy before or after, unless everything outside of it has size 1.
//
//===----------------------------------------------------------------------===//

#include "Context.h"
#include "Types.h"

#include <cstring>

using namespace dchag::rt;

namespace {

/// One call: what it needs to talk to its group and to say where it failed.
class Call {
public:
  Call(dchag_context *context, int32_t site, int32_t group)
      : context(context), site(site), comm(context->groups[group]) {}

  /// Memory for `bytes` bytes, null after a failure.
  char *reserve(Region &region, int64_t bytes) {
    if (Error error = region.reserve(bytes > 0 ? bytes : 1, "collective"))
      fail(error.message());
    return context->poisoned ? nullptr : region.data();
  }
  void check(int code) {
    if (code)
      fail(comm.ops->last_error(comm.comm));
  }
  int64_t size() { return comm.ops->size(comm.comm); }

  dchag_context *context;
  int32_t site;
  Comm comm;

private:
  void fail(const std::string &reason) {
    bool known = site >= 0 && site < context->program->num_sites;
    context->fail(
        failure("%s: %s", known ? context->program->sites[site] : "collective", reason.c_str()),
        /*poisons=*/true);
  }
};

} // namespace

/// dst [middle, outer, bytes] = src [outer, middle, bytes].
static void moveMiddleOut(int64_t outer, int64_t middle, int64_t bytes, const char *src,
                          char *dst) {
  for (int64_t m = 0; m < middle; ++m)
    for (int64_t o = 0; o < outer; ++o)
      std::memcpy(dst + (m * outer + o) * bytes, src + (o * middle + m) * bytes, bytes);
}

/// dst [outer, middle, bytes] = src [middle, outer, bytes].
static void moveMiddleIn(int64_t outer, int64_t middle, int64_t bytes, const char *src, char *dst) {
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t m = 0; m < middle; ++m)
      std::memcpy(dst + (o * middle + m) * bytes, src + (m * outer + o) * bytes, bytes);
}

void dchag_rt_all_gather(dchag_context *context, int32_t site, int32_t group, int32_t dtype,
                         int64_t outer, int64_t inner, const void *src, void *dst) {
  if (context->poisoned)
    return;
  Call call(context, site, group);
  int64_t run = inner * sizeOf(dtype), bytes = outer * run, ranks = call.size();
  bool direct = outer == 1 || ranks == 1;
  void *target = direct ? dst : call.reserve(context->received, bytes * ranks);
  if (context->poisoned)
    return;
  call.check(call.comm.ops->all_gather(call.comm.comm, src, target, bytes));
  if (!direct && !context->poisoned)
    moveMiddleIn(outer, ranks, run, static_cast<char *>(target), static_cast<char *>(dst));
}

void dchag_rt_reduce_scatter(dchag_context *context, int32_t site, int32_t group, int32_t dtype,
                             int32_t reduction, int64_t outer, int64_t inner, const void *src,
                             void *dst) {
  if (context->poisoned)
    return;
  Call call(context, site, group);
  int64_t run = inner * sizeOf(dtype), ranks = call.size();
  const void *source = src;
  if (outer != 1 && ranks != 1) {
    char *packed = call.reserve(context->packed, outer * ranks * run);
    if (!packed)
      return;
    moveMiddleOut(outer, ranks, run, static_cast<const char *>(src), packed);
    source = packed;
  }
  call.check(
      call.comm.ops->reduce_scatter(call.comm.comm, source, dst, outer * inner, dtype, reduction));
}

void dchag_rt_all_reduce(dchag_context *context, int32_t site, int32_t group, int32_t dtype,
                         int32_t reduction, int64_t count, const void *src, void *dst) {
  if (context->poisoned)
    return;
  Call call(context, site, group);
  call.check(call.comm.ops->all_reduce(call.comm.comm, src, dst, count, dtype, reduction));
}

void dchag_rt_all_to_all(dchag_context *context, int32_t site, int32_t group, int32_t dtype,
                         int32_t split_first, int64_t outer, int64_t split, int64_t mid,
                         int64_t concat, int64_t inner, const void *src, void *dst) {
  if (context->poisoned)
    return;
  Call call(context, site, group);
  int64_t width = sizeOf(dtype), ranks = call.size();
  int64_t bytes = outer * split * mid * concat * inner * width;
  // Source [sendOuter, ranks, sendRun], destination [receiveOuter, ranks, receiveRun].
  int64_t sendOuter = split_first ? outer : outer * concat * mid;
  int64_t receiveOuter = split_first ? outer * split * mid : outer;
  int64_t sendRun = sendOuter ? bytes / sendOuter : 0;
  int64_t receiveRun = receiveOuter ? bytes / receiveOuter : 0;
  const void *source = src;
  if (sendOuter > 1 && ranks > 1) {
    char *packed = call.reserve(context->packed, ranks * bytes);
    if (!packed)
      return;
    moveMiddleOut(sendOuter, ranks, sendRun, static_cast<const char *>(src), packed);
    source = packed;
  }
  bool direct = receiveOuter <= 1 || ranks == 1;
  void *target = direct ? dst : call.reserve(context->received, ranks * bytes);
  if (context->poisoned)
    return;
  call.check(call.comm.ops->all_to_all(call.comm.comm, source, target, bytes));
  if (!direct && !context->poisoned)
    moveMiddleIn(receiveOuter, ranks, receiveRun, static_cast<char *>(target),
                 static_cast<char *>(dst));
}
