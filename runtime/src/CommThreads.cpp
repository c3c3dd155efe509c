//===- CommThreads.cpp - ranks that are threads of one process --*- C++ -*-===//
//
// Every collective has the same three steps: a rank publishes its arguments in its slot of
// the group and waits for all; it reads what it needs from the slots of the others; it waits
// again, so that no one returns (and overwrites its source) while others still read. One
// mutex and condition variable serve all groups of a world: ranks are few, and a poisoned
// world must wake the waiters of every group.
//
//===----------------------------------------------------------------------===//

#include "Comm.h"
#include "Deferred.h"
#include "Late.h"
#include "Reduce.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

using namespace dchag::rt;

namespace {

enum class Kind { split, gather, reduce, scatter, exchange, barrier };

/// Arguments of one rank in the collective that is under way.
struct Slot {
  Kind kind;
  int64_t count = 0;
  int32_t dtype = 0, reduction = 0;
  const void *src = nullptr;
  int color = 0, key = 0;
};

struct World {
  std::mutex mutex;
  std::condition_variable changed;
  double timeout = 0; ///< seconds; 0: for ever
  bool poisoned = false;
  std::string reason;

  void poison(std::string why) {
    std::lock_guard<std::mutex> lock(mutex);
    poisonLocked(std::move(why));
  }
  void poisonLocked(std::string why) {
    if (!poisoned)
      reason = std::move(why);
    poisoned = true;
    changed.notify_all();
  }
};

struct ThreadComm;

struct Group {
  Group(std::shared_ptr<World> world, std::vector<int> members)
      : world(std::move(world)), members(std::move(members)), slots(this->members.size()),
        here(this->members.size()), made(this->members.size()) {}

  std::vector<int> missing() const {
    std::vector<int> ranks;
    for (size_t r = 0; r < here.size(); ++r)
      if (!here[r])
        ranks.push_back(members[r]);
    return ranks;
  }

  std::shared_ptr<World> world;
  std::vector<int> members; ///< their ranks in the world
  std::vector<Slot> slots;
  std::vector<char> here;         ///< who waits in `meet`
  std::vector<ThreadComm *> made; ///< communicators that a split hands out
  int arrived = 0;
  uint64_t generation = 0;
};

struct ThreadComm : dchag_comm {
  std::shared_ptr<Group> group;
  int rank = 0;
  bool isWorld = false;
  std::string error;
  std::vector<char> scratch;
  std::vector<ThreadComm *> children;
};

} // namespace

static ThreadComm &get(dchag_comm *comm) { return *static_cast<ThreadComm *>(comm); }

static const char *kindName(Kind kind) {
  static const char *const names[] = {"split",          "all_gather", "all_reduce",
                                      "reduce_scatter", "all_to_all", "barrier"};
  return names[static_cast<int>(kind)];
}

/// Waits until all ranks of the group are here. Non-zero if a rank never will be.
static int meet(ThreadComm &comm) {
  Group &group = *comm.group;
  World &world = *group.world;
  std::unique_lock<std::mutex> lock(world.mutex);
  if (!world.poisoned) {
    uint64_t generation = group.generation;
    if (++group.arrived == static_cast<int>(group.slots.size())) {
      group.arrived = 0;
      group.here.assign(group.here.size(), 0);
      ++group.generation;
      world.changed.notify_all();
      return 0;
    }
    group.here[comm.rank] = 1;
    auto done = [&] { return world.poisoned || group.generation != generation; };
    if (world.timeout <= 0)
      world.changed.wait(lock, done);
    else if (!world.changed.wait_for(lock, std::chrono::duration<double>(world.timeout), done))
      world.poisonLocked(lateText(group.missing(), world.timeout));
    // A rank that completed its barrier before the poisoning has not failed.
    if (group.generation != generation)
      return 0;
  }
  comm.error = world.reason;
  return 1;
}

