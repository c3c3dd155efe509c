//===- Annotate.cpp - marks values with the shardings of a strategy --------*- C++ -*-===//

#include "Aggregations.h"
#include "dchag/Distribute/Passes.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "llvm/ADT/SetVector.h"
#include <numeric>

namespace mlir::dchag {
#define GEN_PASS_DEF_ANNOTATE
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// Walks up from a summed dimension of an activation to the ops that made its factor.
class FactorSearch {
public:
  FactorSearch(const llvm::DenseSet<Value> &parameters, MeshAttr mesh)
      : parameters(parameters), mesh(mesh) {}

  /// Elements of the dimension that must stay together for every op on the way to split
  /// it; 0 if one of them cannot, if an input of the model has the factor too, or if another
  /// op than `sum` and those on the way uses what would be split.
  int64_t findUnit(Value value, unsigned dim, Operation *sum) {
    int64_t unit = walk(value, dim, 1);
    for (auto [seen, seenDim] : visited)
      for (Operation *user : seen.getUsers())
        if (user != sum && llvm::none_of(user->getResults(), [&](Value v) { return isOnWay(v); }))
          return 0;
    return unit;
  }

private:
  bool isOnWay(Value value) {
    return llvm::any_of(visited, [&](auto entry) { return entry.first == value; });
  }

  int64_t walk(Value value, unsigned dim, int64_t unit) {
    if (!visited.insert({value, dim}))
      return unit;
    auto result = dyn_cast<OpResult>(value);
    if (!result || isMarked(result))
      return 0;
    RuledOp op(result.getOwner(), mesh);
    if (!op)
      return 0;
    unsigned slot = op.getOp()->getNumOperands() + result.getResultNumber();
    RuledOp::Leading leading = op.getLeading(slot, dim);
    if (leading.factor < 0 || !op.canSplit(leading.factor) ||
        op.getRule().getFactor(leading.factor).getKind() != FactorKind::Parallel)
      return 0;
    int64_t together = std::lcm(unit, leading.stride);
    for (unsigned i = 0; i < op.getOp()->getNumOperands(); ++i)
      for (unsigned d = 0; d < op.getSlotRank(i); ++d) {
        RuledOp::Leading from = op.getLeading(i, d);
        if (from.factor != leading.factor || parameters.contains(op.getValue(i)))
          continue;
        int64_t found = walk(op.getValue(i), d, together / leading.stride * from.stride);
        if (found == 0)
          return 0;
        together = std::lcm(together, found / from.stride * leading.stride);
      }
    return together;
  }

  bool isMarked(OpResult result) {
    auto list = result.getOwner()->getAttrOfType<ArrayAttr>(kResultShardings);
    return list && isa<ShardingAttr>(list[result.getResultNumber()]);
  }

  const llvm::DenseSet<Value> &parameters;
  MeshAttr mesh;
  llvm::SetVector<std::pair<Value, unsigned>> visited;
};

struct Annotate : mlir::dchag::impl::AnnotateBase<Annotate> {
  using AnnotateBase::AnnotateBase;

  void runOnOperation() override {
    auto functions = getDistributedFunctions(getOperation());
    if (failed(functions) || failed(setMesh()))
      return signalPassFailure();
    for (func::FuncOp function : *functions) {
      if (function.getName() == "prepare")
        continue;
      parameters = getParameterValues(function);
      if (failed(markMode(function)))
        return signalPassFailure();
      markSums(function);
    }
  }

  LogicalResult setMesh() {
    ModuleOp module = getOperation();
    meshAttr = mesh.empty() ? getMeshOrError(module) : MeshAttr::parseOption(mesh, module.getLoc());
    if (!meshAttr)
      return failure();
    if (!meshAttr.getAxisIndex(axis.getValue()))
      return module.emitError("mesh must have the axis '")
             << axis.getValue() << "': got " << meshAttr;
    axisAttr = StringAttr::get(&getContext(), axis.getValue());
    module->setAttr(MeshAttr::attrName, meshAttr);
    auto *symbol = module.lookupSymbol(MeshAttr::gridName);
    if (auto grid = dyn_cast_or_null<shard::GridOp>(symbol)) {
      if (grid.getShape() != meshAttr.getSizes())
        return grid.emitOpError("must have the sizes of the mesh ") << meshAttr;
      return success();
    }
    if (symbol)
      return symbol->emitOpError("has the name of the grid of ranks: rename it");
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    shard::GridOp::create(builder, module.getLoc(), MeshAttr::gridName, meshAttr.getSizes());
    return success();
  }

