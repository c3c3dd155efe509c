//===- Collectives.cpp - what ranks compute together -----------------------*- C++ -*-===//
//
// The collectives of the shard dialect: what passes ask about them, and their evaluation.
//
//===----------------------------------------------------------------------===//

#include "dialects/interfaces/Collective.h"
#include "dialects/interfaces/EvalCopy.h"
#include "dialects/interfaces/EvalMath.h"
#include "dialects/interfaces/models/Elementwise.h"
#include "dialects/interfaces/models/Models.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::models;
using shard::ReductionKind;

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

static bool canReduce(ReductionKind kind, bool isFloat) {
  switch (kind) {
  case ReductionKind::Sum:
  case ReductionKind::Max:
  case ReductionKind::Min:
  case ReductionKind::Product:
    return true;
  case ReductionKind::Average:
    return isFloat;
  case ReductionKind::BitwiseAnd:
  case ReductionKind::BitwiseOr:
  case ReductionKind::BitwiseXor:
    return !isFloat;
  case ReductionKind::Generic:
    return false;
  }
  return false;
}

static double combine(ReductionKind kind, double a, double b) {
  switch (kind) {
  case ReductionKind::Max:
    return maxOrNaN(a, b);
  case ReductionKind::Min:
    return minOrNaN(a, b);
  case ReductionKind::Product:
    return a * b;
  default:
    return a + b;
  }
}

static int64_t combine(ReductionKind kind, int64_t a, int64_t b) {
  uint64_t left = static_cast<uint64_t>(a), right = static_cast<uint64_t>(b);
  switch (kind) {
  case ReductionKind::Max:
    return std::max(a, b);
  case ReductionKind::Min:
    return std::min(a, b);
  case ReductionKind::Product:
    return static_cast<int64_t>(left * right);
  case ReductionKind::BitwiseAnd:
    return a & b;
  case ReductionKind::BitwiseOr:
    return a | b;
  case ReductionKind::BitwiseXor:
    return a ^ b;
  default:
    return static_cast<int64_t>(left + right);
  }
}

/// The operands of all ranks combined element by element, in the order of the group.
static FailureOr<EvalTensor> reduce(Operation *op, ReductionKind kind,
                                    ArrayRef<SmallVector<EvalTensor>> operands) {
  EvalTensor result = operands[0][0];
  if (!canReduce(kind, result.isFloat()))
    return op->emitOpError("cannot combine ")
           << result.getElementType() << " by '" << stringifyReductionKind(kind)
           << "': use sum, product, max or min";
  int64_t count = result.getNumElements();
  for (const SmallVector<EvalTensor> &other : operands.drop_front()) {
    if (result.isFloat()) {
      double *to = result.mutableFloats();
      for (int64_t i = 0; i < count; ++i)
        to[i] = combine(kind, to[i], other[0].floats()[i]);
    } else {
      int64_t *to = result.mutableInts();
      for (int64_t i = 0; i < count; ++i)
        to[i] = combine(kind, to[i], other[0].ints()[i]);
    }
  }
  if (kind == ReductionKind::Average)
    for (int64_t i = 0; i < count; ++i)
      result.mutableFloats()[i] /= static_cast<double>(operands.size());
  return result;
}

//===----------------------------------------------------------------------===//
// Moves
//===----------------------------------------------------------------------===//

/// Part `part` of `parts` equal ones of dimension `dim`.
static EvalTensor takePart(const EvalTensor &tensor, unsigned dim, int64_t part, int64_t parts) {
  SmallVector<int64_t> shape(tensor.getShape()), offsets(tensor.getRank(), 0);
  shape[dim] /= parts;
  offsets[dim] = part * shape[dim];
  EvalTensor result(shape, tensor.getElementType());
  copyElements(shape, result, viewOf(result), tensor, viewOf(tensor, offsets));
  return result;
}

