//===- Splits.cpp - how an op's factors split, from its values and back ----*- C++ -*-===//

#include "Splits.h"

using namespace mlir;
using namespace mlir::dchag;

static unsigned rankOf(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor ? tensor.getRank() : 0;
}

/// Whether a rule has an entry for each dimension of each value.
static bool fits(ArrayAttr lists, TypeRange types) {
  if (lists.size() != types.size())
    return false;
  for (auto [dims, type] : llvm::zip_equal(lists, types))
    if (cast<ArrayAttr>(dims).size() != rankOf(type))
      return false;
  return true;
}

static bool isReduction(FactorKind kind) {
  return kind == FactorKind::Sum || kind == FactorKind::Max || kind == FactorKind::Min;
}

RuledOp::RuledOp(Operation *op, MeshAttr mesh) : op(op), mesh(mesh) {
  auto ruled = dyn_cast<ShardingRuleOpInterface>(op);
  rule = ruled ? ruled.getShardingRule() : RuleAttr();
  if (!rule || !fits(rule.getOperands(), op->getOperandTypes()) ||
      !fits(rule.getResults(), op->getResultTypes())) {
    rule = {};
    return;
  }
  for (unsigned f = 0; f < getNumFactors(); ++f) {
    FactorAttr factor = rule.getFactor(f);
    bool parallel = factor.getKind() == FactorKind::Parallel;
    bool softmax = factor.getKind() == FactorKind::Softmax && rule.getMaximum();
    splittable.push_back(factor.getSize() > 1 &&
                         (parallel || softmax || isReduction(factor.getKind())));
    for (unsigned slot = 0; slot < getNumSlots(); ++slot) {
      // A parallel factor that a result lacks has no meaning, nor a softmax that a result has.
      if (isResult(slot) && ((parallel && !hasFactor(slot, f)) || (softmax && hasFactor(slot, f))))
        splittable[f] = false;
      for (unsigned dim = 0; dim < getSlotRank(slot); ++dim)
        if (llvm::is_contained(getFactors(slot, dim), int64_t(f)) &&
            getLeading(slot, dim).factor != int64_t(f))
          splittable[f] = false;
    }
  }
}

Value RuledOp::getValue(unsigned slot) const {
  return isResult(slot) ? Value(op->getResult(slot - op->getNumOperands())) : op->getOperand(slot);
}

unsigned RuledOp::getSlotRank(unsigned slot) const { return rankOf(getValue(slot).getType()); }

int64_t RuledOp::getSlotSize(unsigned slot, unsigned dim) const {
  return cast<RankedTensorType>(getValue(slot).getType()).getDimSize(dim);
}

ArrayRef<int64_t> RuledOp::getFactors(unsigned slot, unsigned dim) const {
  return isResult(slot) ? rule.getResultFactors(slot - op->getNumOperands(), dim)
                        : rule.getOperandFactors(slot, dim);
}

bool RuledOp::hasFactor(unsigned slot, unsigned factor) const {
  for (unsigned dim = 0; dim < getSlotRank(slot); ++dim)
    if (llvm::is_contained(getFactors(slot, dim), int64_t(factor)))
      return true;
  return false;
}

RuledOp::Leading RuledOp::getLeading(unsigned slot, unsigned dim) const {
  Leading leading;
  for (int64_t factor : getFactors(slot, dim)) {
    int64_t size = rule.getFactor(factor).getSize();
    if (leading.factor >= 0)
      leading.stride *= size;
    else if (size > 1)
      leading.factor = factor;
  }
  return leading;
}

FactorSplit RuledOp::getFactorSplit(unsigned slot, unsigned dim, DimShardingAttr sharding) const {
  Leading leading = getLeading(slot, dim);
  if (sharding.getAxes().empty() || leading.factor < 0 || !canSplit(leading.factor))
    return {};
  int64_t local = sharding.getLocalSize(getSlotSize(slot, dim), mesh);
  if (local % leading.stride != 0)
    return {};
  FactorSplit split{SmallVector<StringAttr, 2>(sharding.getAxes()), local / leading.stride};
  // The parts must cover the factor, which may be larger than the dimension.
  FactorAttr factor = rule.getFactor(leading.factor);
  int64_t covered = split.local * mesh.getNumRanks(split.axes);
  if (covered < factor.getSize())
    return {};
  // Padding in a softmax must be left out by a mask.
  if (factor.getKind() == FactorKind::Softmax && covered > factor.getSize() &&
      !rule.hasPadding(leading.factor))
    return {};
  return split;
}

