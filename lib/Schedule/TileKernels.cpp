//===- TileKernels.cpp - kernels as loops over tiles -----------------------*- C++ -*-===//

#include "dchag/Schedule/KernelSpace.h"
#include "dchag/Schedule/Passes.h"
#include "dialects/dchag/TensorBuilder.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_TILEKERNELS
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// `count` tiles of `size` from `start` on, along one outer dimension.
struct TileRange {
  int64_t start, count, size;
};

/// A product that takes its sum part by part, with the ops that make its factors.
struct PartialSum {
  SmallVector<unsigned> ops; ///< numbers of ops; the product is the last
  int64_t size, chunk;       ///< of the summed dimension, and of a part of it
  OuterDim dim;              ///< the dimension; of other ops kNone
};

/// Part of a value.
struct Slice {
  SmallVector<OpFoldResult> offsets, sizes;
  SmallVector<int64_t> shape;
  bool isWhole = true;

  SmallVector<OpFoldResult> getStrides(OpBuilder &b) const {
    return SmallVector<OpFoldResult>(shape.size(), b.getIndexAttr(1));
  }
};

/// Rewrites the body of one kernel.
class KernelTiler {
public:
  KernelTiler(rt::KernelOp kernel, ArrayRef<int64_t> tiles, RuleCache &rules);
  void run();

  SmallVector<OuterDim> dims;

private:
  SmallVector<SmallVector<TileRange>> getBoxes() const;
  SmallVector<Value> emitBox(OpBuilder &b, ArrayRef<TileRange> box, ValueRange outs);
  void emitTile(OpBuilder &b);
  void emitOp(OpBuilder &b, unsigned index);
  Operation *emitClone(OpBuilder &b, unsigned index, Value init);
  void findPartialSums();
  std::optional<PartialSum> findPartialSum(unsigned product, unsigned factor);
  void emitPartialSum(OpBuilder &b, const PartialSum &sum);
  Value emitPart(OpBuilder &b, const PartialSum &sum, int64_t size, OpFoldResult offset,
                 Value init);
  Slice getSlice(OpBuilder &b, ArrayAttr factors, unsigned op, RankedTensorType type,
                 unsigned firstDim = 0);
  Value getPart(OpBuilder &b, OpOperand &operand, unsigned op);
  Value cloneSource(OpBuilder &b, Operation *source, RankedTensorType type);

  rt::KernelOp kernel;
  Location loc;
  ArrayRef<int64_t> tiles;
  RuleCache &rules;
  SmallVector<Operation *> ops; ///< without sources
  llvm::DenseMap<Operation *, unsigned> numbers;
  /// Of the tile that is emitted: its sizes and offsets in the outer dimensions.
  SmallVector<int64_t> tileSizes;
  SmallVector<OpFoldResult> offsets;
  IRMapping local;
  SmallVector<PartialSum> partialSums;
  const PartialSum *current = nullptr; ///< that is emitted
};
} // namespace

KernelTiler::KernelTiler(rt::KernelOp kernel, ArrayRef<int64_t> tiles, RuleCache &rules)
    : dims(getOuterDims(getKernelOps(kernel), rules)), kernel(kernel), loc(kernel.getLoc()),
      tiles(tiles), rules(rules), ops(getKernelOps(kernel)) {
  for (auto [number, op] : llvm::enumerate(ops))
    numbers[op] = number;
}

/// The boxes of tiles of one size that the outer dimensions are made of: the tiles at the end of a
/// dimension may be smaller than the others.
SmallVector<SmallVector<TileRange>> KernelTiler::getBoxes() const {
  SmallVector<SmallVector<TileRange>> boxes(1);
  for (auto [dim, tile] : llvm::zip_equal(dims, tiles)) {
    SmallVector<TileRange> ranges;
    if (int64_t full = dim.size / tile)
      ranges.push_back({0, full, tile});
    if (int64_t rest = dim.size % tile)
      ranges.push_back({dim.size - rest, 1, rest});
    SmallVector<SmallVector<TileRange>> next;
    for (const SmallVector<TileRange> &box : boxes)
      for (TileRange range : ranges) {
        next.push_back(box);
        next.back().push_back(range);
      }
    boxes = std::move(next);
  }
  return boxes;
}

