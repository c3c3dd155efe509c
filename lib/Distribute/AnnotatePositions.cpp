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
/// All dimensions that run over positions: those of the queries of attentions and of the results of
/// aggregations, or those of tokens, and dimensions that share a parallel factor with them.
class Positions {
public:
  Positions(func::FuncOp function, MeshAttr mesh, bool ofTokens) : mesh(mesh), ofTokens(ofTokens) {
    function.walk([&](TokensOpInterface op) {
      TokenRole role = op.getTokenRole();
      bool isSource = ofTokens ? role == TokenRole::Tokenize
                               : role == TokenRole::Attend || role == TokenRole::Aggregate;
      if (!isSource)
        return;
      Value value = role == TokenRole::Attend ? op.getTokenOperand() : Value(op->getResult(0));
      if (std::optional<unsigned> dim = op.findTokenDim(value, TokenDim::Position))
        add(value, *dim);
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
  /// The block size of positions: elements that must stay together so that every op with this
  /// dimension can split. It is a row; with windows, whose size depends on the resolution, a row of
  /// windows.
  int64_t getBlockSize(int64_t size) const {
    return ofTokens ? std::max<int64_t>(blockSizes.lookup(size), 1) : blockSize;
  }

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
      // In images rows are the outer dimension: positions split by rows.
      if (getOpOnTokens(op, TokenRole::Rearrange) || getOpOnTokens(op, TokenRole::Tokenize))
        blockSize = std::lcm(blockSize, from.stride);
      if (ofTokens)
        together(ruled.getSlotSize(slot, dim), from.stride);
      for (unsigned other = 0; other < ruled.getNumSlots(); ++other)
        for (unsigned d = 0; d < ruled.getSlotRank(other); ++d)
          if (ruled.getLeading(other, d).factor == from.factor)
            add(ruled.getValue(other), d);
    }
  }

  void together(int64_t size, int64_t stride) {
    int64_t &old = blockSizes.try_emplace(size, 1).first->second;
    old = std::lcm(old, stride);
  }

  MeshAttr mesh;
  bool ofTokens;
  llvm::DenseMap<int64_t, int64_t> blockSizes;
  llvm::MapVector<Value, unsigned> dims;
  SmallVector<std::pair<Value, unsigned>> open;
  int64_t blockSize = 1;
};

struct AnnotatePositions : mlir::dchag::impl::AnnotatePositionsBase<AnnotatePositions> {
  using AnnotatePositionsBase::AnnotatePositionsBase;

  void runOnOperation() override {
    auto program = getMarkedProgram(getOperation(), axis);
    if (failed(program))
      return signalPassFailure();
    for (func::FuncOp function : program->functions) {
      bool found = markNorms(function, program->mesh, program->axes, /*ofTokens=*/false);
      // Attention inside of windows: rows of windows split if a rank has one sample. Windows of
      // several samples are one dimension, whose outer factor, the samples, would have to split
      // first.
      if (!found && hasOneSample(function, program->mesh))
        found = markNorms(function, program->mesh, program->axes, /*ofTokens=*/true);
      if (!found && program->mesh.getNumRanks(program->axes) > 1)
        function.emitWarning() << "'" << function.getName() << "' has no normalised tokens whose "
                               << "positions are those of all attentions, and no windows with one "
                               << "sample a rank, so nothing is split over '" << axis.str()
                               << "': all ranks along it compute the same";
    }
  }

  /// Marks operands and results of normalisations; returns whether there are any.
  bool markNorms(func::FuncOp function, MeshAttr mesh, ArrayRef<StringAttr> axes, bool ofTokens) {
    Positions positions(function, mesh, ofTokens);
    bool found = false;
    function.walk([&](TokensOpInterface op) {
      if (op.getTokenRole() != TokenRole::Normalize)
        return;
      for (Value value : {op.getTokenOperand(), Value(op->getResult(0))})
        if (std::optional<unsigned> dim = positions.getDim(value)) {
          int64_t size = cast<RankedTensorType>(value.getType()).getDimSize(*dim);
          int64_t blockSize = positions.getBlockSize(size);
          bool byRows = size / blockSize >= mesh.getNumRanks(axes);
          if (ofTokens && !byRows)
            continue;
          found = true;
          numMarked += mark(value, axes, {*dim, byRows ? blockSize : 1}, MarkPriority::Activations,
                            "positions");
        }
    });
    return found;
  }

  /// Whether a rank has one sample of the image that is tokenized first, according to the marks of
  /// inputs.
  static bool hasOneSample(func::FuncOp function, MeshAttr mesh) {
    int64_t batch = 0;
    function.walk([&](TokensOpInterface op) {
      if (op.getTokenRole() != TokenRole::Tokenize)
        return WalkResult::advance();
      batch = getTokenSize(op, TokenDim::Batch);
      return WalkResult::interrupt();
    });
    for (BlockArgument argument : function.getArguments()) {
      auto type = dyn_cast<RankedTensorType>(argument.getType());
      if (!type || type.getRank() == 0 || type.getDimSize(kSampleDim) != batch ||
          isParameter(argument))
        continue;
      for (MarkAttr mark : getMarks(argument))
        if (mark.getSharding().getLocalSize(kSampleDim, batch, mesh) == 1)
          return true;
    }
    return batch == 1;
  }
};
} // namespace
