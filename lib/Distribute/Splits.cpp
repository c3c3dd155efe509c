//===- Splits.cpp - how an op's factors split, from its values and back ----*- C++ -*-===//

#include "Splits.h"
#include "dialects/dchag/Program.h"

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
    leading.push_back(true);
    for (unsigned slot = 0; slot < getNumSlots(); ++slot) {
      // A parallel factor that a result lacks has no meaning, nor a softmax that a result has.
      if (isResult(slot) && ((parallel && !hasFactor(slot, f)) || (softmax && hasFactor(slot, f))))
        splittable[f] = false;
      for (unsigned dim = 0; dim < getSlotRank(slot); ++dim)
        if (llvm::is_contained(getFactors(slot, dim), int64_t(f)) &&
            getLeading(slot, dim).factor != int64_t(f))
          leading[f] = false;
    }
  }
}

Value RuledOp::getValue(unsigned slot) const {
  return isResult(slot) ? Value(op->getResult(slot - op->getNumOperands())) : op->getOperand(slot);
}

SmallVector<ShardingAttr> RuledOp::getValueShardings() const {
  SmallVector<ShardingAttr> shardings;
  for (unsigned slot = 0; slot < getNumSlots(); ++slot)
    shardings.push_back(getValueSharding(getValue(slot)));
  return shardings;
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

SmallVector<std::pair<unsigned, FactorSplit>, 2>
RuledOp::getFactorSplits(unsigned slot, unsigned dim, DimShardingAttr sharding) const {
  SmallVector<std::pair<unsigned, FactorSplit>, 2> result;
  // For an axis of one rank it does not matter which factor it splits.
  SmallVector<StringAttr> allAxes = llvm::filter_to_vector(
      sharding.getAxes(), [&](StringAttr axis) { return mesh.getAxisSize(axis) > 1; });
  ArrayRef<StringAttr> axes = allAxes;
  ArrayRef<int64_t> factors = getFactors(slot, dim);
  int64_t local = sharding.getLocalSize(getSlotSize(slot, dim), mesh);
  int64_t stride = 1;
  for (int64_t factor : factors)
    stride *= rule.getFactor(factor).getSize();
  for (int64_t index : factors) {
    if (axes.empty())
      break;
    FactorAttr factor = rule.getFactor(index);
    int64_t size = factor.getSize();
    stride /= size;
    if (size == 1)
      continue;
    // If a shard is at least one element of this factor, all axes split it, even when there are
    // more ranks than elements. If a shard is smaller, the leading axes whose product is the
    // factor's size split it, and the remaining axes split the next factor.
    size_t count = local >= stride ? axes.size() : 0;
    while (count < axes.size() && mesh.getNumRanks(axes.take_front(count)) < size)
      ++count;
    FactorSplit split;
    if (count < axes.size()) {
      if (mesh.getNumRanks(axes.take_front(count)) != size)
        return {};
      split = {SmallVector<StringAttr, 2>(axes.take_front(count)), 1};
    } else {
      if (local % stride != 0)
        return {};
      split = {SmallVector<StringAttr, 2>(axes), local / stride};
    }
    // The shards must cover the factor, which may be larger than the dimension. An inner factor, or
    // a softmax without a mask, cannot be padded.
    int64_t covered = split.local * mesh.getNumRanks(split.axes);
    bool noPadding =
        !result.empty() || (factor.getKind() == FactorKind::Softmax && !rule.hasPadding(index));
    if (!maySplit(index) || covered < size || (noPadding && covered > size))
      return {};
    axes = axes.drop_front(split.axes.size());
    result.push_back({static_cast<unsigned>(index), std::move(split)});
  }
  // There are more ranks than elements.
  if (!axes.empty())
    return {};
  return result;
}

bool RuledOp::isExpressible(const Splits &splits) const {
  for (unsigned slot = 0; slot < getNumSlots(); ++slot)
    for (unsigned dim = 0; dim < getSlotRank(slot); ++dim) {
      bool ends = false, first = true;
      for (int64_t index : getFactors(slot, dim)) {
        const FactorSplit &split = splits[index];
        int64_t size = rule.getFactor(index).getSize();
        if (size == 1)
          continue;
        if (split && ends)
          return false;
        if (split && !first && split.local * mesh.getNumRanks(split.axes) != size)
          return false;
        ends |= !split || split.local > 1 || mesh.getNumRanks(split.axes) != size;
        first = false;
      }
    }
  return true;
}

DimShardingAttr RuledOp::getDimSharding(unsigned slot, unsigned dim, const Splits &splits) const {
  MLIRContext *context = op->getContext();
  SmallVector<StringAttr> axes;
  int64_t local = 1;
  for (int64_t index : getFactors(slot, dim)) {
    const FactorSplit &split = splits[index];
    axes.append(split.axes.begin(), split.axes.end());
    local *= split ? split.local : rule.getFactor(index).getSize();
  }
  if (axes.empty())
    return DimShardingAttr::get(context, {}, 1);
  return DimShardingAttr::getForLocalSize(context, axes, local, getSlotSize(slot, dim), mesh);
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

bool RuledOp::repeatsAxis(unsigned slot, const Splits &splits) const {
  llvm::SmallDenseSet<StringAttr> used;
  auto isRepeated = [&](StringAttr axis) { return !used.insert(axis).second; };
  for (unsigned dim = 0; dim < getSlotRank(slot); ++dim)
    if (llvm::any_of(getDimSharding(slot, dim, splits).getAxes(), isRepeated))
      return true;
  for (unsigned f = 0; isResult(slot) && f < getNumFactors(); ++f)
    if (splits[f] && !hasFactor(slot, f) && llvm::any_of(splits[f].axes, isRepeated))
      return true;
  return false;
}

FailureOr<Splits> RuledOp::getSplits(ArrayRef<ShardingAttr> shardings) const {
  Splits splits(getNumFactors());
  for (unsigned slot = 0; slot < getNumSlots(); ++slot)
    for (unsigned dim = 0; dim < getSlotRank(slot); ++dim) {
      DimShardingAttr sharding = shardings[slot].getDims()[dim];
      if (mesh.getNumRanks(sharding.getAxes()) == 1)
        continue;
      auto found = getFactorSplits(slot, dim, sharding);
      if (found.empty())
        return failure();
      for (auto &[factor, split] : found) {
        if (splits[factor] && !(splits[factor] == split))
          return failure();
        splits[factor] = split;
      }
    }
  if (!isExpressible(splits))
    return failure();
  for (unsigned slot = 0; slot < getNumSlots(); ++slot)
    if (repeatsAxis(slot, splits) ||
        !getSharding(slot, splits).isSameLayout(shardings[slot], getValue(slot).getType(), mesh))
      return failure();
  return splits;
}

//===----------------------------------------------------------------------===//
// Partial sums that pass through linear ops
//===----------------------------------------------------------------------===//

static bool isPartialSum(ShardingAttr sharding, StringAttr axis) {
  return llvm::is_contained(sharding.getPartials(),
                            PartialAttr::get(axis.getContext(), axis, FactorKind::Sum));
}

ShardingAttr mlir::dchag::addPartialSums(ShardingAttr sharding, ArrayRef<StringAttr> axes) {
  SmallVector<PartialAttr> partials(sharding.getPartials());
  for (StringAttr axis : axes)
    partials.push_back(PartialAttr::get(axis.getContext(), axis, FactorKind::Sum));
  return ShardingAttr::get(sharding.getContext(), sharding.getDims(), partials);
}

ShardingAttr mlir::dchag::dropPartialSums(ShardingAttr sharding, ArrayRef<StringAttr> axes) {
  SmallVector<PartialAttr> partials(sharding.getPartials());
  llvm::erase_if(partials, [&](PartialAttr partial) {
    return partial.getKind() == FactorKind::Sum && llvm::is_contained(axes, partial.getAxis());
  });
  return ShardingAttr::get(sharding.getContext(), sharding.getDims(), partials);
}

SmallVector<StringAttr, 2> RuledOp::getPassedAxes(ArrayRef<ShardingAttr> operands) const {
  SmallVector<StringAttr, 2> passed;
  if (!rule || !rule.getLinear())
    return passed;
  for (StringAttr axis : mesh.getNames()) {
    SmallVector<int64_t> partial;
    bool splits = false;
    for (auto [index, sharding] : llvm::enumerate(operands)) {
      if (isPartialSum(sharding, axis))
        partial.push_back(index);
      else
        splits |= sharding.usesAxis(axis);
    }
    bool isLinear =
        llvm::any_of(rule.getLinear().getAsRange<DenseI64ArrayAttr>(), [&](DenseI64ArrayAttr set) {
          return set.asArrayRef() == ArrayRef<int64_t>(partial);
        });
    if (isLinear && !splits)
      passed.push_back(axis);
  }
  return passed;
}

void RuledOp::dropPassed(MutableArrayRef<ShardingAttr> shardings) const {
  SmallVector<StringAttr, 2> passed = getPassedAxes(shardings.take_front(op->getNumOperands()));
  llvm::erase_if(passed, [&](StringAttr axis) {
    return llvm::any_of(shardings.drop_front(op->getNumOperands()),
                        [&](ShardingAttr sharding) { return !isPartialSum(sharding, axis); });
  });
  for (ShardingAttr &sharding : shardings)
    sharding = dropPartialSums(sharding, passed);
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
  return Port::of(argument).getRole().isParameter();
}

llvm::DenseSet<Value> mlir::dchag::getParameterValues(func::FuncOp function) {
  ParameterAnalysis analysis;
  llvm::DenseSet<Value> values;
  auto add = [&](ValueRange candidates) {
    for (Value value : candidates)
      if (analysis.isParameterOnly(value))
        values.insert(value);
  };
  add(function.getArguments());
  for (Operation &op : function.front())
    add(op.getResults());
  return values;
}

LogicalResult mlir::dchag::checkGlobal(func::FuncOp function) {
  if (!isPerDevice(function))
    return success();
  return function.emitError("@") << function.getName()
                                 << " is the program of a rank already: distribute the program for "
                                    "one device";
}

FailureOr<SmallVector<func::FuncOp>> mlir::dchag::getDistributedFunctions(ModuleOp module) {
  SmallVector<func::FuncOp> functions;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isExternal())
      continue;
    if (!function.getBody().hasOneBlock())
      return function.emitOpError("must have one block to be distributed: inline control flow");
    functions.insert(Program::isStep(function) ? functions.begin() : functions.end(), function);
  }
  // Results of @prepare take the shardings that the others choose.
  if (auto *prepare = llvm::find_if(functions, Program::isPrepare); prepare != functions.end())
    std::rotate(prepare, prepare + 1, functions.end());
  return functions;
}

LogicalResult
mlir::dchag::verifyDistributed(ModuleOp module,
                               llvm::function_ref<LogicalResult(func::FuncOp, MeshAttr)> verify) {
  MeshAttr mesh = getMeshOrError(module);
  auto functions = getDistributedFunctions(module);
  if (!mesh || failed(functions))
    return failure();
  bool ok = true;
  for (func::FuncOp function : *functions)
    ok &= succeeded(verify(function, mesh));
  return success(ok);
}

MeshAttr mlir::dchag::getMeshOrError(ModuleOp module) {
  MeshAttr mesh = MeshAttr::lookup(module);
  if (!mesh)
    module.emitError("has no mesh to distribute over: set the attribute ")
        << MeshAttr::attrName << " or run set-mesh{mesh=tp=2} first";
  return mesh;
}
