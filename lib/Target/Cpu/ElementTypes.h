//===- ElementTypes.h - numbers and vectors of them alike ------------------*- C++ -*-===//
#ifndef DCHAG_LIB_TARGET_CPU_ELEMENTTYPES_H
#define DCHAG_LIB_TARGET_CPU_ELEMENTTYPES_H

#include "mlir/Dialect/Arith/IR/Arith.h"

namespace mlir::dchag {

/// `type`, a number type or a shaped type of numbers, with another number type.
inline Type cloneWithElement(Type type, Type element) {
  auto shaped = dyn_cast<ShapedType>(type);
  return shaped ? shaped.clone(element) : element;
}

/// An integer as a constant of `type`, in all elements.
inline Value createInteger(OpBuilder &b, Location loc, Type type, int64_t value) {
  auto number = b.getIntegerAttr(getElementTypeOrSelf(type), value);
  if (auto shaped = dyn_cast<ShapedType>(type))
    return arith::ConstantOp::create(b, loc, SplatElementsAttr::get(shaped, number));
  return arith::ConstantOp::create(b, loc, number);
}

} // namespace mlir::dchag

#endif // DCHAG_LIB_TARGET_CPU_ELEMENTTYPES_H
