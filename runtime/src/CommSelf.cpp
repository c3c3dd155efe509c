//===- CommSelf.cpp - the communicator of one rank --------------*- C++ -*-===//

#include "Comm.h"
#include "Deferred.h"
#include "Types.h"

#include <cstdlib>

using namespace dchag::rt;

static dchag_comm self;

static int rank(dchag_comm *) { return 0; }
static int size(dchag_comm *) { return 1; }
static dchag_comm *split(dchag_comm *comm, int, int) { return comm; }

static int copy(const void *src, void *dst, int64_t bytes) {
  if (src != dst && bytes > 0)
    std::memmove(dst, src, bytes);
  return 0;
}
static int gather(dchag_comm *, dchag_queue *, const void *src, void *dst, int64_t bytes) {
  return copy(src, dst, bytes);
}
static int reduce(dchag_comm *, dchag_queue *, const void *src, void *dst, int64_t count,
                  int32_t dtype, int32_t) {
  return copy(src, dst, count * sizeOf(dtype));
}
static int barrier(dchag_comm *) { return 0; }
static int wait(dchag_comm *comm, void *request);
static void progress(dchag_comm *) {}
static const char *lastError(dchag_comm *) { return ""; }
static void abortRank(dchag_comm *, int code) { std::exit(code); }
static void close(dchag_comm *) {}

static const dchag_comm_ops ops = {DCHAG_RT_ABI_VERSION,
                                   sizeof(dchag_comm_ops),
                                   "self",
                                   rank,
                                   size,
                                   split,
                                   gather,
                                   reduce,
                                   reduce,
                                   gather,
                                   barrier,
                                   startDeferred,
                                   wait,
                                   progress,
                                   lastError,
                                   abortRank,
                                   close};

static int wait(dchag_comm *comm, void *request) { return waitDeferred(ops, comm, request); }

Comm dchag::rt::openSelf() { return {&ops, &self}; }