//===----------------------------------------------------------------------===//
// Parts of values
//===----------------------------------------------------------------------===//

static OpFoldResult scale(OpBuilder &b, Location loc, OpFoldResult offset, int64_t factor) {
  if (std::optional<int64_t> constant = getConstantIntValue(offset))
    return b.getIndexAttr(*constant * factor);
  if (factor == 1)
    return offset;
  Value by = arith::ConstantIndexOp::create(b, loc, factor);
  return arith::MulIOp::create(b, loc, cast<Value>(offset), by).getResult();
}

/// The part of a value that the tile needs or makes; `factors` are those of its dimensions in the
/// rule of an op.
Slice KernelTiler::getSlice(OpBuilder &b, ArrayAttr factors, unsigned op, RankedTensorType type,
                            unsigned firstDim) {
  Slice slice;
  for (auto [index, attr] : llvm::enumerate(factors.getAsRange<DenseI64ArrayAttr>())) {
    int64_t size = type.getDimSize(index);
    OpFoldResult offset = b.getIndexAttr(0);
    for (unsigned number = firstDim; number < dims.size(); ++number) {
      const OuterDim &dim = dims[number];
      if (tileSizes[number] == dim.size ||
          !llvm::is_contained(attr.asArrayRef(), int64_t(dim.factors[op])))
        continue;
      // The dimension's slowest factor: the others are whole.
      int64_t rest = size / dim.size;
      size = tileSizes[number] * rest;
      offset = scale(b, loc, offsets[number], rest);
      slice.isWhole = false;
    }
    slice.offsets.push_back(offset);
    slice.sizes.push_back(b.getIndexAttr(size));
    slice.shape.push_back(size);
  }
  return slice;
}

/// A copy of a source in the type of a part.
Value KernelTiler::cloneSource(OpBuilder &b, Operation *source, RankedTensorType type) {
  SmallVector<Value> operands;
  for (Value operand : source->getOperands()) {
    Operation *definition = operand.getDefiningOp();
    operands.push_back(isa<RankedTensorType>(operand.getType())
                           ? cloneSource(b, definition, type)
                           : b.clone(*definition)->getResult(0));
  }
  return cast<ShardingRuleOpInterface>(source).cloneLocal(b, operands, type, {})->getResult(0);
}

/// What op number `op` needs of an operand.
Value KernelTiler::getPart(OpBuilder &b, OpOperand &operand, unsigned op) {
  Value value = operand.get();
  Operation *definition = value.getDefiningOp();
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type)
    return definition ? b.clone(*definition)->getResult(0) : value;
  auto factors = cast<ArrayAttr>(rules.get(ops[op]).getOperands()[operand.getOperandNumber()]);
  unsigned firstDim = 0;
  if (auto number = numbers.find(definition); definition && number != numbers.end()) {
    value = local.lookup(value);
    type = cast<RankedTensorType>(value.getType());
    if (!current || llvm::is_contained(current->ops, number->second))
      return value;
    // A part of what the tile has.
    firstDim = dims.size() - 1;
    definition = nullptr;
  }
  Slice slice = getSlice(b, factors, op, type, firstDim);
  auto part = RankedTensorType::get(slice.shape, type.getElementType());
  if (definition)
    return cloneSource(b, definition, part);
  if (slice.isWhole)
    return value;
  return tensor::ExtractSliceOp::create(b, loc, part, value, slice.offsets, slice.sizes,
                                        slice.getStrides(b));
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// A copy of an op for the tile, with its only initial value replaced if `init` is given.
Operation *KernelTiler::emitClone(OpBuilder &b, unsigned index, Value init) {
  Operation *op = ops[index];
  RuleAttr rule = rules.get(op);
  SmallVector<int64_t> sizes;
  for (auto factor : rule.getFactors().getAsRange<FactorAttr>())
    sizes.push_back(factor.getSize());
  for (auto [dim, size] : llvm::zip_equal(dims, tileSizes))
    if (dim.factors[index] != OuterDim::kNone)
      sizes[dim.factors[index]] = size;
  SmallVector<Value> operands;
  for (OpOperand &operand : op->getOpOperands()) {
    bool isInit = init && operand.getOperandNumber() + 1 == op->getNumOperands();
    operands.push_back(isInit ? init : getPart(b, operand, index));
  }
  SmallVector<Type> types;
  for (auto [result, factors] : llvm::zip_equal(op->getResults(), rule.getResults())) {
    auto type = cast<RankedTensorType>(result.getType());
    types.push_back(type.clone(getSlice(b, cast<ArrayAttr>(factors), index, type).shape));
  }
  return cast<ShardingRuleOpInterface>(op).cloneLocal(b, operands, types, sizes);
}

