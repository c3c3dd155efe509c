//===- BufferizeKernels.cpp - kernels on buffers ---------------------------*- C++ -*-===//

#include "BufferUtils.h"
#include "dchag/Schedule/Passes.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_BUFFERIZEKERNELS
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// Makes the body of a kernel on buffers from one on tensors. Values between ops are in buffers of
/// a tile; results of a tile are computed where they belong, if nothing reads that before.
class KernelBufferizer {
public:
  KernelBufferizer(rt::KernelOp from, rt::KernelOp to);
  LogicalResult run();

private:
  LogicalResult convert(Operation &op);
  LogicalResult convertBlock(Block &block);
  LogicalResult convertLoop(scf::ForallOp loop);
  LogicalResult convertSum(scf::ForOp loop);
  LogicalResult convertLinalg(linalg::LinalgOp op);
  LogicalResult convertReshape(Operation *op);
  void convertSlice(tensor::ExtractSliceOp op);
  void convertInsertion(OffsetSizeAndStrideOpInterface op, Value source, Value target);
  Value getBuffer(Value tensor);
  void emitFill(Value fill, Value place);
  Value getDestination(OpResult result);
  Value getPlace(OffsetSizeAndStrideOpInterface op, Value target);
  Value getInit(linalg::LinalgOp op, OpOperand &init);
  Value allocate(RankedTensorType type, ArrayRef<unsigned> order = {});
  SmallVector<unsigned> chooseOrder(linalg::LinalgOp op, OpOperand &init);
  SmallVector<unsigned> chooseOrderOfSum(BlockArgument sum);
  void copy(Value from, Value to);
  SmallVector<OpFoldResult> remap(ArrayRef<OpFoldResult> given);

  rt::KernelOp from;
  Location loc;
  OpBuilder b;
  IRMapping values; ///< of values on tensors
  /// Where a tile begins: its buffers exist from there on, also if they are used in a loop.
  Block *tile;
};
} // namespace

KernelBufferizer::KernelBufferizer(rt::KernelOp from, rt::KernelOp to)
    : from(from), loc(from.getLoc()), b(OpBuilder::atBlockBegin(&to.getBody().front())),
      tile(&to.getBody().front()) {
  values.map(from.getBody().front().getArguments(), to.getBody().front().getArguments());
}

SmallVector<OpFoldResult> KernelBufferizer::remap(ArrayRef<OpFoldResult> given) {
  SmallVector<OpFoldResult> result(given);
  for (OpFoldResult &value : result)
    if (auto dynamic = dyn_cast<Value>(value))
      value = values.lookup(dynamic);
  return result;
}

/// A buffer whose dimensions are in the order `order` in memory, slowest first; row major if that
/// is empty.
Value KernelBufferizer::allocate(RankedTensorType type, ArrayRef<unsigned> order) {
  OpBuilder b = OpBuilder::atBlockBegin(tile);
  if (order.empty() || llvm::is_sorted(order))
    return memref::AllocOp::create(b, loc, MemRefType::get(type.getShape(), type.getElementType()));
  SmallVector<int64_t> shape, strides(order.size());
  int64_t stride = 1;
  for (unsigned dim : llvm::reverse(order)) {
    strides[dim] = stride;
    stride *= type.getDimSize(dim);
  }
  for (unsigned dim : order)
    shape.push_back(type.getDimSize(dim));
  Value memory = memref::AllocOp::create(b, loc, MemRefType::get(shape, type.getElementType()));
  return rt::ViewOp::create(b, loc, getStridedType(type.getShape(), strides, type.getElementType()),
                            memory, Value(), b.getI64IntegerAttr(0));
}

/// Distance between neighbours along a loop in an operand, 0 where it does not depend on it.
static int64_t getStride(linalg::LinalgOp op, OpOperand &operand, Value buffer, unsigned loop) {
  auto type = dyn_cast<MemRefType>(buffer.getType());
  SmallVector<int64_t> strides;
  int64_t offset;
  if (!type || failed(type.getStridesAndOffset(strides, offset)))
    return 0;
  std::optional<unsigned> dim = op.getMatchingIndexingMap(&operand).getResultPosition(
      getAffineDimExpr(loop, op.getContext()));
  return dim ? strides[*dim] : 0;
}

