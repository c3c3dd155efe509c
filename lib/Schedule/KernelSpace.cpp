//===- KernelSpace.cpp - loops that the ops of a kernel share --------------*- C++ -*-===//

#include "dchag/Schedule/KernelSpace.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/IntEqClasses.h"

using namespace mlir;
using namespace mlir::dchag;

RuleAttr RuleCache::get(Operation *op) {
  auto [it, isNew] = rules.try_emplace(op);
  if (isNew)
    if (auto sharded = dyn_cast<ShardingRuleOpInterface>(op))
      it->second = sharded.getShardingRule();
  return it->second;
}

bool mlir::dchag::isSource(Operation *op) {
  // By name: these have no operands that are computed from elements of tensors.
  if (isa<tensor::EmptyOp>(op))
    return true;
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return !isa<ShapedType>(constant.getType()) || isa<SplatElementsAttr>(constant.getValue());
  auto fill = dyn_cast<linalg::FillOp>(op);
  return fill && matchPattern(fill.getInputs()[0], m_Constant()) &&
         fill.getOutputs()[0].getDefiningOp<tensor::EmptyOp>();
}

SmallVector<Operation *> mlir::dchag::getKernelOps(rt::KernelOp kernel) {
  SmallVector<Operation *> ops;
  for (Operation &op : kernel.getBody().front().without_terminator())
    if (!isSource(&op))
      ops.push_back(&op);
  return ops;
}

bool mlir::dchag::hasFactor(ArrayAttr dims, int64_t factor) {
  return llvm::any_of(dims.getAsRange<DenseI64ArrayAttr>(), [&](DenseI64ArrayAttr factors) {
    return llvm::is_contained(factors.asArrayRef(), factor);
  });
}

namespace {
/// Finds the classes of factors that are one loop.
class SpaceBuilder {
public:
  SpaceBuilder(ArrayRef<Operation *> ops, RuleCache &rules) : ops(ops), rules(rules) {}
  SmallVector<OuterDim> build();

private:
  using Lists = ArrayRef<int64_t>;
  bool collect();
  void joinEdges();
  void join(unsigned producer, Lists from, unsigned consumer, Lists to);
  void exclude(unsigned op, Lists factors);
  void excludeInner(unsigned op, ArrayAttr values, TypeRange types);
  void excludeUnlessInAll(unsigned op);
  bool canRepeat(unsigned op);
  SmallVector<OuterDim> order(llvm::DenseMap<unsigned, OuterDim> &dims);

  ArrayRef<Operation *> ops;
  RuleCache &rules;
  SmallVector<RuleAttr> rule;
  SmallVector<unsigned> first; ///< number of an op's first factor
  llvm::IntEqClasses classes;
  SmallVector<bool> excluded; ///< by number
  llvm::DenseMap<Operation *, unsigned> index;
};
} // namespace

static int64_t sizeOf(RuleAttr rule, int64_t factor) { return rule.getFactor(factor).getSize(); }

/// Numbers all factors; false if an op has no rule.
bool SpaceBuilder::collect() {
  unsigned count = 0;
  for (Operation *op : ops) {
    rule.push_back(rules.get(op));
    if (!rule.back())
      return false;
    index[op] = first.size();
    first.push_back(count);
    count += rule.back().getFactors().size();
  }
  classes.grow(count);
  excluded.assign(count, false);
  return true;
}

void SpaceBuilder::exclude(unsigned op, Lists factors) {
  for (int64_t factor : factors)
    excluded[first[op] + factor] = true;
}

/// A dimension that two ops make of different factors is not split.
void SpaceBuilder::join(unsigned producer, Lists from, unsigned consumer, Lists to) {
  bool same = from.size() == to.size();
  for (unsigned i = 0; same && i < from.size(); ++i)
    same = sizeOf(rule[producer], from[i]) == sizeOf(rule[consumer], to[i]);
  if (!same) {
    exclude(producer, from);
    exclude(consumer, to);
    return;
  }
  for (auto [a, b] : llvm::zip_equal(from, to))
    classes.join(first[producer] + a, first[consumer] + b);
}

void SpaceBuilder::joinEdges() {
  for (auto [consumer, op] : llvm::enumerate(ops))
    for (OpOperand &operand : op->getOpOperands()) {
      auto result = dyn_cast<OpResult>(operand.get());
      auto producer = result ? index.find(result.getOwner()) : index.end();
      auto type = dyn_cast<RankedTensorType>(operand.get().getType());
      if (producer == index.end() || !type)
        continue;
      for (int64_t dim = 0; dim < type.getRank(); ++dim)
        join(producer->second,
             rule[producer->second].getResultFactors(result.getResultNumber(), dim), consumer,
             rule[consumer].getOperandFactors(operand.getOperandNumber(), dim));
    }
}

