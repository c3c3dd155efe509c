//===- AggregateSplit.cpp - aggregations in several ops --------------------*- C++ -*-===//

#include "dialects/dchag/AggregateSplit.h"
#include "dialects/dchag/OpUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::dchag;

/// y[b,g,q,n,o] = sum_v x[b,g,q,n,v] wo[g,o,v]
static Value contractWithOutput(RewriterBase &rewriter, Location loc, Value x, Value wo,
                                RankedTensorType type) {
  MLIRContext *context = rewriter.getContext();
  AffineExpr b, g, q, n, o, v;
  bindDims(context, b, g, q, n, o, v);
  auto map = [&](ArrayRef<AffineExpr> dims) {
    return AffineMapAttr::get(AffineMap::get(6, 0, dims, context));
  };
  ArrayAttr maps =
      rewriter.getArrayAttr({map({b, g, q, n, v}), map({g, o, v}), map({b, g, q, n, o})});
  Value zero =
      arith::ConstantOp::create(rewriter, loc, rewriter.getZeroAttr(type.getElementType()));
  Value empty = tensor::EmptyOp::create(rewriter, loc, type.getShape(), type.getElementType());
  Value init = linalg::FillOp::create(rewriter, loc, zero, empty).getResult(0);
  return linalg::ContractOp::create(rewriter, loc, type, ValueRange{x, wo}, ValueRange{init}, maps)
      ->getResult(0);
}

LogicalResult mlir::dchag::splitOutputProjection(AggregateOp op, RewriterBase &rewriter) {
  if (!op.getWo())
    return rewriter.notifyMatchFailure(op, "no output projection");
  Location loc = op.getLoc();
  rewriter.setInsertionPoint(op);
  RankedTensorType type = op.getType();
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = shapeOf(op.getWo())[2];
  Value merged = AggregateOp::create(
      rewriter, loc, type.clone(shape), op.getTokens(), op.getQuery(), op.getWk(), op.getBk(),
      op.getWv(), op.getBv(), Value(), Value(), op.getMask(), op.getHeadsAttr(), op.getScaleAttr());
  Value result = contractWithOutput(rewriter, loc, merged, op.getWo(), type);
  if (Value bo = op.getBo()) {
    Value empty = tensor::EmptyOp::create(rewriter, loc, type.getShape(), type.getElementType());
    Value bias = linalg::BroadcastOp::create(rewriter, loc, bo, empty, ArrayRef<int64_t>{0, 2, 3})
                     ->getResult(0);
    result = arith::AddFOp::create(rewriter, loc, result, bias);
  }
  rewriter.replaceOp(op, result);
  return success();
}
