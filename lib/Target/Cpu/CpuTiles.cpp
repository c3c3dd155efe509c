//===- CpuTiles.cpp - tiles of kernels on CPUs -----------------------------*- C++ -*-===//

#include "dchag/Schedule/KernelSpace.h"
#include "dchag/Target/Cpu/Passes.h"
#include "dialects/dchag_rt/Runtime.h"
#include "dialects/interfaces/CostModel.h"

using namespace mlir;
using namespace mlir::dchag;

/// Elements of a tile of the largest value: what fits into the first cache with its neighbours.
static constexpr int64_t kTileElements = 4096;
/// Neighbours in memory that are worth a loop of vectors.
static constexpr int64_t kVectorElements = 64;

/// Points of an op's iteration space for one iteration of the outer dimensions.
static int64_t countInnerPoints(Operation *op, RuleCache &rules, int64_t outer) {
  int64_t points = 1;
  for (auto factor : rules.get(op).getFactors().getAsRange<FactorAttr>())
    points *= factor.getSize();
  return points / std::max<int64_t>(outer, 1);
}

/// Whether the last of `dims` is the last dimension of the last op's first result.
static bool isContiguous(Operation *op, RuleCache &rules, ArrayRef<OuterDim> dims) {
  auto results = cast<ArrayAttr>(rules.get(op).getResults()[0]);
  if (dims.empty() || results.empty())
    return false;
  auto last = cast<DenseI64ArrayAttr>(results[results.size() - 1]).asArrayRef();
  return llvm::is_contained(last, int64_t(dims.back().factors.back()));
}

/// Bytes of values between the ops of a tile: most of the second cache.
static constexpr int64_t kTileBytes = int64_t(1) << 20;
/// Operands that are larger come from memory each time that a tile reads them.
static constexpr int64_t kCacheBytes = int64_t(1) << 20;
static constexpr int64_t kLineBytes = 64;
/// How much faster the second cache is than memory.
static constexpr double kCacheSpeed = 6;
/// Rows and columns of a block of a product that is computed in registers.
static constexpr int64_t kBlockRows = 8, kBlockColumns = 32;

namespace {
/// Chooses tiles of a kernel with products by the time that they take: bytes that tiles read and
/// write, whole cache lines of them, and operations, at a lower rate where a product has few rows
/// or columns.
class TileSearch {
public:
  TileSearch(ArrayRef<Operation *> ops, ArrayRef<OuterDim> dims, RuleCache &rules);
  SmallVector<int64_t> run();

private:
  using Tiles = ArrayRef<int64_t>;
  /// A value that the tiles read or write, as op number `op` does.
  struct Access {
    unsigned op;
    ArrayAttr factors;
    RankedTensorType type;
  };
  int64_t getLocalSize(unsigned op, int64_t factor, Tiles tiles) const;
  double getLineBytes(const Access &access, Tiles tiles) const;
  double getRate(unsigned op, Tiles tiles) const;
  double getSeconds(Tiles tiles) const;
  bool fits(Tiles tiles) const;
  void visit(unsigned dim, SmallVectorImpl<int64_t> &tiles);

  ArrayRef<Operation *> ops;
  ArrayRef<OuterDim> dims;
  RuleCache &rules;
  CostModel costs;
  int64_t cores;
  SmallVector<Access> accesses;
  SmallVector<int64_t> best;
  double bestSeconds = std::numeric_limits<double>::infinity();
};
} // namespace

TileSearch::TileSearch(ArrayRef<Operation *> ops, ArrayRef<OuterDim> dims, RuleCache &rules)
    : ops(ops), dims(dims), rules(rules), costs(CostModel::get(ops.front())),
      cores(MachineAttr::lookup(ops.front()).getCores()) {
  for (auto [number, op] : llvm::enumerate(ops)) {
    RuleAttr rule = rules.get(op);
    for (OpOperand &operand : op->getOpOperands())
      if (auto type = dyn_cast<RankedTensorType>(operand.get().getType());
          type && isa<BlockArgument>(operand.get()))
        accesses.push_back({unsigned(number),
                            cast<ArrayAttr>(rule.getOperands()[operand.getOperandNumber()]), type});
    for (OpResult result : op->getResults())
      if (llvm::any_of(result.getUsers(), llvm::IsaPred<rt::ReturnOp>))
        accesses.push_back({unsigned(number),
                            cast<ArrayAttr>(rule.getResults()[result.getResultNumber()]),
                            cast<RankedTensorType>(result.getType())});
  }
}

/// The size of a factor of an op's rule within a tile.
int64_t TileSearch::getLocalSize(unsigned op, int64_t factor, Tiles tiles) const {
  for (auto [dim, tile] : llvm::zip_equal(dims, tiles))
    if (int64_t(dim.factors[op]) == factor)
      return tile;
  return rules.get(ops[op]).getFactor(factor).getSize();
}