void KernelTiler::emitOp(OpBuilder &b, unsigned index) {
  Operation *clone = emitClone(b, index, Value());
  for (auto [result, value] : llvm::zip_equal(ops[index]->getResults(), clone->getResults()))
    local.map(result, value);
}

//===----------------------------------------------------------------------===//
// Products part by part of their sums
//===----------------------------------------------------------------------===//

/// Bytes of factors that exist at a time: a part of the second cache.
static constexpr int64_t kFactorBytes = int64_t(1) << 17;

/// The summed dimension `factor` of a product, followed through the ops that make its factors.
std::optional<PartialSum> KernelTiler::findPartialSum(unsigned product, unsigned factor) {
  PartialSum sum;
  sum.size = rules.get(ops[product]).getFactor(factor).getSize();
  sum.dim.size = sum.size;
  sum.dim.factors.assign(ops.size(), OuterDim::kNone);
  sum.dim.factors[product] = factor;
  sum.ops.push_back(product);
  int64_t bytes = 0;
  for (unsigned next = 0; next < sum.ops.size(); ++next) {
    unsigned user = sum.ops[next];
    for (OpOperand &operand : ops[user]->getOpOperands()) {
      Operation *definition = operand.get().getDefiningOp();
      if (!definition || !numbers.contains(definition) || !isFactorOfProduct(definition, rules))
        continue;
      // The dimension must be one of both, alone.
      unsigned number = numbers.lookup(definition);
      auto used = cast<ArrayAttr>(rules.get(ops[user]).getOperands()[operand.getOperandNumber()]);
      auto made = cast<ArrayAttr>(rules.get(definition).getResults()[0]);
      for (auto [from, to] : llvm::zip_equal(made.getAsRange<DenseI64ArrayAttr>(),
                                             used.getAsRange<DenseI64ArrayAttr>()))
        if (to.asArrayRef() == ArrayRef<int64_t>(sum.dim.factors[user]) && from.size() == 1)
          sum.dim.factors[number] = from[0];
      if (sum.dim.factors[number] == OuterDim::kNone)
        continue;
      sum.ops.push_back(number);
      bytes += getTensorBytes(definition->getResult(0).getType()) / countIterations(dims);
    }
  }
  for (int64_t size : tileSizes)
    bytes *= size;
  if (bytes <= kFactorBytes)
    return std::nullopt;
  sum.chunk = std::max<int64_t>(1, sum.size * kFactorBytes / bytes);
  llvm::sort(sum.ops);
  return sum;
}

void KernelTiler::findPartialSums() {
  partialSums.clear();
  for (auto [number, op] : llvm::enumerate(ops)) {
    if (!isProduct(op))
      continue;
    for (auto [factor, attr] : llvm::enumerate(rules.get(op).getFactors().getAsRange<FactorAttr>()))
      if (attr.getKind() == FactorKind::Sum && attr.getSize() > 1)
        if (std::optional<PartialSum> sum = findPartialSum(number, factor)) {
          partialSums.push_back(std::move(*sum));
          break;
        }
  }
}

