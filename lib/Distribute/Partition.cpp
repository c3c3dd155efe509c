//===- Partition.cpp - replaces every value by a rank's part ---------------*- C++ -*-===//

#include "Padding.h"
#include "dchag/Distribute/Passes.h"
#include "dialects/dchag/Program.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_PARTITION
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// Rewrites one function into a new one on local types, which then replaces it.
class Partitioner {
public:
  Partitioner(func::FuncOp function, MeshAttr mesh, bool poisons)
      : function(function), mesh(mesh), poisons(poisons), padding(mesh),
        builder(function.getContext()) {}

  LogicalResult run() {
    for (Operation &op : function.front())
      makeFinite(&op);
    if (failed(makeFunction()))
      return failure();
    for (Operation &op : function.front()) {
      builder.setInsertionPointToEnd(&local.front());
      if (failed(isa<func::ReturnOp>(op) ? convertReturn(cast<func::ReturnOp>(op))
                                         : convert(&op))) {
        local.erase();
        return failure();
      }
    }
    local.setName(function.getName());
    function.erase();
    return success();
  }

  int64_t numMasks = 0;

private:
  Type getLocalType(Value value) {
    return getValueSharding(value).getLocalType(value.getType(), mesh);
  }

  LogicalResult makeFunction() {
    SmallVector<Type> inputs, results;
    for (BlockArgument argument : function.getArguments())
      inputs.push_back(getLocalType(argument));
    for (auto [i, type] : llvm::enumerate(function.getResultTypes())) {
      auto sharding = function.getResultAttrOfType<ShardingAttr>(i, ShardingAttr::attrName);
      if (!sharding)
        return function.emitOpError("has no sharding of result ") << i << ": run propagate first";
      results.push_back(sharding.getLocalType(type, mesh));
    }
    builder.setInsertionPoint(function);
    local = cast<func::FuncOp>(builder.insert(function->cloneWithoutRegions()));
    local.setFunctionType(builder.getFunctionType(inputs, results));
    Block *block = local.addEntryBlock();
    builder.setInsertionPointToEnd(block);
    for (auto [i, argument] : llvm::enumerate(function.getArguments())) {
      mapping.map(argument, complete(argument, block->getArgument(i)));
      local.setArgAttr(i, ShardingAttr::attrName, getValueSharding(argument));
      local.setArgAttr(i, ShardingAttr::globalTypeAttrName, TypeAttr::get(argument.getType()));
    }
    for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
      local.setResultAttr(i, ShardingAttr::globalTypeAttrName, TypeAttr::get(type));
    return success();
  }

  /// Masked operands of a softmax must be finite: their weight 0 times NaN would be NaN.
  void makeFinite(Operation *op) {
    RuledOp ruled(op, mesh);
    for (unsigned slot = 0; ruled && slot < op->getNumOperands(); ++slot)
      for (unsigned dim = 0; dim < ruled.getSlotRank(slot); ++dim)
        if (needsFinite(ruled, slot, ruled.getLeading(slot, dim).factor) &&
            isPadded(op->getOperand(slot), dim, mesh))
          padding.makeFinite(op->getOperand(slot));
  }

  static bool needsFinite(const RuledOp &op, unsigned slot, int64_t factor) {
    Type type = getElementTypeOrSelf(op.getValue(slot).getType());
    return factor >= 0 && isa<FloatType>(type) &&
           op.getRule().getFactor(factor).getKind() == FactorKind::Softmax &&
           op.getRule().getPaddingValue(slot, factor, type);
  }

  /// The local shard as all users see it.
  Value complete(Value value, Value part) {
    if (poisons && !padding.isReliedOn(value) && !isa<BlockArgument>(value))
      return poison(value, part);
    auto type = dyn_cast<RankedTensorType>(value.getType());
    for (unsigned dim = 0; padding.isOverwritten(value) && dim < type.getRank(); ++dim)
      part = mask(value, part, dim, builder.getZeroAttr(type.getElementType()));
    return part;
  }

  /// The local shard of `value` with its padding along `dim` overwritten.
  Value mask(Value value, Value part, unsigned dim, TypedAttr with) {
    bool zero = matchPattern(with, m_Zero()) || matchPattern(with, m_AnyZeroFloat());
    if (!isPadded(value, dim, mesh) || (zero && padding.isZero(value)))
      return part;
    ++numMasks;
    return overwrite(value, part, dim, with);
  }

  Value overwrite(Value value, Value part, unsigned dim, TypedAttr with) {
    ShardingAttr sharding = getValueSharding(value);
    int64_t size = cast<RankedTensorType>(value.getType()).getDimSize(dim);
    SmallVector<Attribute> axes;
    for (StringAttr axis : sharding.getDims()[dim].getAxes())
      axes.push_back(axis);
    auto op = MaskShardOp::create(builder, value.getLoc(), part.getType(), part,
                                  builder.getI64IntegerAttr(dim), builder.getArrayAttr(axes),
                                  builder.getI64IntegerAttr(size), with);
    setResultShardings(op, sharding);
    return op;
  }

  /// The shard with NaN, or a large integer, wherever its padding may hold anything.
  Value poison(Value value, Value part) {
    Type element = getElementTypeOrSelf(value.getType());
    TypedAttr with;
    if (auto type = dyn_cast<FloatType>(element))
      with = FloatAttr::get(type, APFloat::getNaN(type.getFloatSemantics()));
    else if (element.isInteger() && !element.isInteger(1))
      with = IntegerAttr::get(element, APInt::getSignedMaxValue(element.getIntOrFloatBitWidth()));
    auto type = dyn_cast<RankedTensorType>(value.getType());
    // Partial results are combined first; the combined result is another value, which is poisoned.
    if (!type || !with || getValueSharding(value).isPartial() || padding.isZero(value))
      return part;
    for (unsigned dim = 0; dim < type.getRank(); ++dim)
      if (isPadded(value, dim, mesh))
        part = overwrite(value, part, dim, with);
    return part;
  }

