//===- CollectivesToRuntime.cpp - collectives as calls ---------------------*- C++ -*-===//

#include "dchag/Schedule/Passes.h"
#include "dchag/Support/OpOrigin.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/TensorBuilder.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_COLLECTIVESTORUNTIME
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

static std::optional<rt::Reduction> convertReduction(shard::ReductionKind kind) {
  switch (kind) {
  case shard::ReductionKind::Sum:
    return rt::Reduction::Sum;
  case shard::ReductionKind::Max:
    return rt::Reduction::Max;
  case shard::ReductionKind::Min:
    return rt::Reduction::Min;
  default:
    return std::nullopt;
  }
}

namespace {
class Converter {
public:
  explicit Converter(ModuleOp module)
      : module(module), b(module.getContext()), mesh(MeshAttr::lookup(module)) {}

  LogicalResult convert(Operation *op);
  ArrayRef<Attribute> getSites() const { return sites; }

private:
  Value makeEmpty(RankedTensorType type) {
    return tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  }
  SmallVector<int32_t> getAxes(ArrayRef<shard::GridAxis> axes) {
    return SmallVector<int32_t>(axes.begin(), axes.end());
  }
  int64_t getNumRanks(ArrayRef<shard::GridAxis> axes) const {
    return shard::collectiveProcessGroupSize(axes, gridShape);
  }
  IntegerAttr addSite(Operation *op, ArrayRef<int32_t> axes);
  /// Position along `axes`, the first slowest; the size of an axis comes from the grid.
  Value getPosition(ArrayRef<int32_t> axes);
  Value sliceOwnPart(shard::AllSliceOp op);
  Value moveDim(Value value, ArrayRef<int64_t> three, ArrayRef<int64_t> shape);
  void moveToUse(Operation *op, Value result);

  Value gather(shard::AllGatherOp op);
  Value exchange(shard::AllToAllOp op);
  Value reduceScatter(shard::ReduceScatterOp op);
  Value allReduce(shard::AllReduceOp op);
  Value convertCollective(Operation *op);

  ModuleOp module;
  OpBuilder b;
  Location loc = module.getLoc();
  MeshAttr mesh;
  ArrayRef<int64_t> gridShape; ///< of the op at hand
  SmallVector<Attribute> sites;
};
} // namespace

IntegerAttr Converter::addSite(Operation *op, ArrayRef<int32_t> axes) {
  std::string names = llvm::join(
      llvm::map_range(axes,
                      [&](int32_t axis) {
                        bool known = mesh && size_t(axis) < mesh.getNames().size();
                        return known ? ("\"" + mesh.getNames()[axis].getValue() + "\"").str()
                                     : llvm::formatv("axis {0}", axis).str();
                      }),
      " and ");
  std::string text = llvm::formatv("{0} #{1} over {2} (from {3})", op->getName().stripDialect(),
                                   sites.size(), names, OpOrigin(op->getLoc()).str());
  sites.push_back(b.getStringAttr(text));
  return b.getI32IntegerAttr(sites.size() - 1);
}

Value Converter::getPosition(ArrayRef<int32_t> axes) {
  Value position;
  for (int32_t axis : axes) {
    Value index = rt::AxisIndexOp::create(b, loc, b.getIndexType(), b.getI32IntegerAttr(axis));
    if (position) {
      Value size = arith::ConstantIndexOp::create(b, loc, gridShape[axis]);
      index = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, position, size), index);
    }
    position = index;
  }
  return position ? position : arith::ConstantIndexOp::create(b, loc, 0);
}

Value Converter::sliceOwnPart(shard::AllSliceOp op) {
  auto type = cast<RankedTensorType>(op.getType());
  int64_t dim = op.getSliceAxis().getSExtValue();
  Value position = getPosition(getAxes(op.getGridAxes()));
  Value size = arith::ConstantIndexOp::create(b, loc, type.getDimSize(dim));
  SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)), sizes;
  SmallVector<OpFoldResult> strides(type.getRank(), b.getIndexAttr(1));
  offsets[dim] = arith::MulIOp::create(b, loc, position, size).getResult();
  for (int64_t size : type.getShape())
    sizes.push_back(b.getIndexAttr(size));
  return tensor::ExtractSliceOp::create(b, loc, type, op.getInput(), offsets, sizes, strides);
}

