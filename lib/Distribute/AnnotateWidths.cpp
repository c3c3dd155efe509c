//===- AnnotateWidths.cpp - heads and hidden widths over ranks -------------*- C++ -*-===//

#include "Marks.h"
#include "dchag/Distribute/Passes.h"
#include "llvm/ADT/SetVector.h"
#include <numeric>

namespace mlir::dchag {
#define GEN_PASS_DEF_ANNOTATEWIDTHS
#include "dchag/Distribute/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// Walks up from a summed dimension of an activation to the ops that produce its factor.
class FactorSearch {
public:
  FactorSearch(const llvm::DenseSet<Value> &parameters, MeshAttr mesh, ArrayRef<StringAttr> axes)
      : parameters(parameters), mesh(mesh), axes(axes) {}

  /// The block size in which every op on the way can split the dimension; 0 if one of them cannot,
  /// if an input of the model has the factor too, or if an op other than `sum` and those on the way
  /// uses what would be split.
  int64_t findBlockSize(Value value, unsigned dim, Operation *sum) {
    int64_t blockSize = walk(value, dim, 1);
    for (auto [seen, seenDim] : visited)
      for (Operation *user : seen.getUsers())
        if (user != sum && llvm::none_of(user->getResults(), [&](Value v) { return isOnWay(v); }))
          return 0;
    return blockSize;
  }

private:
  bool isOnWay(Value value) {
    return llvm::any_of(visited, [&](auto entry) { return entry.first == value; });
  }

  int64_t walk(Value value, unsigned dim, int64_t blockSize) {
    if (!visited.insert({value, dim}))
      return blockSize;
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
    int64_t together = std::lcm(blockSize, leading.stride);
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
    return llvm::any_of(axes, [&](StringAttr axis) { return isDecided(result, axis); });
  }

  const llvm::DenseSet<Value> &parameters;
  MeshAttr mesh;
  ArrayRef<StringAttr> axes;
  llvm::SetVector<std::pair<Value, unsigned>> visited;
};

struct AnnotateWidths : mlir::dchag::impl::AnnotateWidthsBase<AnnotateWidths> {
  using AnnotateWidthsBase::AnnotateWidthsBase;

  void runOnOperation() override {
    auto program = getMarkedProgram(getOperation(), axis);
    if (failed(program))
      return signalPassFailure();
    axes = program->axes;
    mesh = program->mesh;
    for (func::FuncOp function : program->functions) {
      parameters = getParameterValues(function);
      markSums(function);
    }
  }

  /// Marks sums of an activation with a parameter over a width that only parameters produce.
  void markSums(func::FuncOp function) {
    if (mesh.getNumRanks(axes) == 1)
      return;
    numFound = 0;
    for (Operation &op : function.front().without_terminator()) {
      RuledOp ruled(&op, mesh);
      if (!ruled)
        continue;
      for (unsigned slot = 0; slot < op.getNumOperands(); ++slot)
        for (unsigned dim = 0; dim < ruled.getSlotRank(slot); ++dim)
          markSum(ruled, slot, dim);
    }
    if (numFound == 0 && !isUsed(function))
      function.emitWarning()
          << "'" << function.getName() << "' has no width that only parameters "
          << "produce and a sum contracts, so no heads and hidden widths are split over '"
          << axis.str() << "'";
  }

  /// Whether something else is split over the axes.
  bool isUsed(func::FuncOp function) {
    auto uses = [&](Value value) {
      return llvm::any_of(axes, [&](StringAttr axis) { return isDecided(value, axis); });
    };
    return llvm::any_of(function.getArguments(), uses) ||
           llvm::any_of(function.front(),
                        [&](Operation &op) { return llvm::any_of(op.getResults(), uses); });
  }

  void markSum(const RuledOp &op, unsigned slot, unsigned dim) {
    auto value = dyn_cast<OpResult>(op.getValue(slot));
    int64_t factor = op.getLeading(slot, dim).factor;
    if (!value || parameters.contains(value) || factor < 0 || !op.canSplit(factor) ||
        op.getRule().getFactor(factor).getKind() != FactorKind::Sum || !hasParameter(op, factor))
      return;
    int64_t blockSize = FactorSearch(parameters, mesh, axes).findBlockSize(value, dim, op.getOp());
    int64_t size = op.getSlotSize(slot, dim);
    // A single block cannot be split.
    if (blockSize == 0 || blockSize >= size)
      return;
    ++numFound;
    numMarked += mark(value, axes, {dim, blockSize}, MarkPriority::Weights, "widths");
  }

  /// Whether a parameter has the factor too: its rows are then read only where they are needed.
  bool hasParameter(const RuledOp &op, int64_t factor) {
    for (unsigned slot = 0; slot < op.getOp()->getNumOperands(); ++slot)
      for (unsigned dim = 0; dim < op.getSlotRank(slot); ++dim)
        if (op.getLeading(slot, dim).factor == factor && parameters.contains(op.getValue(slot)))
          return true;
    return false;
  }

  MeshAttr mesh;
  SmallVector<StringAttr> axes;
  llvm::DenseSet<Value> parameters;
  unsigned numFound = 0;
};
} // namespace
