//===- CommMpi.cpp - adapter to MPI -----------------------------*- C++ -*-===//
//
// A separate library (libdchag_comm_mpi.so), so that only programs that are started by MPI load it.
// MPI counts with int: larger transfers are split. DCHAG_MPI_MAX_COUNT sets a smaller limit, with
// which tests reach the split.
//
//===----------------------------------------------------------------------===//

#include "Adapter.h"
#include "Deferred.h"
#include "MpiWorld.h"
#include "Reduce.h"

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <numeric>

using namespace dchag::rt;

namespace {

/// A collective in progress.
struct MpiRequest {
  dchag_collective collective;
  MPI_Request handle = MPI_REQUEST_NULL;
  uint32_t number = 0;                 ///< of the call that started it
  bool deferred = false;               ///< done when waited for
  std::vector<float> wide, wideResult; ///< what moves for 16-bit floats
};

struct MpiComm : dchag_comm {
  MPI_Comm handle = MPI_COMM_NULL;
  std::shared_ptr<MpiWorld> world;
  std::vector<int> others; ///< the other ranks, as numbers of the world
  std::string error;
  bool isWorld = false;
  std::vector<MpiComm *> children;
  std::vector<float> wide, wideResult; ///< 16-bit floats travel as f32 in reductions
  std::vector<char> piece;
  std::vector<MpiRequest *> pending, spare;
};

/// Scope of calls of MPI that wait for the other ranks of `comm`. If these do not come, the process
/// ends inside of the calls.
class Waiting {
public:
  Waiting(MpiComm &comm, uint32_t number) : control(*comm.world->control) {
    allowed = control.enterCall(comm.others, number);
    if (!allowed)
      comm.error = control.verdict();
  }
  explicit Waiting(MpiComm &comm) : Waiting(comm, comm.world->control->countCall()) {}
  ~Waiting() {
    if (allowed)
      control.leaveCall(ends);
  }
  /// The collective continues after the call.
  void onlyStarts() { ends = false; }
  /// All ranks stop: the calls must not be made.
  bool refused() const { return !allowed; }

private:
  Control &control;
  bool allowed, ends = true;
};

} // namespace

static int64_t maxCount = INT_MAX;

static MpiComm &get(dchag_comm *comm) { return *static_cast<MpiComm *>(comm); }

/// Keeps the text of an MPI error; non-zero if there was one.
static int check(MpiComm &comm, int code) {
  if (code == MPI_SUCCESS)
    return 0;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, text, &length);
  comm.error.assign(text, length);
  return 1;
}

static int rank(dchag_comm *comm) {
  int value = 0;
  MPI_Comm_rank(get(comm).handle, &value);
  return value;
}

static int size(dchag_comm *comm) {
  int value = 0;
  MPI_Comm_size(get(comm).handle, &value);
  return value;
}

/// The other ranks of a communicator.
static std::vector<int> listOthers(MpiComm &comm) {
  MPI_Group all, members;
  MPI_Comm_group(MPI_COMM_WORLD, &all);
  MPI_Comm_group(comm.handle, &members);
  std::vector<int> places(size(&comm)), ranks(places.size());
  std::iota(places.begin(), places.end(), 0);
  MPI_Group_translate_ranks(members, static_cast<int>(places.size()), places.data(), all,
                            ranks.data());
  ranks.erase(ranks.begin() + rank(&comm));
  MPI_Group_free(&members);
  MPI_Group_free(&all);
  return ranks;
}

static dchag_comm *split(dchag_comm *base, int color, int key) {
  MpiComm &comm = get(base);
  Waiting waiting(comm);
  if (waiting.refused())
    return nullptr;
  auto *child = new MpiComm;
  if (check(comm, MPI_Comm_split(comm.handle, color, key, &child->handle))) {
    delete child;
    return nullptr;
  }
  MPI_Comm_set_errhandler(child->handle, MPI_ERRORS_RETURN);
  child->world = comm.world;
  child->others = listOthers(*child);
  comm.children.push_back(child);
  return child;
}

/// A type of `bytes` bytes whose neighbours are `stride` bytes apart: one piece of the part of each
/// rank, at its offset in the whole part.
static MPI_Datatype makePiece(int64_t bytes, int64_t stride) {
  MPI_Datatype dense, spaced;
  MPI_Type_contiguous(static_cast<int>(bytes), MPI_BYTE, &dense);
  MPI_Type_create_resized(dense, 0, stride, &spaced);
  MPI_Type_commit(&spaced);
  MPI_Type_free(&dense);
  return spaced;
}