//===----------------------------------------------------------------------===//
// Packing: communicators move contiguous parts
//===----------------------------------------------------------------------===//

/// `value` as the three dimensions `three`, with the first two swapped, as `shape`.
Value Converter::moveDim(Value value, ArrayRef<int64_t> three, ArrayRef<int64_t> shape) {
  TensorBuilder t(b, loc);
  // Over a dimension of one element the order stays as it is.
  if (three[0] != 1 && three[1] != 1)
    value = t.transpose(t.reshape(value, three), {1, 0, 2});
  return t.reshape(value, shape);
}

/// Places what follows right before the first op that uses the result of `op`, so that there is
/// room for other work while the collective is under way.
void Converter::moveToUse(Operation *op, Value result) {
  Operation *first = nullptr;
  for (Operation *user : result.getUsers()) {
    Operation *here = op->getBlock()->findAncestorOpInBlock(*user);
    if (here && (!first || here->isBeforeInBlock(first)))
      first = here;
  }
  if (first)
    b.setInsertionPoint(first);
}

Value Converter::gather(shard::AllGatherOp op) {
  auto source = cast<RankedTensorType>(op.getInput().getType());
  auto result = cast<RankedTensorType>(op.getResult().getType());
  int64_t dim = op.getGatherAxis().getSExtValue(), ranks = getNumRanks(op.getGridAxes());
  SmallVector<int64_t> parts{ranks};
  llvm::append_range(parts, source.getShape());
  SmallVector<int32_t> axes = getAxes(op.getGridAxes());
  Value init = makeEmpty(source.clone(parts));
  Value gathered = rt::AllGatherOp::create(b, loc, init.getType(), op.getInput(), init,
                                           b.getDenseI32ArrayAttr(axes), addSite(op, axes))
                       .getResult();
  moveToUse(op, op.getResult());
  int64_t outer = ShapedType::getNumElements(source.getShape().take_front(dim));
  return moveDim(gathered,
                 {ranks, outer, ShapedType::getNumElements(source.getShape().drop_front(dim))},
                 result.getShape());
}

Value Converter::reduceScatter(shard::ReduceScatterOp op) {
  auto kind = convertReduction(op.getReduction());
  auto source = cast<RankedTensorType>(op.getInput().getType());
  auto result = cast<RankedTensorType>(op.getResult().getType());
  if (!kind || result.getElementType() != source.getElementType())
    return Value();
  int64_t dim = op.getScatterAxis().getSExtValue(), ranks = getNumRanks(op.getGridAxes());
  SmallVector<int64_t> parts{ranks};
  llvm::append_range(parts, result.getShape());
  // Right behind the source, so that the collective can start there.
  b.setInsertionPointAfterValue(op.getInput());
  int64_t outer = ShapedType::getNumElements(result.getShape().take_front(dim));
  Value packed =
      moveDim(op.getInput(),
              {outer, ranks, ShapedType::getNumElements(result.getShape().drop_front(dim))}, parts);
  b.setInsertionPoint(op);
  SmallVector<int32_t> axes = getAxes(op.getGridAxes());
  Value init = makeEmpty(result);
  return rt::ReduceScatterOp::create(b, loc, result, packed, init, b.getDenseI32ArrayAttr(axes),
                                     addSite(op, axes),
                                     rt::ReductionAttr::get(b.getContext(), *kind))
      .getResult();
}

/// Of a source [outer, ranks, send] rank i gets part i; parts meet as [outer', ranks, receive].
Value Converter::exchange(shard::AllToAllOp op) {
  auto source = cast<RankedTensorType>(op.getInput().getType());
  auto result = cast<RankedTensorType>(op.getResult().getType());
  int64_t split = op.getSplitAxis().getSExtValue(), concat = op.getConcatAxis().getSExtValue();
  int64_t ranks = getNumRanks(op.getGridAxes());
  SmallVector<int64_t> part(source.getShape());
  part[split] = result.getDimSize(split);
  SmallVector<int64_t> parts{ranks};
  llvm::append_range(parts, part);
  auto cut = [&](int64_t dim) {
    return std::pair(ShapedType::getNumElements(ArrayRef(part).take_front(dim)),
                     ShapedType::getNumElements(ArrayRef(part).drop_front(dim)));
  };
  auto [sendOuter, send] = cut(split);
  auto [receiveOuter, receive] = cut(concat);
  b.setInsertionPointAfterValue(op.getInput());
  Value packed = moveDim(op.getInput(), {sendOuter, ranks, send}, parts);
  b.setInsertionPoint(op);
  SmallVector<int32_t> axes = getAxes(op.getGridAxes());
  Value init = makeEmpty(source.clone(parts));
  Value received = rt::AllToAllOp::create(b, loc, init.getType(), packed, init,
                                          b.getDenseI32ArrayAttr(axes), addSite(op, axes))
                       .getResult();
  moveToUse(op, op.getResult());
  return moveDim(received, {ranks, receiveOuter, receive}, result.getShape());
}

