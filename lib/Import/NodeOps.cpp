//===- NodeOps.cpp - ops of the closed set that operators are made of ------*- C++ -*-===//

#include "NodeBuilder.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SmallVectorExtras.h"

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::onnx;

namespace {

TypedAttr getNumber(Type type, double value) {
  if (auto floatType = dyn_cast<FloatType>(type))
    return FloatAttr::get(floatType, value);
  return IntegerAttr::get(type, APInt(type.getIntOrFloatBitWidth(), static_cast<int64_t>(value),
                                      /*isSigned=*/true, /*implicitTrunc=*/true));
}

SmallVector<OpFoldResult> getFoldResults(OpBuilder &b, ArrayRef<int64_t> values) {
  return getAsIndexOpFoldResult(b.getContext(), values);
}

/// Groups of equal products: dimensions [lhsBegin, lhsEnd) of one shape hold the same
/// elements as [rhsBegin, rhsEnd) of the other.
struct ReshapeGroup {
  unsigned lhsBegin, lhsEnd, rhsBegin, rhsEnd;
};

SmallVector<ReshapeGroup> groupDims(ArrayRef<int64_t> lhs, ArrayRef<int64_t> rhs) {
  // A shape without elements has no unique grouping.
  if (llvm::is_contained(lhs, 0) || llvm::is_contained(rhs, 0))
    return {{0, unsigned(lhs.size()), 0, unsigned(rhs.size())}};
  SmallVector<ReshapeGroup> groups;
  unsigned i = 0, j = 0;
  while (i < lhs.size() && j < rhs.size()) {
    ReshapeGroup group{i, i + 1, j, j + 1};
    int64_t left = lhs[i], right = rhs[j];
    while (left != right) {
      if (left < right)
        left *= lhs[group.lhsEnd++];
      else
        right *= rhs[group.rhsEnd++];
    }
    i = group.lhsEnd;
    j = group.rhsEnd;
    groups.push_back(group);
  }
  // What is left has size 1.
  if (groups.empty())
    return {{0, unsigned(lhs.size()), 0, unsigned(rhs.size())}};
  groups.back().lhsEnd = lhs.size();
  groups.back().rhsEnd = rhs.size();
  return groups;
}

int64_t product(ArrayRef<int64_t> dims) {
  int64_t result = 1;
  for (int64_t dim : dims)
    result *= dim;
  return result;
}

SmallVector<ReassociationIndices>
makeReassociation(ArrayRef<std::pair<unsigned, unsigned>> ranges) {
  SmallVector<ReassociationIndices> result;
  for (auto [begin, end] : ranges) {
    ReassociationIndices &group = result.emplace_back();
    for (unsigned dim = begin; dim < end; ++dim)
      group.push_back(dim);
  }
  return result;
}

} // namespace

Value NodeBuilder::splat(RankedTensorType type, double value) {
  TypedAttr number = getNumber(type.getElementType(), value);
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, number));
}

Value NodeBuilder::constantInts(ArrayRef<int64_t> shape, Type elementType,
                                ArrayRef<int64_t> values) {
  SmallVector<APInt> elements;
  for (int64_t value : values)
    elements.push_back(APInt(elementType.getIntOrFloatBitWidth(), value, /*isSigned=*/true,
                             /*implicitTrunc=*/true));
  auto type = RankedTensorType::get(shape, elementType);
  return arith::ConstantOp::create(b, loc, DenseElementsAttr::get(type, elements));
}

Value NodeBuilder::empty(ArrayRef<int64_t> shape, Type elementType) {
  return tensor::EmptyOp::create(b, loc, shape, elementType);
}

Value NodeBuilder::filled(ArrayRef<int64_t> shape, TypedAttr value) {
  Value scalar = arith::ConstantOp::create(b, loc, value);
  return linalg::FillOp::create(b, loc, scalar, empty(shape, value.getType())).getResult(0);
}