/// Bytes of the cache lines that a tile touches of a value.
double TileSearch::getLineBytes(const Access &access, Tiles tiles) const {
  double elements = 1, run = 1;
  bool isWhole = true;
  for (size_t i = access.factors.size(); i-- > 0;) {
    int64_t local = 1;
    for (int64_t factor : cast<DenseI64ArrayAttr>(access.factors[i]).asArrayRef())
      local *= getLocalSize(access.op, factor, tiles);
    elements *= local;
    run *= isWhole ? local : 1;
    isWhole &= local == access.type.getDimSize(i);
  }
  double bytes = access.type.getElementTypeBitWidth() / 8.0;
  return elements * bytes * std::max(1.0, kLineBytes / (run * bytes));
}

/// The part of the full speed at which a product runs.
double TileSearch::getRate(unsigned op, Tiles tiles) const {
  RuleAttr rule = rules.get(ops[op]);
  int64_t own[2] = {1, 1};
  for (unsigned factor = 0; factor < rule.getFactors().size(); ++factor) {
    auto has = [&](unsigned operand) {
      return hasFactor(cast<ArrayAttr>(rule.getOperands()[operand]), factor);
    };
    if (rule.getFactor(factor).getKind() == FactorKind::Parallel && has(0) != has(1))
      own[has(1)] *= getLocalSize(op, factor, tiles);
  }
  auto rate = [](int64_t rows, int64_t columns) {
    return std::min(1.0, double(rows) / kBlockRows) *
           std::min(1.0, double(columns) / kBlockColumns);
  };
  return std::max(rate(own[0], own[1]), rate(own[1], own[0]));
}

double TileSearch::getSeconds(Tiles tiles) const {
  double count = 1, bytes = 0, seconds = 0;
  for (auto [dim, tile] : llvm::zip_equal(dims, tiles))
    count *= llvm::divideCeil(dim.size, tile);
  for (const Access &access : accesses) {
    double moved = getLineBytes(access, tiles);
    bytes += getTensorBytes(access.type) > kCacheBytes ? moved : moved / kCacheSpeed;
  }
  seconds = costs.getWork(0, bytes * count, getWorkType(ops.front())).seconds;
  for (auto [number, op] : llvm::enumerate(ops))
    if (isProduct(op))
      seconds += costs.getWork(costs.getCost(op).flops / getRate(number, tiles), 0, getWorkType(op))
                     .seconds;
  // All cores work until the last tile is done.
  return seconds * llvm::divideCeil(int64_t(count), cores) * cores / count;
}

bool TileSearch::fits(Tiles tiles) const {
  double bytes = 0, part = 1;
  for (auto [dim, tile] : llvm::zip_equal(dims, tiles))
    part *= double(tile) / dim.size;
  for (Operation *op : ops)
    if (!isFactorOfProduct(op, rules))
      for (Value result : op->getResults())
        bytes += getTensorBytes(result.getType()) * part;
  return bytes <= kTileBytes;
}

void TileSearch::visit(unsigned dim, SmallVectorImpl<int64_t> &tiles) {
  if (dim == dims.size()) {
    double seconds = fits(tiles) ? getSeconds(tiles) : std::numeric_limits<double>::infinity();
    if (best.empty() || seconds < bestSeconds) {
      best.assign(tiles.begin(), tiles.end());
      bestSeconds = seconds;
    }
    return;
  }
  llvm::SmallSetVector<int64_t, 8> sizes;
  for (int64_t most = 1; most < 2 * dims[dim].size && most <= 128; most *= 2) {
    // Tiles of nearly one size.
    int64_t count = llvm::divideCeil(dims[dim].size, most);
    int64_t tile = llvm::divideCeil(dims[dim].size, count);
    sizes.insert(std::min(dims[dim].size, most >= 8 ? int64_t(llvm::alignTo(tile, 8)) : tile));
  }
  for (int64_t size : sizes) {
    tiles.push_back(size);
    visit(dim + 1, tiles);
    tiles.pop_back();
  }
}

SmallVector<int64_t> TileSearch::run() {
  SmallVector<int64_t> tiles;
  visit(0, tiles);
  return best;
}

/// Whole dimensions from the last one on until a tile is large enough.
SmallVector<int64_t> CpuAttr::getTiles(Operation *kernel, ArrayRef<OuterDim> dims) const {
  RuleCache rules;
  SmallVector<Operation *> ops = getKernelOps(cast<rt::KernelOp>(kernel));
  if (llvm::any_of(ops, isProduct))
    return TileSearch(ops, dims, rules).run();
  int64_t outer = countIterations(dims), inner = 1;
  for (Operation *op : ops)
    inner = std::max(inner, countInnerPoints(op, rules, outer));
  SmallVector<int64_t> tiles(dims.size(), 1);
  int64_t rest = std::max<int64_t>(1, kTileElements / inner);
  for (size_t i = dims.size(); i-- > 0;) {
    int64_t wanted = rest;
    if (i + 1 == dims.size() && isContiguous(ops.back(), rules, dims))
      wanted = std::max(kVectorElements, rest / kVectorElements * kVectorElements);
    tiles[i] = std::min(dims[i].size, wanted);
    rest = std::max<int64_t>(1, rest / tiles[i]);
  }
  return tiles;
}

KernelAbilities CpuAttr::getKernelAbilities() const {
  KernelAbilities abilities;
  abilities.scratchBytes = int64_t(1) << 17;
  abilities.productShare = 0.65;
  return abilities;
}