/// Adds one part of the sum to `init`.
Value KernelTiler::emitPart(OpBuilder &b, const PartialSum &sum, int64_t size, OpFoldResult offset,
                            Value init) {
  dims.push_back(sum.dim);
  tileSizes.push_back(size);
  offsets.push_back(offset);
  current = &sum;
  Operation *clone = nullptr;
  for (unsigned number : sum.ops) {
    bool isProduct = number == sum.ops.back();
    clone = emitClone(b, number, isProduct ? init : Value());
    if (!isProduct)
      local.map(ops[number]->getResults(), clone->getResults());
  }
  current = nullptr;
  dims.pop_back();
  tileSizes.pop_back();
  offsets.pop_back();
  return clone->getResult(0);
}

void KernelTiler::emitPartialSum(OpBuilder &b, const PartialSum &sum) {
  unsigned product = sum.ops.back();
  OpOperand &init = ops[product]->getOpOperand(ops[product]->getNumOperands() - 1);
  Value total = getPart(b, init, product);
  int64_t full = sum.size / sum.chunk;
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  auto loop = scf::ForOp::create(b, loc, constant(0), constant(full * sum.chunk),
                                 constant(sum.chunk), total);
  OpBuilder inner = OpBuilder::atBlockEnd(loop.getBody());
  Value next = emitPart(inner, sum, sum.chunk, loop.getInductionVar(), loop.getRegionIterArgs()[0]);
  scf::YieldOp::create(inner, loc, next);
  total = loop.getResult(0);
  if (int64_t rest = sum.size % sum.chunk)
    total = emitPart(b, sum, rest, b.getIndexAttr(full * sum.chunk), total);
  local.map(ops[product]->getResult(0), total);
}

/// Makes one operand and the result of a product contiguous along the same loop: an operand with
/// the loop of the result's last dimension, or else the smaller one with a loop of its own, is
/// transposed.
static void transposeOperand(linalg::ContractOp op) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto isOwn = [&](unsigned operand, unsigned loop) {
    return maps[operand].isFunctionOfDim(loop) && !maps[1 - operand].isFunctionOfDim(loop) &&
           maps[2].isFunctionOfDim(loop);
  };
  SmallVector<int64_t> sizes = op.getStaticLoopRanges();
  std::optional<unsigned> chosen;
  for (unsigned operand = 0; operand < 2; ++operand) {
    unsigned rank = maps[operand].getNumResults();
    if (rank == 0)
      return;
    unsigned last = maps[operand].getDimPosition(rank - 1);
    if (sizes[last] > 1 && isOwn(operand, last))
      return; // contiguous along a column already
    auto elements = [&](unsigned i) { return tensorType(op.getInputs()[i]).getNumElements(); };
    if (llvm::any_of(llvm::seq<unsigned>(0, sizes.size()),
                     [&](unsigned loop) { return sizes[loop] > 1 && isOwn(operand, loop); }) &&
        (!chosen || elements(operand) < elements(*chosen)))
      chosen = operand;
  }
  if (!chosen)
    return;
  // The loop of the most columns becomes the last dimension.
  AffineMap map = maps[*chosen];
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, map.getNumResults()));
  auto *longest = std::max_element(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    auto rank = [&](int64_t dim) {
      unsigned loop = map.getDimPosition(dim);
      return isOwn(*chosen, loop) ? sizes[loop] : 0;
    };
    return rank(a) < rank(b);
  });
  std::rotate(longest, longest + 1, order.end());
  OpBuilder b(op);
  TensorBuilder t(b, op.getLoc());
  Value transposed = t.transpose(op.getInputs()[*chosen], order);
  SmallVector<AffineExpr> exprs;
  for (int64_t dim : order)
    exprs.push_back(map.getResult(dim));
  maps[*chosen] = AffineMap::get(map.getNumDims(), 0, exprs, b.getContext());
  op->setOperand(*chosen, transposed);
  op.setIndexingMapsAttr(b.getAffineMapArrayAttr(maps));
}

void KernelTiler::emitTile(OpBuilder &b) {
  local.clear();
  findPartialSums();
  for (unsigned op = 0; op < ops.size(); ++op) {
    auto isIn = [&](const PartialSum &sum) { return llvm::is_contained(sum.ops, op); };
    auto sum = llvm::find_if(partialSums, isIn);
    if (sum == partialSums.end())
      emitOp(b, op);
    else if (op == sum->ops.back())
      emitPartialSum(b, *sum);
  }
}

