//===- Collectives.cpp - collectives of generated programs ------*- C++ -*-===//
//
// Communicators move whole contiguous buffers. A dimension that is not the outermost one is
// brought there by a copy before or after, unless everything outside of it has size 1. Between
// start and wait those copies belong to the request.
//
//===----------------------------------------------------------------------===//

#include "Context.h"
#include "Deferred.h"
#include "Types.h"

#include <cstring>

using namespace dchag::rt;

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

namespace {

/// Builds a request out of the arguments of a call, runs or starts it, and ends it.
class Call {
public:
  /// A new one, which uses the memory of `request`.
  Call(dchag_context *context, int32_t site, int32_t group, Request &request)
      : context(context), request(request) {
    request.site = site;
    request.comm = context->groups[group];
    request.outer = request.run = 0;
  }
  /// Continues one that was started.
  Call(dchag_context *context, Request &request) : context(context), request(request) {}

  int64_t size() { return request.comm.ops->size(request.comm.comm); }
  /// The source [outer, ranks, run] with the ranks outermost; null after a failure.
  const void *pack(int64_t outer, int64_t run, const void *src);
  /// Where to receive [ranks, outer, run], which `finish` brings to `dst`; null after a failure.
  void *unpack(int64_t outer, int64_t run, void *dst);
  void run(int32_t kind, const void *src, void *dst, int64_t count, int32_t dtype,
           int32_t reduction);
  void start(int32_t kind, const void *src, void *dst, int64_t count, int32_t dtype,
             int32_t reduction);
  void wait();

private:
  char *reserve(Region &region, int64_t bytes);
  void check(int code);
  void fail(const std::string &reason);
  void finish();
  const char *text() const {
    bool known = request.site >= 0 && request.site < context->program->num_sites;
    return known ? context->program->sites[request.site] : "collective";
  }

  dchag_context *context;
  Request &request;
};

} // namespace

void Call::fail(const std::string &reason) {
  context->fail(failure("%s: %s", text(), reason.c_str()), /*poisons=*/true);
}

void Call::check(int code) {
  if (code)
    fail(request.comm.ops->last_error(request.comm.comm));
}

char *Call::reserve(Region &region, int64_t bytes) {
  if (Error error = region.reserve(bytes > 0 ? bytes : 1, "collective"))
    fail(error.message());
  return context->poisoned ? nullptr : region.data();
}

const void *Call::pack(int64_t outer, int64_t run, const void *src) {
  if (outer <= 1 || size() == 1)
    return src;
  char *packed = reserve(request.packed, outer * size() * run);
  if (packed)
    moveMiddleOut(outer, size(), run, static_cast<const char *>(src), packed);
  return packed;
}

void *Call::unpack(int64_t outer, int64_t run, void *dst) {
  if (outer <= 1 || size() == 1)
    return dst;
  request.outer = outer;
  request.run = run;
  request.target = static_cast<char *>(dst);
  return reserve(request.received, outer * size() * run);
}

void Call::finish() {
  if (!context->poisoned && request.outer > 0)
    moveMiddleIn(request.outer, size(), request.run, request.received.data(), request.target);
}

void Call::run(int32_t kind, const void *src, void *dst, int64_t count, int32_t dtype,
               int32_t reduction) {
  if (context->poisoned)
    return;
  dchag_collective collective = {kind, dtype, reduction, count, src, dst};
  context->collective = text();
  check(runCollective(*request.comm.ops, request.comm.comm, collective));
  context->collective = nullptr;
  finish();
}

void Call::start(int32_t kind, const void *src, void *dst, int64_t count, int32_t dtype,
                 int32_t reduction) {
  if (context->poisoned)
    return;
  dchag_collective collective = {kind, dtype, reduction, count, src, dst};
  context->collective = text();
  request.handle = request.comm.ops->start(request.comm.comm, &collective);
  context->collective = nullptr;
  check(request.handle ? 0 : 1);
}

void Call::wait() {
  context->collective = text();
  check(request.comm.ops->wait(request.comm.comm, request.handle));
  context->collective = nullptr;
  finish();
}

/// The four collectives by one `action`, which runs or starts them.
template <typename Action>
static void gather(Call &call, int32_t dtype, int64_t outer, int64_t inner, const void *src,
                   void *dst, Action action) {
  int64_t run = inner * sizeOf(dtype);
  void *target = call.unpack(outer, run, dst);
  (call.*action)(DCHAG_ALL_GATHER, src, target, outer * run, dtype, DCHAG_SUM);
}

template <typename Action>
static void scatter(Call &call, int32_t dtype, int32_t reduction, int64_t outer, int64_t inner,
                    const void *src, void *dst, Action action) {
  const void *source = call.pack(outer, inner * sizeOf(dtype), src);
  (call.*action)(DCHAG_REDUCE_SCATTER, source, dst, outer * inner, dtype, reduction);
}

