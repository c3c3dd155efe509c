//===- TensorBuilder.cpp - ops of the closed set at one place --------------*- C++ -*-===//

#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/ADT/SmallVectorExtras.h"

using namespace mlir;
using namespace mlir::dchag;

TypedAttr mlir::dchag::getNumber(Type type, double value) {
  if (auto floatType = dyn_cast<FloatType>(type))
    return FloatAttr::get(floatType, value);
  return IntegerAttr::get(type, APInt(type.getIntOrFloatBitWidth(), static_cast<int64_t>(value),
                                      /*isSigned=*/true, /*implicitTrunc=*/true));
}

//===----------------------------------------------------------------------===//
// New tensors
//===----------------------------------------------------------------------===//

Value TensorBuilder::empty(ArrayRef<int64_t> shape, Type elementType) {
  return make<tensor::EmptyOp>(shape, elementType);
}

Value TensorBuilder::filled(ArrayRef<int64_t> shape, TypedAttr value) {
  Value scalar = make<arith::ConstantOp>(value);
  return linalg::FillOp::create(b, loc, scalar, empty(shape, value.getType())).getResult(0);
}

Value TensorBuilder::zeros(ArrayRef<int64_t> shape, Type elementType) {
  return filled(shape, getNumber(elementType, 0));
}

Value TensorBuilder::splat(RankedTensorType type, double value) {
  TypedAttr number = getNumber(type.getElementType(), value);
  return make<arith::ConstantOp>(DenseElementsAttr::get(type, number));
}

Value TensorBuilder::constantInts(ArrayRef<int64_t> shape, Type elementType,
                                  ArrayRef<int64_t> values) {
  SmallVector<APInt> elements;
  for (int64_t value : values)
    elements.push_back(APInt(elementType.getIntOrFloatBitWidth(), value, /*isSigned=*/true,
                             /*implicitTrunc=*/true));
  auto type = RankedTensorType::get(shape, elementType);
  return make<arith::ConstantOp>(DenseElementsAttr::get(type, elements));
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

static SmallVector<int64_t, 2> getAllDims(ArrayRef<int64_t> shape) {
  return llvm::to_vector<2>(llvm::seq<int64_t>(0, shape.size()));
}

ReshapeGroups::ReshapeGroups(ArrayRef<int64_t> lhs, ArrayRef<int64_t> rhs) {
  if (lhs.empty() || rhs.empty())
    return;
  if (llvm::is_contained(lhs, 0) || llvm::is_contained(rhs, 0)) {
    from.push_back(getAllDims(lhs));
    to.push_back(getAllDims(rhs));
    return;
  }
  unsigned i = 0, j = 0;
  while (i < lhs.size() && j < rhs.size()) {
    auto &left = from.emplace_back(), &right = to.emplace_back();
    int64_t leftSize = lhs[i], rightSize = rhs[j];
    left.push_back(i++);
    right.push_back(j++);
    while (leftSize != rightSize) {
      if (leftSize < rightSize) {
        leftSize *= lhs[i];
        left.push_back(i++);
      } else {
        rightSize *= rhs[j];
        right.push_back(j++);
      }
    }
  }
  // The remaining dimensions have size 1.
  for (; i < lhs.size(); ++i)
    from.back().push_back(i);
  for (; j < rhs.size(); ++j)
    to.back().push_back(j);
}

Value TensorBuilder::reshape(Value value, ArrayRef<int64_t> shape) {
  RankedTensorType type = tensorType(value);
  if (type.getShape() == shape)
    return value;
  ReshapeGroups groups(type.getShape(), shape);
  // By way of a shape with one dimension for each group.
  SmallVector<int64_t> middle;
  for (ArrayRef<int64_t> group : groups.from) {
    int64_t size = 1;
    for (int64_t dim : group)
      size *= type.getDimSize(dim);
    middle.push_back(size);
  }
  if (ArrayRef<int64_t>(middle) != type.getShape())
    value = make<tensor::CollapseShapeOp>(type.clone(middle), value, groups.from);
  if (ArrayRef<int64_t>(middle) != shape)
    value = make<tensor::ExpandShapeOp>(type.clone(shape), value, groups.to);
  return value;
}

Value TensorBuilder::splitDim(Value value, unsigned dim, ArrayRef<int64_t> sizes) {
  RankedTensorType type = tensorType(value);
  SmallVector<int64_t> shape(type.getShape());
  shape.erase(shape.begin() + dim);
  shape.insert(shape.begin() + dim, sizes.begin(), sizes.end());
  if (sizes.size() == 1)
    return value;
  SmallVector<ReassociationIndices> groups;
  int64_t next = 0;
  for (int64_t i = 0; i < type.getRank(); ++i)
    for (auto &group = groups.emplace_back();
         group.size() < (i == int64_t(dim) ? sizes.size() : 1);)
      group.push_back(next++);
  return make<tensor::ExpandShapeOp>(type.clone(shape), value, groups);
}

Value TensorBuilder::joinDims(Value value, unsigned dim, unsigned count) {
  if (count == 1)
    return value;
  RankedTensorType type = tensorType(value);
  SmallVector<int64_t> shape;
  SmallVector<ReassociationIndices> groups;
  for (int64_t i = 0; i < type.getRank(); ++i) {
    bool joins = i > int64_t(dim) && i < int64_t(dim + count);
    if (joins) {
      shape.back() *= type.getDimSize(i);
      groups.back().push_back(i);
    } else {
      shape.push_back(type.getDimSize(i));
      groups.push_back({i});
    }
  }
  return make<tensor::CollapseShapeOp>(type.clone(shape), value, groups);
}

Value TensorBuilder::transpose(Value value, ArrayRef<int64_t> permutation) {
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())))
    return value;
  SmallVector<int64_t> shape;
  for (int64_t dim : permutation)
    shape.push_back(dimOf(value, dim));
  Value init = empty(shape, elementTypeOf(value));
  return linalg::TransposeOp::create(b, loc, value, init, permutation)->getResult(0);
}