static EvalTensor concat(ArrayRef<EvalTensor> parts, unsigned dim) {
  SmallVector<int64_t> shape(parts[0].getShape()), offsets(parts[0].getRank(), 0);
  shape[dim] *= parts.size();
  EvalTensor result(shape, parts[0].getElementType());
  for (const EvalTensor &part : parts) {
    copyElements(part.getShape(), result, viewOf(result, offsets), part, viewOf(part));
    offsets[dim] += part.getDim(dim);
  }
  return result;
}

static LogicalResult checkDivides(Operation *op, const EvalTensor &tensor, unsigned dim,
                                  size_t parts) {
  if (tensor.getDim(dim) % parts == 0)
    return success();
  return op->emitOpError("splits dimension ")
         << dim << " of " << tensor.getDim(dim) << " elements over " << parts
         << " ranks: wanted a multiple";
}

//===----------------------------------------------------------------------===//
// Models
//===----------------------------------------------------------------------===//

using Operands = ArrayRef<SmallVector<EvalTensor>>;
using Results = SmallVectorImpl<EvalTensor>;

namespace {
/// Methods that are the same for all collectives.
template <typename Model, typename OpTy>
struct CollectiveModel : CollectiveOpInterface::ExternalModel<Model, OpTy> {
  SmallVector<int32_t> getMeshAxes(Operation *op) const {
    return llvm::to_vector_of<int32_t>(cast<OpTy>(op).getGridAxes());
  }
  FlatSymbolRefAttr getGridSymbol(Operation *op) const { return cast<OpTy>(op).getGridAttr(); }
};

struct AllGather : CollectiveModel<AllGather, shard::AllGatherOp> {
  CollectiveKind getCollectiveKind(Operation *) const { return CollectiveKind::AllGather; }
  std::optional<unsigned> getJoinedDim(Operation *op) const {
    return cast<shard::AllGatherOp>(op).getGatherAxis().getZExtValue();
  }
  LogicalResult evaluateOnGroup(Operation *op, ArrayRef<int64_t>, Operands operands,
                                Results &outputs) const {
    SmallVector<EvalTensor> parts;
    for (const SmallVector<EvalTensor> &operand : operands)
      parts.push_back(operand[0]);
    outputs.assign(operands.size(), concat(parts, *getJoinedDim(op)));
    return success();
  }
};

struct AllReduce : CollectiveModel<AllReduce, shard::AllReduceOp> {
  CollectiveKind getCollectiveKind(Operation *) const { return CollectiveKind::AllReduce; }
  std::optional<ReductionKind> getReductionKind(Operation *op) const {
    return cast<shard::AllReduceOp>(op).getReduction();
  }
  LogicalResult evaluateOnGroup(Operation *op, ArrayRef<int64_t>, Operands operands,
                                Results &outputs) const {
    FailureOr<EvalTensor> result = reduce(op, *getReductionKind(op), operands);
    if (succeeded(result))
      outputs.assign(operands.size(), *result);
    return result;
  }
};

struct ReduceScatter : CollectiveModel<ReduceScatter, shard::ReduceScatterOp> {
  CollectiveKind getCollectiveKind(Operation *) const { return CollectiveKind::ReduceScatter; }
  std::optional<unsigned> getCutDim(Operation *op) const {
    return cast<shard::ReduceScatterOp>(op).getScatterAxis().getZExtValue();
  }
  std::optional<ReductionKind> getReductionKind(Operation *op) const {
    return cast<shard::ReduceScatterOp>(op).getReduction();
  }
  LogicalResult evaluateOnGroup(Operation *op, ArrayRef<int64_t>, Operands operands,
                                Results &outputs) const {
    unsigned dim = *getCutDim(op);
    FailureOr<EvalTensor> sum = reduce(op, *getReductionKind(op), operands);
    if (failed(sum) || failed(checkDivides(op, *sum, dim, operands.size())))
      return failure();
    for (size_t i = 0; i < operands.size(); ++i)
      outputs.push_back(takePart(*sum, dim, i, operands.size()));
    return success();
  }
};

struct AllToAll : CollectiveModel<AllToAll, shard::AllToAllOp> {
  CollectiveKind getCollectiveKind(Operation *) const { return CollectiveKind::AllToAll; }
  std::optional<unsigned> getCutDim(Operation *op) const {
    return cast<shard::AllToAllOp>(op).getSplitAxis().getZExtValue();
  }
  std::optional<unsigned> getJoinedDim(Operation *op) const {
    return cast<shard::AllToAllOp>(op).getConcatAxis().getZExtValue();
  }
  LogicalResult evaluateOnGroup(Operation *op, ArrayRef<int64_t>, Operands operands,
                                Results &outputs) const {
    unsigned cut = *getCutDim(op);
    if (failed(checkDivides(op, operands[0][0], cut, operands.size())))
      return failure();
    for (size_t to = 0; to < operands.size(); ++to) {
      SmallVector<EvalTensor> parts;
      for (const SmallVector<EvalTensor> &from : operands)
        parts.push_back(takePart(from[0], cut, to, operands.size()));
      outputs.push_back(concat(parts, *getJoinedDim(op)));
    }
    return success();
  }
};

/// Evaluated on each rank alone: models/Shard.cpp.
struct AllSlice : CollectiveModel<AllSlice, shard::AllSliceOp> {
  CollectiveKind getCollectiveKind(Operation *) const { return CollectiveKind::AllSlice; }
  std::optional<unsigned> getCutDim(Operation *op) const {
    return cast<shard::AllSliceOp>(op).getSliceAxis().getZExtValue();
  }
};

struct Broadcast : CollectiveModel<Broadcast, shard::BroadcastOp> {
  CollectiveKind getCollectiveKind(Operation *) const { return CollectiveKind::Other; }
  bool isOutputReplicated(Operation *) const { return true; }
  LogicalResult evaluateOnGroup(Operation *op, ArrayRef<int64_t> groupShape, Operands operands,
                                Results &outputs) const {
    auto broadcast = cast<shard::BroadcastOp>(op);
    if (!broadcast.getRootDynamic().empty() || broadcast.getRoot().size() != groupShape.size())
      return op->emitOpError("must have a static root with an index for each of its grid axes");
    int64_t root = 0;
    for (auto [index, size] : llvm::zip_equal(broadcast.getRoot(), groupShape)) {
      if (index < 0 || index >= size)
        return op->emitOpError("has the root index ")
               << index << " on an axis of " << size << " ranks";
      root = root * size + index;
    }
    outputs.assign(operands.size(), operands[root][0]);
    return success();
  }
};

/// Rank i gets the value of rank i - offset along the axis; without such a rank the result is
/// poison.
struct Shift : CollectiveModel<Shift, shard::ShiftOp> {
  CollectiveKind getCollectiveKind(Operation *) const { return CollectiveKind::Other; }
  unsigned getNumRounds(Operation *, int64_t) const { return 1; }
  LogicalResult evaluateOnGroup(Operation *op, ArrayRef<int64_t> groupShape, Operands operands,
                                Results &outputs) const {
    auto shift = cast<shard::ShiftOp>(op);
    const auto *axis = llvm::find(shift.getGridAxes(), shift.getShiftAxis().getSExtValue());
    if (axis == shift.getGridAxes().end())
      return op->emitOpError("must shift along one of its grid axes");
    size_t position = axis - shift.getGridAxes().begin();
    int64_t size = groupShape[position], stride = 1;
    for (int64_t other : groupShape.drop_front(position + 1))
      stride *= other;
    for (int64_t i = 0, e = operands.size(); i < e; ++i) {
      int64_t index = i / stride % size, from = index - shift.getOffset();
      if (shift.getRotate())
        from = (from % size + size) % size;
      EvalTensor result = operands[i][0];
      if (from < 0 || from >= size)
        fillWithPoison(result);
      else
        result = operands[i + (from - index) * stride][0];
      outputs.push_back(std::move(result));
    }
    return success();
  }
};
} // namespace

void mlir::dchag::registerShardCollectives(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, shard::ShardDialect *) {
    attach<AllGather, AllReduce, ReduceScatter, AllToAll, AllSlice, Broadcast, Shift>(context);
  });
}
