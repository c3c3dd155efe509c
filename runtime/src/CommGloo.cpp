//===- CommGloo.cpp - adapter to TCP by Gloo --------------------*- C++ -*-===//
//
// A library of its own (libdchag_comm_gloo.so). Gloo moves the data: a connection for each pair
// of ranks and a thread that serves them. The collectives are written here on its sends and
// receives, so that each wait knows for which rank it waits, sums are taken in the order of the
// ranks, and the ranks of a group need no connections of their own; README.md says more.
//
// Every collective is one exchange, or two: each rank sends to each other rank of the group
// what that rank needs. The bytes sent are those of a ring, in one round instead of n - 1.
//
//===----------------------------------------------------------------------===//

#include "GlooWorld.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace dchag::rt;

namespace {

enum class Kind { gather = 1, exchange, scatter, reduceSmall, reduceParts, reduceWhole, split };

struct GlooComm : dchag_comm {
  GlooWorld *world = nullptr;
  bool isWorld = false;
  std::vector<int> members; ///< their ranks in the world
  int rank = 0;
  uint64_t id = 0, calls = 0;
  std::string error;
  std::vector<char> scratch;
};

} // namespace

/// All-reductions up to this size take one exchange of everything instead of two of parts.
static constexpr int64_t smallBytes = 16384;

static GlooComm &get(dchag_comm *comm) { return *static_cast<GlooComm *>(comm); }
static int rank(dchag_comm *comm) { return get(comm).rank; }
static int size(dchag_comm *comm) { return static_cast<int>(get(comm).members.size()); }

/// A number for the messages of one exchange. Calls that differ get different ones in most
/// cases: ranks that disagree wait for each other until the time is up instead of mixing data.
static uint64_t makeSlot(GlooComm &comm, Kind kind, int64_t count, int32_t dtype = 0,
                         int32_t reduction = 0) {
  uint64_t what = static_cast<uint64_t>(kind) + 31 * dtype + 1009 * reduction + 4099 * count;
  what ^= what >> 32;
  what ^= what >> 16;
  return comm.id << 48 | (comm.calls++ & 0xffffffff) << 16 | (what & 0xffff);
}

/// Sends part `r` of the source to rank r, receives its part: `sendStride` and `receiveStride`
/// are the distances of parts (0: the same for all). The own part is left to the caller.
static int exchange(GlooComm &comm, uint64_t slot, const void *src, int64_t sendStride, void *dst,
                    int64_t receiveStride, const std::vector<int64_t> &sendBytes,
                    const std::vector<int64_t> &receiveBytes) {
  GlooExchange messages(*comm.world, slot);
  int ranks = size(&comm);
  for (int i = 1; i < ranks; ++i) {
    int r = (comm.rank + ranks - i) % ranks;
    messages.receive(comm.members[r], static_cast<char *>(dst) + r * receiveStride,
                     receiveBytes[r]);
  }
  for (int i = 1; i < ranks; ++i) {
    int r = (comm.rank + i) % ranks;
    messages.send(comm.members[r], static_cast<const char *>(src) + r * sendStride, sendBytes[r]);
  }
  return messages.finish(comm.error) ? 0 : 1;
}

static int exchange(GlooComm &comm, uint64_t slot, const void *src, int64_t sendStride, void *dst,
                    int64_t receiveStride, int64_t bytes) {
  std::vector<int64_t> equal(comm.members.size(), bytes);
  return exchange(comm, slot, src, sendStride, dst, receiveStride, equal, equal);
}

static void copyBytes(void *dst, const void *src, int64_t bytes) {
  if (bytes > 0 && dst != src)
    std::memcpy(dst, src, bytes);
}

static int allGather(dchag_comm *base, const void *src, void *dst, int64_t bytes) {
  GlooComm &comm = get(base);
  uint64_t slot = makeSlot(comm, Kind::gather, bytes);
  copyBytes(static_cast<char *>(dst) + comm.rank * bytes, src, bytes);
  return exchange(comm, slot, src, 0, dst, bytes, bytes);
}

static int allToAll(dchag_comm *base, const void *src, void *dst, int64_t bytes) {
  GlooComm &comm = get(base);
  uint64_t slot = makeSlot(comm, Kind::exchange, bytes);
  copyBytes(static_cast<char *>(dst) + comm.rank * bytes,
            static_cast<const char *>(src) + comm.rank * bytes, bytes);
  return exchange(comm, slot, src, bytes, dst, bytes, bytes);
}

static int checkReduction(GlooComm &comm, int32_t dtype, int32_t reduction) {
  if (canReduce(dtype, reduction))
    return 0;
  comm.error = format("%s has no reduction %d", nameOf(dtype), reduction);
  return 1;
}

