//===- Views.cpp - buffers of the program ----------------------------------*- C++ -*-===//

#include "dialects/dchag_rt/Destination.h"

using namespace mlir;
using namespace mlir::dchag::rt;

Value ViewOp::getViewSource() { return getSource(); }

LogicalResult ViewOp::verify() {
  for (Type type : {getSource().getType(), getResult().getType()}) {
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(cast<MemRefType>(type).getStridesAndOffset(strides, offset)) || offset != 0 ||
        llvm::is_contained(strides, ShapedType::kDynamic))
      return emitOpError("(V1) needs static strides and no offset: got ") << type;
  }
  return success();
}

void CopyOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  getDestinationEffects(*this, /*readsInit=*/false, effects);
}

LogicalResult CopyOp::verify() {
  auto source = cast<ShapedType>(getSource().getType());
  auto init = cast<ShapedType>(getInit().getType());
  auto isContiguous = [](ShapedType type) {
    auto memref = dyn_cast<MemRefType>(type);
    return !memref || memref.getLayout().isIdentity();
  };
  if (source.getShape() != init.getShape() || source.getElementType() != init.getElementType() ||
      !isContiguous(source) || !isContiguous(init))
    return emitOpError("(C1) needs contiguous operands of one shape and element type: got ")
           << source << " and " << init;
  auto from = dyn_cast<MemRefType>(source), to = dyn_cast<MemRefType>(init);
  if (!from || !to || from.getMemorySpace() == to.getMemorySpace())
    return emitOpError("(C2) needs buffers of different memory spaces: got ")
           << source << " and " << init;
  return verifyDestination(*this, "(C2)");
}
