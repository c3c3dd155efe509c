//===- Collectives.cpp - communication between ranks -----------------------*- C++ -*-===//

#include "dialects/dchag_rt/Destination.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::rt;

shard::ReductionKind mlir::dchag::rt::convertReduction(Reduction reduction) {
  switch (reduction) {
  case Reduction::Sum:
    return shard::ReductionKind::Sum;
  case Reduction::Max:
    return shard::ReductionKind::Max;
  case Reduction::Min:
    return shard::ReductionKind::Min;
  }
  llvm_unreachable("a reduction of the runtime");
}

/// Adds what all collectives do: they use the communicators in program order.
template <typename OpTy>
static void getCollectiveEffects(OpTy op, SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getDestinationEffects(op, /*readsInit=*/op.isInPlace(), effects);
  effects.emplace_back(MemoryEffects::Read::get(), CommunicatorResource::get());
  effects.emplace_back(MemoryEffects::Write::get(), CommunicatorResource::get());
}

static LogicalResult verifyCollective(DestinationStyleOpInterface op) {
  Type element = getElementTypeOrSelf(op.getDpsInits().front());
  for (Value operand : op->getOperands())
    if (getElementTypeOrSelf(operand) != element)
      return op->emitOpError("(G2) has element types ")
             << getElementTypeOrSelf(operand) << " and " << element << ": they must agree";
  if (!isa<FunctionOpInterface, StartOp>(op->getParentOp()))
    return op->emitOpError("(G3) stands inside '")
           << op->getParentOp()->getName()
           << "', so that ranks may disagree on whether they reach it: move it to the body of the "
              "function";
  return verifyDestination(op, "(G2)");
}

/// (G1): `wide` has the shape of `narrow` after a leading dimension.
static LogicalResult verifyShapes(Operation *op, Value wide, Value narrow) {
  auto wideShape = cast<ShapedType>(wide.getType()).getShape();
  auto narrowShape = cast<ShapedType>(narrow.getType()).getShape();
  if (!wideShape.empty() && wideShape.drop_front() == narrowShape)
    return success();
  return op->emitOpError("(G1) needs one shape after a leading dimension of all ranks: got ")
         << wide.getType() << " and " << narrow.getType();
}

void AllGatherOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getCollectiveEffects(*this, effects);
}
LogicalResult AllGatherOp::verify() {
  if (failed(verifyShapes(*this, getInit(), getSource())))
    return failure();
  return verifyCollective(*this);
}

void ReduceScatterOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getCollectiveEffects(*this, effects);
}
LogicalResult ReduceScatterOp::verify() {
  if (failed(verifyShapes(*this, getSource(), getInit())))
    return failure();
  return verifyCollective(*this);
}

void AllReduceOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getCollectiveEffects(*this, effects);
}
LogicalResult AllReduceOp::verify() { return verifyCollective(*this); }

void AllToAllOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getCollectiveEffects(*this, effects);
}
LogicalResult AllToAllOp::verify() {
  auto source = cast<ShapedType>(getSource().getType()).getShape();
  auto init = cast<ShapedType>(getInit().getType()).getShape();
  if (source.empty() || source != init)
    return emitOpError("(G1) needs one shape with a leading dimension of all ranks: got ")
           << getSource().getType() << " and " << getInit().getType();
  return verifyCollective(*this);
}