/// Only parts of the slowest factor of a dimension are contiguous; a dimension that ends within its
/// factors has no parts of one size.
void SpaceBuilder::excludeInner(unsigned op, ArrayAttr values, TypeRange types) {
  for (auto [dims, type] : llvm::zip_equal(values.getAsRange<ArrayAttr>(), types))
    for (auto [dim, attr] : llvm::enumerate(dims.getAsRange<DenseI64ArrayAttr>())) {
      Lists factors = attr.asArrayRef();
      int64_t product = 1;
      for (int64_t factor : factors) {
        if (product > 1)
          exclude(op, factor);
        product *= sizeOf(rule[op], factor);
      }
      if (!factors.empty() && product != cast<RankedTensorType>(type).getDimSize(dim))
        exclude(op, factors);
    }
}

/// A result without the factor would be computed once for each tile.
void SpaceBuilder::excludeUnlessInAll(unsigned op) {
  for (int64_t factor = 0; factor < int64_t(rule[op].getFactors().size()); ++factor) {
    bool inAll = llvm::all_of(rule[op].getResults().getAsRange<ArrayAttr>(),
                              [&](ArrayAttr dims) { return hasFactor(dims, factor); });
    if (!inAll || rule[op].getFactor(factor).getKind() != FactorKind::Parallel)
      exclude(op, factor);
  }
}

/// Whether an op costs nothing but moves, and only ops of the kernel use it.
bool SpaceBuilder::canRepeat(unsigned op) {
  auto cost = dyn_cast<CostOpInterface>(ops[op]);
  return cost && cost.getFlops() == 0 &&
         llvm::all_of(ops[op]->getUsers(), [&](Operation *user) { return index.contains(user); });
}

/// By the dimensions of the last op's first result, in which each of them is the slowest factor of
/// one.
SmallVector<OuterDim> SpaceBuilder::order(llvm::DenseMap<unsigned, OuterDim> &dims) {
  SmallVector<OuterDim> ordered;
  unsigned last = ops.size() - 1;
  for (auto factors : cast<ArrayAttr>(rule[last].getResults()[0]).getAsRange<DenseI64ArrayAttr>())
    for (int64_t factor : factors.asArrayRef())
      if (auto it = dims.find(classes[first[last] + factor]); it != dims.end())
        ordered.push_back(std::move(it->second));
  return ordered;
}

SmallVector<OuterDim> SpaceBuilder::build() {
  if (ops.empty() || !collect())
    return {};
  joinEdges();
  for (unsigned op = 0; op < ops.size(); ++op) {
    excludeInner(op, rule[op].getOperands(), ops[op]->getOperandTypes());
    excludeInner(op, rule[op].getResults(), ops[op]->getResultTypes());
    excludeUnlessInAll(op);
  }
  classes.compress();
  llvm::DenseMap<unsigned, OuterDim> dims;
  llvm::DenseSet<unsigned> invalid;
  for (unsigned op = 0; op < ops.size(); ++op)
    for (unsigned factor = 0; factor < rule[op].getFactors().size(); ++factor) {
      unsigned number = first[op] + factor;
      OuterDim &dim = dims[classes[number]];
      dim.factors.resize(ops.size(), OuterDim::kNone);
      // Two loops of one op cannot be one loop of the kernel.
      if (excluded[number] || dim.factors[op] != OuterDim::kNone)
        invalid.insert(classes[number]);
      dim.size = sizeOf(rule[op], factor);
      dim.factors[op] = factor;
    }
  for (unsigned op = 0; op < ops.size(); ++op)
    if (!canRepeat(op))
      for (auto &[number, dim] : dims)
        if (dim.factors[op] == OuterDim::kNone)
          invalid.insert(number);
  for (unsigned number : invalid)
    dims.erase(number);
  return order(dims);
}

SmallVector<OuterDim> mlir::dchag::getOuterDims(ArrayRef<Operation *> ops, RuleCache &rules) {
  return SpaceBuilder(ops, rules).build();
}

SmallVector<int64_t> mlir::dchag::getWholeTiles(ArrayRef<OuterDim> dims) {
  SmallVector<int64_t> tiles;
  for (const OuterDim &dim : dims)
    tiles.push_back(dim.size);
  return tiles;
}

bool mlir::dchag::isProduct(Operation *op) {
  // By name: what the closed set has for products, and the product of the runtime.
  return isa<linalg::ContractOp, rt::MatmulOp>(op) &&
         isa<FloatType>(getElementTypeOrSelf(op->getOperand(0)));
}

bool mlir::dchag::isFactorOfProduct(Operation *op, RuleCache &rules) {
  if (op->getNumResults() != 1 || !op->hasOneUse() || isProduct(op))
    return false;
  RuleAttr rule = rules.get(op);
  bool isMap = rule && llvm::all_of(rule.getFactors().getAsRange<FactorAttr>(), [](FactorAttr f) {
                 return f.getKind() == FactorKind::Parallel;
               });
  OpOperand &use = *op->getUses().begin();
  if (!isMap)
    return false;
  return isProduct(use.getOwner()) ? use.getOperandNumber() < 2
                                   : isFactorOfProduct(use.getOwner(), rules);
}

int64_t mlir::dchag::countIterations(ArrayRef<OuterDim> dims) {
  int64_t count = 1;
  for (const OuterDim &dim : dims)
    count *= dim.size;
  return count;
}
