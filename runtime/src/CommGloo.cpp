//===- CommGloo.cpp - adapter to TCP by Gloo --------------------*- C++ -*-===//
//
// A separate library (libdchag_comm_gloo.so). Gloo moves the data: a connection for each pair of
// ranks and a thread that serves them. The collectives are implemented here with its sends and
// receives, so that each wait has a known rank to wait for, sums are taken in the order of the
// ranks, and groups of ranks need no additional connections; README.md has more.
//
// Every collective is one exchange, or two: each rank sends to each other rank of the group
// what that rank needs. The bytes sent are those of a ring, in one round instead of n - 1.
//
//===----------------------------------------------------------------------===//

#include "Adapter.h"
#include "GlooWorld.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace dchag::rt;

namespace {

/// Part of the tag of an exchange.
enum class Round { gather = 1, exchange, scatter, reduceSmall, reduceParts, reduceWhole };

struct GlooRequest {
  void reserve(size_t bytes) { scratch.resize(std::max(scratch.size(), bytes)); }

  dchag_collective collective;
  std::unique_ptr<GlooExchange> messages;
  uint64_t nextSlot = 0;     ///< of the second exchange of an all-reduction
  std::vector<char> scratch; ///< what other ranks sent to be reduced
};

struct GlooComm : dchag_comm {
  GlooWorld *world = nullptr;
  bool isWorld = false;
  std::vector<int> members; ///< their ranks in the world
  int rank = 0;
  uint64_t id = 0, calls = 0;
  std::string error;
  std::vector<std::unique_ptr<GlooRequest>> spare;
};

} // namespace

/// All-reduces of up to this size take one exchange of everything instead of two of parts.
static constexpr int64_t smallBytes = 16384;

static GlooComm &get(dchag_comm *comm) { return *static_cast<GlooComm *>(comm); }
static int rank(dchag_comm *comm) { return get(comm).rank; }
static int size(dchag_comm *comm) { return static_cast<int>(get(comm).members.size()); }

/// A tag for the messages of one exchange. Different calls get different tags in most cases: ranks
/// that disagree wait for each other until the timeout instead of mixing data.
static uint64_t makeSlot(GlooComm &comm, Round round, const dchag_collective &c) {
  uint64_t what = static_cast<uint64_t>(round) + 31 * c.dtype + 1009 * c.reduction + 4099 * c.count;
  what ^= what >> 32;
  what ^= what >> 16;
  return comm.id << 48 | (comm.calls++ & 0xffffffff) << 16 | (what & 0xffff);
}

/// Sends part r of the source to rank r and receives its part: `sendStride` and `receiveStride` are
/// the distances of parts (0: the same for all). The caller handles the local part.
static void post(GlooComm &comm, GlooRequest &request, uint64_t slot, const void *src,
                 int64_t sendStride, void *dst, int64_t receiveStride,
                 const std::vector<int64_t> &sendBytes, const std::vector<int64_t> &receiveBytes) {
  request.messages = std::make_unique<GlooExchange>(*comm.world, slot);
  int ranks = size(&comm);
  for (int i = 1; i < ranks; ++i) {
    int r = (comm.rank + ranks - i) % ranks;
    request.messages->receive(comm.members[r], static_cast<char *>(dst) + r * receiveStride,
                              receiveBytes[r]);
  }
  for (int i = 1; i < ranks; ++i) {
    int r = (comm.rank + i) % ranks;
    request.messages->send(comm.members[r], static_cast<const char *>(src) + r * sendStride,
                           sendBytes[r]);
  }
}

static void postEqual(GlooComm &comm, GlooRequest &request, Round round, int64_t sendStride,
                      void *dst, int64_t bytes) {
  std::vector<int64_t> equal(comm.members.size(), bytes);
  post(comm, request, makeSlot(comm, round, request.collective), request.collective.src, sendStride,
       dst, bytes, equal, equal);
}

static void copyBytes(void *dst, const void *src, int64_t bytes) {
  if (bytes > 0 && dst != src)
    std::memcpy(dst, src, bytes);
}

/// How the elements of an all-reduction are divided among the ranks.
namespace {
struct Shares {
  Shares(GlooComm &comm, const dchag_collective &c)
      : ranks(size(&comm)), count(c.count), width(sizeOf(c.dtype)),
        stride((count + ranks - 1) / ranks * width), own(ranks, bytesOf(comm.rank)) {
    for (int64_t r = 0; r < ranks; ++r)
      all.push_back(bytesOf(r));
  }
  int64_t begin(int64_t r) const { return std::min(r * stride, count * width); }
  int64_t bytesOf(int64_t r) const { return begin(r + 1) - begin(r); }

  int64_t ranks, count, width, stride;
  std::vector<int64_t> own, all; ///< bytes of this rank's share for each rank, and of each
};
} // namespace