/// The dimensions of the result of a product with that of its columns last: the first along which
/// one operand, and it alone, is contiguous. Empty if they are so in their order, nullopt without
/// columns.
static std::optional<SmallVector<unsigned>>
moveColumnLast(linalg::LinalgOp op, AffineMap map,
               llvm::function_ref<bool(OpOperand &, unsigned)> isContiguous) {
  auto order = llvm::to_vector(llvm::seq<unsigned>(0, map.getNumResults()));
  auto isColumn = [&](unsigned dim) {
    unsigned loop = map.getDimPosition(dim), count = 0;
    bool isUnit = false;
    for (OpOperand *input : op.getDpsInputOperands()) {
      count += op.getMatchingIndexingMap(input).isFunctionOfDim(loop);
      isUnit |= isContiguous(*input, loop);
    }
    return count == 1 && isUnit;
  };
  if (order.empty() || isColumn(order.back()))
    return SmallVector<unsigned>();
  auto *found = llvm::find_if(order, isColumn);
  if (found == order.end())
    return std::nullopt;
  std::rotate(found, found + 1, order.end());
  return order;
}

/// The order of the dimensions of a result in memory: of a product so that it and one operand are
/// contiguous along the same loop, of other ops that of an operand.
SmallVector<unsigned> KernelBufferizer::chooseOrder(linalg::LinalgOp op, OpOperand &init) {
  AffineMap map = op.getMatchingIndexingMap(&init);
  if (!map.isProjectedPermutation() || map.getNumResults() < 2)
    return {};
  // A transposition is there because its order is wanted.
  if (llvm::hasSingleElement(*op.getBlock()))
    return {};
  SmallVector<unsigned> order = llvm::to_vector(llvm::seq<unsigned>(0, map.getNumResults()));
  auto loopOf = [&](unsigned dim) { return map.getDimPosition(dim); };
  if (op.getNumReductionLoops() > 0 && op.getNumDpsInputs() == 2)
    if (std::optional<SmallVector<unsigned>> found =
            moveColumnLast(op, map, [&](OpOperand &input, unsigned loop) {
              return getStride(op, input, values.lookupOrDefault(input.get()), loop) == 1;
            }))
      return *found;
  for (OpOperand *input : op.getDpsInputOperands()) {
    AffineMap inputMap = op.getMatchingIndexingMap(input);
    if (!llvm::all_of(order, [&](unsigned dim) { return inputMap.isFunctionOfDim(loopOf(dim)); }))
      continue;
    Value buffer = values.lookupOrDefault(input->get());
    llvm::sort(order, [&](unsigned a, unsigned b) {
      return std::pair(-getStride(op, *input, buffer, loopOf(a)), a) <
             std::pair(-getStride(op, *input, buffer, loopOf(b)), b);
    });
    return order;
  }
  return {};
}

void KernelBufferizer::copy(Value from, Value to) {
  if (from != to)
    buildCopy(b, loc, from, to);
}

//===----------------------------------------------------------------------===//
// Where values are
//===----------------------------------------------------------------------===//

/// Whether a value is filled with a number: that is done where it is needed, in each place of its
/// own.
static bool isFill(Value value) {
  auto op = value.getDefiningOp<linalg::GenericOp>();
  return op && op.getNumDpsInputs() == 0 && op->getNumResults() == 1 && !op.hasIndexSemantics() &&
         !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0)) &&
         llvm::hasSingleElement(*op.getBlock());
}

void KernelBufferizer::emitFill(Value fill, Value place) {
  auto op = fill.getDefiningOp<linalg::GenericOp>();
  OperationState state(op->getLoc(), op->getName(), place, TypeRange(), op->getAttrs());
  IRMapping inner = values; // each copy has block arguments of its own
  op.getRegion().cloneInto(state.addRegion(), inner);
  b.create(state);
}

Value KernelBufferizer::getBuffer(Value tensor) {
  if (Value buffer = values.lookupOrNull(tensor))
    return buffer;
  // Filled where it is first read.
  Value buffer = allocate(cast<RankedTensorType>(tensor.getType()));
  emitFill(tensor, buffer);
  values.map(tensor, buffer);
  return buffer;
}