Value Converter::allReduce(shard::AllReduceOp op) {
  auto kind = convertReduction(op.getReduction());
  if (!kind || op.getType() != op.getInput().getType())
    return Value();
  SmallVector<int32_t> axes = getAxes(op.getGridAxes());
  return rt::AllReduceOp::create(b, loc, op.getType(), op.getInput(), b.getDenseI32ArrayAttr(axes),
                                 addSite(op, axes), rt::ReductionAttr::get(b.getContext(), *kind))
      .getResult();
}

Value Converter::convertCollective(Operation *op) {
  return TypeSwitch<Operation *, Value>(op)
      .Case([&](shard::AllSliceOp slice) { return sliceOwnPart(slice); })
      .Case([&](shard::ProcessLinearIndexOp) {
        return getPosition(llvm::to_vector(llvm::seq<int32_t>(0, gridShape.size())));
      })
      .Case([&](shard::AllGatherOp all) { return gather(all); })
      .Case([&](shard::AllToAllOp all) { return exchange(all); })
      .Case([&](shard::ReduceScatterOp scatter) { return reduceScatter(scatter); })
      .Case([&](shard::AllReduceOp all) { return allReduce(all); })
      .Default([](Operation *) { return Value(); });
}

LogicalResult Converter::convert(Operation *op) {
  auto gridName = op->getAttrOfType<FlatSymbolRefAttr>("grid");
  auto grid = gridName ? module.lookupSymbol<shard::GridOp>(gridName.getValue()) : shard::GridOp();
  if (!grid || ShapedType::isDynamicShape(grid.getShape()))
    return op->emitOpError("names a grid that the module does not define with static sizes");
  b.setInsertionPoint(op);
  loc = op->getLoc();
  gridShape = grid.getShape();
  if (auto multi = dyn_cast<shard::ProcessMultiIndexOp>(op)) {
    SmallVector<int32_t> axes = getAxes(multi.getAxes());
    if (axes.empty())
      axes = llvm::to_vector(llvm::seq<int32_t>(0, grid.getShape().size()));
    for (auto [axis, result] : llvm::zip_equal(axes, op->getResults()))
      result.replaceAllUsesWith(getPosition(axis));
    op->erase();
    return success();
  }
  // As upstream has it, a collective over no axis moves nothing.
  auto axes = op->getAttrOfType<DenseI16ArrayAttr>("grid_axes");
  bool isIdentity = !isa<shard::ProcessLinearIndexOp>(op) && (!axes || axes.empty());
  Value value = isIdentity ? op->getOperand(0) : convertCollective(op);
  if (!value)
    return op->emitOpError("cannot be compiled: the runtime has all_gather, "
                           "all_to_all, and all_reduce and reduce_scatter by sum, max or min of "
                           "one element type");
  op->getResult(0).replaceAllUsesWith(value);
  op->erase();
  return success();
}

namespace {
struct CollectivesToRuntime : mlir::dchag::impl::CollectivesToRuntimeBase<CollectivesToRuntime> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa_and_nonnull<shard::ShardDialect>(op->getDialect()) && !isa<shard::GridOp>(op))
        ops.push_back(op);
    });
    Converter converter(getOperation());
    for (Operation *op : ops)
      if (failed(converter.convert(op)))
        return signalPassFailure();
    numCollectives += converter.getSites().size();
    getOperation()->setAttr(rt::kSitesAttr, ArrayAttr::get(&getContext(), converter.getSites()));
  }
};
} // namespace