Value NodeBuilder::reshape(Value value, ArrayRef<int64_t> shape) {
  ArrayRef<int64_t> from = onnx::getShape(value);
  Type elementType = onnx::getElementType(value);
  if (from == shape)
    return value;
  SmallVector<ReshapeGroup> groups = groupDims(from, shape);
  // Through a shape that both sides expand to or collapse from: a group of several
  // dimensions on both sides becomes one dimension in between.
  SmallVector<int64_t> middle;
  SmallVector<std::pair<unsigned, unsigned>> collapse, expand;
  bool scalarTarget = shape.empty(), scalarSource = from.empty();
  for (const ReshapeGroup &group : groups) {
    ArrayRef<int64_t> source = from.slice(group.lhsBegin, group.lhsEnd - group.lhsBegin);
    middle.push_back(product(source));
    collapse.push_back({group.lhsBegin, group.lhsEnd});
    expand.push_back({group.rhsBegin, group.rhsEnd});
  }
  if (scalarTarget || scalarSource)
    middle.clear(), collapse.clear(), expand.clear();
  if (ArrayRef<int64_t>(middle) != from)
    value = tensor::CollapseShapeOp::create(b, loc, RankedTensorType::get(middle, elementType),
                                            value, makeReassociation(collapse));
  if (ArrayRef<int64_t>(middle) != shape)
    value = tensor::ExpandShapeOp::create(b, loc, RankedTensorType::get(shape, elementType), value,
                                          makeReassociation(expand));
  return value;
}

Value NodeBuilder::transpose(Value value, ArrayRef<int64_t> permutation) {
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())))
    return value;
  SmallVector<int64_t> shape;
  for (int64_t dim : permutation)
    shape.push_back(onnx::getShape(value)[dim]);
  Value init = empty(shape, onnx::getElementType(value));
  return linalg::TransposeOp::create(b, loc, value, init, permutation)->getResult(0);
}

Value NodeBuilder::broadcastTo(Value value, ArrayRef<int64_t> shape) {
  ArrayRef<int64_t> from = onnx::getShape(value);
  if (from == shape)
    return value;
  Type elementType = onnx::getElementType(value);
  auto type = RankedTensorType::get(shape, elementType);
  SplatElementsAttr splatAttr;
  if (matchPattern(value, m_Constant(&splatAttr)))
    return arith::ConstantOp::create(b, loc, splatAttr.resizeSplat(type));

  size_t shift = shape.size() - from.size();
  SmallVector<int64_t> added, kept;
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    if (dim < shift || from[dim - shift] != shape[dim])
      added.push_back(dim);
    else
      kept.push_back(shape[dim]);
  }
  value = reshape(value, kept);
  if (added.empty())
    return value;
  return linalg::BroadcastOp::create(b, loc, value, empty(shape, elementType), added)->getResult(0);
}