/// The part of `target`, a result of the kernel, that an op at the end of a tile writes; null if
/// its offsets are not yet known.
Value KernelBufferizer::getPlace(OffsetSizeAndStrideOpInterface op, Value target) {
  for (OpFoldResult offset : op.getMixedOffsets())
    if (auto dynamic = dyn_cast<Value>(offset); dynamic && !values.contains(dynamic))
      return {};
  if (!values.contains(target))
    return {};
  return memref::SubViewOp::create(b, loc, getBuffer(target), remap(op.getMixedOffsets()),
                                   remap(op.getMixedSizes()), remap(op.getMixedStrides()));
}

/// The place of a value that the tile, or the kernel, ends with; else null.
Value KernelBufferizer::getDestination(OpResult result) {
  for (OpOperand &use : result.getUses()) {
    if (auto insert = dyn_cast<tensor::ParallelInsertSliceOp>(use.getOwner()))
      return getPlace(insert, insert.getDest());
    // A loop of one tile.
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(use.getOwner());
        insert && insert.getSource() == result)
      return getPlace(insert, insert.getDest());
    if (isa<rt::ReturnOp>(use.getOwner())) {
      unsigned numResults = from.getResultTypes().size();
      return getBuffer(
          from.getBody().front().getArguments().take_back(numResults)[use.getOperandNumber()]);
    }
  }
  // What only becomes the initial value of another op is where that op's result is.
  if (!result.hasOneUse())
    return {};
  OpOperand &use = *result.getUses().begin();
  auto user = dyn_cast<linalg::LinalgOp>(use.getOwner());
  if (!user || !user.isDpsInit(&use))
    return {};
  return getDestination(user.getTiedOpResult(&use));
}

/// Whether a value is in a buffer of the tile that only its one user needs, so that it may be
/// overwritten.
static bool isOwn(Value value) {
  Operation *definition = value.getDefiningOp();
  if (!definition)
    definition = dyn_cast<scf::ForOp>(value.getParentBlock()->getParentOp());
  return value.hasOneUse() && isa_and_nonnull<linalg::LinalgOp, scf::ForOp>(definition);
}

/// The buffer that an op writes for the result tied to `init`.
Value KernelBufferizer::getInit(linalg::LinalgOp op, OpOperand &init) {
  OpResult result = op.getTiedOpResult(&init);
  bool isRead = op.payloadUsesValueFromOperand(&init);
  bool isFilled = isRead && isFill(init.get());
  Value before = isFilled ? Value() : values.lookupOrNull(init.get());
  bool isFresh = !before || !isRead;
  if (!isFresh && isOwn(init.get()))
    return before;
  Value place = getDestination(result);
  if (!place)
    place = allocate(cast<RankedTensorType>(result.getType()), chooseOrder(op, init));
  if (isFilled)
    emitFill(init.get(), place);
  else if (!isFresh)
    copy(before, place);
  return place;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

LogicalResult KernelBufferizer::convertLinalg(linalg::LinalgOp op) {
  SmallVector<Value> operands;
  for (OpOperand &operand : op->getOpOperands()) {
    if (op.isDpsInit(&operand))
      operands.push_back(getInit(op, operand));
    else
      operands.push_back(isa<TensorType>(operand.get().getType()) ? getBuffer(operand.get())
                                                                  : values.lookup(operand.get()));
  }
  for (auto [result, init] :
       llvm::zip_equal(op->getResults(), ArrayRef(operands).take_back(op.getNumDpsInits())))
    values.map(result, init);
  OperationState state(op->getLoc(), op->getName(), operands, TypeRange(), op->getAttrs());
  // Bodies may use scalars from outside.
  for (Region &region : op->getRegions())
    region.cloneInto(state.addRegion(), values);
  b.create(state);
  return success();
}

void KernelBufferizer::convertSlice(tensor::ExtractSliceOp op) {
  Value source = getBuffer(op.getSource());
  auto type = memref::SubViewOp::inferRankReducedResultType(
      op.getType().getShape(), cast<MemRefType>(source.getType()), op.getMixedOffsets(),
      op.getMixedSizes(), op.getMixedStrides());
  values.map(op.getResult(),
             memref::SubViewOp::create(b, loc, cast<MemRefType>(type), source,
                                       remap(op.getMixedOffsets()), remap(op.getMixedSizes()),
                                       remap(op.getMixedStrides()))
                 .getResult());
}

/// A reshape of a buffer whose layout does not allow it is one of a copy.
LogicalResult KernelBufferizer::convertReshape(Operation *op) {
  Value source = getBuffer(op->getOperand(0));
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  auto contiguous = [&] {
    Value packed = allocate(cast<RankedTensorType>(op->getOperand(0).getType()));
    copy(source, packed);
    return packed;
  };
  Value result;
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    if (!memref::CollapseShapeOp::isGuaranteedCollapsible(cast<MemRefType>(source.getType()),
                                                          collapse.getReassociationIndices()))
      source = contiguous();
    result = memref::CollapseShapeOp::create(b, loc, source, collapse.getReassociationIndices());
  } else {
    auto expand = cast<tensor::ExpandShapeOp>(op);
    auto groups = expand.getReassociationIndices();
    if (failed(memref::ExpandShapeOp::computeExpandedType(cast<MemRefType>(source.getType()),
                                                          type.getShape(), groups)))
      source = contiguous();
    result = memref::ExpandShapeOp::create(b, loc, type.getShape(), source, groups);
  }
  values.map(op->getResult(0), result);
  return success();
}