/// Publishes `slot`, waits for all, and checks that all ranks mean the same collective.
static int enter(ThreadComm &comm, const Slot &slot) {
  Group &group = *comm.group;
  group.slots[comm.rank] = slot;
  if (meet(comm))
    return 1;
  for (size_t r = 0; r < group.slots.size(); ++r) {
    const Slot &other = group.slots[r];
    if (other.kind == slot.kind && other.count == slot.count && other.dtype == slot.dtype &&
        other.reduction == slot.reduction)
      continue;
    comm.error = format("ranks disagree: rank %d of the group calls %s of %lld, rank %zu %s of "
                        "%lld",
                        comm.rank, kindName(slot.kind), static_cast<long long>(slot.count), r,
                        kindName(other.kind), static_cast<long long>(other.count));
    group.world->poison(comm.error);
    return 1;
  }
  return 0;
}

static const char *source(ThreadComm &comm, size_t rank) {
  return static_cast<const char *>(comm.group->slots[rank].src);
}

static void copyBytes(void *dst, const void *src, int64_t bytes) {
  if (bytes > 0)
    std::memcpy(dst, src, bytes);
}

static int rank(dchag_comm *comm) { return get(comm).rank; }
static int size(dchag_comm *comm) { return static_cast<int>(get(comm).group->slots.size()); }

static int barrier(dchag_comm *comm) {
  Slot slot = {Kind::barrier};
  return enter(get(comm), slot) || meet(get(comm));
}

static int allGather(dchag_comm *base, dchag_queue *, const void *src, void *dst, int64_t bytes) {
  ThreadComm &comm = get(base);
  Slot slot = {Kind::gather};
  slot.count = bytes;
  slot.src = src;
  if (enter(comm, slot))
    return 1;
  for (int r = 0; r < size(base); ++r)
    copyBytes(static_cast<char *>(dst) + r * bytes, source(comm, r), bytes);
  return meet(comm);
}

static int allToAll(dchag_comm *base, dchag_queue *, const void *src, void *dst, int64_t bytes) {
  ThreadComm &comm = get(base);
  Slot slot = {Kind::exchange};
  slot.count = bytes;
  slot.src = src;
  if (enter(comm, slot))
    return 1;
  for (int r = 0; r < size(base); ++r)
    copyBytes(static_cast<char *>(dst) + r * bytes, source(comm, r) + comm.rank * bytes, bytes);
  return meet(comm);
}

/// Checks the reduction, enters and lists the sources in the order of the ranks.
static int enterReduction(ThreadComm &comm, Kind kind, const void *src, int64_t count,
                          int32_t dtype, int32_t reduction, std::vector<const void *> &sources) {
  if (!canReduce(dtype, reduction)) {
    comm.error = format("%s has no reduction %d", nameOf(dtype), reduction);
    comm.group->world->poison(comm.error);
    return 1;
  }
  Slot slot = {kind};
  slot.count = count;
  slot.dtype = dtype;
  slot.reduction = reduction;
  slot.src = src;
  if (enter(comm, slot))
    return 1;
  for (const Slot &other : comm.group->slots)
    sources.push_back(other.src);
  return 0;
}

static int reduceScatter(dchag_comm *base, dchag_queue *, const void *src, void *dst, int64_t count,
                         int32_t dtype, int32_t reduction) {
  ThreadComm &comm = get(base);
  std::vector<const void *> sources;
  if (enterReduction(comm, Kind::scatter, src, count, dtype, reduction, sources))
    return 1;
  reduceSources(dtype, reduction, sources.data(), size(base), comm.rank * count, count, dst);
  return meet(comm);
}