static void startAllReduce(GlooComm &comm, GlooRequest &request) {
  const dchag_collective &c = request.collective;
  int64_t bytes = c.count * sizeOf(c.dtype);
  if (bytes <= smallBytes) {
    request.reserve(bytes * size(&comm));
    postEqual(comm, request, Round::reduceSmall, 0, request.scratch.data(), bytes);
    return;
  }
  Shares shares(comm, c);
  uint64_t slot = makeSlot(comm, Round::reduceParts, c);
  request.nextSlot = makeSlot(comm, Round::reduceWhole, c);
  request.reserve(shares.stride * shares.ranks);
  post(comm, request, slot, c.src, shares.stride, request.scratch.data(), shares.stride, shares.all,
       shares.own);
}

static bool reduces(const dchag_collective &c) {
  return c.kind == DCHAG_ALL_REDUCE || c.kind == DCHAG_REDUCE_SCATTER;
}

/// Gloo's thread moves the data from here on.
static void *start(dchag_comm *base, const dchag_collective *collective) {
  GlooComm &comm = get(base);
  const dchag_collective &c = *collective;
  if (reduces(c) && !canReduce(c.dtype, c.reduction)) {
    comm.error = format("%s has no reduction %d", nameOf(c.dtype), c.reduction);
    return nullptr;
  }
  if (comm.spare.empty())
    comm.spare.push_back(std::make_unique<GlooRequest>());
  std::unique_ptr<GlooRequest> request = std::move(comm.spare.back());
  comm.spare.pop_back();
  request->collective = c;
  const char *src = static_cast<const char *>(c.src);
  char *own = static_cast<char *>(c.dst) + comm.rank * c.count;
  if (c.kind == DCHAG_ALL_GATHER) {
    copyBytes(own, src, c.count);
    postEqual(comm, *request, Round::gather, 0, c.dst, c.count);
  } else if (c.kind == DCHAG_ALL_TO_ALL) {
    copyBytes(own, src + comm.rank * c.count, c.count);
    postEqual(comm, *request, Round::exchange, c.count, c.dst, c.count);
  } else if (c.kind == DCHAG_REDUCE_SCATTER) {
    int64_t bytes = c.count * sizeOf(c.dtype);
    request->reserve(bytes * size(base));
    postEqual(comm, *request, Round::scatter, bytes, request->scratch.data(), bytes);
  } else {
    startAllReduce(comm, *request);
  }
  return request.release();
}

/// Reduces `count` elements of `own` and of the other ranks' data in scratch.
static void reduceScratch(GlooComm &comm, GlooRequest &request, const void *own, int64_t stride,
                          int64_t count, void *dst) {
  std::vector<const void *> sources;
  for (int r = 0; r < size(&comm); ++r)
    sources.push_back(r == comm.rank ? own : request.scratch.data() + r * stride);
  reduceSources(request.collective.dtype, request.collective.reduction, sources.data(), size(&comm),
                0, count, dst);
}

/// Every rank reduces its share of the elements, then collects all shares. The destination may
/// be the source: an exchange ends after everything was sent.
static bool finishAllReduce(GlooComm &comm, GlooRequest &request) {
  const dchag_collective &c = request.collective;
  int64_t bytes = c.count * sizeOf(c.dtype);
  if (bytes <= smallBytes) {
    reduceScratch(comm, request, c.src, bytes, c.count, c.dst);
    return true;
  }
  Shares shares(comm, c);
  int64_t begin = shares.begin(comm.rank);
  char *mine = static_cast<char *>(c.dst) + begin;
  reduceScratch(comm, request, static_cast<const char *>(c.src) + begin, shares.stride,
                shares.bytesOf(comm.rank) / shares.width, mine);
  post(comm, request, request.nextSlot, mine, 0, c.dst, shares.stride, shares.own, shares.all);
  return request.messages->finish(comm.error);
}

static int wait(dchag_comm *base, void *data) {
  GlooComm &comm = get(base);
  std::unique_ptr<GlooRequest> request(static_cast<GlooRequest *>(data));
  const dchag_collective &c = request->collective;
  bool done = request->messages->finish(comm.error);
  if (done && c.kind == DCHAG_ALL_REDUCE)
    done = finishAllReduce(comm, *request);
  if (done && c.kind == DCHAG_REDUCE_SCATTER) {
    int64_t bytes = c.count * sizeOf(c.dtype);
    reduceScratch(comm, *request, static_cast<const char *>(c.src) + comm.rank * bytes, bytes,
                  c.count, c.dst);
  }
  request->messages.reset();
  comm.spare.push_back(std::move(request));
  return done ? 0 : 1;
}

static void progress(dchag_comm *) {}

