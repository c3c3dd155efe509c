//===- Deferred.h - collectives that are done when waited for ---*- C++ -*-===//
//
// For communicators that cannot move data while a rank computes.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_RUNTIME_DEFERRED_H
#define DCHAG_RUNTIME_DEFERRED_H

#include "dchag_rt.h"

namespace dchag::rt {

/// Calls the blocking function of a collective.
inline int runCollective(const dchag_comm_ops &ops, dchag_comm *comm, const dchag_collective &c) {
  switch (c.kind) {
  case DCHAG_ALL_GATHER:
    return ops.all_gather(comm, c.queue, c.src, c.dst, c.count);
  case DCHAG_ALL_REDUCE:
    return ops.all_reduce(comm, c.queue, c.src, c.dst, c.count, c.dtype, c.reduction);
  case DCHAG_REDUCE_SCATTER:
    return ops.reduce_scatter(comm, c.queue, c.src, c.dst, c.count, c.dtype, c.reduction);
  default:
    return ops.all_to_all(comm, c.queue, c.src, c.dst, c.count);
  }
}

inline void *startDeferred(dchag_comm *, const dchag_collective *collective) {
  return new dchag_collective(*collective);
}

inline int waitDeferred(const dchag_comm_ops &ops, dchag_comm *comm, void *request) {
  auto *collective = static_cast<dchag_collective *>(request);
  int code = runCollective(ops, comm, *collective);
  delete collective;
  return code;
}

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_DEFERRED_H