LogicalResult NodeBuilder::broadcastTogether(MutableArrayRef<Value> values) {
  SmallVector<int64_t> shape(onnx::getShape(values.front()));
  for (Value value : values.drop_front()) {
    auto common = broadcastShapes(shape, onnx::getShape(value));
    if (!common)
      return fail("shapes " + printShape(shape) + " and " + printShape(onnx::getShape(value)) +
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

Value NodeBuilder::slice(Value value, ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes,
                         ArrayRef<int64_t> strides) {
  SmallVector<int64_t> ones(offsets.size(), 1);
  if (strides.empty())
    strides = ones;
  bool isWhole = sizes == onnx::getShape(value) &&
                 llvm::all_of(offsets, [](int64_t offset) { return offset == 0; });
  if (isWhole && llvm::all_of(strides, [](int64_t stride) { return stride == 1; }))
    return value;
  // Nothing lies nowhere: its offset may be behind the last element.
  if (llvm::is_contained(sizes, 0))
    return empty(sizes, onnx::getElementType(value));
  return tensor::ExtractSliceOp::create(b, loc, value, getFoldResults(b, offsets),
                                        getFoldResults(b, sizes), getFoldResults(b, strides));
}

Value NodeBuilder::slice(Value value, int64_t dim, int64_t offset, int64_t size) {
  SmallVector<int64_t> offsets(onnx::getShape(value).size(), 0), sizes(onnx::getShape(value));
  offsets[dim] = offset;
  sizes[dim] = size;
  return slice(value, offsets, sizes);
}

Value NodeBuilder::gather(Value value, int64_t dim, ArrayRef<int64_t> indexShape,
                          ArrayRef<int64_t> indices) {
  SmallVector<int64_t> shape(onnx::getShape(value));
  shape.erase(shape.begin() + dim);
  shape.insert(shape.begin() + dim, indexShape.begin(), indexShape.end());
  Value index = constantInts(indexShape, b.getI64Type(), indices);
  return GatherOp::create(b, loc, RankedTensorType::get(shape, onnx::getElementType(value)), value,
                          index, dim, /*batch=*/0);
}

Value NodeBuilder::concat(ValueRange values, int64_t dim) {
  SmallVector<Value> parts =
      llvm::filter_to_vector(values, [&](Value part) { return onnx::getShape(part)[dim] != 0; });
  if (parts.size() <= 1)
    return parts.empty() ? values.front() : parts.front();
  return tensor::ConcatOp::create(b, loc, dim, parts);
}

Value NodeBuilder::padConstant(Value value, ArrayRef<int64_t> low, ArrayRef<int64_t> high,
                               double fill) {
  auto isZero = [](int64_t pad) { return pad == 0; };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return value;
  Value scalar = arith::ConstantOp::create(b, loc, getNumber(onnx::getElementType(value), fill));
  return tensor::PadOp::create(b, loc, Type(), value, getFoldResults(b, low),
                               getFoldResults(b, high), scalar);
}

Value NodeBuilder::add(Value lhs, Value rhs) {
  if (onnx::isFloat(lhs))
    return arith::AddFOp::create(b, loc, lhs, rhs);
  return arith::AddIOp::create(b, loc, lhs, rhs);
}

Value NodeBuilder::sub(Value lhs, Value rhs) {
  if (onnx::isFloat(lhs))
    return arith::SubFOp::create(b, loc, lhs, rhs);
  return arith::SubIOp::create(b, loc, lhs, rhs);
}

Value NodeBuilder::mul(Value lhs, Value rhs) {
  if (onnx::isFloat(lhs))
    return arith::MulFOp::create(b, loc, lhs, rhs);
  return arith::MulIOp::create(b, loc, lhs, rhs);
}

Value NodeBuilder::div(Value lhs, Value rhs, bool isUnsigned) {
  if (onnx::isFloat(lhs))
    return arith::DivFOp::create(b, loc, lhs, rhs);
  if (isUnsigned)
    return arith::DivUIOp::create(b, loc, lhs, rhs);
  return arith::DivSIOp::create(b, loc, lhs, rhs);
}

Value NodeBuilder::max(Value lhs, Value rhs, bool isUnsigned) {
  if (onnx::isFloat(lhs))
    return arith::MaximumFOp::create(b, loc, lhs, rhs);
  if (isUnsigned || isBool(lhs))
    return arith::MaxUIOp::create(b, loc, lhs, rhs);
  return arith::MaxSIOp::create(b, loc, lhs, rhs);
}

Value NodeBuilder::min(Value lhs, Value rhs, bool isUnsigned) {
  if (onnx::isFloat(lhs))
    return arith::MinimumFOp::create(b, loc, lhs, rhs);
  if (isUnsigned || isBool(lhs))
    return arith::MinUIOp::create(b, loc, lhs, rhs);
  return arith::MinSIOp::create(b, loc, lhs, rhs);
}

namespace {

/// The neutral element of a reduction.
TypedAttr getNeutral(Reduction kind, Type type, bool isUnsigned) {
  if (kind == Reduction::Sum || kind == Reduction::Prod)
    return getNumber(type, kind == Reduction::Prod ? 1 : 0);
  bool isMax = kind == Reduction::Max;
  if (auto floatType = dyn_cast<FloatType>(type))
    return FloatAttr::get(floatType, APFloat::getInf(floatType.getFloatSemantics(), isMax));
  unsigned width = type.getIntOrFloatBitWidth();
  if (isUnsigned || width == 1)
    return IntegerAttr::get(type, isMax ? APInt::getZero(width) : APInt::getMaxValue(width));
  return IntegerAttr::get(type, isMax ? APInt::getSignedMinValue(width)
                                      : APInt::getSignedMaxValue(width));
}

/// The combiner of a reduction on two scalars.
Value combine(OpBuilder &b, Location loc, Reduction kind, Value lhs, Value rhs, bool isUnsigned) {
  bool isFloat = isa<FloatType>(lhs.getType());
  isUnsigned |= lhs.getType().isInteger(1);
  switch (kind) {
  case Reduction::Sum:
    return isFloat ? arith::AddFOp::create(b, loc, lhs, rhs).getResult()
                   : arith::AddIOp::create(b, loc, lhs, rhs).getResult();
  case Reduction::Prod:
    return isFloat ? arith::MulFOp::create(b, loc, lhs, rhs).getResult()
                   : arith::MulIOp::create(b, loc, lhs, rhs).getResult();
  case Reduction::Max:
    return isFloat      ? arith::MaximumFOp::create(b, loc, lhs, rhs).getResult()
           : isUnsigned ? arith::MaxUIOp::create(b, loc, lhs, rhs).getResult()
                        : arith::MaxSIOp::create(b, loc, lhs, rhs).getResult();
  case Reduction::Min:
    return isFloat      ? arith::MinimumFOp::create(b, loc, lhs, rhs).getResult()
           : isUnsigned ? arith::MinUIOp::create(b, loc, lhs, rhs).getResult()
                        : arith::MinSIOp::create(b, loc, lhs, rhs).getResult();
  }
  llvm_unreachable("all reductions are handled");
}

} // namespace

Value NodeBuilder::reduce(Reduction kind, Value value, ArrayRef<int64_t> dims, bool keep,
                          bool isUnsigned) {
  if (dims.empty())
    return value;
  SmallVector<int64_t> reduced, kept;
  for (auto [dim, size] : llvm::enumerate(onnx::getShape(value))) {
    bool isReduced = llvm::is_contained(dims, static_cast<int64_t>(dim));
    if (!isReduced)
      reduced.push_back(size);
    kept.push_back(isReduced ? 1 : size);
  }
  Type type = onnx::getElementType(value);
  Value init = filled(reduced, getNeutral(kind, type, isUnsigned));
  Value result = linalg::ReduceOp::create(b, loc, value, init, dims,
                                          [&](OpBuilder &body, Location bodyLoc, ValueRange args) {
                                            Value next = combine(body, bodyLoc, kind, args[0],
                                                                 args[1], isUnsigned);
                                            linalg::YieldOp::create(body, bodyLoc, next);
                                          })
                     ->getResult(0);
  return keep ? reshape(result, kept) : result;
}

Value NodeBuilder::contract(Value lhs, StringRef lhsDims, Value rhs, StringRef rhsDims,
                            StringRef resultDims) {
  // Iteration dimensions: those of the result, then the contracted ones.
  SmallString<16> all(resultDims);
  for (char dim : lhsDims)
    if (!StringRef(all).contains(dim))
      all.push_back(dim);
  auto makeMap = [&](StringRef dims) {
    SmallVector<AffineExpr> exprs;
    for (char dim : dims)
      exprs.push_back(b.getAffineDimExpr(StringRef(all).find(dim)));
    return AffineMapAttr::get(AffineMap::get(all.size(), 0, exprs, b.getContext()));
  };
  SmallVector<int64_t> shape;
  for (char dim : resultDims) {
    size_t inLhs = lhsDims.find(dim);
    shape.push_back(inLhs != StringRef::npos ? onnx::getShape(lhs)[inLhs]
                                             : onnx::getShape(rhs)[rhsDims.find(dim)]);
  }
  Type type = onnx::getElementType(lhs);
  Value init = filled(shape, getNumber(type, 0));
  auto maps = b.getArrayAttr({makeMap(lhsDims), makeMap(rhsDims), makeMap(resultDims)});
  return linalg::ContractOp::create(b, loc, ValueRange{lhs, rhs}, ValueRange{init}, maps)
      .getResult(0);
}

Value NodeBuilder::convert(Value value, Type to, bool fromUnsigned, bool toUnsigned) {
  Type from = onnx::getElementType(value);
  if (from == to)
    return value;
  auto type = getTensorType(value).clone(to);
  if (to.isInteger(1)) {
    Value zero = splat(getTensorType(value), 0);
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
