//===- AggregateParts.cpp - an aggregation in parts for the ranks ----------*- C++ -*-===//

#include "dialects/dchag/AggregateEval.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/RuleBuilder.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace mlir::dchag;

LogicalResult AggregatePartsOp::verify() {
  if (failed(verifyRank(*this, "C1", "tokens", getTokens(), "B x G x K x N x Dt", 5)))
    return failure();
  ArrayRef<int64_t> tokens = shapeOf(getTokens());
  int64_t groups = tokens[1], heads = getHeads();
  if (failed(
          verifyShape(*this, "C1", "query", getQuery(), "G x Q x A", {groups, kAnySize, kAnySize})))
    return failure();
  ArrayRef<int64_t> query = shapeOf(getQuery());
  int64_t keyWidth = query[2];
  if ((getBk() && !getWk()) || (getBv() && !getWv()))
    return emitOpError("(C2) a bias needs its weight");
  if (failed(
          verifyShape(*this, "C2", "wk", getWk(), "G x A x Dt", {groups, keyWidth, tokens[4]})) ||
      failed(verifyShape(*this, "C2", "bk", getBk(), "G x A", {groups, keyWidth})) ||
      failed(verifyShape(*this, "C2", "wv", getWv(), "G x V x Dt", {groups, kAnySize, tokens[4]})))
    return failure();
  int64_t valueWidth = getWv() ? shapeOf(getWv())[1] : tokens[4];
  if (failed(verifyShape(*this, "C2", "bv", getBv(), "G x V", {groups, valueWidth})))
    return failure();
  if ((!getWk() && keyWidth != tokens[4]) || !divides(heads, keyWidth) ||
      !divides(heads, valueWidth))
    return emitOpError("(C2) heads must divide the widths, and without wk the query must have the "
                       "width of the tokens: got ")
           << heads << " heads, width " << keyWidth << " of the query and " << valueWidth
           << " of the values";
  if (Value mask = getMask()) {
    if (failed(verifyRank(*this, "C2", "mask", mask, "(B or 1) x G x K", 3)))
      return failure();
    int64_t batch = shapeOf(mask)[0] == 1 ? 1 : tokens[0];
    if (failed(
            verifyShape(*this, "C2", "mask", mask, "(B or 1) x G x K", {batch, groups, tokens[2]})))
      return failure();
  }
  SmallVector<int64_t> wanted = {
      static_cast<int64_t>(getParts()), tokens[0], groups, query[1], tokens[3], heads};
  if (failed(verifyShape(*this, "C1", "max", getMax(), "R x B x G x Q x N x h", wanted)) ||
      failed(verifyShape(*this, "C1", "sum", getSum(), "R x B x G x Q x N x h", wanted)))
    return failure();
  wanted.back() = valueWidth;
  if (failed(verifyShape(*this, "C1", "acc", getAcc(), "R x B x G x Q x N x V", wanted)))
    return failure();
  return verifySameElementType(*this, "C2");
}

/// The mask (all true if null) with only the units from `first` up to `last` left.
static EvalTensor restrictMask(const EvalTensor *mask, ArrayRef<int64_t> tokens, int64_t first,
                               int64_t last, MLIRContext *context) {
  EvalTensor result({mask ? mask->getDim(0) : 1, tokens[1], tokens[2]},
                    IntegerType::get(context, 1));
  int64_t *to = result.mutableInts();
  for (int64_t i = 0; i < result.getNumElements(); ++i) {
    int64_t unit = i % tokens[2];
    to[i] = unit >= first && unit < last && (!mask || mask->ints()[i]);
  }
  return result;
}

LogicalResult AggregatePartsOp::evaluate(ArrayRef<EvalTensor> operands,
                                         SmallVectorImpl<EvalTensor> &results) {
  auto find = [&](unsigned segment) -> const EvalTensor * {
    auto [start, size] = getODSOperandIndexAndLength(segment);
    return size ? &operands[start] : nullptr;
  };
  const EvalTensor *mask = find(6);
  AggregateInputs inputs{find(0),
                         find(1),
                         find(2),
                         find(3),
                         find(4),
                         find(5),
                         nullptr,
                         static_cast<int64_t>(getHeads()),
                         getScale().convertToDouble()};
  for (Type type : getResultTypes())
    results.emplace_back(type);
  ArrayRef<int64_t> tokens = shapeOf(getTokens());
  int64_t size = llvm::divideCeil(tokens[2], getParts());
  for (int64_t r = 0; r < static_cast<int64_t>(getParts()); ++r) {
    EvalTensor run = restrictMask(mask, tokens, r * size, (r + 1) * size, getContext());
    inputs.mask = &run;
    AggregateParts values = evaluateParts(inputs);
    const EvalTensor *from[] = {&values.max, &values.sum, &values.acc};
    for (unsigned i = 0; i < 3; ++i)
      std::copy_n(from[i]->floats(), from[i]->getNumElements(),
                  results[i].mutableFloats() + r * from[i]->getNumElements());
  }
  return success();
}