static int allGather(dchag_comm *base, dchag_queue *, const void *src, void *dst, int64_t bytes) {
  MpiComm &comm = get(base);
  Waiting waiting(comm);
  if (waiting.refused())
    return 1;
  if (bytes <= maxCount)
    return check(comm, MPI_Allgather(src, static_cast<int>(bytes), MPI_BYTE, dst,
                                     static_cast<int>(bytes), MPI_BYTE, comm.handle));
  for (int64_t at = 0; at < bytes; at += maxCount) {
    int64_t part = std::min(maxCount, bytes - at);
    MPI_Datatype type = makePiece(part, bytes);
    int code = MPI_Allgather(static_cast<const char *>(src) + at, static_cast<int>(part), MPI_BYTE,
                             static_cast<char *>(dst) + at, 1, type, comm.handle);
    MPI_Type_free(&type);
    if (check(comm, code))
      return 1;
  }
  return 0;
}

static int allToAll(dchag_comm *base, dchag_queue *, const void *src, void *dst, int64_t bytes) {
  MpiComm &comm = get(base);
  Waiting waiting(comm);
  if (waiting.refused())
    return 1;
  if (bytes <= maxCount)
    return check(comm, MPI_Alltoall(src, static_cast<int>(bytes), MPI_BYTE, dst,
                                    static_cast<int>(bytes), MPI_BYTE, comm.handle));
  for (int64_t at = 0; at < bytes; at += maxCount) {
    MPI_Datatype type = makePiece(std::min(maxCount, bytes - at), bytes);
    int code = MPI_Alltoall(static_cast<const char *>(src) + at, 1, type,
                            static_cast<char *>(dst) + at, 1, type, comm.handle);
    MPI_Type_free(&type);
    if (check(comm, code))
      return 1;
  }
  return 0;
}

static MPI_Datatype typeOf(int32_t dtype) {
  switch (dtype) {
  case DCHAG_BOOL:
  case DCHAG_U8:
    return MPI_UINT8_T;
  case DCHAG_I8:
    return MPI_INT8_T;
  case DCHAG_I16:
    return MPI_INT16_T;
  case DCHAG_I32:
    return MPI_INT32_T;
  case DCHAG_I64:
    return MPI_INT64_T;
  case DCHAG_F64:
    return MPI_DOUBLE;
  default:
    return MPI_FLOAT; // f32, and the 16-bit floats, which are widened
  }
}

static MPI_Op opOf(int32_t reduction) {
  return reduction == DCHAG_SUM ? MPI_SUM : reduction == DCHAG_MAX ? MPI_MAX : MPI_MIN;
}

static bool isHalf(int32_t dtype) { return dtype == DCHAG_F16 || dtype == DCHAG_BF16; }

static void widen(int32_t dtype, const void *src, int64_t count, float *dst) {
  dispatchFloat(dtype, [&](auto *tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    for (int64_t i = 0; i < count; ++i)
      dst[i] = convert<float>(static_cast<const T *>(src)[i]);
  });
}

static void narrow(int32_t dtype, const float *src, int64_t count, void *dst) {
  dispatchFloat(dtype, [&](auto *tag) {
    using T = std::remove_pointer_t<decltype(tag)>;
    for (int64_t i = 0; i < count; ++i)
      static_cast<T *>(dst)[i] = convert<T>(src[i]);
  });
}

static int checkReduction(MpiComm &comm, int32_t dtype, int32_t reduction) {
  if (canReduce(dtype, reduction))
    return 0;
  comm.error = format("%s has no reduction %d", nameOf(dtype), reduction);
  return 1;
}

static int allReduce(dchag_comm *base, dchag_queue *, const void *src, void *dst, int64_t count,
                     int32_t dtype, int32_t reduction) {
  MpiComm &comm = get(base);
  if (checkReduction(comm, dtype, reduction))
    return 1;
  Waiting waiting(comm);
  if (waiting.refused())
    return 1;
  int64_t width = sizeOf(dtype);
  for (int64_t at = 0; at < count; at += maxCount) {
    int64_t part = std::min(maxCount, count - at);
    const char *from = static_cast<const char *>(src) + at * width;
    char *to = static_cast<char *>(dst) + at * width;
    if (isHalf(dtype)) {
      comm.wide.resize(std::max<size_t>(comm.wide.size(), part));
      widen(dtype, from, part, comm.wide.data());
      if (check(comm, MPI_Allreduce(MPI_IN_PLACE, comm.wide.data(), static_cast<int>(part),
                                    MPI_FLOAT, opOf(reduction), comm.handle)))
        return 1;
      narrow(dtype, comm.wide.data(), part, to);
    } else if (check(comm,
                     MPI_Allreduce(from == to ? MPI_IN_PLACE : from, to, static_cast<int>(part),
                                   typeOf(dtype), opOf(reduction), comm.handle))) {
      return 1;
    }
  }
  return 0;
}

