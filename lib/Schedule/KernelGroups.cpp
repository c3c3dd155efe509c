//===- KernelGroups.cpp - which ops become one kernel ----------------------*- C++ -*-===//

#include "KernelGroups.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <queue>

using namespace mlir;
using namespace mlir::dchag;

/// Iterations of the outer dimensions that keep all cores busy.
static constexpr int64_t kEnoughIterations = 32;
/// Elements of results up to which a kernel need not run in parallel.
static constexpr int64_t kFewElements = 32768;

static int64_t bytesOf(Value value) { return getTensorBytes(value.getType()); }

/// Whether an op can be computed for a part of its results inside of a kernel.
static bool canBeInKernel(Operation *op, RuleCache &rules) {
  if (op->getNumResults() == 0 || !isMemoryEffectFree(op) || isSource(op) ||
      !llvm::all_of(op->getResultTypes(), llvm::IsaPred<RankedTensorType>))
    return false;
  // What code is generated for. Views take no time where they are.
  bool isComputed = isa<linalg::LinalgOp, linalg::AggregatedOpInterface, rt::MatmulOp>(op) ||
                    OpTrait::hasElementwiseMappableTraits(op);
  return isComputed && rules.get(op);
}

KernelGrouping::KernelGrouping(func::FuncOp function, const CostModel &costs,
                               const KernelAbilities &abilities)
    : body(function.getBody().front()), costs(costs), abilities(abilities) {
  for (Operation &op : body)
    if (!isSource(&op))
      addOp(&op);
}

void KernelGrouping::addOp(Operation *op) {
  group[op] = groups.size();
  position[op] = groups.size();
  unsigned last = 0;
  for (Value operand : op->getOperands())
    if (Operation *definition = operand.getDefiningOp())
      last = std::max(last, collective.lookup(definition));
  collective[op] = getExchange(op) ? ++numCollectives : last;
  groups.push_back({{op}, !canBeInKernel(op, rules)});
  versions.push_back(0);
}

//===----------------------------------------------------------------------===//
// What joining two groups saves
//===----------------------------------------------------------------------===//

/// Seconds that a product takes longer in a kernel with other ops than in the library.
static double getPenalty(ArrayRef<Operation *> ops, const CostModel &costs,
                         const KernelAbilities &abilities) {
  auto product = ops.size() == 1 ? dyn_cast<rt::MatmulOp>(ops.front()) : rt::MatmulOp();
  if (!product)
    return 0;
  Cost cost = costs.getCost(product);
  Type type = getWorkType(product);
  double generated = costs.getWork(cost.flops / abilities.productShare, 0, type).seconds;
  return std::max(0.0, generated - cost.seconds);
}

/// Bytes that are not moved if `from` and `to` are one group.
double KernelGrouping::getTraffic(unsigned from, unsigned to) {
  double bytes = 0;
  llvm::SmallPtrSet<Value, 8> read;
  for (Operation *op : groups[to].ops)
    for (Value operand : op->getOperands())
      if (isa<RankedTensorType>(operand.getType()))
        read.insert(operand);
  for (Operation *op : groups[from].ops) {
    for (Value result : op->getResults()) {
      if (!read.contains(result))
        continue;
      bool isInside = llvm::all_of(result.getUsers(), [&](Operation *user) {
        return groupOf(user) == from || groupOf(user) == to;
      });
      bytes += bytesOf(result) * (isInside ? 2 : 1);
    }
    // Values that both read are read once.
    for (Value operand : op->getOperands())
      if (Operation *definition = operand.getDefiningOp();
          read.erase(operand) && !(definition && isSource(definition)) &&
          !(definition && (groupOf(definition) == from || groupOf(definition) == to)))
        bytes += bytesOf(operand);
  }
  return bytes;
}