  /// Splits dimension `dim` (none: replicates) unless the value is marked already.
  void mark(OpResult result, std::optional<unsigned> dim, int64_t unit = 1) {
    Operation *op = result.getOwner();
    SmallVector<Attribute> list(op->getNumResults(), UnitAttr::get(&getContext()));
    if (auto old = op->getAttrOfType<ArrayAttr>(kResultShardings))
      list.assign(old.begin(), old.end());
    if (isa<ShardingAttr>(list[result.getResultNumber()]))
      return;
    auto replicated = ShardingAttr::getReplicated(result.getType());
    SmallVector<DimShardingAttr> dims(replicated.getDims());
    if (dim)
      dims[*dim] = DimShardingAttr::get(&getContext(), axisAttr, unit);
    list[result.getResultNumber()] =
        ShardingAttr::get(&getContext(), dims, ArrayRef<PartialAttr>());
    op->setAttr(kResultShardings, ArrayAttr::get(&getContext(), list));
  }

  LogicalResult markMode(func::FuncOp function) {
    if (mode == DistributeMode::Replicate)
      return success();
    SmallVector<Operation *> first = getFirstAggregations(function);
    if (mode == DistributeMode::Gather) {
      function.walk([&](TokenizeOp op) { mark(cast<OpResult>(op.getResult()), 1); });
      return success();
    }
    // What follows the first level is the same on all ranks, as in D-CHAG.
    function.walk([&](Operation *op) {
      if (isAggregation(op) && !llvm::is_contained(first, op))
        for (OpResult result : op->getResults())
          mark(result, std::nullopt);
    });
    for (Operation *op : first)
      if (failed(mode == DistributeMode::Hierarchical ? markGroups(op) : markUnits(op)))
        return failure();
    return success();
  }

  LogicalResult markGroups(Operation *op) {
    int64_t groups = cast<RankedTensorType>(op->getOperand(0).getType()).getDimSize(1);
    if (groups == 1 && meshAttr.getAxisSize(axis.getValue()) > 1)
      return op->emitOpError("has one group, so mode hierarchical has nothing to split: use mode "
                             "split-softmax, which splits the channels of a group");
    for (OpResult result : op->getResults())
      mark(result, 1);
    return success();
  }

  LogicalResult markUnits(Operation *op) {
    if (isa<AggregateOp>(op))
      return op->emitOpError("must be split into parts for mode split-softmax: run "
                             "split-aggregates with this mode first");
    if (auto tokens = dyn_cast<OpResult>(op->getOperand(0))) {
      if (cast<RankedTensorType>(tokens.getType()).getDimSize(1) > 1)
        return op->emitOpError("has several groups, so its channels cannot be split over ranks by "
                               "mode split-softmax: use mode hierarchical");
      mark(tokens, 2);
    }
    return success();
  }

  /// Sums of an activation with a parameter over a width that parameters made.
  void markSums(func::FuncOp function) {
    if (meshAttr.getAxisSize(axis.getValue()) == 1)
      return;
    for (Operation &op : function.front().without_terminator()) {
      RuledOp ruled(&op, meshAttr);
      if (!ruled)
        continue;
      for (unsigned slot = 0; slot < op.getNumOperands(); ++slot)
        for (unsigned dim = 0; dim < ruled.getSlotRank(slot); ++dim)
          markSum(ruled, slot, dim);
    }
  }

  void markSum(const RuledOp &op, unsigned slot, unsigned dim) {
    auto value = dyn_cast<OpResult>(op.getValue(slot));
    int64_t factor = op.getLeading(slot, dim).factor;
    if (!value || parameters.contains(value) || factor < 0 || !op.canSplit(factor) ||
        op.getRule().getFactor(factor).getKind() != FactorKind::Sum || !hasParameter(op, factor))
      return;
    int64_t unit = FactorSearch(parameters, meshAttr).findUnit(value, dim, op.getOp());
    int64_t size = op.getSlotSize(slot, dim);
    // With one part only there is nothing to split.
    if (unit == 0 || unit >= size)
      return;
    mark(value, dim, unit);
  }

  /// Whether a parameter has the factor too: its rows are then read where they are needed.
  bool hasParameter(const RuledOp &op, int64_t factor) {
    for (unsigned slot = 0; slot < op.getOp()->getNumOperands(); ++slot)
      for (unsigned dim = 0; dim < op.getSlotRank(slot); ++dim)
        if (op.getLeading(slot, dim).factor == factor && parameters.contains(op.getValue(slot)))
          return true;
    return false;
  }

  MeshAttr meshAttr;
  StringAttr axisAttr;
  llvm::DenseSet<Value> parameters;
};
} // namespace
