//===- ReshardPlan.cpp - the cheapest way from one layout to another -------*- C++ -*-===//

#include "ReshardPlan.h"
#include <map>
#include <queue>

using namespace mlir;
using namespace mlir::dchag;

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

Layout Layout::get(ShardingAttr sharding, ArrayRef<int64_t> shape, MeshAttr mesh) {
  Layout layout;
  for (auto [dim, size] : llvm::enumerate(shape)) {
    Dim &entry = layout.dims.emplace_back();
    for (StringAttr axis : sharding.getDims()[dim].getAxes())
      if (mesh.getAxisSize(axis) > 1)
        entry.axes.push_back(*mesh.getAxisIndex(axis));
    entry.local = sharding.getLocalSize(dim, size, mesh);
  }
  for (PartialAttr partial : sharding.getPartials())
    if (mesh.getAxisSize(partial.getAxis()) > 1)
      layout.partials.push_back({*mesh.getAxisIndex(partial.getAxis()), partial.getKind()});
  llvm::sort(layout.partials, [](const Partial &a, const Partial &b) { return a.axis < b.axis; });
  return layout;
}

bool Layout::usesAxis(unsigned axis) const {
  return llvm::any_of(dims, [&](const Dim &dim) { return llvm::is_contained(dim.axes, axis); }) ||
         llvm::any_of(partials, [&](const Partial &partial) { return partial.axis == axis; });
}

int64_t Layout::getNumLocalElements() const {
  int64_t count = 1;
  for (const Dim &dim : dims)
    count *= dim.local;
  return count;
}

StringRef mlir::dchag::stringifyReshardStepKind(ReshardStepKind kind) {
  switch (kind) {
  case ReshardStepKind::Slice:
    return "all_slice";
  case ReshardStepKind::AllGather:
    return "all_gather";
  case ReshardStepKind::AllToAll:
    return "all_to_all";
  case ReshardStepKind::ReduceScatter:
    return "reduce_scatter";
  case ReshardStepKind::AllReduce:
    return "all_reduce";
  }
  return "";
}

unsigned ReshardPlan::getNumCollectives() const {
  return llvm::count_if(
      steps, [](const ReshardStep &step) { return step.kind != ReshardStepKind::Slice; });
}

//===----------------------------------------------------------------------===//
// Search
//===----------------------------------------------------------------------===//

/// A layout as a list of numbers, the key of maps.
static std::vector<int64_t> getKey(const Layout &layout) {
  std::vector<int64_t> key;
  for (const Layout::Dim &dim : layout.dims) {
    key.insert(key.end(), dim.axes.begin(), dim.axes.end());
    key.push_back(-1);
    key.push_back(dim.local);
  }
  for (const Layout::Partial &partial : layout.partials)
    key.insert(key.end(), {partial.axis, static_cast<int64_t>(partial.kind)});
  return key;
}

namespace {
/// Length of a path: seconds, then collectives, then slices.
struct Length {
  double seconds = 0;
  unsigned collectives = 0, slices = 0;
  bool operator<(const Length &other) const {
    return std::tie(seconds, collectives, slices) <
           std::tie(other.seconds, other.collectives, other.slices);
  }
};

class Search {
public:
  Search(MeshAttr mesh, const CostModel &costs, const Layout &to, RankedTensorType type)
      : mesh(mesh), costs(costs), to(to), shape(type.getShape()),
        elementBytes(getTensorBytes(type.clone(ArrayRef<int64_t>()))) {}

  ReshardPlan run(const Layout &from);
  /// Returns an empty plan if every path takes more than `most` seconds. `simply`: only with axes
  /// and dimensions that the two layouts use.
  ReshardPlan run(const Layout &from, bool simply, double most);

private:
  void chooseAxes(const Layout &from, bool simply);
  void chooseDims(const Layout &from, bool simply);
  double getBound(const Layout &layout) const;
  int64_t getNumRanks(ArrayRef<unsigned> axes) const { return costs.getNumRanks(axes); }