Value TensorBuilder::broadcast(Value value, ArrayRef<int64_t> shape, ArrayRef<int64_t> added) {
  if (added.empty())
    return value;
  Value init = empty(shape, elementTypeOf(value));
  return linalg::BroadcastOp::create(b, loc, value, init, added)->getResult(0);
}

Value TensorBuilder::broadcastTo(Value value, ArrayRef<int64_t> shape) {
  ArrayRef<int64_t> from = shapeOf(value);
  if (from == shape)
    return value;
  SplatElementsAttr splatAttr;
  if (matchPattern(value, m_Constant(&splatAttr)))
    return make<arith::ConstantOp>(splatAttr.resizeSplat(tensorType(value).clone(shape)));
  size_t shift = shape.size() - from.size();
  SmallVector<int64_t> added, kept;
  for (size_t dim = 0; dim < shape.size(); ++dim) {
    if (dim < shift || from[dim - shift] != shape[dim])
      added.push_back(dim);
    else
      kept.push_back(shape[dim]);
  }
  return broadcast(reshape(value, kept), shape, added);
}

Value TensorBuilder::slice(Value value, ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes,
                           ArrayRef<int64_t> strides) {
  SmallVector<int64_t> ones(offsets.size(), 1);
  if (strides.empty())
    strides = ones;
  bool isWhole =
      sizes == shapeOf(value) && llvm::all_of(offsets, [](int64_t offset) { return offset == 0; });
  if (isWhole && llvm::all_of(strides, [](int64_t stride) { return stride == 1; }))
    return value;
  // A slice without elements may start past the last element.
  if (llvm::is_contained(sizes, 0))
    return empty(sizes, elementTypeOf(value));
  auto toAttrs = [&](ArrayRef<int64_t> values) {
    return getAsIndexOpFoldResult(b.getContext(), values);
  };
  return make<tensor::ExtractSliceOp>(value, toAttrs(offsets), toAttrs(sizes), toAttrs(strides));
}

Value TensorBuilder::slice(Value value, int64_t dim, int64_t offset, int64_t size) {
  SmallVector<int64_t> offsets(tensorType(value).getRank(), 0), sizes(shapeOf(value));
  offsets[dim] = offset;
  sizes[dim] = size;
  return slice(value, offsets, sizes);
}

