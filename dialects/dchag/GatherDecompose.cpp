//===- GatherDecompose.cpp - moves by indices in simpler ops ---------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

/// `index` as an offset into a dimension of `size` elements: a negative one counts from the end.
static Value normalizeIndex(OpBuilder &b, Location loc, Value index, int64_t size) {
  if (!index.getType().isIndex())
    index = arith::IndexCastOp::create(b, loc, b.getIndexType(), index);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value isNegative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, index, zero);
  Value fromEnd =
      arith::AddIOp::create(b, loc, index, arith::ConstantIndexOp::create(b, loc, size));
  return arith::SelectOp::create(b, loc, isNegative, fromEnd, index);
}

FailureOr<SmallVector<Value>> GatherOp::decomposeOperation(OpBuilder &builder) {
  RankedTensorType type = tensorType(getResult());
  int64_t dim = getDim(), size = dimOf(getInput(), dim);
  unsigned count = tensorType(getIndices()).getRank(), rank = type.getRank();
  MLIRContext *context = builder.getContext();
  SmallVector<AffineExpr> indexExprs;
  for (unsigned i = 0; i < count; ++i)
    indexExprs.push_back(builder.getAffineDimExpr(dim + i));
  SmallVector<AffineMap> maps = {AffineMap::get(rank, 0, indexExprs, context),
                                 builder.getMultiDimIdentityMap(rank)};
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  Value init = tensor::EmptyOp::create(builder, getLoc(), type.getShape(), type.getElementType());
  Value input = getInput();
  auto body = [&](OpBuilder &b, Location loc, ValueRange args) {
    Value index = normalizeIndex(b, loc, args[0], size);
    // One unsigned comparison covers both ends.
    Value bound = arith::ConstantIndexOp::create(b, loc, size);
    Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, index, bound);
    Value zero = arith::ConstantIndexOp::create(b, loc, 0);
    Value safe = arith::SelectOp::create(b, loc, inside, index, zero);
    SmallVector<Value> position;
    for (unsigned i = 0; i < rank; ++i) {
      if (int64_t(i) == dim)
        position.push_back(safe);
      if (int64_t(i) < dim || i >= dim + count)
        position.push_back(linalg::IndexOp::create(b, loc, i));
    }
    if (count == 0 && dim == int64_t(rank))
      position.push_back(safe);
    Value element = tensor::ExtractOp::create(b, loc, input, position);
    Value nothing =
        arith::ConstantOp::create(b, loc, cast<TypedAttr>(b.getZeroAttr(type.getElementType())));
    linalg::YieldOp::create(b, loc,
                            ValueRange(arith::SelectOp::create(b, loc, inside, element, nothing)));
  };
  // A dimension without elements has nothing to read.
  if (size == 0)
    return SmallVector<Value>{
        arith::ConstantOp::create(builder, getLoc(), cast<TypedAttr>(builder.getZeroAttr(type)))};
  auto generic =
      linalg::GenericOp::create(builder, getLoc(), TypeRange(type), ValueRange(getIndices()),
                                ValueRange(init), maps, iterators, body);
  return SmallVector<Value>{generic.getResult(0)};
}

FailureOr<SmallVector<Value>> ScatterOp::decomposeOperation(OpBuilder &builder) {
  // Loops: the dimensions of the result, then the updates in order, of which the last wins.
  RankedTensorType type = tensorType(getResult());
  unsigned rank = type.getRank();
  int64_t dim = getDim(), size = type.getDimSize(dim);
  MLIRContext *context = builder.getContext();
  SmallVector<AffineExpr> result, updates;
  for (unsigned i = 0; i < rank; ++i) {
    result.push_back(builder.getAffineDimExpr(i));
    updates.push_back(builder.getAffineDimExpr(int64_t(i) == dim ? rank : i));
  }
  SmallVector<AffineMap> maps = {
      AffineMap::get(rank + 1, 0, builder.getAffineDimExpr(rank), context),
      AffineMap::get(rank + 1, 0, updates, context), AffineMap::get(rank + 1, 0, result, context)};
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  auto body = [&](OpBuilder &b, Location loc, ValueRange args) {
    Value index = normalizeIndex(b, loc, args[0], size);
    Value here = linalg::IndexOp::create(b, loc, dim);
    Value isHere = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, index, here);
    linalg::YieldOp::create(b, loc,
                            ValueRange(arith::SelectOp::create(b, loc, isHere, args[1], args[2])));
  };
  auto generic = linalg::GenericOp::create(builder, getLoc(), TypeRange(type),
                                           ValueRange{getIndices(), getUpdates()},
                                           ValueRange(getInput()), maps, iterators, body);
  return SmallVector<Value>{generic.getResult(0)};
}