void KernelBufferizer::convertInsertion(OffsetSizeAndStrideOpInterface op, Value source,
                                        Value target) {
  Value from = getBuffer(source);
  // Made in its place by getDestination.
  auto view = from.getDefiningOp<memref::SubViewOp>();
  if (!view || view.getSource() != getBuffer(target) || !source.hasOneUse())
    copy(from, getPlace(op, target));
}

LogicalResult KernelBufferizer::convertLoop(scf::ForallOp loop) {
  for (auto [argument, result, init] :
       llvm::zip_equal(loop.getRegionIterArgs(), loop.getResults(), loop.getOutputs())) {
    values.map(argument, getBuffer(init));
    values.map(result, getBuffer(init));
  }
  auto converted =
      scf::ForallOp::create(b, loc, loop.getMixedUpperBound(), ValueRange(), loop.getMapping());
  values.map(loop.getInductionVars(), converted.getInductionVars());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(converted.getTerminator());
  Block *outside = std::exchange(tile, converted.getBody());
  LogicalResult result = convertBlock(*loop.getBody());
  tile = outside;
  return result;
}

/// The order of the dimensions of a sum that a loop takes part by part: that of the product that
/// adds to it, whose operands are row major.
SmallVector<unsigned> KernelBufferizer::chooseOrderOfSum(BlockArgument sum) {
  auto product = dyn_cast<linalg::LinalgOp>(*sum.getUsers().begin());
  if (!sum.hasOneUse() || !product || product.getNumDpsInputs() != 2)
    return {};
  AffineMap map = product.getMatchingIndexingMap(product.getDpsInitOperand(0));
  auto isLast = [&](OpOperand &input, unsigned loop) {
    AffineMap inputMap = product.getMatchingIndexingMap(&input);
    return inputMap.getNumResults() > 0 &&
           inputMap.getDimPosition(inputMap.getNumResults() - 1) == loop;
  };
  return moveColumnLast(product, map, isLast).value_or(SmallVector<unsigned>());
}

/// A loop whose values are updated in place.
LogicalResult KernelBufferizer::convertSum(scf::ForOp loop) {
  for (auto [argument, result, init] :
       llvm::zip_equal(loop.getRegionIterArgs(), loop.getResults(), loop.getInits())) {
    auto type = cast<RankedTensorType>(init.getType());
    Value buffer;
    if (isFill(init)) {
      buffer = allocate(type, chooseOrderOfSum(argument));
      emitFill(init, buffer);
    } else if (isOwn(init)) {
      buffer = getBuffer(init);
    } else {
      buffer = allocate(type);
      copy(getBuffer(init), buffer);
    }
    values.map(argument, buffer);
    values.map(result, buffer);
  }
  auto converted =
      scf::ForOp::create(b, loc, values.lookup(loop.getLowerBound()),
                         values.lookup(loop.getUpperBound()), values.lookup(loop.getStep()));
  values.map(loop.getInductionVar(), converted.getInductionVar());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(converted.getBody()->getTerminator());
  return convertBlock(*loop.getBody());
}

