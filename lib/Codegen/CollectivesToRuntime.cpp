//===- CollectivesToRuntime.cpp - collectives as calls ---------------------*- C++ -*-===//

#include "dchag/Codegen/Passes.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_COLLECTIVESTORUNTIME
#include "dchag/Codegen/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

/// Where an op comes from, for people: `"agg.0" in climax.onnx` for a node of a model, the place
/// in the file for textual IR. Of fused locations the first few are enough.
static std::string describeOrigin(Location loc) {
  constexpr unsigned most = 3;
  SmallVector<std::string> names, files;
  auto add = [](SmallVector<std::string> &texts, std::string text) {
    if (!llvm::is_contained(texts, text))
      texts.push_back(std::move(text));
  };
  loc->walk([&](Location inner) {
    if (auto name = dyn_cast<NameLoc>(inner)) {
      add(names, ("\"" + name.getName().getValue() + "\"").str());
    } else if (auto file = dyn_cast<FileLineColLoc>(inner)) {
      StringRef base = llvm::sys::path::filename(file.getFilename().getValue());
      // Nodes of a model have a number, but no column.
      add(files, file.getColumn() == 0
                     ? base.str()
                     : llvm::formatv("{0}:{1}:{2}", base, file.getLine(), file.getColumn()).str());
    }
    return WalkResult::advance();
  });
  auto join = [&](ArrayRef<std::string> texts) {
    std::string text = llvm::join(texts.take_front(most), ", ");
    return texts.size() > most ? text + ", ..." : text;
  };
  if (names.empty())
    return files.empty() ? "an unknown place" : join(files);
  return files.empty() ? join(names) : join(names) + " in " + join(files);
}

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
  Value makeEmpty(Value like) {
    auto type = cast<RankedTensorType>(like.getType());
    return tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  }
  SmallVector<int32_t> getAxes(ArrayRef<shard::GridAxis> axes) {
    return SmallVector<int32_t>(axes.begin(), axes.end());
  }
  IntegerAttr addSite(Operation *op, ArrayRef<int32_t> axes);
  /// Position along `axes`, the first slowest; the size of an axis comes from the grid.
  Value getPosition(ArrayRef<int32_t> axes, ArrayRef<int64_t> gridShape);
  Value sliceOwnPart(shard::AllSliceOp op, ArrayRef<int64_t> gridShape);
  template <typename OpTy>
  Value reduce(OpTy op, ArrayRef<int32_t> axes);
  Value convertCollective(Operation *op, ArrayRef<int64_t> gridShape);

  ModuleOp module;
  OpBuilder b;
  Location loc = module.getLoc();
  MeshAttr mesh;
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
                                   sites.size(), names, describeOrigin(op->getLoc()));
  sites.push_back(b.getStringAttr(text));
  return b.getI32IntegerAttr(sites.size() - 1);
}

Value Converter::getPosition(ArrayRef<int32_t> axes, ArrayRef<int64_t> gridShape) {
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

Value Converter::sliceOwnPart(shard::AllSliceOp op, ArrayRef<int64_t> gridShape) {
  auto type = cast<RankedTensorType>(op.getType());
  int64_t dim = op.getSliceAxis().getSExtValue();
  Value position = getPosition(getAxes(op.getGridAxes()), gridShape);
  Value size = arith::ConstantIndexOp::create(b, loc, type.getDimSize(dim));
  SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0)), sizes;
  SmallVector<OpFoldResult> strides(type.getRank(), b.getIndexAttr(1));
  offsets[dim] = arith::MulIOp::create(b, loc, position, size).getResult();
  for (int64_t size : type.getShape())
    sizes.push_back(b.getIndexAttr(size));
  return tensor::ExtractSliceOp::create(b, loc, type, op.getInput(), offsets, sizes, strides);
}

