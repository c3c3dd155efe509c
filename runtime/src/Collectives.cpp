//===- Collectives.cpp - collectives of generated programs ------*- C++ -*-===//

#include "Context.h"
#include "Deferred.h"
#include "Types.h"

using namespace dchag::rt;

namespace {

/// Runs, starts or ends a collective of a group, and keeps its failure with its text.
class Call {
public:
  Call(dchag_context *context, const Comm &comm, int32_t site)
      : context(context), comm(comm), site(site) {}

  void run(const dchag_collective &collective) {
    enter();
    check(runCollective(*comm.ops, comm.comm, collective));
  }
  void *start(const dchag_collective &collective) {
    enter();
    void *handle = comm.ops->start(comm.comm, &collective);
    check(handle ? 0 : 1);
    return handle;
  }
  void wait(void *handle) {
    enter();
    check(comm.ops->wait(comm.comm, handle));
  }

private:
  const char *text() const {
    bool known = site >= 0 && site < context->program->num_sites;
    return known ? context->program->sites[site] : "collective";
  }
  void enter() { context->collective = text(); }
  void check(int code) {
    context->collective = nullptr;
    if (code)
      context->fail(failure("%s: %s", text(), comm.ops->last_error(comm.comm)), /*poisons=*/true);
  }

  dchag_context *context;
  const Comm &comm;
  int32_t site;
};

} // namespace

/// As communicators count: bytes where nothing is combined.
static int64_t countOf(int32_t kind, int32_t dtype, int64_t elements) {
  bool combines = kind == DCHAG_ALL_REDUCE || kind == DCHAG_REDUCE_SCATTER;
  return combines ? elements : elements * sizeOf(dtype);
}

/// The arguments of a call as data. The parts of an all-to-all are counted separately.
static dchag_collective describe(dchag_context *context, int32_t queue, int32_t group, int32_t kind,
                                 int32_t dtype, int32_t reduction, int64_t elements,
                                 const void *src, void *dst) {
  const Comm &comm = context->groups[group];
  if (kind == DCHAG_ALL_TO_ALL)
    elements /= comm.ops->size(comm.comm);
  return {kind, dtype, reduction, countOf(kind, dtype, elements), context->device.queue(queue),
          src,  dst};
}

static void run(dchag_context *context, int32_t queue, int32_t site, int32_t group, int32_t kind,
                int32_t dtype, int32_t reduction, int64_t count, const void *src, void *dst) {
  if (context->poisoned)
    return;
  Call(context, context->groups[group], site)
      .run(describe(context, queue, group, kind, dtype, reduction, count, src, dst));
}

/// A failed request is not waited for.
static void *start(dchag_context *context, int32_t queue, int32_t site, int32_t group, int32_t kind,
                   int32_t dtype, int32_t reduction, int64_t count, const void *src, void *dst) {
  if (context->poisoned)
    return nullptr;
  Request *request = context->takeRequest();
  request->site = site;
  request->comm = context->groups[group];
  request->handle =
      Call(context, request->comm, site)
          .start(describe(context, queue, group, kind, dtype, reduction, count, src, dst));
  return context->poisoned ? nullptr : request;
}

void dchag_rt_all_gather(dchag_context *context, int32_t queue, int32_t site, int32_t group,
                         int32_t dtype, int64_t count, const void *src, void *dst) {
  run(context, queue, site, group, DCHAG_ALL_GATHER, dtype, DCHAG_SUM, count, src, dst);
}

void dchag_rt_reduce_scatter(dchag_context *context, int32_t queue, int32_t site, int32_t group,
                             int32_t dtype, int32_t reduction, int64_t count, const void *src,
                             void *dst) {
  run(context, queue, site, group, DCHAG_REDUCE_SCATTER, dtype, reduction, count, src, dst);
}

void dchag_rt_all_reduce(dchag_context *context, int32_t queue, int32_t site, int32_t group,
                         int32_t dtype, int32_t reduction, int64_t count, const void *src,
                         void *dst) {
  run(context, queue, site, group, DCHAG_ALL_REDUCE, dtype, reduction, count, src, dst);
}

void dchag_rt_all_to_all(dchag_context *context, int32_t queue, int32_t site, int32_t group,
                         int32_t dtype, int64_t count, const void *src, void *dst) {
  run(context, queue, site, group, DCHAG_ALL_TO_ALL, dtype, DCHAG_SUM, count, src, dst);
}

void *dchag_rt_start_all_gather(dchag_context *context, int32_t queue, int32_t site, int32_t group,
                                int32_t dtype, int64_t count, const void *src, void *dst) {
  return start(context, queue, site, group, DCHAG_ALL_GATHER, dtype, DCHAG_SUM, count, src, dst);
}

void *dchag_rt_start_reduce_scatter(dchag_context *context, int32_t queue, int32_t site,
                                    int32_t group, int32_t dtype, int32_t reduction, int64_t count,
                                    const void *src, void *dst) {
  return start(context, queue, site, group, DCHAG_REDUCE_SCATTER, dtype, reduction, count, src,
               dst);
}

void *dchag_rt_start_all_reduce(dchag_context *context, int32_t queue, int32_t site, int32_t group,
                                int32_t dtype, int32_t reduction, int64_t count, const void *src,
                                void *dst) {
  return start(context, queue, site, group, DCHAG_ALL_REDUCE, dtype, reduction, count, src, dst);
}

void *dchag_rt_start_all_to_all(dchag_context *context, int32_t queue, int32_t site, int32_t group,
                                int32_t dtype, int64_t count, const void *src, void *dst) {
  return start(context, queue, site, group, DCHAG_ALL_TO_ALL, dtype, DCHAG_SUM, count, src, dst);
}

void dchag_rt_wait(dchag_context *context, void *data) {
  if (context->poisoned || !data)
    return;
  auto *request = static_cast<Request *>(data);
  Call(context, request->comm, request->site).wait(request->handle);
  context->giveBack(request);
}
