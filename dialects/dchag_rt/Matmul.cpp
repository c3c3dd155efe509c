//===- Matmul.cpp - matrix products by the runtime -------------------------*- C++ -*-===//

#include "dialects/dchag_rt/Destination.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::rt;

void rt::getDestinationEffects(DestinationStyleOpInterface op, bool readsInit,
                               SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    bool isInit = op.isDpsInit(&operand);
    if (!isInit || readsInit)
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
    if (isInit)
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
  }
}

LogicalResult rt::verifyDestination(DestinationStyleOpInterface op, StringRef label) {
  Type init = op.getDpsInits().front().getType();
  for (Value operand : op->getOperands())
    if (isa<MemRefType>(operand.getType()) != isa<MemRefType>(init))
      return op->emitOpError() << label << " mixes tensors and buffers: got " << operand.getType()
                               << " beside " << init;
  if (isa<MemRefType>(init))
    return op->getNumResults() == 0
               ? success()
               : op->emitOpError() << label << " writes a buffer and has no result: got one";
  if (op->getNumResults() != 1 || op->getResult(0).getType() != init)
    return op->emitOpError() << label << " must have one result of the type of its init, " << init;
  return success();
}

SmallVector<int64_t> MatmulOp::getLoopSizes() {
  SmallVector<int64_t> sizes(getInitMap().getNumDims(), 1);
  for (auto [index, operand] : llvm::enumerate(getOperands()))
    for (auto [position, size] : llvm::enumerate(cast<ShapedType>(operand.getType()).getShape()))
      sizes[getMap(index).getDimPosition(position)] = size;
  return sizes;
}

void MatmulOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getDestinationEffects(*this, getAccumulate(), effects);
}

/// (M1), of one operand; `sizes` collects the sizes of the dimensions, 0 where unknown.
static LogicalResult verifyMap(MatmulOp op, unsigned operand, SmallVectorImpl<int64_t> &sizes) {
  AffineMap map = op.getMap(operand);
  auto type = cast<ShapedType>(op->getOperand(operand).getType());
  if (!map.isProjectedPermutation() || map.getNumDims() != sizes.size() ||
      map.getNumResults() != type.getRank())
    return op.emitOpError("(M1) operand ")
           << operand << " of type " << type << " needs a projected permutation of " << sizes.size()
           << " dimensions with " << type.getRank() << " results: got " << AffineMapAttr::get(map);
  for (auto [position, size] : llvm::enumerate(type.getShape())) {
    int64_t &known = sizes[map.getDimPosition(position)];
    if (known && known != size)
      return op.emitOpError("(M1) dimension d")
             << map.getDimPosition(position) << " has size " << known << " and, in operand "
             << operand << ", size " << size;
    known = size;
  }
  return success();
}

LogicalResult MatmulOp::verify() {
  if (getIndexingMaps().size() != getNumOperands())
    return emitOpError("(M1) needs one indexing map for each of its ")
           << getNumOperands() << " operands: got " << getIndexingMaps().size();
  SmallVector<int64_t> sizes(getInitMap().getNumDims(), 0);
  for (unsigned operand = 0; operand < getNumOperands(); ++operand)
    if (failed(verifyMap(*this, operand, sizes)))
      return failure();
  for (unsigned dim = 0; dim < sizes.size(); ++dim) {
    auto has = [&](unsigned operand) { return getMap(operand).isFunctionOfDim(dim); };
    bool inInit = getInitMap().isFunctionOfDim(dim);
    if (inInit ? !(has(0) || has(1)) : !(has(0) && has(1)))
      return emitOpError("(M2) dimension d")
             << dim
             << (inInit ? " of the result is one of lhs or rhs"
                        : " is summed over, so it is one of both lhs and rhs")
             << ": got " << getIndexingMaps();
    if (getBias() && has(2) && !inInit)
      return emitOpError("(M2) the bias has dimension d") << dim << ", which is summed over";
  }
  Type element = getElementTypeOrSelf(getLhs());
  if (!isa<FloatType>(element) || getElementTypeOrSelf(getRhs()) != element)
    return emitOpError("(M3) needs one floating-point type of lhs and rhs: got ")
           << element << " and " << getElementTypeOrSelf(getRhs());
  for (Value value : {getBias(), getInit()})
    if (value && !isa<FloatType>(getElementTypeOrSelf(value)))
      return emitOpError("(M3) needs floating-point types of bias and init: got ")
             << getElementTypeOrSelf(value);
  return verifyDestination(*this, "(M4)");
}