/// Positions of factors that cloneLocal adapts attributes to.
static constexpr unsigned kRuns = 0, kHeads = 1;

RuleAttr AggregatePartsOp::getShardingRule() {
  RuleBuilder rule(*this);
  ArrayRef<int64_t> tokens = shapeOf(getTokens());
  int64_t heads = getHeads(), parts = getParts();
  // The padding of an uneven split is masked away; without a mask there must be none.
  bool splits = getMask() || tokens[2] % parts == 0;
  int64_t r = rule.factor(parts, splits ? FactorKind::Parallel : FactorKind::Whole);
  // Tokens that are values or keys as they are, and the other by a projection, are needed
  // both by heads and whole.
  bool splitsHeads = !getWk() == !getWv();
  int64_t h = rule.factor(heads, splitsHeads ? FactorKind::Parallel : FactorKind::Whole);
  int64_t c = rule.factor(llvm::divideCeil(tokens[2], parts), FactorKind::Softmax);
  int64_t b = rule.factor(tokens[0]), g = rule.factor(tokens[1]), n = rule.factor(tokens[3]);
  int64_t q = rule.factor(shapeOf(getQuery())[1]);
  int64_t depth = rule.factor(shapeOf(getQuery())[2] / heads, FactorKind::Whole);
  int64_t width = rule.factor(shapeOf(getAcc())[5] / heads, FactorKind::Whole);
  RuleBuilder::Dim key{h, depth}, value{h, width};
  RuleBuilder::Dim token = value;
  if (getWk() || getWv())
    token = rule.factor(tokens[4], FactorKind::Whole);
  rule.operand(0, {b, g, {r, c}, n, token}).operand(1, {g, q, key});
  rule.optionalOperand(getWkMutable(), {g, key, token});
  rule.optionalOperand(getBkMutable(), {g, key});
  rule.optionalOperand(getWvMutable(), {g, value, token});
  rule.optionalOperand(getBvMutable(), {g, value});
  rule.optionalOperand(getMaskMutable(), {b, g, {r, c}});
  if (getMask())
    rule.padding(getMaskMutable()[0].getOperandNumber(), r,
                 Builder(getContext()).getBoolAttr(false));
  rule.result(0, {r, b, g, q, n, h}).result(1, {r, b, g, q, n, h});
  rule.result(2, {r, b, g, q, n, value});
  return rule.build();
}

Operation *AggregatePartsOp::cloneLocal(OpBuilder &builder, ValueRange operands,
                                        TypeRange resultTypes, ArrayRef<int64_t> localSizes) {
  auto clone = cast<AggregatePartsOp>(cloneWithTypes(*this, builder, operands, resultTypes));
  clone.setParts(localSizes[kRuns]);
  clone.setHeads(localSizes[kHeads]);
  return clone;
}

double AggregatePartsOp::getFlops() {
  ArrayRef<int64_t> tokens = shapeOf(getTokens());
  double count = double(tokens[0]) * tokens[1] * tokens[2] * tokens[3];
  double keyWidth = shapeOf(getQuery())[2], valueWidth = shapeOf(getAcc())[5];
  double queries = shapeOf(getQuery())[1];
  double projections = (getWk() ? keyWidth : 0) + (getWv() ? valueWidth : 0);
  return count * (2.0 * tokens[4] * projections + 2.0 * queries * (keyWidth + valueWidth));
}

/// One run is a partial aggregation of all units.
static SmallVector<Value> makePartial(AggregatePartsOp op, OpBuilder &builder) {
  SmallVector<Type> types;
  for (Type type : op.getResultTypes())
    types.push_back(
        cast<RankedTensorType>(type).clone(cast<ShapedType>(type).getShape().drop_front()));
  auto partial = AggregatePartialOp::create(
      builder, op.getLoc(), types, op.getTokens(), op.getQuery(), op.getWk(), op.getBk(),
      op.getWv(), op.getBv(), op.getMask(), op.getHeadsAttr(), op.getScaleAttr());
  SmallVector<ReassociationIndices> groups = {{0, 1}, {2}, {3}, {4}, {5}};
  SmallVector<Value> values;
  for (auto [value, type] : llvm::zip_equal(partial->getResults(), op.getResultTypes()))
    values.push_back(tensor::ExpandShapeOp::create(builder, op.getLoc(), type, value, groups));
  return values;
}

LogicalResult AggregatePartsOp::canonicalize(AggregatePartsOp op, PatternRewriter &rewriter) {
  if (op.getParts() != 1)
    return failure();
  rewriter.replaceOp(op, makePartial(op, rewriter));
  return success();
}

FailureOr<SmallVector<Value>> AggregatePartsOp::decomposeOperation(OpBuilder &builder) {
  if (getParts() != 1)
    return emitOpError("has several parts: distribute it over as many ranks first");
  return makePartial(*this, builder);
}
