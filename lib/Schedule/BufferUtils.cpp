//===- BufferUtils.cpp - copies and layouts of buffers ---------------------*- C++ -*-===//

#include "BufferUtils.h"

using namespace mlir;
using namespace mlir::dchag;

void mlir::dchag::buildCopy(OpBuilder &b, Location loc, Value source, Value target, AffineMap map) {
  unsigned rank = cast<MemRefType>(target.getType()).getRank();
  AffineMap identity = b.getMultiDimIdentityMap(rank);
  SmallVector<AffineMap> maps = {map ? map : identity, identity};
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  linalg::GenericOp::create(b, loc, ValueRange(source), ValueRange(target), maps, iterators,
                            [](OpBuilder &nested, Location at, ValueRange args) {
                              linalg::YieldOp::create(nested, at, args[0]);
                            });
}

MemRefType mlir::dchag::getStridedType(ArrayRef<int64_t> shape, ArrayRef<int64_t> strides,
                                       Type element, Attribute memorySpace) {
  auto plain = MemRefType::get(shape, element, AffineMap(), memorySpace);
  SmallVector<int64_t> rowMajor;
  int64_t offset;
  if (succeeded(plain.getStridesAndOffset(rowMajor, offset)) && ArrayRef(rowMajor) == strides)
    return plain;
  return MemRefType::get(shape, element, StridedLayoutAttr::get(element.getContext(), 0, strides),
                         memorySpace);
}