  /// Sizes that the shards of a dimension may have once it is also split along `axes`.
  SmallVector<int64_t, 2> getCutSizes(const Layout::Dim &dim, unsigned index,
                                      ArrayRef<unsigned> axes) const;
  /// A dimension without its innermost `count` axes; an unsplit dimension has no padding.
  Layout::Dim join(const Layout::Dim &dim, unsigned index, unsigned count) const;

  /// Adds an edge: a collective on `operand` elements of each rank, or a slice.
  void add(ReshardStep step, double operand = 0);
  void addSlices();
  void addGathers();
  void addExchanges();
  void addSums();
  void addSums(ArrayRef<unsigned> axes, FactorKind kind);

  MeshAttr mesh;
  const CostModel &costs;
  const Layout &to;
  ArrayRef<int64_t> shape;
  double elementBytes;
  /// Axes that steps may use, and dimensions that they may split; `products` are the numbers of
  /// ranks along every subset of the axes (along single axes only, if there are many).
  SmallVector<unsigned> axes, dims;
  SmallVector<int64_t> products;
  /// The layout being expanded, and its edges.
  Layout at;
  SmallVector<ReshardStep, 0> edges;
};
} // namespace

SmallVector<int64_t, 2> Search::getCutSizes(const Layout::Dim &dim, unsigned index,
                                            ArrayRef<unsigned> cutAxes) const {
  int64_t ranks = getNumRanks(cutAxes);
  // The shards of padded shards would not be contiguous in the dimension.
  if (!dim.axes.empty())
    return dim.local % ranks == 0 ? SmallVector<int64_t, 2>{dim.local / ranks}
                                  : SmallVector<int64_t, 2>{};
  // The smallest shards; and larger ones that later steps can split evenly, or that become those of
  // the goal when axes are added or removed.
  int64_t least = llvm::divideCeil(shape[index], ranks);
  SmallVector<int64_t, 2> sizes = {least};
  auto add = [&](int64_t size) {
    if (size >= least && !llvm::is_contained(sizes, size))
      sizes.push_back(size);
  };
  // On the way to a layout with more inner axes, shards are a multiple of the innermost ones.
  ArrayRef<unsigned> wanted = to.dims[index].axes;
  if (wanted.take_front(cutAxes.size()) == cutAxes)
    add(to.dims[index].local * getNumRanks(wanted.drop_front(cutAxes.size())));
  for (int64_t more : products) {
    add(static_cast<int64_t>(llvm::divideCeil(least, more)) * more);
    add(to.dims[index].local * more);
    if (to.dims[index].local % more == 0)
      add(to.dims[index].local / more);
  }
  return sizes;
}

Layout::Dim Search::join(const Layout::Dim &dim, unsigned index, unsigned count) const {
  Layout::Dim joined = dim;
  joined.axes.truncate(dim.axes.size() - count);
  joined.local *= getNumRanks(ArrayRef<unsigned>(dim.axes).take_back(count));
  if (joined.axes.empty())
    joined.local = shape[index];
  return joined;
}

static CollectiveKind getCollectiveKind(ReshardStepKind kind) {
  switch (kind) {
  case ReshardStepKind::Slice:
    return CollectiveKind::AllSlice;
  case ReshardStepKind::AllGather:
    return CollectiveKind::AllGather;
  case ReshardStepKind::AllToAll:
    return CollectiveKind::AllToAll;
  case ReshardStepKind::ReduceScatter:
    return CollectiveKind::ReduceScatter;
  case ReshardStepKind::AllReduce:
    return CollectiveKind::AllReduce;
  }
  llvm_unreachable("all kinds are covered");
}

void Search::add(ReshardStep step, double operand) {
  step.cost = costs.getExchange(getCollectiveKind(step.kind), operand * elementBytes, step.axes);
  edges.push_back(std::move(step));
}