/// Source [sendOuter, ranks, sendRun], destination [receiveOuter, ranks, receiveRun].
template <typename Action>
static void exchange(Call &call, int32_t dtype, int32_t splitFirst, int64_t outer, int64_t split,
                     int64_t mid, int64_t concat, int64_t inner, const void *src, void *dst,
                     Action action) {
  int64_t bytes = outer * split * mid * concat * inner * sizeOf(dtype);
  int64_t sendOuter = splitFirst ? outer : outer * concat * mid;
  int64_t receiveOuter = splitFirst ? outer * split * mid : outer;
  const void *source = call.pack(sendOuter, sendOuter ? bytes / sendOuter : 0, src);
  void *target = call.unpack(receiveOuter, receiveOuter ? bytes / receiveOuter : 0, dst);
  (call.*action)(DCHAG_ALL_TO_ALL, source, target, bytes, dtype, DCHAG_SUM);
}

void dchag_rt_all_gather(dchag_context *context, int32_t site, int32_t group, int32_t dtype,
                         int64_t outer, int64_t inner, const void *src, void *dst) {
  if (context->poisoned)
    return;
  Call call(context, site, group, context->blocking);
  gather(call, dtype, outer, inner, src, dst, &Call::run);
}

void dchag_rt_reduce_scatter(dchag_context *context, int32_t site, int32_t group, int32_t dtype,
                             int32_t reduction, int64_t outer, int64_t inner, const void *src,
                             void *dst) {
  if (context->poisoned)
    return;
  Call call(context, site, group, context->blocking);
  scatter(call, dtype, reduction, outer, inner, src, dst, &Call::run);
}

void dchag_rt_all_reduce(dchag_context *context, int32_t site, int32_t group, int32_t dtype,
                         int32_t reduction, int64_t count, const void *src, void *dst) {
  if (context->poisoned)
    return;
  Call call(context, site, group, context->blocking);
  call.run(DCHAG_ALL_REDUCE, src, dst, count, dtype, reduction);
}

void dchag_rt_all_to_all(dchag_context *context, int32_t site, int32_t group, int32_t dtype,
                         int32_t split_first, int64_t outer, int64_t split, int64_t mid,
                         int64_t concat, int64_t inner, const void *src, void *dst) {
  if (context->poisoned)
    return;
  Call call(context, site, group, context->blocking);
  exchange(call, dtype, split_first, outer, split, mid, concat, inner, src, dst, &Call::run);
}

//===----------------------------------------------------------------------===//
// Non-blocking forms
//===----------------------------------------------------------------------===//

/// Starts a collective by `body`. A request that a failure left is not waited for.
template <typename Body>
static void *startCall(dchag_context *context, int32_t site, int32_t group, Body body) {
  if (context->poisoned)
    return nullptr;
  Request *request = context->takeRequest();
  Call call(context, site, group, *request);
  body(call);
  return context->poisoned ? nullptr : request;
}

void *dchag_rt_start_all_gather(dchag_context *context, int32_t site, int32_t group, int32_t dtype,
                                int64_t outer, int64_t inner, const void *src, void *dst) {
  return startCall(context, site, group,
                   [&](Call &call) { gather(call, dtype, outer, inner, src, dst, &Call::start); });
}

void *dchag_rt_start_reduce_scatter(dchag_context *context, int32_t site, int32_t group,
                                    int32_t dtype, int32_t reduction, int64_t outer, int64_t inner,
                                    const void *src, void *dst) {
  return startCall(context, site, group, [&](Call &call) {
    scatter(call, dtype, reduction, outer, inner, src, dst, &Call::start);
  });
}

void *dchag_rt_start_all_reduce(dchag_context *context, int32_t site, int32_t group, int32_t dtype,
                                int32_t reduction, int64_t count, const void *src, void *dst) {
  return startCall(context, site, group, [&](Call &call) {
    call.start(DCHAG_ALL_REDUCE, src, dst, count, dtype, reduction);
  });
}

void *dchag_rt_start_all_to_all(dchag_context *context, int32_t site, int32_t group, int32_t dtype,
                                int32_t split_first, int64_t outer, int64_t split, int64_t mid,
                                int64_t concat, int64_t inner, const void *src, void *dst) {
  return startCall(context, site, group, [&](Call &call) {
    exchange(call, dtype, split_first, outer, split, mid, concat, inner, src, dst, &Call::start);
  });
}

void dchag_rt_wait(dchag_context *context, void *data) {
  if (context->poisoned || !data)
    return;
  auto *request = static_cast<Request *>(data);
  Call(context, *request).wait();
  context->giveBack(request);
}
