//===- Shard.cpp - evaluation of shard ops that exchange nothing -----------*- C++ -*-===//

#include "dialects/interfaces/Collective.h"
#include "dialects/interfaces/EvalCopy.h"
#include "dialects/interfaces/models/Elementwise.h"
#include "dialects/interfaces/models/Models.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::models;

static EvalTensor makeIndex(MLIRContext *context, int64_t value) {
  EvalTensor result(ArrayRef<int64_t>(), IndexType::get(context));
  result.mutableInts()[0] = value;
  return result;
}

namespace {
struct LinearIndex
    : SpmdEvaluableOpInterface::ExternalModel<LinearIndex, shard::ProcessLinearIndexOp> {
  LogicalResult evaluateOnRank(Operation *op, const GridPosition &position, ArrayRef<EvalTensor>,
                               SmallVectorImpl<EvalTensor> &results) const {
    results.push_back(makeIndex(op->getContext(), position.rank));
    return success();
  }
  FlatSymbolRefAttr getGridSymbol(Operation *op) const {
    return cast<shard::ProcessLinearIndexOp>(op).getGridAttr();
  }
};

struct MultiIndex
    : SpmdEvaluableOpInterface::ExternalModel<MultiIndex, shard::ProcessMultiIndexOp> {
  LogicalResult evaluateOnRank(Operation *op, const GridPosition &position, ArrayRef<EvalTensor>,
                               SmallVectorImpl<EvalTensor> &results) const {
    ArrayRef<int16_t> axes = cast<shard::ProcessMultiIndexOp>(op).getAxes();
    if (axes.empty()) {
      for (size_t axis = 0; axis < position.shape.size(); ++axis)
        results.push_back(makeIndex(op->getContext(), position.getIndex(axis)));
      return success();
    }
    for (int16_t axis : axes)
      results.push_back(makeIndex(op->getContext(), position.getIndex(axis)));
    return success();
  }
  std::optional<SmallVector<int32_t>> getDependentAxes(Operation *op, MeshAttr) const {
    ArrayRef<int16_t> axes = cast<shard::ProcessMultiIndexOp>(op).getAxes();
    if (axes.empty())
      return std::nullopt;
    return llvm::to_vector_of<int32_t>(axes);
  }
  FlatSymbolRefAttr getGridSymbol(Operation *op) const {
    return cast<shard::ProcessMultiIndexOp>(op).getGridAttr();
  }
};

/// The part of this rank of a dimension cut in equal parts.
struct AllSlice : SpmdEvaluableOpInterface::ExternalModel<AllSlice, shard::AllSliceOp> {
  LogicalResult evaluateOnRank(Operation *op, const GridPosition &position,
                               ArrayRef<EvalTensor> operands,
                               SmallVectorImpl<EvalTensor> &results) const {
    auto slice = cast<CollectiveOpInterface>(op);
    EvalTensor result = makeResult(op);
    unsigned dim = *slice.getCutDim();
    SmallVector<int64_t> offsets(result.getRank(), 0);
    offsets[dim] = position.getIndexInGroup(slice.getMeshAxes()) * result.getDim(dim);
    if (offsets[dim] + result.getDim(dim) > operands[0].getDim(dim))
      return op->emitOpError("slices beyond dimension ") << dim << " of its operand";
    copyElements(result.getShape(), result, viewOf(result), operands[0],
                 viewOf(operands[0], offsets));
    results.push_back(std::move(result));
    return success();
  }
  std::optional<SmallVector<int32_t>> getDependentAxes(Operation *op, MeshAttr) const {
    return cast<CollectiveOpInterface>(op).getMeshAxes();
  }
  FlatSymbolRefAttr getGridSymbol(Operation *op) const {
    return cast<CollectiveOpInterface>(op).getGridSymbol();
  }
};
} // namespace

void mlir::dchag::registerShardEvaluation(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, shard::ShardDialect *) {
    attach<LinearIndex, MultiIndex, AllSlice>(context);
  });
}