/// Reduces `count` elements of `own` and of what lies in scratch for the other ranks.
static void reduceScratch(GlooComm &comm, const void *own, int64_t stride, int64_t count,
                          int32_t dtype, int32_t reduction, void *dst) {
  std::vector<const void *> sources;
  for (int r = 0; r < size(&comm); ++r)
    sources.push_back(r == comm.rank ? own : comm.scratch.data() + r * stride);
  reduceSources(dtype, reduction, sources.data(), size(&comm), 0, count, dst);
}

static void reserve(GlooComm &comm, int64_t bytes) {
  comm.scratch.resize(std::max<size_t>(comm.scratch.size(), bytes));
}

static int reduceScatter(dchag_comm *base, const void *src, void *dst, int64_t count, int32_t dtype,
                         int32_t reduction) {
  GlooComm &comm = get(base);
  if (checkReduction(comm, dtype, reduction))
    return 1;
  int64_t bytes = count * sizeOf(dtype);
  uint64_t slot = makeSlot(comm, Kind::scatter, count, dtype, reduction);
  reserve(comm, bytes * size(base));
  if (exchange(comm, slot, src, bytes, comm.scratch.data(), bytes, bytes))
    return 1;
  reduceScratch(comm, static_cast<const char *>(src) + comm.rank * bytes, bytes, count, dtype,
                reduction, dst);
  return 0;
}

/// Every rank reduces its share of the elements, then collects all shares. The destination may
/// be the source: an exchange ends after everything was sent.
static int allReduce(dchag_comm *base, const void *src, void *dst, int64_t count, int32_t dtype,
                     int32_t reduction) {
  GlooComm &comm = get(base);
  if (checkReduction(comm, dtype, reduction))
    return 1;
  int64_t ranks = size(base), width = sizeOf(dtype), bytes = count * width;
  if (bytes <= smallBytes) {
    uint64_t slot = makeSlot(comm, Kind::reduceSmall, count, dtype, reduction);
    reserve(comm, bytes * ranks);
    if (exchange(comm, slot, src, 0, comm.scratch.data(), bytes, bytes))
      return 1;
    reduceScratch(comm, src, bytes, count, dtype, reduction, dst);
    return 0;
  }
  int64_t share = (count + ranks - 1) / ranks;
  auto begin = [&](int64_t r) { return std::min(r * share, count); };
  std::vector<int64_t> shares, own(ranks, (begin(comm.rank + 1) - begin(comm.rank)) * width);
  for (int64_t r = 0; r < ranks; ++r)
    shares.push_back((begin(r + 1) - begin(r)) * width);
  uint64_t parts = makeSlot(comm, Kind::reduceParts, count, dtype, reduction);
  uint64_t whole = makeSlot(comm, Kind::reduceWhole, count, dtype, reduction);
  reserve(comm, share * width * ranks);
  if (exchange(comm, parts, src, share * width, comm.scratch.data(), share * width, shares, own))
    return 1;
  char *mine = static_cast<char *>(dst) + begin(comm.rank) * width;
  reduceScratch(comm, static_cast<const char *>(src) + begin(comm.rank) * width, share * width,
                own[0] / width, dtype, reduction, mine);
  return exchange(comm, whole, mine, 0, dst, share * width, own, shares);
}

static int barrier(dchag_comm *base) {
  char mine = 0;
  std::vector<char> all(size(base));
  return allGather(base, &mine, all.data(), 1);
}

/// Groups use the connections of the world; their number keeps their messages apart. A rank
/// gives each new group a higher one than any it is in.
static dchag_comm *split(dchag_comm *base, int color, int key) {
  GlooComm &comm = get(base);
  struct Member {
    int color, key, place, next;
  };
  Member mine = {color, key, comm.rank, static_cast<int>(comm.world->nextGroup)};
  std::vector<Member> all(size(base)), members;
  if (allGather(base, &mine, all.data(), sizeof(Member)))
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

/// The others are told first. Threads that still serve connections must not see destructors.
static void abortRank(dchag_comm *base, int code) {
  GlooWorld &world = *get(base).world;
  world.control.accuse(format("rank %d stopped", world.control.rank()));
  std::fflush(nullptr);
  _exit(code);
}

static void close(dchag_comm *base) {
  if (!get(base).isWorld)
    return;
  GlooWorld *world = get(base).world;
  world->close();
  delete world;
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
  static const dchag_comm_ops ops = {
      DCHAG_RT_ABI_VERSION, "tcp",    rank,    size,      split,     allGather, allReduce,
      reduceScatter,        allToAll, barrier, lastError, abortRank, close};
  // Gloo writes to connections that the other side may have ended.
  std::signal(SIGPIPE, SIG_IGN);
  Control::Options settings;
  settings.timeout = options->timeout_s;
  settings.program = options->program;
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
