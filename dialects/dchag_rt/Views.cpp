//===- Views.cpp - buffers of the program ----------------------------------*- C++ -*-===//

#include "dialects/dchag_rt/Runtime.h"

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
