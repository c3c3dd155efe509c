//===- Padding.cpp - what lies behind the end of a part --------------------*- C++ -*-===//

#include "Padding.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::dchag;

bool mlir::dchag::isPadded(Value value, unsigned dim, MeshAttr mesh) {
  int64_t size = cast<RankedTensorType>(value.getType()).getDimSize(dim);
  return getValueSharding(value).isPadded(dim, size, mesh);
}

static bool hasPadding(Value value, MeshAttr mesh) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  for (unsigned dim = 0; type && dim < type.getRank(); ++dim)
    if (isPadded(value, dim, mesh))
      return true;
  return false;
}

bool PaddingAnalysis::isZero(Value value) {
  auto found = known.find(value);
  if (found != known.end())
    return found->second;
  bool zero = !hasPadding(value, mesh) || compute(value);
  known[value] = zero;
  return zero;
}

bool PaddingAnalysis::compute(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value))
    return isParameter(argument);
  // A part of a softmax is multiplied by the exponential of a difference of maxima.
  if (auto reshard = value.getDefiningOp<ReshardOp>())
    return !reshard.combinesSoftmax() && isZero(reshard.getInput());
  return isLinearInZeros(cast<OpResult>(value));
}

/// What a result starts as: nothing that is read, or 0.
static bool isNeutral(Value init) {
  if (auto fill = init.getDefiningOp<linalg::FillOp>())
    return matchPattern(fill.getInputs()[0], m_AnyZeroFloat()) ||
           matchPattern(fill.getInputs()[0], m_Zero());
  return init.getDefiningOp<tensor::EmptyOp>() != nullptr;
}

bool PaddingAnalysis::isLinearInZeros(OpResult result) {
  Operation *op = result.getOwner();
  RuledOp ruled(op, mesh);
  if (!ruled || !ruled.getRule().getLinear())
    return false;
  // Along a factor that an operand lacks it is repeated, so that padding holds elements.
  auto isZeroAlong = [&](unsigned operand, int64_t factor) {
    for (unsigned dim = 0; dim < ruled.getSlotRank(operand); ++dim)
      if (ruled.getLeading(operand, dim).factor == factor)
        return true;
    return false;
  };
  SmallVector<int64_t> padded;
  unsigned slot = op->getNumOperands() + result.getResultNumber();
  for (unsigned dim = 0; dim < ruled.getSlotRank(slot); ++dim)
    if (isPadded(result, dim, mesh))
      padded.push_back(ruled.getLeading(slot, dim).factor);
  auto dps = dyn_cast<DestinationStyleOpInterface>(op);
  for (auto set : ruled.getRule().getLinear().getAsRange<DenseI64ArrayAttr>()) {
    bool holds = true;
    for (OpOperand &operand : op->getOpOperands()) {
      int64_t index = operand.getOperandNumber();
      if (!llvm::is_contained(set.asArrayRef(), index))
        holds &= dps && dps.isDpsInit(&operand) && isNeutral(operand.get());
      else
        holds &= isZero(operand.get()) &&
                 llvm::all_of(padded, [&](int64_t factor) { return isZeroAlong(index, factor); });
    }
    if (holds)
      return true;
  }
  return false;
}