/// Numbers of axes and dimensions up to which the search is exhaustive: beyond, there would be too
/// many layouts.
static constexpr size_t kFewAxes = 3, kFewDims = 4;

/// Axes that one of the layouts uses, and the others as long as they are few: ranks that hold the
/// same elements can share the work of a sum and gather the results.
void Search::chooseAxes(const Layout &from, bool simply) {
  axes.clear();
  for (unsigned axis = 0; axis < mesh.getSizes().size(); ++axis)
    if (from.usesAxis(axis) || to.usesAxis(axis))
      axes.push_back(axis);
  products = {1};
  if (simply)
    return;
  for (unsigned axis = 0; axis < mesh.getSizes().size() && axes.size() < kFewAxes; ++axis)
    if (mesh.getSizes()[axis] > 1 && !llvm::is_contained(axes, axis))
      axes.push_back(axis);
  for (unsigned axis : axes.size() <= kFewAxes ? ArrayRef<unsigned>(axes) : ArrayRef<unsigned>())
    for (size_t i = 0, e = products.size(); i < e; ++i)
      if (int64_t product = products[i] * mesh.getSizes()[axis];
          !llvm::is_contained(products, product))
        products.push_back(product);
}

/// Dimensions that one of the layouts splits, and of the others the two with the least padding: two
/// axes that change places may each need a dimension to stay in meanwhile.
void Search::chooseDims(const Layout &from, bool simply) {
  dims.clear();
  SmallVector<unsigned> others;
  for (unsigned dim = 0; dim < shape.size(); ++dim) {
    bool splits = !from.dims[dim].axes.empty() || !to.dims[dim].axes.empty();
    (splits ? dims : others).push_back(dim);
  }
  if (simply)
    return;
  auto getFilling = [&](unsigned dim) {
    double sum = 0;
    for (int64_t ranks : products)
      sum += double(shape[dim]) / double(llvm::divideCeil(shape[dim], ranks) * ranks);
    return std::pair(sum, shape[dim]);
  };
  llvm::sort(others, [&](unsigned a, unsigned b) {
    return std::tuple(getFilling(b), a) < std::tuple(getFilling(a), b);
  });
  others.resize(std::min<size_t>(others.size(), 2));
  llvm::append_range(dims, others);
  // Shards of many sizes in many dimensions would be too many layouts.
  if (dims.size() > kFewDims)
    products = {1};
}

/// A lower bound: the seconds in which rank 0 can receive the elements that it needs but does not
/// hold. Rank 0 holds the first elements of each dimension, so their number is easy to compute.
/// Every step brings it at most as many elements as it sends.
double Search::getBound(const Layout &layout) const {
  double wanted = 1, present = 1;
  for (auto [have, want, size] : llvm::zip_equal(layout.dims, to.dims, shape)) {
    wanted *= static_cast<double>(std::min(want.local, size));
    present *= static_cast<double>(std::min({have.local, want.local, size}));
  }
  return costs.getBound((wanted - present) * elementBytes) * (1 - 1e-9);
}

void Search::addSlices() {
  for (unsigned axis : axes) {
    if (at.usesAxis(axis))
      continue;
    for (unsigned dim : dims)
      for (int64_t size : getCutSizes(at.dims[dim], dim, axis)) {
        ReshardStep step{ReshardStepKind::Slice, {axis}, dim, 0, FactorKind::Sum, at, {}};
        step.after.dims[dim].axes.push_back(axis);
        step.after.dims[dim].local = size;
        add(std::move(step));
      }
  }
}

/// Also over several axes at once: that takes the latency once, while one axis after the other
/// sends less over the outer levels of the network.
void Search::addGathers() {
  double local = at.getNumLocalElements();
  for (unsigned dim = 0; dim < shape.size(); ++dim)
    for (unsigned count = 1; count <= at.dims[dim].axes.size(); ++count) {
      ReshardStep step{ReshardStepKind::AllGather, {}, dim, 0, FactorKind::Sum, at, {}};
      llvm::append_range(step.axes, ArrayRef<unsigned>(at.dims[dim].axes).take_back(count));
      step.after.dims[dim] = join(at.dims[dim], dim, count);
      add(std::move(step), local);
    }
}

