//===- DecomposeUtils.cpp - building decompositions ------------------------*- C++ -*-===//

#include "dialects/dchag/DecomposeUtils.h"
#include "dialects/interfaces/CostModel.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

using namespace mlir;
using namespace mlir::dchag;

/// The map from the loops named by `loops` to the dimensions named by `dims`.
static AffineMap getMap(StringRef loops, StringRef dims, MLIRContext *context) {
  SmallVector<unsigned> positions;
  for (char letter : dims)
    positions.push_back(loops.find(letter));
  return AffineMap::getMultiDimMapWithTargets(loops.size(), positions, context);
}

Value Decomposer::filled(RankedTensorType type, TypedAttr value) {
  Value scalar = arith::ConstantOp::create(b, loc, value);
  Value empty = tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  return linalg::FillOp::create(b, loc, scalar, empty).getResult(0);
}

/// `type` or, where it is narrower, f32.
static Type widened(Type type) {
  return isNarrowFloat(type) ? Float32Type::get(type.getContext()) : type;
}

Value Decomposer::wide(Value x) {
  RankedTensorType type = tensorType(x);
  Type element = widened(type.getElementType());
  return element == type.getElementType()
             ? x
             : arith::ExtFOp::create(b, loc, type.clone(element), x).getResult();
}

Value Decomposer::contract(StringRef equation, Value lhs, Value rhs) {
  auto [inputs, result] = equation.split("->");
  auto [left, right] = inputs.split(',');
  std::string loops = result.str();
  llvm::SmallDenseMap<char, int64_t> sizes;
  for (auto [letters, value] : {std::pair(left, lhs), std::pair(right, rhs)})
    for (auto [index, letter] : llvm::enumerate(letters)) {
      sizes[letter] = dimOf(value, index);
      if (!StringRef(loops).contains(letter))
        loops += letter;
    }
  SmallVector<int64_t> shape;
  for (char letter : result)
    shape.push_back(sizes[letter]);
  // Factors of one narrow type meet as they are stored: their products are exact in f32.
  if (tensorType(lhs).getElementType() != tensorType(rhs).getElementType())
    lhs = wide(lhs), rhs = wide(rhs);
  auto type = RankedTensorType::get(shape, widened(tensorType(lhs).getElementType()));
  Value init = filled(type, cast<TypedAttr>(b.getZeroAttr(type.getElementType())));
  SmallVector<AffineMap> maps = {getMap(loops, left, b.getContext()),
                                 getMap(loops, right, b.getContext()),
                                 getMap(loops, result, b.getContext())};
  return linalg::ContractOp::create(b, loc, TypeRange(type), ValueRange{lhs, rhs}, ValueRange(init),
                                    b.getAffineMapArrayAttr(maps))
      .getResult(0);
}

Value Decomposer::reduce(Value x, StringRef from, StringRef to, CombineFn combine, StringRef name) {
  SmallVector<int64_t> dims, shape;
  for (auto [index, letter] : llvm::enumerate(from)) {
    if (to.contains(letter))
      shape.push_back(dimOf(x, index));
    else
      dims.push_back(index);
  }
  Type element = tensorType(x).getElementType();
  bool isMax = name == arith::MaximumFOp::getOperationName();
  auto floating = cast<FloatType>(element);
  TypedAttr neutral =
      isMax ? b.getFloatAttr(element, APFloat::getInf(floating.getFloatSemantics(), true))
            : cast<TypedAttr>(b.getZeroAttr(element));
  Value init = filled(RankedTensorType::get(shape, element), neutral);
  return linalg::ReduceOp::create(b, loc, ValueRange(x), ValueRange(init), dims,
                                  [&](OpBuilder &nested, Location at, ValueRange args) {
                                    Value combined = combine(nested, at, args[0], args[1]);
                                    linalg::YieldOp::create(nested, at, combined);
                                  })
      .getResult(0);
}

Value Decomposer::transpose(Value x, StringRef from, StringRef to) {
  if (from == to)
    return x;
  SmallVector<int64_t> permutation, shape;
  for (char letter : to) {
    permutation.push_back(from.find(letter));
    shape.push_back(dimOf(x, from.find(letter)));
  }
  Value empty = tensor::EmptyOp::create(b, loc, shape, tensorType(x).getElementType());
  return linalg::TransposeOp::create(b, loc, x, empty, permutation)->getResult(0);
}

Value Decomposer::spread(Value x, StringRef from, Value like, StringRef to) {
  // Dimensions of size 1 that grow are dropped, then added as new ones.
  std::string letters = from.str();
  SmallVector<int64_t> kept;
  std::string keptLetters;
  for (auto [index, letter] : llvm::enumerate(from)) {
    if (dimOf(x, index) != dimOf(like, to.find(letter)))
      continue;
    kept.push_back(dimOf(x, index));
    keptLetters += letter;
  }
  x = reshape(x, kept);
  std::string ordered;
  SmallVector<int64_t> added;
  for (auto [index, letter] : llvm::enumerate(to)) {
    if (StringRef(keptLetters).contains(letter))
      ordered += letter;
    else
      added.push_back(index);
  }
  x = transpose(x, keptLetters, ordered);
  if (added.empty())
    return x;
  Value empty =
      tensor::EmptyOp::create(b, loc, tensorType(like).getShape(), tensorType(x).getElementType());
  return linalg::BroadcastOp::create(b, loc, x, empty, added)->getResult(0);
}