LogicalResult KernelBufferizer::convert(Operation &op) {
  if (isa<tensor::EmptyOp>(op) || (op.getNumResults() == 1 && isFill(op.getResult(0))))
    return success(); // no buffer before something writes it, or reads a number
  if (auto loop = dyn_cast<scf::ForallOp>(op))
    return convertLoop(loop);
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return convertSum(loop);
  if (auto yield = dyn_cast<scf::YieldOp>(op)) {
    auto loop = cast<scf::ForOp>(yield->getParentOp());
    for (auto [value, argument] : llvm::zip_equal(yield.getOperands(), loop.getRegionIterArgs()))
      copy(getBuffer(value), getBuffer(argument));
    return success();
  }
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return convertLinalg(linalgOp);
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    convertSlice(slice);
    return success();
  }
  if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    return convertReshape(&op);
  if (auto end = dyn_cast<scf::InParallelOp>(op)) {
    for (auto insert : end.getBody()->getOps<tensor::ParallelInsertSliceOp>())
      convertInsertion(insert, insert.getSource(), insert.getDest());
    return success();
  }
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
    convertInsertion(insert, insert.getSource(), insert.getDest());
    values.map(insert.getResult(), getBuffer(insert.getDest()));
    return success();
  }
  if (isa<rt::ReturnOp>(op)) {
    unsigned numResults = op.getNumOperands();
    for (auto [value, out] : llvm::zip_equal(
             op.getOperands(), from.getBody().front().getArguments().take_back(numResults)))
      copy(getBuffer(value), getBuffer(out));
    rt::ReturnOp::create(b, loc, ValueRange());
    return success();
  }
  if (llvm::any_of(op.getResultTypes(), llvm::IsaPred<TensorType>))
    return op.emitOpError("is left in a kernel, wanted linalg ops, slices and reshapes");
  b.clone(op, values);
  return success();
}

LogicalResult KernelBufferizer::convertBlock(Block &block) {
  for (Operation &op : block)
    if (failed(convert(op)))
      return failure();
  return success();
}

LogicalResult KernelBufferizer::run() { return convertBlock(from.getBody().front()); }

namespace {
struct BufferizeKernels : mlir::dchag::impl::BufferizeKernelsBase<BufferizeKernels> {
  void runOnOperation() override {
    SmallVector<rt::LaunchOp> launches;
    getOperation().walk([&](rt::LaunchOp launch) { launches.push_back(launch); });
    SymbolTable symbols(getOperation());
    for (rt::LaunchOp launch : launches) {
      auto kernel = symbols.lookup<rt::KernelOp>(launch.getKernel());
      if (kernel.isOnBuffers())
        continue;
      FailureOr<StringAttr> name = specialize(kernel, launch.getOperandTypes(), symbols);
      if (failed(name))
        return signalPassFailure();
      launch.setKernelAttr(FlatSymbolRefAttr::get(*name));
    }
    for (auto kernel : llvm::make_early_inc_range(getOperation().getOps<rt::KernelOp>()))
      if (!kernel.isOnBuffers())
        kernel.erase();
  }

  /// The kernel for buffers of these types.
  FailureOr<StringAttr> specialize(rt::KernelOp kernel, TypeRange types, SymbolTable &symbols) {
    auto type = FunctionType::get(&getContext(), types, {});
    StringAttr &name = names[{kernel.getSymNameAttr(), type}];
    if (name)
      return name;
    OpBuilder b(kernel);
    auto made = rt::KernelOp::create(b, kernel.getLoc(), kernel.getName(), type);
    made->setDiscardableAttrs(kernel->getDiscardableAttrDictionary());
    if (failed(KernelBufferizer(kernel, made).run()))
      return failure();
    name = symbols.insert(made);
    return name;
  }

  llvm::DenseMap<std::pair<StringAttr, FunctionType>, StringAttr> names;
};
} // namespace