/// Seconds saved by joining the two; nullopt if that is not possible or takes longer.
std::optional<double> KernelGrouping::getSavings(unsigned from, unsigned to) {
  std::pair key(std::pair(from, versions[from]), std::pair(to, versions[to]));
  if (rejected.contains(key))
    return std::nullopt;
  Type type = getWorkType(groups[from].ops.front());
  double seconds = costs.getWork(0, getTraffic(from, to), type).seconds -
                   getPenalty(groups[from].ops, costs, abilities) -
                   getPenalty(groups[to].ops, costs, abilities);
  if (seconds > 0 && isLegal(from, to))
    return seconds;
  rejected.insert(key);
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Whether two groups can be one
//===----------------------------------------------------------------------===//

static SmallVector<Operation *> joinOps(const KernelGroup &a, const KernelGroup &b) {
  SmallVector<Operation *> ops(a.ops);
  llvm::append_range(ops, b.ops);
  llvm::sort(ops, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  return ops;
}

/// Whether values that only the group uses, for one iteration of the outer dimensions, fit into the
/// memory that a kernel has for them.
bool KernelGrouping::fits(ArrayRef<Operation *> ops, ArrayRef<OuterDim> dims) {
  llvm::SmallPtrSet<Operation *, 16> inside(ops.begin(), ops.end());
  double bytes = 0;
  for (Operation *op : ops)
    for (Value result : op->getResults())
      if (llvm::any_of(result.getUsers(), [&](Operation *user) { return inside.contains(user); }) &&
          !isFactorOfProduct(op, rules))
        bytes += bytesOf(result);
  return bytes / countIterations(dims) <= abilities.scratchBytes;
}

/// Whether there is enough to do in parallel, or little to do at all.
static bool runsInParallel(ArrayRef<Operation *> ops, ArrayRef<OuterDim> dims) {
  if (countIterations(dims) >= kEnoughIterations)
    return true;
  int64_t elements = 0;
  for (Operation *op : ops)
    for (Value value : op->getOperands())
      if (auto type = dyn_cast<RankedTensorType>(value.getType()))
        elements = std::max(elements, type.getNumElements());
  return elements <= kFewElements;
}

/// Whether no path from `from` to `to` leads through another group.
bool KernelGrouping::isConvex(unsigned from, unsigned to) {
  unsigned last = 0;
  for (Operation *op : groups[to].ops)
    last = std::max(last, position[op]);
  SmallVector<unsigned> open;
  llvm::SmallDenseSet<unsigned> seen;
  auto visit = [&](unsigned next) {
    for (Operation *op : groups[next].ops)
      for (Operation *user : op->getUsers()) {
        unsigned other = isSource(user) ? next : groupOf(user);
        if (other != next && other != from && !(next == from && other == to) &&
            seen.insert(other).second)
          open.push_back(other);
      }
  };
  for (visit(from); !open.empty();) {
    unsigned next = open.pop_back_val();
    if (next == to)
      return false;
    // Nothing after the last op of `to` leads to it, except through groups with earlier ops.
    if (llvm::any_of(groups[next].ops, [&](Operation *op) { return position[op] < last; }))
      visit(next);
  }
  return true;
}

/// Whether `from` has work that could be done while a collective is in progress that `to` waits
/// for.
bool KernelGrouping::delaysWork(unsigned from, unsigned to) const {
  auto last = [&](const KernelGroup &which) {
    unsigned number = 0;
    for (Operation *op : which.ops)
      number = std::max(number, collective.lookup(op));
    return number;
  };
  auto works = [](Operation *op) {
    auto cost = dyn_cast<CostOpInterface>(op);
    return !cost || cost.getFlops() > 0;
  };
  return last(groups[from]) < last(groups[to]) && llvm::any_of(groups[from].ops, works);
}

bool KernelGrouping::isLegal(unsigned from, unsigned to) {
  if (delaysWork(from, to))
    return false;
  SmallVector<Operation *> ops = joinOps(groups[from], groups[to]);
  SmallVector<OuterDim> dims = getOuterDims(ops, rules);
  return runsInParallel(ops, dims) && fits(ops, dims) && isConvex(from, to);
}

//===----------------------------------------------------------------------===//
// Search
//===----------------------------------------------------------------------===//

SmallVector<KernelGrouping::Merge> KernelGrouping::findMerges() {
  SmallVector<Merge> merges;
  llvm::DenseSet<std::pair<unsigned, unsigned>> seen;
  for (auto [from, candidate] : llvm::enumerate(groups)) {
    if (candidate.isFixed)
      continue;
    for (Operation *op : candidate.ops)
      for (Operation *user : op->getUsers()) {
        unsigned to = groupOf(user);
        if (isSource(user) || to == from || groups[to].isFixed || !seen.insert({from, to}).second)
          continue;
        if (std::optional<double> seconds = getSavings(from, to))
          merges.push_back({*seconds, unsigned(from), to});
      }
  }
  llvm::sort(merges, [](const Merge &a, const Merge &b) {
    return std::tuple(-a.seconds, a.from, a.to) < std::tuple(-b.seconds, b.from, b.to);
  });
  return merges;
}

void KernelGrouping::merge(unsigned from, unsigned to) {
  groups[to].ops = joinOps(groups[from], groups[to]);
  groups[from].ops.clear();
  for (Operation *op : groups[to].ops)
    group[op] = to;
  ++versions[from];
  ++versions[to];
}

/// In order of the last op of each group, but after those whose results it reads, and with fixed
/// ops that have effects in their order.
SmallVector<KernelGroup> KernelGrouping::sort() {
  SmallVector<unsigned> missing(groups.size(), 0), last(groups.size(), 0);
  SmallVector<SmallVector<unsigned>> users(groups.size());
  unsigned effect = groups.size();
  auto addEdge = [&](unsigned from, unsigned to) {
    if (from == to || llvm::is_contained(users[from], to))
      return;
    users[from].push_back(to);
    ++missing[to];
  };
  for (auto [index, candidate] : llvm::enumerate(groups))
    for (Operation *op : candidate.ops) {
      last[index] = std::max(last[index], position[op]);
      for (Operation *user : op->getUsers())
        if (!isSource(user))
          addEdge(index, groupOf(user));
      if (isMemoryEffectFree(op))
        continue;
      if (effect < groups.size())
        addEdge(effect, index);
      effect = index;
    }
  using Entry = std::pair<unsigned, unsigned>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> ready;
  for (unsigned index = 0; index < groups.size(); ++index)
    if (!groups[index].ops.empty() && missing[index] == 0)
      ready.push({last[index], index});
  SmallVector<KernelGroup> sorted;
  while (!ready.empty()) {
    unsigned index = ready.top().second;
    ready.pop();
    for (unsigned user : users[index])
      if (--missing[user] == 0)
        ready.push({last[user], user});
    sorted.push_back(std::move(groups[index]));
  }
  return sorted;
}

SmallVector<KernelGroup> KernelGrouping::run() {
  // Groups that changed in a round have other savings: those are for the next round.
  for (bool changed = true; changed;) {
    changed = false;
    SmallVector<unsigned> before(versions);
    for (const Merge &candidate : findMerges()) {
      auto [seconds, from, to] = candidate;
      if (versions[from] != before[from] || versions[to] != before[to])
        continue;
      // Other joins may have made a path between the two.
      if (!isConvex(from, to))
        continue;
      merge(from, to);
      changed = true;
    }
  }
  return sort();
}