static int run(dchag_comm *base, int32_t kind, const void *src, void *dst, int64_t count,
               int32_t dtype = DCHAG_U8, int32_t reduction = DCHAG_SUM) {
  dchag_collective collective = {kind, dtype, reduction, count, nullptr, src, dst};
  void *request = start(base, &collective);
  return request ? wait(base, request) : 1;
}

static int allGather(dchag_comm *base, dchag_queue *, const void *src, void *dst, int64_t bytes) {
  return run(base, DCHAG_ALL_GATHER, src, dst, bytes);
}
static int allToAll(dchag_comm *base, dchag_queue *, const void *src, void *dst, int64_t bytes) {
  return run(base, DCHAG_ALL_TO_ALL, src, dst, bytes);
}
static int reduceScatter(dchag_comm *base, dchag_queue *, const void *src, void *dst, int64_t count,
                         int32_t dtype, int32_t reduction) {
  return run(base, DCHAG_REDUCE_SCATTER, src, dst, count, dtype, reduction);
}
static int allReduce(dchag_comm *base, dchag_queue *, const void *src, void *dst, int64_t count,
                     int32_t dtype, int32_t reduction) {
  return run(base, DCHAG_ALL_REDUCE, src, dst, count, dtype, reduction);
}

static int barrier(dchag_comm *base) {
  char mine = 0;
  std::vector<char> all(size(base));
  return allGather(base, nullptr, &mine, all.data(), 1);
}

/// Groups use the connections of the world; their number separates their messages. A rank gives
/// each new group a higher one than any it is in.
static dchag_comm *split(dchag_comm *base, int color, int key) {
  GlooComm &comm = get(base);
  struct Member {
    int color, key, place, next;
  };
  Member mine = {color, key, comm.rank, static_cast<int>(comm.world->nextGroup)};
  std::vector<Member> all(size(base)), members;
  if (allGather(base, nullptr, &mine, all.data(), sizeof(Member)))
    return nullptr;
  auto child = std::make_shared<GlooComm>();
  child->world = comm.world;
  for (const Member &member : all) {
    child->id = std::max<uint64_t>(child->id, member.next);
    if (member.color == color)
      members.push_back(member);
  }
  comm.world->nextGroup = child->id + 1;
  if (child->id > 0xffff) {
    comm.error = "more than 65535 groups were made";
    return nullptr;
  }
  std::sort(members.begin(), members.end(), [](const Member &a, const Member &b) {
    return std::make_pair(a.key, a.place) < std::make_pair(b.key, b.place);
  });
  for (const Member &member : members) {
    if (member.place == comm.rank)
      child->rank = static_cast<int>(child->members.size());
    child->members.push_back(comm.members[member.place]);
  }
  comm.world->groups.push_back(std::move(child));
  return comm.world->groups.back().get();
}

static const char *lastError(dchag_comm *comm) { return get(comm).error.c_str(); }

static void abortThis(dchag_comm *base, int code) {
  dchag::rt::abortRank(get(base).world->control, code);
}

static void close(dchag_comm *base) {
  if (!get(base).isWorld)
    return;
  delete get(base).world;
}

/// Ranks of one launch by torchrun have its identifier in common.
static uint64_t identityOf(const dchag_comm_options &options) {
  uint64_t hash = options.identity;
  if (const char *text = std::getenv("TORCHELASTIC_RUN_ID"))
    for (; *text; ++text)
      hash = (hash ^ static_cast<unsigned char>(*text)) * 0x100000001b3ull;
  return hash;
}

extern "C" __attribute__((visibility("default"))) const dchag_comm_ops *
dchag_comm_open(const dchag_comm_options *options, dchag_comm **world, char *error,
                int64_t errorSize) {
  static const dchag_comm_ops ops = {DCHAG_RT_ABI_VERSION,
                                     sizeof(dchag_comm_ops),
                                     "tcp",
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
  if (Error wrong = checkVersion(*options)) {
    std::snprintf(error, errorSize, "%s", wrong.message().c_str());
    return nullptr;
  }
  // Gloo writes to connections that the other side may have ended.
  std::signal(SIGPIPE, SIG_IGN);
  Control::Options settings = controlOptions(*options);
  settings.identity = identityOf(*options);
  Error problem = readTcpLaunch(settings.launch);
  std::unique_ptr<GlooWorld> made;
  if (!problem) {
    made = std::make_unique<GlooWorld>(settings);
    problem = made->open();
    if (problem)
      problem = failure("%s; stopping all ranks", problem.message().c_str());
  }
  if (problem) {
    std::snprintf(error, errorSize, "%s", problem.message().c_str());
    return nullptr;
  }
  auto comm = std::make_shared<GlooComm>();
  comm->world = made.get();
  comm->isWorld = true;
  comm->rank = settings.launch.rank;
  for (int r = 0; r < settings.launch.size; ++r)
    comm->members.push_back(r);
  *world = comm.get();
  made->groups.push_back(std::move(comm));
  made.release();
  return &ops;
}