/// One piece: elements [at, at + part) of the part of each rank. Whole parts are sent without a
/// copy.
static int scatterPiece(MpiComm &comm, const void *src, void *dst, int64_t count, int64_t at,
                        int64_t part, int32_t dtype, int32_t reduction) {
  int64_t width = sizeOf(dtype), ranks = size(&comm);
  const char *from = static_cast<const char *>(src);
  char *to = static_cast<char *>(dst) + at * width;
  if (part != count) {
    comm.piece.resize(std::max<size_t>(comm.piece.size(), ranks * part * width));
    for (int64_t r = 0; r < ranks; ++r)
      std::memcpy(comm.piece.data() + r * part * width, from + (r * count + at) * width,
                  part * width);
    from = comm.piece.data();
  }
  if (!isHalf(dtype))
    return check(comm, MPI_Reduce_scatter_block(from, to, static_cast<int>(part), typeOf(dtype),
                                                opOf(reduction), comm.handle));
  comm.wide.resize(std::max<size_t>(comm.wide.size(), ranks * part));
  comm.wideResult.resize(std::max<size_t>(comm.wideResult.size(), part));
  widen(dtype, from, ranks * part, comm.wide.data());
  if (check(comm, MPI_Reduce_scatter_block(comm.wide.data(), comm.wideResult.data(),
                                           static_cast<int>(part), MPI_FLOAT, opOf(reduction),
                                           comm.handle)))
    return 1;
  narrow(dtype, comm.wideResult.data(), part, to);
  return 0;
}

static int reduceScatter(dchag_comm *base, dchag_queue *, const void *src, void *dst, int64_t count,
                         int32_t dtype, int32_t reduction) {
  MpiComm &comm = get(base);
  if (checkReduction(comm, dtype, reduction))
    return 1;
  Waiting waiting(comm);
  if (waiting.refused())
    return 1;
  // Implementations add up the counts of all ranks in an int.
  int64_t most = std::max<int64_t>(1, maxCount / size(base));
  for (int64_t at = 0; at < count; at += most)
    if (scatterPiece(comm, src, dst, count, at, std::min(most, count - at), dtype, reduction))
      return 1;
  return 0;
}

static int barrier(dchag_comm *base) {
  MpiComm &comm = get(base);
  Waiting waiting(comm);
  return waiting.refused() || check(comm, MPI_Barrier(comm.handle));
}

/// The non-blocking call of a collective that fits into one piece.
static int startPiece(MpiComm &comm, MpiRequest &request) {
  const dchag_collective &c = request.collective;
  int count = static_cast<int>(c.count);
  const void *from = c.src;
  void *to = c.dst;
  MPI_Datatype type = typeOf(c.dtype);
  MPI_Op op = opOf(c.reduction);
  if (c.kind == DCHAG_ALL_GATHER)
    return MPI_Iallgather(from, count, MPI_BYTE, to, count, MPI_BYTE, comm.handle, &request.handle);
  if (c.kind == DCHAG_ALL_TO_ALL)
    return MPI_Ialltoall(from, count, MPI_BYTE, to, count, MPI_BYTE, comm.handle, &request.handle);
  if (isHalf(c.dtype)) {
    int64_t all = c.kind == DCHAG_ALL_REDUCE ? c.count : c.count * size(&comm);
    request.wide.resize(all);
    request.wideResult.resize(c.count);
    widen(c.dtype, from, all, request.wide.data());
    from = request.wide.data();
    to = request.wideResult.data();
  }
  if (c.kind == DCHAG_ALL_REDUCE)
    return MPI_Iallreduce(from == to ? MPI_IN_PLACE : from, to, count, type, op, comm.handle,
                          &request.handle);
  return MPI_Ireduce_scatter_block(from, to, count, type, op, comm.handle, &request.handle);
}

