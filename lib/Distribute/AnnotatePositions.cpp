//===- AnnotatePositions.cpp - positions over ranks: sequence parallelism --*- C++ -*-===//

#include "Aggregations.h"
#include "Marks.h"
#include "dchag/Distribute/Passes.h"
#include "llvm/ADT/MapVector.h"
#include <numeric>

namespace mlir::dchag {
#define GEN_PASS_DEF_ANNOTATEPOSITIONS
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// All dimensions that run over the positions: those of the queries of attentions and of the
/// results of aggregations, and what has a parallel factor in common with them.
class Positions {
public:
  Positions(func::FuncOp function, MeshAttr mesh) : mesh(mesh) {
    function.walk([&](Operation *op) {
      if (auto attention = dyn_cast<AttentionOp>(op))
        add(attention.getQuery(), 2);
      else if (isAggregation(op))
        add(op->getResult(0), 3);
    });
    while (!open.empty()) {
      auto [value, dim] = open.pop_back_val();
      if (Operation *op = value.getDefiningOp())
        follow(op, value, dim);
      for (Operation *user : value.getUsers())
        follow(user, value, dim);
    }
  }

  std::optional<unsigned> getDim(Value value) const {
    auto it = dims.find(value);
    return it == dims.end() ? std::nullopt : std::optional<unsigned>(it->second);
  }
  /// Positions that must stay together for all that can be split along with them: rows.
  int64_t getUnit() const { return unit; }

private:
  void add(Value value, unsigned dim) {
    if (dims.insert({value, dim}).second)
      open.push_back({value, dim});
  }

  void follow(Operation *op, Value value, unsigned dim) {
    RuledOp ruled(op, mesh);
    if (!ruled)
      return;
    for (unsigned slot = 0; slot < ruled.getNumSlots(); ++slot) {
      if (ruled.getValue(slot) != value)
        continue;
      RuledOp::Leading from = ruled.getLeading(slot, dim);
      if (from.factor < 0 || !ruled.canSplit(from.factor) ||
          ruled.getRule().getFactor(from.factor).getKind() != FactorKind::Parallel)
        continue;
      // Image rows in front of columns: the dimension of positions splits by rows.
      if (isa<UnpatchifyOp, PatchifyOp, TokenizeOp>(op))
        unit = std::lcm(unit, from.stride);
      for (unsigned other = 0; other < ruled.getNumSlots(); ++other)
        for (unsigned d = 0; d < ruled.getSlotRank(other); ++d)
          if (ruled.getLeading(other, d).factor == from.factor)
            add(ruled.getValue(other), d);
    }
  }

  MeshAttr mesh;
  llvm::MapVector<Value, unsigned> dims;
  SmallVector<std::pair<Value, unsigned>> open;
  int64_t unit = 1;
};

struct AnnotatePositions : mlir::dchag::impl::AnnotatePositionsBase<AnnotatePositions> {
  using AnnotatePositionsBase::AnnotatePositionsBase;

  void runOnOperation() override {
    auto axes = resolveAxes(getOperation(), axis);
    auto program = getMarkedProgram(getOperation());
    if (failed(axes) || failed(program))
      return signalPassFailure();
    for (func::FuncOp function : program->functions) {
      Positions positions(function, program->mesh);
      bool found = false;
      function.walk([&](Operation *op) {
        if (!isa<LayerNormOp, RmsNormOp>(op))
          return;
        for (Value value : {op->getOperand(0), Value(op->getResult(0))})
          if (std::optional<unsigned> dim = positions.getDim(value)) {
            int64_t size = cast<RankedTensorType>(value.getType()).getDimSize(*dim);
            found = true;
            bool byRows = size / positions.getUnit() >= program->mesh.getNumRanks(*axes);
            numMarked += mark(value, *axes, {*dim, byRows ? positions.getUnit() : 1},
                              MarkPriority::Activations, "positions");
          }
      });
      if (!found && program->mesh.getNumRanks(*axes) > 1)
        function.emitWarning() << "'" << function.getName() << "' has no normalised tokens whose "
                               << "positions all attentions share, so nothing is spread over '"
                               << axis << "': all ranks along it compute the same";
    }
  }
};
} // namespace