/// The tiles of a box: a loop that is given values `outs` and yields them with the tiles replaced.
SmallVector<Value> KernelTiler::emitBox(OpBuilder &b, ArrayRef<TileRange> box, ValueRange outs) {
  Operation *terminator = kernel.getBody().front().getTerminator();
  SmallVector<OpFoldResult> counts;
  tileSizes.clear();
  for (TileRange range : box) {
    counts.push_back(b.getIndexAttr(range.count));
    tileSizes.push_back(range.size);
  }
  auto loop = scf::ForallOp::create(b, loc, counts, outs, std::nullopt);
  OpBuilder inner = OpBuilder::atBlockBegin(loop.getBody());
  offsets.clear();
  for (auto [range, position] : llvm::zip_equal(box, loop.getInductionVars())) {
    OpFoldResult offset = range.count == 1 ? OpFoldResult(inner.getIndexAttr(range.start))
                                           : scale(inner, loc, position, range.size);
    offsets.push_back(offset);
  }
  emitTile(inner);
  for (auto [value, out] : llvm::zip_equal(terminator->getOperands(), loop.getRegionIterArgs())) {
    auto result = cast<OpResult>(value);
    unsigned op = numbers.lookup(result.getOwner());
    auto factors = cast<ArrayAttr>(rules.get(ops[op]).getResults()[result.getResultNumber()]);
    Slice slice = getSlice(inner, factors, op, cast<RankedTensorType>(value.getType()));
    OpBuilder atEnd = OpBuilder::atBlockEnd(loop.getTerminator().getBody());
    tensor::ParallelInsertSliceOp::create(atEnd, loc, local.lookup(value), out, slice.offsets,
                                          slice.sizes, slice.getStrides(atEnd));
  }
  return SmallVector<Value>(loop.getResults());
}

void KernelTiler::run() {
  Block &body = kernel.getBody().front();
  Operation *terminator = body.getTerminator();
  OpBuilder b(terminator);
  unsigned numOuts = kernel.getResultTypes().size();
  SmallVector<Value> results(body.getArguments().take_back(numOuts));
  SmallVector<SmallVector<TileRange>> boxes = getBoxes();
  bool isOneTile = boxes.size() == 1 &&
                   llvm::all_of(boxes.front(), [](TileRange range) { return range.count == 1; });
  if (isOneTile) {
    for (TileRange range : boxes.front()) {
      tileSizes.push_back(range.size);
      offsets.push_back(b.getIndexAttr(0));
    }
    emitTile(b);
    results.clear();
    for (Value value : terminator->getOperands())
      results.push_back(local.lookup(value));
  } else
    for (const SmallVector<TileRange> &box : boxes)
      results = emitBox(b, box, results);
  terminator->setOperands(results);
  for (Operation *op : llvm::reverse(ops))
    op->erase();
  kernel.walk(transposeOperand);
}

namespace {
struct TileKernels : mlir::dchag::impl::TileKernelsBase<TileKernels> {
  void runOnOperation() override {
    for (auto kernel : getOperation().getOps<rt::KernelOp>())
      if (failed(tile(kernel)))
        return signalPassFailure();
  }

  LogicalResult tile(rt::KernelOp kernel) {
    auto tiles = kernel->getAttrOfType<rt::TilesAttr>(rt::TilesAttr::attrName);
    if (!tiles)
      return success();
    RuleCache rules;
    KernelTiler tiler(kernel, tiles.getSizes(), rules);
    SmallVector<int64_t> sizes;
    for (const OuterDim &dim : tiler.dims)
      sizes.push_back(dim.size);
    bool isValid = sizes.size() == tiles.getSizes().size();
    for (auto [size, tile] : llvm::zip(sizes, tiles.getSizes()))
      isValid &= tile >= 1 && tile <= size;
    if (!isValid)
      return kernel.emitOpError("has ")
             << tiles << ", wanted a size for each of its outer dimensions, which have the sizes ["
             << sizes << "]";
    tiler.run();
    return success();
  }
};
} // namespace
