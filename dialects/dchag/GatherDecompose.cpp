//===- GatherDecompose.cpp - moves by indices in simpler ops ---------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"

using namespace mlir;
using namespace mlir::dchag;

/// `index` as an offset into a dimension of `size` elements: negative indices count from the end.
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
  unsigned batch = getBatch(), rank = type.getRank();
  unsigned count = tensorType(getIndices()).getRank() - batch;
  MLIRContext *context = builder.getContext();
  SmallVector<AffineExpr> indexExprs;
  for (unsigned i = 0; i < batch; ++i)
    indexExprs.push_back(builder.getAffineDimExpr(i));
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

/// The map to the loops `dims`, one for each dimension of a value.
static AffineMap selectLoops(MLIRContext *context, unsigned loops, ArrayRef<unsigned> dims) {
  return AffineMap::getMultiDimMapWithTargets(loops, dims, context);
}

/// `old` combined with `update`.
static Value combine(TensorBuilder t, ScatterKind kind, Value old, Value update) {
  switch (kind) {
  case ScatterKind::Set:
    return update;
  case ScatterKind::Add:
    return t.add(old, update);
  case ScatterKind::Mul:
    return t.mul(old, update);
  case ScatterKind::Max:
    return t.max(old, update);
  case ScatterKind::Min:
    return t.min(old, update);
  }
  llvm_unreachable("unknown kind");
}

/// The number of the update of each element of dimension `dim`: the last one with its index, or -1.
static Value findWriters(ScatterOp op, OpBuilder &b) {
  Location loc = op.getLoc();
  unsigned batch = op.getBatch(), loops = batch + 2;
  int64_t size = dimOf(op.getInput(), op.getDim());
  SmallVector<int64_t> shape(tensorType(op.getIndices()).getShape());
  shape.back() = size;
  Value init = TensorBuilder(b, loc).filled(shape, b.getI64IntegerAttr(-1));
  SmallVector<unsigned> writers = llvm::to_vector(llvm::seq<unsigned>(0, batch + 1));
  SmallVector<unsigned> indices(writers);
  indices.back() = batch + 1;
  SmallVector<AffineMap> maps = {selectLoops(b.getContext(), loops, indices),
                                 selectLoops(b.getContext(), loops, writers)};
  SmallVector<utils::IteratorType> iterators(batch + 1, utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  auto body = [&](OpBuilder &b, Location loc, ValueRange args) {
    Value index = normalizeIndex(b, loc, args[0], size);
    Value here = linalg::IndexOp::create(b, loc, batch);
    Value isHere = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, index, here);
    Value update = arith::IndexCastOp::create(b, loc, b.getI64Type(),
                                              linalg::IndexOp::create(b, loc, batch + 1));
    linalg::YieldOp::create(b, loc,
                            ValueRange(arith::SelectOp::create(b, loc, isHere, update, args[1])));
  };
  return linalg::GenericOp::create(b, loc, TypeRange(init.getType()), ValueRange(op.getIndices()),
                                   ValueRange(init), maps, iterators, body)
      .getResult(0);
}

/// Each element takes its update or stays, without a loop over all updates for each element.
static Value setUpdates(ScatterOp op, OpBuilder &builder) {
  RankedTensorType type = tensorType(op.getResult());
  unsigned rank = type.getRank(), dim = op.getDim();
  SmallVector<unsigned> all = llvm::to_vector(llvm::seq<unsigned>(0, rank)), writer;
  for (unsigned i = 0; i < op.getBatch(); ++i)
    writer.push_back(i);
  writer.push_back(dim);
  MLIRContext *context = builder.getContext();
  AffineMap identity = selectLoops(context, rank, all);
  SmallVector<AffineMap> maps = {selectLoops(context, rank, writer), identity, identity};
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  Value writers = findWriters(op, builder), updates = op.getUpdates();
  Value init =
      tensor::EmptyOp::create(builder, op.getLoc(), type.getShape(), type.getElementType());
  auto body = [&](OpBuilder &b, Location loc, ValueRange args) {
    Value none = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
    Value isWritten = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, args[0], none);
    Value from = arith::SelectOp::create(b, loc, isWritten, args[0], none);
    from = arith::IndexCastOp::create(b, loc, b.getIndexType(), from);
    SmallVector<Value> position;
    for (unsigned i = 0; i < rank; ++i)
      position.push_back(i == dim ? from : Value(linalg::IndexOp::create(b, loc, i)));
    Value update = tensor::ExtractOp::create(b, loc, updates, position);
    linalg::YieldOp::create(
        b, loc, ValueRange(arith::SelectOp::create(b, loc, isWritten, update, args[1])));
  };
  return linalg::GenericOp::create(builder, op.getLoc(), TypeRange(type),
                                   ValueRange{writers, op.getInput()}, ValueRange(init), maps,
                                   iterators, body)
      .getResult(0);
}

FailureOr<SmallVector<Value>> ScatterOp::decomposeOperation(OpBuilder &builder) {
  RankedTensorType type = tensorType(getResult());
  // Without updates the result is the input; there is no first update to read.
  if (tensorType(getUpdates()).getNumElements() == 0)
    return SmallVector<Value>{getInput()};
  if (getKind() == ScatterKind::Set)
    return SmallVector<Value>{setUpdates(*this, builder)};
  // Loops: the dimensions of the result, then the updates in order.
  unsigned rank = type.getRank(), dim = getDim();
  int64_t size = type.getDimSize(dim);
  SmallVector<unsigned> result = llvm::to_vector(llvm::seq<unsigned>(0, rank)), updates(result);
  updates[dim] = rank;
  SmallVector<unsigned> indices(ArrayRef<unsigned>(result).take_front(getBatch()));
  indices.push_back(rank);
  MLIRContext *context = builder.getContext();
  SmallVector<AffineMap> maps = {selectLoops(context, rank + 1, indices),
                                 selectLoops(context, rank + 1, updates),
                                 selectLoops(context, rank + 1, result)};
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  bool isSum = getKind() == ScatterKind::Add || getKind() == ScatterKind::Mul;
  auto body = [&](OpBuilder &b, Location loc, ValueRange args) {
    Value index = normalizeIndex(b, loc, args[0], size);
    Value here = linalg::IndexOp::create(b, loc, dim);
    Value isHere = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, index, here);
    if (isSum) {
      // A sum or a product over all updates, which code generation may split.
      bool isProduct = getKind() == ScatterKind::Mul;
      Value neutral =
          arith::ConstantOp::create(b, loc, getNumber(args[1].getType(), isProduct ? 1 : 0));
      Value update = arith::SelectOp::create(b, loc, isHere, args[1], neutral);
      linalg::YieldOp::create(b, loc, ValueRange(combine({b, loc}, getKind(), args[2], update)));
      return;
    }
    Value combined = combine({b, loc}, getKind(), args[2], args[1]);
    linalg::YieldOp::create(b, loc,
                            ValueRange(arith::SelectOp::create(b, loc, isHere, combined, args[2])));
  };
  Value init = getInput(), values = getUpdates();
  if (isSum && isa<FloatType>(type.getElementType())) {
    Decomposer d(builder, getLoc());
    init = d.wide(init), values = d.wide(values);
  }
  auto generic = linalg::GenericOp::create(builder, getLoc(), TypeRange(init.getType()),
                                           ValueRange{getIndices(), values}, ValueRange(init), maps,
                                           iterators, body);
  return SmallVector<Value>{generic.getResult(0)};
}