Value Decomposer::split(Value x, unsigned dim, ArrayRef<int64_t> sizes) {
  SmallVector<int64_t> shape(tensorType(x).getShape());
  shape.erase(shape.begin() + dim);
  shape.insert(shape.begin() + dim, sizes.begin(), sizes.end());
  return reshape(x, shape);
}

Value Decomposer::join(Value x, unsigned dim, unsigned count) {
  SmallVector<int64_t> shape(tensorType(x).getShape());
  int64_t size = 1;
  for (unsigned i = dim; i < dim + count; ++i)
    size *= shape[i];
  shape.erase(shape.begin() + dim, shape.begin() + dim + count);
  shape.insert(shape.begin() + dim, size);
  return reshape(x, shape);
}

Value Decomposer::reshape(Value x, ArrayRef<int64_t> shape) {
  RankedTensorType from = tensorType(x);
  if (from.getShape() == shape)
    return x;
  auto to = RankedTensorType::get(shape, from.getElementType());
  if (auto groups = getReassociationIndicesForReshape(from, to)) {
    if (from.getRank() > to.getRank())
      return tensor::CollapseShapeOp::create(b, loc, to, x, *groups);
    if (from.getRank() < to.getRank())
      return tensor::ExpandShapeOp::create(b, loc, to, x, *groups);
  }
  // By way of one dimension.
  SmallVector<ReassociationIndices> all(1);
  for (int64_t i = 0; i < from.getRank(); ++i)
    all[0].push_back(i);
  auto flat = RankedTensorType::get({from.getNumElements()}, from.getElementType());
  if (from.getRank() != 1)
    x = tensor::CollapseShapeOp::create(b, loc, flat, x,
                                        from.getRank() ? all : SmallVector<ReassociationIndices>());
  if (to.getRank() == 1)
    return x;
  SmallVector<ReassociationIndices> groups(to.getRank() ? 1 : 0);
  for (int64_t i = 0; i < to.getRank(); ++i)
    groups[0].push_back(i);
  if (to.getRank() == 0)
    return tensor::CollapseShapeOp::create(b, loc, to, x, groups);
  return tensor::ExpandShapeOp::create(b, loc, to, x, groups);
}

Value Decomposer::splat(Value like, double value) {
  RankedTensorType type = tensorType(like).clone(widened(tensorType(like).getElementType()));
  Attribute element = b.getFloatAttr(type.getElementType(), value);
  return arith::ConstantOp::create(b, loc, SplatElementsAttr::get(type, element));
}

Value Decomposer::constantLike(Value like, double value) {
  RankedTensorType type = tensorType(like);
  Attribute element = b.getFloatAttr(type.getElementType(), value);
  return arith::ConstantOp::create(b, loc, SplatElementsAttr::get(type, element));
}

Value Decomposer::lowest(Value like) {
  RankedTensorType type = tensorType(like).clone(widened(tensorType(like).getElementType()));
  const auto &semantics = cast<FloatType>(type.getElementType()).getFloatSemantics();
  Attribute element =
      b.getFloatAttr(type.getElementType(), APFloat::getLargest(semantics, /*Negative=*/true));
  return arith::ConstantOp::create(b, loc, SplatElementsAttr::get(type, element));
}

Value Decomposer::divOrZero(Value x, Value y) {
  x = wide(x);
  y = wide(y);
  Value zero = splat(y, 0.0);
  Value isZero = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, y, zero);
  return select(isZero, splat(x, 0.0), div(x, y));
}

Value Decomposer::sigmoid(Value x) {
  // Of e = exp(-|x|), which is at most 1: 1 / (1 + e) above 0 and e / (1 + e) below.
  x = wide(x);
  Value small = exp(arith::NegFOp::create(b, loc, math::AbsFOp::create(b, loc, x)));
  Value one = splat(x, 1.0);
  Value isNegative = arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OLT, x, splat(x, 0.0));
  return div(select(isNegative, small, one), add(one, small));
}

Value Decomposer::cheapest(Operation *op, Alternative first, Alternative second) {
  CostModel costs = CostModel::get(op);
  auto getSeconds = [&](Alternative build) {
    Block scratch;
    OpBuilder builder(op->getContext());
    builder.setInsertionPointToEnd(&scratch);
    Decomposer beside(builder, loc);
    build(beside);
    Cost cost;
    for (Operation &op : scratch)
      cost += costs.getCost(&op);
    return cost.seconds;
  };
  return getSeconds(first) <= getSeconds(second) ? first(*this) : second(*this);
}
