//===- FoldLinear.cpp - linear aggregations of pixels ----------------------*- C++ -*-===//

#include "FoldLinear.h"
#include "dialects/dchag/TensorBuilder.h"

using namespace mlir;
using namespace mlir::dchag;

std::string mlir::dchag::whyNotLinear(const AffineTokens &tokens) {
  return tokens.norm ? "normalised tokens are aggregated linearly" : "";
}

Value mlir::dchag::buildLinear(AggregateLinearOp op, const AffineTokens &tokens, OpBuilder &b) {
  TensorBuilder t(b, op.getLoc());
  Value pixels = tokens.pixels, weight = t.wide(op.getWeight()), tokenizer = tokens.weight;
  auto type = cast<RankedTensorType>(op.getType().clone(widened(op.getType().getElementType())));
  int64_t groups = dimOf(pixels, 1), channels = dimOf(pixels, 2), p = dimOf(pixels, 4);
  int64_t width = dimOf(tokenizer, 2);
  SmallVector<int64_t> shape(op.getType().getShape());
  Value result;
  if (dimOf(tokenizer, 1) == 1) {
    shape[4] = p;
    Value sums = t.make<AggregateLinearOp>(type.clone(shape), t.wide(pixels), weight, Value());
    Value matrix = t.reshape(t.broadcastTo(tokenizer, {groups, 1, width, p}), {groups, width, p});
    result = t.contract(sums, "bgqnp", matrix, "gap", "bgqna");
  } else {
    Value own = t.broadcastTo(tokenizer, {groups, channels, width, p});
    own = t.transpose(own, {0, 2, 1, 3});
    SmallVector<int64_t> all = {groups, shape[2], width, channels, p};
    Value product = t.mul(t.broadcast(own, all, {1}), t.broadcast(weight, all, {2, 4}));
    result = t.make<FoldedLinearOp>(type, pixels, product);
  }
  if (tokens.offset) {
    Value sum = t.contract(tokens.offset, "bgka", weight, "gqk", "bgqa");
    result = t.addRepeated(result, t.reshape(sum, {dimOf(sum, 0), groups, shape[2], 1, width}));
  }
  if (tokens.shift) {
    // The same for all channels: times the sum of their weights.
    Value total = t.reduce(Reduction::Sum, weight, {2});
    Value shift = tokens.shift;
    SmallVector<int64_t> all = {dimOf(shift, 0), groups, shape[2], dimOf(shift, 2), width};
    Value product = t.mul(t.broadcast(shift, all, {2}), t.broadcast(total, all, {0, 3, 4}));
    result = t.addRepeated(result, product);
  }
  if (op.getBias())
    result = t.addRepeated(result, t.reshape(t.wide(op.getBias()), {1, groups, shape[2], 1, 1}));
  return t.rounded(result, op.getType().getElementType());
}
