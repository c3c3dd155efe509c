//===- SpmdDecompose.cpp - ops of distributed programs in simpler ops ------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"

using namespace mlir;
using namespace mlir::dchag;

/// Position of this rank along `axes`, the first slowest.
static Value makePosition(OpBuilder &b, Location loc, MeshAttr mesh, ArrayAttr axes) {
  Value position = arith::ConstantIndexOp::create(b, loc, 0);
  for (auto axis : axes.getAsRange<StringAttr>()) {
    auto number = static_cast<shard::GridAxis>(*mesh.getAxisIndex(axis.getValue()));
    Value index = shard::ProcessMultiIndexOp::create(b, loc, MeshAttr::gridName,
                                                     ArrayRef<shard::GridAxis>(number))
                      .getResult()[0];
    Value size = arith::ConstantIndexOp::create(b, loc, mesh.getAxisSize(axis.getValue()));
    position = arith::AddIOp::create(b, loc, arith::MulIOp::create(b, loc, position, size), index);
  }
  return position;
}

FailureOr<SmallVector<Value>> MaskShardOp::decomposeOperation(OpBuilder &builder) {
  MeshAttr mesh = MeshAttr::lookup(*this);
  if (!mesh)
    return failure();
  Location loc = getLoc();
  RankedTensorType type = tensorType(getResult());
  unsigned rank = type.getRank();
  // Global index of the first local element.
  Value local = arith::ConstantIndexOp::create(builder, loc, type.getDimSize(getDim()));
  Value first =
      arith::MulIOp::create(builder, loc, makePosition(builder, loc, mesh, getAxes()), local);
  Value size = arith::ConstantIndexOp::create(builder, loc, getSize());
  Value value = arith::ConstantOp::create(builder, loc, cast<TypedAttr>(getValue()));
  SmallVector<AffineMap> maps(2, builder.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  Value init = tensor::EmptyOp::create(builder, loc, type.getShape(), type.getElementType());
  auto body = [&](OpBuilder &b, Location loc, ValueRange args) {
    Value index = arith::AddIOp::create(b, loc, first, linalg::IndexOp::create(b, loc, getDim()));
    Value kept = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, index, size);
    Value chosen = arith::SelectOp::create(b, loc, kept, args[0], value);
    linalg::YieldOp::create(b, loc, ValueRange(chosen));
  };
  auto generic = linalg::GenericOp::create(builder, loc, TypeRange(type), ValueRange(getInput()),
                                           ValueRange(init), maps, iterators, body);
  return SmallVector<Value>{generic.getResult(0)};
}

FailureOr<SmallVector<Value>> RescaleOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  // Each dimension is a dimension of the maxima (small letter) times the elements that share a
  // maximum (capital).
  std::string maxima, values;
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(getType().getShape())) {
    int64_t groups = tensorType(getFrom()).getDimSize(dim);
    maxima += 'a' + dim;
    values += {char('a' + dim), char('A' + dim)};
    llvm::append_values(shape, groups, size / groups);
  }
  Value x = d.reshape(getInput(), shape);
  Value factor = d.exp(d.sub(getFrom(), getTo()));
  Value y = d.mul(x, d.broadcastLike(factor, maxima, x, values));
  return SmallVector<Value>{d.reshape(y, getType().getShape())};
}