Value Converter::convertCollective(Operation *op, ArrayRef<int64_t> gridShape) {
  return TypeSwitch<Operation *, Value>(op)
      .Case([&](shard::AllSliceOp slice) { return sliceOwnPart(slice, gridShape); })
      .Case([&](shard::ProcessLinearIndexOp) {
        SmallVector<int32_t> all(llvm::to_vector(llvm::seq<int32_t>(0, gridShape.size())));
        return getPosition(all, gridShape);
      })
      .Case([&](shard::AllGatherOp gather) -> Value {
        auto axes = getAxes(gather.getGridAxes());
        Value init = makeEmpty(gather.getResult());
        return rt::AllGatherOp::create(b, loc, init.getType(), gather.getInput(), init,
                                       b.getDenseI32ArrayAttr(axes), addSite(op, axes),
                                       b.getI64IntegerAttr(gather.getGatherAxis().getSExtValue()))
            .getResult();
      })
      .Case([&](shard::AllToAllOp exchange) -> Value {
        auto axes = getAxes(exchange.getGridAxes());
        Value init = makeEmpty(exchange.getResult());
        return rt::AllToAllOp::create(b, loc, init.getType(), exchange.getInput(), init,
                                      b.getDenseI32ArrayAttr(axes), addSite(op, axes),
                                      b.getI64IntegerAttr(exchange.getSplitAxis().getSExtValue()),
                                      b.getI64IntegerAttr(exchange.getConcatAxis().getSExtValue()))
            .getResult();
      })
      .Case([&](shard::ReduceScatterOp scatter) -> Value {
        auto kind = convertReduction(scatter.getReduction());
        if (!kind ||
            getElementTypeOrSelf(scatter.getResult()) != getElementTypeOrSelf(scatter.getInput()))
          return Value();
        auto axes = getAxes(scatter.getGridAxes());
        Value init = makeEmpty(scatter.getResult());
        return rt::ReduceScatterOp::create(
                   b, loc, init.getType(), scatter.getInput(), init, b.getDenseI32ArrayAttr(axes),
                   addSite(op, axes), b.getI64IntegerAttr(scatter.getScatterAxis().getSExtValue()),
                   rt::ReductionAttr::get(b.getContext(), *kind))
            .getResult();
      })
      .Case([&](shard::AllReduceOp allReduce) -> Value {
        auto kind = convertReduction(allReduce.getReduction());
        if (!kind || allReduce.getType() != allReduce.getInput().getType())
          return Value();
        auto axes = getAxes(allReduce.getGridAxes());
        return rt::AllReduceOp::create(b, loc, allReduce.getType(), allReduce.getInput(),
                                       b.getDenseI32ArrayAttr(axes), addSite(op, axes),
                                       rt::ReductionAttr::get(b.getContext(), *kind))
            .getResult();
      })
      .Default([](Operation *) { return Value(); });
}

LogicalResult Converter::convert(Operation *op) {
  auto gridName = op->getAttrOfType<FlatSymbolRefAttr>("grid");
  auto grid = gridName ? module.lookupSymbol<shard::GridOp>(gridName.getValue()) : shard::GridOp();
  if (!grid || ShapedType::isDynamicShape(grid.getShape()))
    return op->emitOpError("names a grid that the module does not define with static sizes");
  b.setInsertionPoint(op);
  loc = op->getLoc();
  if (auto multi = dyn_cast<shard::ProcessMultiIndexOp>(op)) {
    SmallVector<int32_t> axes = getAxes(multi.getAxes());
    if (axes.empty())
      axes = llvm::to_vector(llvm::seq<int32_t>(0, grid.getShape().size()));
    for (auto [axis, result] : llvm::zip_equal(axes, op->getResults()))
      result.replaceAllUsesWith(getPosition(axis, grid.getShape()));
    op->erase();
    return success();
  }
  // As upstream has it, a collective over no axis moves nothing.
  auto axes = op->getAttrOfType<DenseI16ArrayAttr>("grid_axes");
  bool isIdentity = !isa<shard::ProcessLinearIndexOp>(op) && (!axes || axes.empty());
  Value value = isIdentity ? op->getOperand(0) : convertCollective(op, grid.getShape());
  if (!value)
    return op->emitOpError("cannot be compiled for target cpu: the runtime has all_gather, "
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