  /// Local operands of an op, with padding overwritten where its rule requires it.
  SmallVector<Value> getOperands(const RuledOp &op, const Splits &splits) {
    SmallVector<Value> operands;
    for (unsigned slot = 0; slot < op.getOp()->getNumOperands(); ++slot) {
      Value value = op.getValue(slot), part = mapping.lookup(value);
      for (unsigned dim = 0; dim < op.getSlotRank(slot); ++dim) {
        int64_t factor = op.getLeading(slot, dim).factor;
        if (factor < 0 || !splits[factor] || needsFinite(op, slot, factor))
          continue;
        Type elementType = getElementTypeOrSelf(value.getType());
        if (TypedAttr with = op.getRule().getPaddingValue(slot, factor, elementType))
          part = mask(value, part, dim, with);
      }
      operands.push_back(part);
    }
    return operands;
  }

  LogicalResult convert(Operation *op) {
    if (auto reshard = dyn_cast<ReshardOp>(op)) {
      auto clone = ReshardOp::create(builder, op->getLoc(), getLocalType(reshard.getResult()),
                                     mapping.lookup(reshard.getInput()),
                                     mapping.lookupOrNull(reshard.getMaximum()), reshard.getFrom(),
                                     reshard.getTo(), reshard.getGlobalAttr());
      setResultShardings(clone, reshard.getTo());
      mapParts(reshard, clone);
      return success();
    }
    RuledOp ruled(op, mesh);
    SmallVector<ShardingAttr> shardings;
    bool replicated = true;
    for (unsigned slot = 0; slot < ruled.getNumSlots(); ++slot) {
      shardings.push_back(getValueSharding(ruled.getValue(slot)));
    }
    ruled.dropPassed(shardings);
    for (ShardingAttr sharding : shardings)
      replicated &= sharding.isReplicated();
    if (replicated) {
      builder.clone(*op, mapping);
      return success();
    }
    FailureOr<Splits> splits = ruled ? ruled.getSplits(shardings) : FailureOr<Splits>();
    if (failed(splits))
      return op->emitOpError("has shardings that its rule does not allow: run insert-reshards "
                             "and verify-shardings first");
    return cloneLocal(ruled, *splits);
  }

  LogicalResult cloneLocal(const RuledOp &ruled, const Splits &splits) {
    Operation *op = ruled.getOp();
    SmallVector<int64_t> sizes;
    for (unsigned f = 0; f < ruled.getNumFactors(); ++f)
      sizes.push_back(splits[f] ? splits[f].local : ruled.getRule().getFactor(f).getSize());
    SmallVector<Type> types;
    for (Value result : op->getResults())
      types.push_back(getLocalType(result));
    SmallVector<Value> operands = getOperands(ruled, splits);
    Operation *clone =
        cast<ShardingRuleOpInterface>(op).cloneLocal(builder, operands, types, sizes);
    if (!clone || !llvm::equal(clone->getResultTypes(), types))
      return op->emitOpError("cannot be built on local shapes, although its rule allows it");
    mapCaptured(clone);
    clone->setAttr(kResultShardings, op->getAttr(kResultShardings));
    mapParts(op, clone);
    return success();
  }

  void mapParts(Operation *op, Operation *clone) {
    for (auto [result, part] : llvm::zip_equal(op->getResults(), clone->getResults()))
      mapping.map(result, complete(result, part));
  }

  /// A body may use values from outside, such as the padding value of `tensor.pad`. Rules do not
  /// describe them, so they are replicated.
  void mapCaptured(Operation *clone) {
    for (Region &region : clone->getRegions())
      region.walk([&](Operation *nested) {
        for (OpOperand &operand : nested->getOpOperands())
          operand.set(mapping.lookupOrDefault(operand.get()));
      });
  }

  LogicalResult convertReturn(func::ReturnOp op) {
    bool prepares = Program::isPrepare(function);
    SmallVector<Value> operands;
    for (Value value : op.getOperands()) {
      Value part = mapping.lookup(value);
      auto type = dyn_cast<RankedTensorType>(value.getType());
      for (unsigned dim = 0; prepares && type && dim < type.getRank(); ++dim)
        part = mask(value, part, dim, builder.getZeroAttr(type.getElementType()));
      operands.push_back(part);
    }
    func::ReturnOp::create(builder, op.getLoc(), operands);
    return success();
  }

  func::FuncOp function, local;
  MeshAttr mesh;
  bool poisons;
  PaddingAnalysis padding;
  OpBuilder builder;
  IRMapping mapping;
};

struct Partition : mlir::dchag::impl::PartitionBase<Partition> {
  using PartitionBase::PartitionBase;

  void runOnOperation() override {
    MeshAttr mesh = getMeshOrError(getOperation());
    auto functions = getDistributedFunctions(getOperation());
    if (!mesh || failed(functions))
      return signalPassFailure();
    for (func::FuncOp function : *functions) {
      Partitioner partitioner(function, mesh, poisonPadding);
      if (failed(partitioner.run()))
        return signalPassFailure();
      numMasks += partitioner.numMasks;
    }
  }
};
} // namespace