/// Several axes at once keep their order; one after the other would reverse it.
void Search::addExchanges() {
  double local = at.getNumLocalElements();
  for (unsigned dim = 0; dim < shape.size(); ++dim)
    for (unsigned count = 1; count <= at.dims[dim].axes.size(); ++count)
      for (unsigned cutDim : dims) {
        if (cutDim == dim)
          continue;
        ArrayRef<unsigned> axes = ArrayRef<unsigned>(at.dims[dim].axes).take_back(count);
        int64_t ranks = getNumRanks(axes);
        for (int64_t size : getCutSizes(at.dims[cutDim], cutDim, axes)) {
          ReshardStep step{ReshardStepKind::AllToAll, {}, dim, cutDim, FactorKind::Sum, at, {}};
          step.axes.assign(axes.begin(), axes.end());
          step.after.dims[dim] = join(at.dims[dim], dim, count);
          step.after.dims[cutDim].axes.append(axes.begin(), axes.end());
          step.after.dims[cutDim].local = size;
          // The dimension that is split is padded to equal shards first.
          add(std::move(step), local / at.dims[cutDim].local * size * ranks);
        }
      }
}

/// An all-reduce, and reduce-scatters in every order of the axes.
void Search::addSums(ArrayRef<unsigned> axes, FactorKind kind) {
  double local = at.getNumLocalElements();
  ReshardStep sum{ReshardStepKind::AllReduce, {}, 0, 0, kind, at, {}};
  sum.axes.assign(axes.begin(), axes.end());
  llvm::erase_if(sum.after.partials, [&](const Layout::Partial &partial) {
    return llvm::is_contained(axes, partial.axis);
  });
  SmallVector<unsigned> order(axes);
  do {
    for (unsigned dim : dims)
      for (int64_t size : getCutSizes(at.dims[dim], dim, order)) {
        ReshardStep step = sum;
        step.kind = ReshardStepKind::ReduceScatter;
        step.axes.assign(order.begin(), order.end());
        step.dim = dim;
        step.after.dims[dim].axes.append(order.begin(), order.end());
        step.after.dims[dim].local = size;
        add(std::move(step), local / at.dims[dim].local * size * getNumRanks(order));
      }
    // With many axes there would be too many orders.
  } while (axes.size() <= kFewAxes && std::next_permutation(order.begin(), order.end()));
  add(std::move(sum), local);
}

/// One axis, or all remaining ones of one kind: one sum over several axes is cheaper than several
/// sums.
void Search::addSums() {
  for (FactorKind kind : {FactorKind::Sum, FactorKind::Max, FactorKind::Min}) {
    SmallVector<unsigned> axes;
    for (const Layout::Partial &partial : at.partials)
      if (partial.kind == kind && !llvm::is_contained(to.partials, partial))
        axes.push_back(partial.axis);
    // All subsets; a mesh has a handful of axes.
    for (unsigned bits = 1; bits < 1u << axes.size(); ++bits) {
      SmallVector<unsigned> chosen;
      for (auto [i, axis] : llvm::enumerate(axes))
        if (bits >> i & 1)
          chosen.push_back(axis);
      addSums(chosen, kind);
    }
  }
}

/// Merges slices over neighbouring axes of one dimension; the search finds merged collectives
/// itself.
static void mergeSlices(SmallVectorImpl<ReshardStep> &steps) {
  for (unsigned i = 0; i + 1 < steps.size();) {
    ReshardStep &first = steps[i], &second = steps[i + 1];
    if (first.kind != ReshardStepKind::Slice || second.kind != first.kind ||
        second.dim != first.dim) {
      ++i;
      continue;
    }
    llvm::append_range(first.axes, second.axes);
    first.after = second.after;
    steps.erase(steps.begin() + i + 1);
  }
}