/// Every rank reduces its share of the elements into scratch, then collects all shares: a
/// destination may be the source, so nothing is written before everything is read.
static int allReduce(dchag_comm *base, dchag_queue *, const void *src, void *dst, int64_t count,
                     int32_t dtype, int32_t reduction) {
  ThreadComm &comm = get(base);
  std::vector<const void *> sources;
  if (enterReduction(comm, Kind::reduce, src, count, dtype, reduction, sources))
    return 1;
  int64_t ranks = size(base), width = sizeOf(dtype), share = (count + ranks - 1) / ranks;
  auto begin = [&](int64_t r) { return std::min(r * share, count); };
  int64_t own = begin(comm.rank + 1) - begin(comm.rank);
  comm.scratch.resize(std::max<size_t>(comm.scratch.size(), share * width));
  reduceSources(dtype, reduction, sources.data(), ranks, begin(comm.rank), own,
                comm.scratch.data());
  if (meet(comm))
    return 1;
  comm.group->slots[comm.rank].src = comm.scratch.data();
  if (meet(comm))
    return 1;
  for (int64_t r = 0; r < ranks; ++r)
    copyBytes(static_cast<char *>(dst) + begin(r) * width, source(comm, r),
              (begin(r + 1) - begin(r)) * width);
  return meet(comm);
}

/// The lowest rank of each color makes the communicators of its members.
static dchag_comm *split(dchag_comm *base, int color, int key) {
  ThreadComm &comm = get(base);
  Group &group = *comm.group;
  Slot slot = {Kind::split};
  slot.color = color;
  slot.key = key;
  if (enter(comm, slot))
    return nullptr;
  std::vector<int> members;
  for (int r = 0; r < size(base); ++r)
    if (group.slots[r].color == color)
      members.push_back(r);
  std::sort(members.begin(), members.end(), [&](int a, int b) {
    return std::make_pair(group.slots[a].key, a) < std::make_pair(group.slots[b].key, b);
  });
  if (*std::min_element(members.begin(), members.end()) == comm.rank) {
    std::vector<int> worldRanks;
    for (int member : members)
      worldRanks.push_back(group.members[member]);
    auto made = std::make_shared<Group>(group.world, std::move(worldRanks));
    for (size_t i = 0; i < members.size(); ++i) {
      auto *child = new ThreadComm;
      child->group = made;
      child->rank = static_cast<int>(i);
      group.made[members[i]] = child;
    }
  }
  if (meet(comm))
    return nullptr;
  ThreadComm *mine = group.made[comm.rank];
  comm.children.push_back(mine);
  return meet(comm) ? nullptr : mine;
}

static const char *lastError(dchag_comm *comm) { return get(comm).error.c_str(); }

static void abortRank(dchag_comm *base, int) {
  ThreadComm &comm = get(base);
  comm.group->world->poison(format("rank %d stopped", comm.rank));
}

/// Closing the communicator of all ranks closes the ones split from it. Waiting for a rank that has
/// closed would never end, so waiting ranks fail; finished ranks are not affected.
static void close(dchag_comm *base) {
  ThreadComm *comm = &get(base);
  if (!comm->isWorld)
    return;
  comm->group->world->poison(format("rank %d ended while this rank waited for it", comm->rank));
  for (ThreadComm *child : comm->children)
    delete child;
  delete comm;
}

static int wait(dchag_comm *comm, void *request);
static void progress(dchag_comm *) {}

/// Ranks copy from each other's buffers themselves, so an early start gains nothing.
static const dchag_comm_ops ops = {DCHAG_RT_ABI_VERSION,
                                   sizeof(dchag_comm_ops),
                                   "threads",
                                   rank,
                                   size,
                                   split,
                                   allGather,
                                   allReduce,
                                   reduceScatter,
                                   allToAll,
                                   barrier,
                                   startDeferred,
                                   wait,
                                   progress,
                                   lastError,
                                   abortRank,
                                   close};

static int wait(dchag_comm *comm, void *request) { return waitDeferred(ops, comm, request); }

std::vector<Comm> dchag::rt::openThreads(int ranks, double timeout) {
  std::vector<int> members;
  for (int r = 0; r < ranks; ++r)
    members.push_back(r);
  auto group = std::make_shared<Group>(std::make_shared<World>(), std::move(members));
  group->world->timeout = timeout;
  std::vector<Comm> comms;
  for (int r = 0; r < ranks; ++r) {
    auto *comm = new ThreadComm;
    comm->group = group;
    comm->rank = r;
    comm->isWorld = true;
    comms.push_back({&ops, comm});
  }
  return comms;
}
