//===- NodeOps.cpp - ops that only operators of ONNX are made of ------*- C++ -*-===//

#include "NodeBuilder.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

LogicalResult NodeBuilder::broadcastTogether(MutableArrayRef<Value> values) {
  SmallVector<int64_t> shape(shapeOf(values.front()));
  for (Value value : values.drop_front()) {
    auto common = broadcastShapes(shape, shapeOf(value));
    if (!common)
      return fail("shapes " + printShape(shape) + " and " + printShape(shapeOf(value)) +
                  " do not broadcast to a common shape");
    shape = *common;
  }
  if (!countElements(shape))
    return fail("the operands broadcast to the shape " + printShape(shape) +
                ", which no device can hold");
  for (Value &value : values)
    value = broadcastTo(value, shape);
  return success();
}

Value NodeBuilder::gather(Value value, int64_t dim, ArrayRef<int64_t> indexShape,
                          ArrayRef<int64_t> indices) {
  SmallVector<int64_t> shape(shapeOf(value));
  shape.erase(shape.begin() + dim);
  shape.insert(shape.begin() + dim, indexShape.begin(), indexShape.end());
  Value index = constantInts(indexShape, b.getI64Type(), indices);
  return GatherOp::create(b, loc, RankedTensorType::get(shape, elementTypeOf(value)), value, index,
                          dim, /*batch=*/0);
}

Value NodeBuilder::convert(Value value, Type to, bool fromUnsigned, bool toUnsigned) {
  Type from = elementTypeOf(value);
  if (from == to)
    return value;
  auto type = tensorType(value).clone(to);
  if (to.isInteger(1)) {
    Value zero = splat(tensorType(value), 0);
    if (isa<FloatType>(from))
      return arith::CmpFOp::create(b, loc, arith::CmpFPredicate::UNE, value, zero);
    return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, value, zero);
  }
  fromUnsigned |= from.isInteger(1);
  unsigned fromWidth = from.getIntOrFloatBitWidth(), toWidth = to.getIntOrFloatBitWidth();
  if (isa<FloatType>(from) && isa<FloatType>(to)) {
    // Between f16 and bf16 there is no direct conversion.
    if (fromWidth == toWidth)
      value = arith::ExtFOp::create(b, loc, type.clone(b.getF32Type()), value), fromWidth = 32;
    if (fromWidth < toWidth)
      return arith::ExtFOp::create(b, loc, type, value);
    return arith::TruncFOp::create(b, loc, type, value);
  }
  if (isa<FloatType>(from)) {
    if (toUnsigned)
      return arith::FPToUIOp::create(b, loc, type, value);
    return arith::FPToSIOp::create(b, loc, type, value);
  }
  if (isa<FloatType>(to)) {
    if (fromUnsigned)
      return arith::UIToFPOp::create(b, loc, type, value);
    return arith::SIToFPOp::create(b, loc, type, value);
  }
  if (fromWidth > toWidth)
    return arith::TruncIOp::create(b, loc, type, value);
  if (fromUnsigned)
    return arith::ExtUIOp::create(b, loc, type, value);
  return arith::ExtSIOp::create(b, loc, type, value);
}