ReshardPlan Search::run(const Layout &from) {
  // The time of a simple path bounds the search for a better one.
  ReshardPlan simple = run(from, /*simply=*/true, std::numeric_limits<double>::infinity());
  return run(from, /*simply=*/false, simple.cost.seconds);
}

ReshardPlan Search::run(const Layout &from, bool simply, double most) {
  chooseAxes(from, simply);
  chooseDims(from, simply);
  // Sums of the same terms in another order may round differently.
  most *= 1 + 1e-9;
  struct Node {
    Length length;
    bool done = false;
    /// The step that leads here, and the layout it starts from.
    std::vector<int64_t> previous;
    ReshardStep step;
  };
  std::map<std::vector<int64_t>, Node> nodes;
  using Entry = std::pair<Length, std::vector<int64_t>>;
  auto later = [](const Entry &a, const Entry &b) {
    return b.first < a.first || (!(a.first < b.first) && b.second < a.second);
  };
  std::priority_queue<Entry, std::vector<Entry>, decltype(later)> open(later);
  std::vector<int64_t> start = getKey(from), goal = getKey(to);
  nodes[start].step.after = from;
  open.push({Length(), start});
  while (!open.empty()) {
    std::vector<int64_t> key = open.top().second;
    open.pop();
    if (key == goal)
      break;
    Node &node = nodes[key];
    if (std::exchange(node.done, true))
      continue;
    at = node.step.after;
    edges.clear();
    addSlices();
    addGathers();
    addExchanges();
    addSums();
    for (ReshardStep &step : edges) {
      bool slices = step.kind == ReshardStepKind::Slice;
      Length length{node.length.seconds + step.cost.seconds, node.length.collectives + !slices,
                    node.length.slices + slices};
      double bound = length.seconds + getBound(step.after);
      if (bound > most)
        continue;
      std::vector<int64_t> next = getKey(step.after);
      auto [it, isNew] = nodes.try_emplace(next);
      if (!isNew && !(length < it->second.length))
        continue;
      it->second = {length, false, key, std::move(step)};
      length.seconds = bound;
      open.push({length, next});
    }
  }
  ReshardPlan plan;
  auto it = nodes.find(goal);
  // Every layout can be reached from every other by way of replicated values.
  if (it == nodes.end())
    llvm::report_fatal_error("no way between two layouts: a partial result is wanted");
  for (; it->first != start; it = nodes.find(it->second.previous))
    plan.steps.push_back(it->second.step);
  std::reverse(plan.steps.begin(), plan.steps.end());
  mergeSlices(plan.steps);
  for (const ReshardStep &step : plan.steps)
    plan.cost += step.cost;
  return plan;
}

struct ReshardPlanner::Memory {
  std::map<std::vector<int64_t>, ReshardPlan> plans;
};

ReshardPlanner::ReshardPlanner(MeshAttr mesh, CostModel costs)
    : mesh(mesh), costs(std::move(costs)), memory(new Memory) {}
ReshardPlanner::~ReshardPlanner() = default;

const ReshardPlan &ReshardPlanner::plan(const Layout &from, const Layout &to,
                                        RankedTensorType type) {
  std::vector<int64_t> key(type.getShape().begin(), type.getShape().end());
  key.push_back(static_cast<int64_t>(getTensorBytes(type.clone(ArrayRef<int64_t>()))));
  for (const Layout *layout : {&from, &to}) {
    std::vector<int64_t> part = getKey(*layout);
    key.push_back(-2);
    key.insert(key.end(), part.begin(), part.end());
  }
  auto [it, isNew] = memory->plans.try_emplace(std::move(key));
  if (isNew)
    it->second = Search(mesh, costs, to, type).run(from);
  return it->second;
}
