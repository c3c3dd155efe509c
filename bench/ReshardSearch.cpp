//===- ReshardSearch.cpp - the cheapest sequences, by trying all -----------*- C++ -*-===//
//
// Sequences of one step are tried, then those of two, and so on; a layout is looked at again
// whenever a longer sequence reaches it in less time. Elements are counted here, the cost model
// makes seconds of them. No order by cost, no rule which axes may help: what the planner leaves out
// must show.
//
//===----------------------------------------------------------------------===//

#include "bench/ReshardMatrix.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;

namespace {
class Search {
public:
  Search(const Setting &setting, const CostModel &costs, const std::vector<Place> &targets)
      : setting(setting), costs(costs) {
    wanted.resize(setting.shape.size());
    for (const Place &place : targets)
      for (auto [dim, size] : llvm::enumerate(place.local))
        wanted[dim].insert(size);
    for (unsigned bits = 1; bits < 1u << setting.grid.size(); ++bits)
      addOrders(bits, {});
  }

  llvm::DenseMap<uint64_t, Reached> run(const Place &from, unsigned maxSteps);

private:
  /// Every order of every set of axes.
  void addOrders(unsigned bits, SmallVector<unsigned> list) {
    if (bits == 0)
      return groups.push_back(list);
    for (unsigned axis = 0; axis < setting.grid.size(); ++axis)
      if (bits >> axis & 1) {
        list.push_back(axis);
        addOrders(bits & ~(1u << axis), list);
        list.pop_back();
      }
  }

  /// Calls `visit` with each layout of the dimension cut further over the axes.
  template <typename Visit>
  void cut(const Place &place, unsigned dim, ArrayRef<unsigned> axes, Visit visit) {
    int64_t ranks = setting.getRanks(axes), local = place.local[dim];
    auto tryOne = [&](int64_t size) {
      Place next = place;
      next.axes[dim].append(axes.begin(), axes.end());
      next.local[dim] = size;
      visit(next);
    };
    // Parts of padded parts would not be one behind the other.
    if (!place.axes[dim].empty()) {
      if (local % ranks == 0)
        tryOne(local / ranks);
      return;
    }
    int64_t least = llvm::divideCeil(setting.shape[dim], ranks);
    int64_t most = std::max(setting.shape[dim], least);
    for (int64_t size = least; size <= most; ++size)
      tryOne(size);
    for (int64_t size : wanted[dim])
      for (const auto &more : groups) {
        int64_t product = size * setting.getRanks(more);
        if (product > most && product < 256)
          tryOne(product);
      }
  }

  void expand(const Place &place, double seconds);
  void reach(const Place &place, double seconds);

  const Setting &setting;
  const CostModel &costs;
  std::vector<llvm::DenseSet<int64_t>> wanted;
  std::vector<SmallVector<unsigned>> groups;
  llvm::DenseMap<uint64_t, Reached> best;
  std::vector<std::pair<Place, double>> next;
  unsigned steps = 0;
};
} // namespace

/// Far more than what rounding leaves of sums in another order, far less than an element takes.
static bool isLess(double a, double b) { return a < b * (1 - 1e-9); }

void Search::reach(const Place &place, double seconds) {
  auto [it, isNew] = best.try_emplace(place.getKey(), Reached{seconds, steps});
  if (!isNew) {
    if (!isLess(seconds, it->second.seconds))
      return;
    it->second = {seconds, steps};
  }
  next.emplace_back(place, seconds);
}

void Search::expand(const Place &place, double seconds) {
  double local = place.getNumLocal();
  unsigned numDims = setting.shape.size();
  for (const auto &axes : groups) {
    auto after = [&](CollectiveKind kind, double elements) {
      return seconds + costs.getExchange(kind, 4 * elements, axes).seconds;
    };
    double ranks = setting.getRanks(axes);
    bool isFree = llvm::none_of(axes, [&](unsigned axis) { return place.uses(axis); });
    Combine kind = place.partial[axes[0]];
    bool isSum = kind != Combine::None &&
                 llvm::all_of(axes, [&](unsigned axis) { return place.partial[axis] == kind; });
    Place combined = place;
    for (unsigned axis : axes)
      combined.partial[axis] = Combine::None;
    if (isSum)
      reach(combined, after(CollectiveKind::AllReduce, local));
    for (unsigned dim = 0; dim < numDims; ++dim) {
      if (isFree)
        cut(place, dim, axes, [&](const Place &to) { reach(to, seconds); });
      if (isSum)
        cut(combined, dim, axes, [&](const Place &to) {
          reach(to, after(CollectiveKind::ReduceScatter, double(to.getNumLocal()) * ranks));
        });
      ArrayRef<unsigned> list = place.axes[dim];
      if (list.size() < axes.size() || list.take_back(axes.size()) != ArrayRef(axes))
        continue;
      Place joined = place;
      joined.axes[dim].truncate(list.size() - axes.size());
      joined.local[dim] =
          joined.axes[dim].empty() ? setting.shape[dim] : place.local[dim] * setting.getRanks(axes);
      reach(joined, after(CollectiveKind::AllGather, local));
      for (unsigned other = 0; other < numDims; ++other)
        if (other != dim)
          cut(joined, other, axes, [&](const Place &to) {
            // The piece of a rank is as yet in parts along `dim` and padded along `other`.
            double piece = local / double(place.local[other]) * double(to.local[other]);
            reach(to, after(CollectiveKind::AllToAll, piece * ranks));
          });
    }
  }
}

llvm::DenseMap<uint64_t, Reached> Search::run(const Place &from, unsigned maxSteps) {
  next.emplace_back(from, 0);
  best[from.getKey()] = {0, 0};
  while (!next.empty() && steps < maxSteps) {
    ++steps;
    std::vector<std::pair<Place, double>> now = std::exchange(next, {});
    for (auto &[place, seconds] : now)
      if (!isLess(best.lookup(place.getKey()).seconds, seconds))
        expand(place, seconds);
  }
  return std::move(best);
}

llvm::DenseMap<uint64_t, Reached> bench::searchAll(const Setting &setting, const CostModel &costs,
                                                   const Place &from,
                                                   const std::vector<Place> &targets,
                                                   unsigned maxSteps) {
  return Search(setting, costs, targets).run(from, maxSteps);
}