Value TensorBuilder::concat(ValueRange values, int64_t dim) {
  SmallVector<Value> parts =
      llvm::filter_to_vector(values, [&](Value part) { return dimOf(part, dim) != 0; });
  if (parts.size() <= 1)
    return parts.empty() ? values.front() : parts.front();
  return make<tensor::ConcatOp>(dim, parts);
}

Value TensorBuilder::padConstant(Value value, ArrayRef<int64_t> low, ArrayRef<int64_t> high,
                                 double fill) {
  auto isZero = [](int64_t pad) { return pad == 0; };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return value;
  Value scalar = make<arith::ConstantOp>(getNumber(elementTypeOf(value), fill));
  return make<tensor::PadOp>(Type(), value, getAsIndexOpFoldResult(b.getContext(), low),
                             getAsIndexOpFoldResult(b.getContext(), high), scalar);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

template <typename FloatOp, typename IntOp>
static Value makeByType(OpBuilder &b, Location loc, Value lhs, Value rhs) {
  if (isa<FloatType>(getElementTypeOrSelf(lhs)))
    return FloatOp::create(b, loc, lhs, rhs);
  return IntOp::create(b, loc, lhs, rhs);
}

/// The combiner of a reduction, on tensors or scalars. Booleans count as unsigned.
static Value combine(OpBuilder &b, Location loc, Reduction kind, Value lhs, Value rhs,
                     bool isUnsigned) {
  isUnsigned |= getElementTypeOrSelf(lhs).isInteger(1);
  switch (kind) {
  case Reduction::Sum:
    return makeByType<arith::AddFOp, arith::AddIOp>(b, loc, lhs, rhs);
  case Reduction::Prod:
    return makeByType<arith::MulFOp, arith::MulIOp>(b, loc, lhs, rhs);
  case Reduction::Max:
    return isUnsigned ? makeByType<arith::MaximumFOp, arith::MaxUIOp>(b, loc, lhs, rhs)
                      : makeByType<arith::MaximumFOp, arith::MaxSIOp>(b, loc, lhs, rhs);
  case Reduction::Min:
    return isUnsigned ? makeByType<arith::MinimumFOp, arith::MinUIOp>(b, loc, lhs, rhs)
                      : makeByType<arith::MinimumFOp, arith::MinSIOp>(b, loc, lhs, rhs);
  }
  llvm_unreachable("all reductions are handled");
}

Value TensorBuilder::add(Value lhs, Value rhs) {
  return combine(b, loc, Reduction::Sum, lhs, rhs, false);
}
Value TensorBuilder::addRepeated(Value lhs, Value rhs) {
  SmallVector<int64_t> shape;
  for (auto [m, n] : llvm::zip_equal(shapeOf(lhs), shapeOf(rhs)))
    shape.push_back(std::max(m, n));
  return add(broadcastTo(lhs, shape), broadcastTo(rhs, shape));
}
Value TensorBuilder::wide(Value x) {
  if (!x || !isNarrowFloat(elementTypeOf(x)))
    return x;
  return make<arith::ExtFOp>(tensorType(x).clone(widened(elementTypeOf(x))), x);
}

void TensorBuilder::unify(Value &x, Value &y) {
  if (elementTypeOf(x) == elementTypeOf(y))
    return;
  x = wide(x);
  y = wide(y);
}

Value TensorBuilder::rounded(Value x, Type elementType) {
  if (elementTypeOf(x) == elementType)
    return x;
  return make<arith::TruncFOp>(tensorType(x).clone(elementType), x);
}

Value TensorBuilder::addBias(Value sum, Value bias, ArrayRef<int64_t> newDims) {
  Value repeated = broadcast(bias, shapeOf(sum), newDims);
  if (repeated.getType() != sum.getType())
    repeated = make<arith::ExtFOp>(sum.getType(), repeated);
  return add(sum, repeated);
}
Value TensorBuilder::sub(Value lhs, Value rhs) {
  return makeByType<arith::SubFOp, arith::SubIOp>(b, loc, lhs, rhs);
}
Value TensorBuilder::mul(Value lhs, Value rhs) {
  return combine(b, loc, Reduction::Prod, lhs, rhs, false);
}
Value TensorBuilder::div(Value lhs, Value rhs, bool isUnsigned) {
  return isUnsigned ? makeByType<arith::DivFOp, arith::DivUIOp>(b, loc, lhs, rhs)
                    : makeByType<arith::DivFOp, arith::DivSIOp>(b, loc, lhs, rhs);
}
Value TensorBuilder::max(Value lhs, Value rhs, bool isUnsigned) {
  return combine(b, loc, Reduction::Max, lhs, rhs, isUnsigned);
}
Value TensorBuilder::min(Value lhs, Value rhs, bool isUnsigned) {
  return combine(b, loc, Reduction::Min, lhs, rhs, isUnsigned);
}

/// The neutral element of a reduction.
static TypedAttr getNeutral(Reduction kind, Type type, bool isUnsigned) {
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

Value TensorBuilder::reduce(Reduction kind, Value value, ArrayRef<int64_t> dims, bool keep,
                            bool isUnsigned) {
  if (dims.empty())
    return value;
  SmallVector<int64_t> reduced, kept;
  for (auto [dim, size] : llvm::enumerate(shapeOf(value))) {
    bool isReduced = llvm::is_contained(dims, static_cast<int64_t>(dim));
    if (!isReduced)
      reduced.push_back(size);
    kept.push_back(isReduced ? 1 : size);
  }
  Value init = filled(reduced, getNeutral(kind, elementTypeOf(value), isUnsigned));
  auto body = [&](OpBuilder &nested, Location at, ValueRange args) {
    linalg::YieldOp::create(nested, at, combine(nested, at, kind, args[0], args[1], isUnsigned));
  };
  Value result = linalg::ReduceOp::create(b, loc, ValueRange(value), ValueRange(init), dims, body)
                     .getResult(0);
  return keep ? reshape(result, kept) : result;
}

Value TensorBuilder::contract(Value lhs, ArrayRef<unsigned> lhsDims, Value rhs,
                              ArrayRef<unsigned> rhsDims, ArrayRef<unsigned> resultDims,
                              Type elementType) {
  // Loops of the result, then those that are summed over.
  SmallVector<unsigned> loops(resultDims);
  for (unsigned dim : llvm::concat<const unsigned>(lhsDims, rhsDims))
    if (!llvm::is_contained(loops, dim))
      loops.push_back(dim);
  auto makeMap = [&](ArrayRef<unsigned> dims) {
    SmallVector<unsigned> positions = llvm::map_to_vector(
        dims, [&](unsigned dim) { return unsigned(llvm::find(loops, dim) - loops.begin()); });
    return AffineMap::getMultiDimMapWithTargets(loops.size(), positions, b.getContext());
  };
  SmallVector<int64_t> shape;
  for (unsigned dim : resultDims) {
    const unsigned *inLhs = llvm::find(lhsDims, dim);
    shape.push_back(inLhs != lhsDims.end()
                        ? dimOf(lhs, inLhs - lhsDims.begin())
                        : dimOf(rhs, llvm::find(rhsDims, dim) - rhsDims.begin()));
  }
  Value init = zeros(shape, elementType ? elementType : elementTypeOf(lhs));
  AffineMap maps[] = {makeMap(lhsDims), makeMap(rhsDims), makeMap(resultDims)};
  return linalg::ContractOp::create(b, loc, init.getType(), ValueRange{lhs, rhs}, init,
                                    b.getAffineMapArrayAttr(maps))
      .getResult(0);
}

Value TensorBuilder::contract(Value lhs, StringRef lhsDims, Value rhs, StringRef rhsDims,
                              StringRef resultDims, Type elementType) {
  auto toNumbers = [](StringRef letters) {
    return llvm::map_to_vector(letters, [](char letter) { return unsigned(letter); });
  };
  return contract(lhs, toNumbers(lhsDims), rhs, toNumbers(rhsDims), toNumbers(resultDims),
                  elementType);
}