DimShardingAttr RuledOp::getDimSharding(unsigned slot, unsigned dim, const Splits &splits) const {
  Leading leading = getLeading(slot, dim);
  MLIRContext *context = op->getContext();
  if (leading.factor < 0 || !splits[leading.factor])
    return DimShardingAttr::get(context, {}, 1);
  const FactorSplit &split = splits[leading.factor];
  return DimShardingAttr::getForLocalSize(context, split.axes, split.local * leading.stride,
                                          getSlotSize(slot, dim), mesh);
}

ShardingAttr RuledOp::getSharding(unsigned slot, const Splits &splits) const {
  SmallVector<DimShardingAttr> dims;
  for (unsigned dim = 0; dim < getSlotRank(slot); ++dim)
    dims.push_back(getDimSharding(slot, dim, splits));
  SmallVector<PartialAttr> partials;
  for (unsigned f = 0; isResult(slot) && f < getNumFactors(); ++f)
    if (splits[f] && !hasFactor(slot, f))
      for (StringAttr axis : splits[f].axes)
        partials.push_back(PartialAttr::get(op->getContext(), axis,
                                            rule.getPartialKind(slot - op->getNumOperands(), f)));
  return ShardingAttr::get(op->getContext(), dims, partials);
}

FailureOr<Splits> RuledOp::getSplits(ArrayRef<ShardingAttr> shardings) const {
  Splits splits(getNumFactors());
  for (unsigned slot = 0; slot < getNumSlots(); ++slot)
    for (unsigned dim = 0; dim < getSlotRank(slot); ++dim) {
      DimShardingAttr sharding = shardings[slot].getDims()[dim];
      if (sharding.getAxes().empty())
        continue;
      FactorSplit split = getFactorSplit(slot, dim, sharding);
      if (!split)
        return failure();
      FactorSplit &known = splits[getLeading(slot, dim).factor];
      if (known && !(known == split))
        return failure();
      known = split;
    }
  for (unsigned slot = 0; slot < getNumSlots(); ++slot)
    if (!getSharding(slot, splits).isSameLayout(shardings[slot], getValue(slot).getType(), mesh))
      return failure();
  return splits;
}

//===----------------------------------------------------------------------===//
// Shardings in the IR
//===----------------------------------------------------------------------===//

ShardingAttr mlir::dchag::getResultSharding(OpResult result) {
  if (auto list = result.getOwner()->getAttrOfType<ArrayAttr>(kResultShardings))
    if (auto sharding = dyn_cast<ShardingAttr>(list[result.getResultNumber()]))
      return sharding;
  return ShardingAttr::getReplicated(result.getType());
}

ShardingAttr mlir::dchag::getValueSharding(Value value) {
  if (auto result = dyn_cast<OpResult>(value))
    return getResultSharding(result);
  auto argument = cast<BlockArgument>(value);
  auto function = cast<func::FuncOp>(argument.getOwner()->getParentOp());
  auto sharding =
      function.getArgAttrOfType<ShardingAttr>(argument.getArgNumber(), ShardingAttr::attrName);
  return sharding ? sharding : ShardingAttr::getReplicated(value.getType());
}

void mlir::dchag::setResultShardings(Operation *op, ArrayRef<ShardingAttr> shardings) {
  SmallVector<Attribute> attrs(shardings.begin(), shardings.end());
  op->setAttr(kResultShardings, ArrayAttr::get(op->getContext(), attrs));
}

bool mlir::dchag::isParameter(BlockArgument argument) {
  auto function = cast<func::FuncOp>(argument.getOwner()->getParentOp());
  auto role = function.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "dchag.role");
  return role && role.getValue() != "input";
}

llvm::DenseSet<Value> mlir::dchag::getParameterValues(func::FuncOp function) {
  llvm::DenseSet<Value> values;
  for (BlockArgument argument : function.getArguments())
    if (isParameter(argument))
      values.insert(argument);
  for (Operation &op : function.front())
    if (llvm::all_of(op.getOperands(), [&](Value v) { return values.contains(v); }))
      values.insert(op.result_begin(), op.result_end());
  return values;
}

FailureOr<SmallVector<func::FuncOp>> mlir::dchag::getDistributedFunctions(ModuleOp module) {
  SmallVector<func::FuncOp> functions;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    if (!function.getBody().hasOneBlock())
      return function.emitOpError("must have one block to be distributed: inline control flow");
    bool isStep = function.getName() == "step";
    functions.insert(isStep ? functions.begin() : functions.end(), function);
  }
  return functions;
}

MeshAttr mlir::dchag::getMeshOrError(ModuleOp module) {
  MeshAttr mesh = MeshAttr::lookup(module);
  if (!mesh)
    module.emitError("has no mesh to distribute over: set the attribute ")
        << MeshAttr::attrName << " or run annotate{mesh=tp=2} first";
  return mesh;
}