/// Collectives in several pieces are done in `wait`: on all ranks, as the sizes are the same.
static void *start(dchag_comm *base, const dchag_collective *collective) {
  MpiComm &comm = get(base);
  bool reduces = collective->kind == DCHAG_ALL_REDUCE || collective->kind == DCHAG_REDUCE_SCATTER;
  if (reduces && checkReduction(comm, collective->dtype, collective->reduction))
    return nullptr;
  if (comm.spare.empty())
    comm.spare.push_back(new MpiRequest);
  MpiRequest *request = comm.spare.back();
  request->collective = *collective;
  request->number = comm.world->control->countCall();
  int64_t most = collective->kind == DCHAG_REDUCE_SCATTER ? maxCount / size(base) : maxCount;
  request->deferred = collective->count > most;
  if (!request->deferred) {
    Waiting waiting(comm, request->number);
    waiting.onlyStarts();
    if (waiting.refused() || check(comm, startPiece(comm, *request)))
      return nullptr;
  }
  comm.spare.pop_back();
  comm.pending.push_back(request);
  return request;
}

static int wait(dchag_comm *base, void *data);

/// Open MPI moves data only inside of its functions.
static void progress(dchag_comm *base) {
  for (MpiRequest *request : get(base).pending) {
    int done = 0;
    if (request->handle != MPI_REQUEST_NULL)
      MPI_Test(&request->handle, &done, MPI_STATUS_IGNORE);
  }
}

static const char *lastError(dchag_comm *comm) { return get(comm).error.c_str(); }

static void abortThis(dchag_comm *comm, int code) {
  dchag::rt::abortRank(*get(comm).world->control, code);
}

static void destroy(MpiComm *comm) {
  for (std::vector<MpiRequest *> *requests : {&comm->pending, &comm->spare})
    for (MpiRequest *request : *requests)
      delete request;
  MPI_Comm_free(&comm->handle);
  delete comm;
}

static void close(dchag_comm *base) {
  MpiComm *comm = &get(base);
  if (!comm->isWorld)
    return;
  std::shared_ptr<MpiWorld> world = comm->world;
  for (MpiComm *child : comm->children)
    destroy(child);
  destroy(comm);
  world->close();
}

static const dchag_comm_ops ops = {DCHAG_RT_ABI_VERSION,
                                   sizeof(dchag_comm_ops),
                                   "mpi",
                                   rank,
                                   size,
                                   split,
                                   allGather,
                                   allReduce,
                                   reduceScatter,
                                   allToAll,
                                   barrier,
                                   start,
                                   wait,
                                   progress,
                                   lastError,
                                   abortThis,
                                   close};

static int wait(dchag_comm *base, void *data) {
  MpiComm &comm = get(base);
  auto *request = static_cast<MpiRequest *>(data);
  const dchag_collective &c = request->collective;
  int code = 0;
  if (request->deferred) {
    code = runCollective(ops, base, c);
  } else {
    Waiting waiting(comm, request->number);
    code = waiting.refused() || check(comm, MPI_Wait(&request->handle, MPI_STATUS_IGNORE));
  }
  bool reduces = c.kind == DCHAG_ALL_REDUCE || c.kind == DCHAG_REDUCE_SCATTER;
  if (!code && !request->deferred && reduces && isHalf(c.dtype))
    narrow(c.dtype, request->wideResult.data(), c.count, c.dst);
  comm.pending.erase(std::find(comm.pending.begin(), comm.pending.end(), request));
  comm.spare.push_back(request);
  return code;
}

/// The communicator of all ranks: a copy, because other libraries may use MPI_COMM_WORLD.
static Error makeWorld(std::shared_ptr<MpiWorld> world, MpiComm &comm) {
  comm.isWorld = true;
  comm.world = std::move(world);
  comm.others = comm.world->others;
  Waiting waiting(comm);
  if (waiting.refused() || check(comm, MPI_Comm_dup(MPI_COMM_WORLD, &comm.handle)))
    return failure("cannot make the communicator of all ranks: %s", comm.error.c_str());
  MPI_Comm_set_errhandler(comm.handle, MPI_ERRORS_RETURN);
  return Error::success();
}

extern "C" __attribute__((visibility("default"))) const dchag_comm_ops *
dchag_comm_open(const dchag_comm_options *options, dchag_comm **world, char *error,
                int64_t errorSize) {
  if (Error wrong = checkVersion(*options)) {
    std::snprintf(error, errorSize, "%s", wrong.message().c_str());
    return nullptr;
  }
  if (const char *text = std::getenv("DCHAG_MPI_MAX_COUNT"); text && *text)
    maxCount = std::clamp<long long>(std::atoll(text), 1, INT_MAX);
  auto made = std::make_shared<MpiWorld>(*options);
  auto *comm = new MpiComm;
  Error problem = made->open();
  if (!problem)
    problem = makeWorld(made, *comm);
  if (problem) {
    std::snprintf(error, errorSize, "%s; stopping all ranks", problem.message().c_str());
    delete comm;
    return nullptr;
  }
  *world = comm;
  return &ops;
}
