//===- BufferUtils.h - copies and layouts of buffers -----------------------*- C++ -*-===//
#ifndef DCHAG_LIB_SCHEDULE_BUFFERUTILS_H
#define DCHAG_LIB_SCHEDULE_BUFFERUTILS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::dchag {

/// target[i] = source[map(i)], map by default the identity.
void buildCopy(OpBuilder &b, Location loc, Value source, Value target, AffineMap map = {});

/// The type of a buffer without an offset: row major where the strides say so.
MemRefType getStridedType(ArrayRef<int64_t> shape, ArrayRef<int64_t> strides, Type element,
                          Attribute memorySpace = {});

} // namespace mlir::dchag

#endif // DCHAG_LIB_SCHEDULE_BUFFERUTILS_H
