//===- Collectives.cpp - communication between ranks -----------------------*- C++ -*-===//

#include "dialects/dchag_rt/Destination.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::rt;

/// Adds what all collectives do: they use the communicators in program order.
static void getCollectiveEffects(DestinationStyleOpInterface op, bool readsInit,
                                 SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getDestinationEffects(op, readsInit, effects);
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

/// (G1): `wide` has the shape of `narrow` with the dimensions in `dims` multiplied.
static LogicalResult verifyShapes(Operation *op, Value wide, Value narrow, int64_t dim) {
  auto wideShape = cast<ShapedType>(wide.getType()).getShape();
  auto narrowShape = cast<ShapedType>(narrow.getType()).getShape();
  bool ok = wideShape.size() == narrowShape.size() && dim < int64_t(wideShape.size());
  for (size_t i = 0; ok && i < wideShape.size(); ++i)
    ok = int64_t(i) == dim ? narrowShape[i] > 0 && wideShape[i] % narrowShape[i] == 0
                           : wideShape[i] == narrowShape[i];
  if (ok)
    return success();
  return op->emitOpError("(G1) needs shapes that agree but for a multiple in dimension ")
         << dim << ": got " << wide.getType() << " and " << narrow.getType();
}

void AllGatherOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getCollectiveEffects(*this, /*readsInit=*/false, effects);
}
LogicalResult AllGatherOp::verify() {
  if (failed(verifyShapes(*this, getInit(), getSource(), getDim())))
    return failure();
  return verifyCollective(*this);
}

void ReduceScatterOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getCollectiveEffects(*this, /*readsInit=*/false, effects);
}
LogicalResult ReduceScatterOp::verify() {
  if (failed(verifyShapes(*this, getSource(), getInit(), getDim())))
    return failure();
  return verifyCollective(*this);
}

void AllReduceOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getCollectiveEffects(*this, /*readsInit=*/true, effects);
}
LogicalResult AllReduceOp::verify() { return verifyCollective(*this); }

void AllToAllOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getCollectiveEffects(*this, /*readsInit=*/false, effects);
}
LogicalResult AllToAllOp::verify() {
  auto source = cast<ShapedType>(getSource().getType()).getShape();
  auto init = cast<ShapedType>(getInit().getType()).getShape();
  int64_t split = getSplit(), concat = getConcat(), rank = source.size();
  bool ok = init.size() == source.size() && split != concat && split < rank && concat < rank;
  for (int64_t i = 0; ok && i < rank; ++i)
    ok = i == split || i == concat || source[i] == init[i];
  ok = ok && init[split] > 0 && source[concat] > 0 && source[split] % init[split] == 0 &&
       init[concat] % source[concat] == 0 &&
       source[split] / init[split] == init[concat] / source[concat];
  if (!ok)
    return emitOpError("(G1) needs dimension ")
           << split << " divided and dimension " << concat << " multiplied by one number: got "
           << getSource().getType() << " and " << getInit().getType();
  return verifyCollective(*this);
}
