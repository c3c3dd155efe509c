//===- FoldWeights.cpp - weights of folded aggregations --------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/RuleBuilder.h"
#include "dialects/interfaces/EvalMath.h"

using namespace mlir;
using namespace mlir::dchag;

//===----------------------------------------------------------------------===//
// FoldQueryOp
//===----------------------------------------------------------------------===//

LogicalResult FoldQueryOp::verify() {
  if (failed(verifyRank(*this, "C1", "query", getQuery(), "G x Q x A", 3)))
    return failure();
  ArrayRef<int64_t> query = shapeOf(getQuery());
  int64_t heads = getHeads();
  if (!divides(heads, query[2]))
    return emitOpError("(C2) heads must divide the width of the query: got ")
           << heads << " heads, width " << query[2];
  if (failed(verifyShape(*this, "C1", "wk", getWk(), "G x A x Dt", {query[0], query[2], kAnySize})))
    return failure();
  int64_t width = getWk() ? shapeOf(getWk())[2] : query[2];
  if (failed(verifyShape(*this, "C1", "result", getResult(), "G x (Q h) x Dt",
                         {query[0], query[1] * heads, width})))
    return failure();
  return verifySameElementType(*this, "C3");
}

LogicalResult FoldQueryOp::evaluate(ArrayRef<EvalTensor> operands,
                                    SmallVectorImpl<EvalTensor> &results) {
  const EvalTensor &query = operands[0];
  EvalTensor result(getType());
  int64_t heads = getHeads(), depth = query.getDim(2) / heads, width = result.getDim(2);
  double scale = getScale().convertToDouble();
  for (int64_t row = 0; row < result.getDim(0) * result.getDim(1); ++row) {
    int64_t j = row % heads, g = row / result.getDim(1);
    const double *q = query.floats() + row * depth;
    double *to = result.mutableFloats() + row * width;
    for (int64_t d = 0; d < depth; ++d)
      for (int64_t a = 0; a < width && getWk(); ++a)
        to[a] +=
            scale * q[d] * operands[1].floats()[(g * heads * depth + j * depth + d) * width + a];
    for (int64_t d = 0; d < depth && !getWk(); ++d)
      to[j * depth + d] = scale * q[d];
  }
  results.push_back(std::move(result));
  return success();
}

RuleAttr FoldQueryOp::getShardingRule() {
  ArrayRef<int64_t> query = shapeOf(getQuery());
  int64_t heads = getHeads();
  RuleBuilder rule(*this);
  int64_t h = rule.factor(heads, getWk() ? FactorKind::Parallel : FactorKind::Whole);
  int64_t g = rule.factor(query[0]), q = rule.factor(query[1]);
  int64_t d = rule.factor(query[2] / heads, FactorKind::Whole);
  RuleBuilder::Dim width = {h, d};
  if (getWk()) {
    width = rule.factor(shapeOf(getWk())[2]);
    rule.operand(1, {g, {h, d}, width});
  }
  return rule.operand(0, {g, q, {h, d}}).result(0, {g, {q, h}, width}).build();
}

Operation *FoldQueryOp::cloneLocal(OpBuilder &builder, ValueRange operands, TypeRange resultTypes,
                                   ArrayRef<int64_t> localSizes) {
  auto clone = cast<FoldQueryOp>(cloneWithTypes(*this, builder, operands, resultTypes));
  clone.setHeads(localSizes[0]);
  return clone;
}

double FoldQueryOp::getFlops() {
  double results = getType().getNumElements();
  double depth = shapeOf(getQuery())[2] / static_cast<double>(getHeads());
  return getWk() ? results * 2.0 * depth : results;
}

FailureOr<SmallVector<Value>> FoldQueryOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  int64_t heads = getHeads(), width = shapeOf(getQuery())[2] / heads, all = width * heads;
  Value q =
      d.scale(d.splitDim(d.wide(getQuery()), 2, {heads, width}), getScale().convertToDouble());
  Value rows;
  if (getWk()) {
    rows = d.contract("gqjd,gjda->gqja", q, d.splitDim(getWk(), 1, {heads, width}));
  } else {
    SmallVector<Value> parts;
    for (int64_t j = 0; j < heads; ++j)
      parts.push_back(d.padConstant(d.slice(q, 2, j, 1), {0, 0, 0, j * width},
                                    {0, 0, 0, all - (j + 1) * width}, 0));
    rows = d.concat(parts, 2);
  }
  return SmallVector<Value>{d.reshape(rows, getType().getShape())};
}

//===----------------------------------------------------------------------===//
// FoldProjectionOp
//===----------------------------------------------------------------------===//

LogicalResult FoldProjectionOp::verify() {
  if (failed(verifyRank(*this, "C1", "rows", getRows(), "G x R x Dt", 3)))
    return failure();
  ArrayRef<int64_t> rows = shapeOf(getRows());
  if (failed(verifyShape(*this, "C1", "tokenizer", getTokenizer(), "(G or 1) x (K or 1) x Dt x P",
                         {kAnySize, kAnySize, rows[2], kAnySize})))
    return failure();
  ArrayRef<int64_t> tokenizer = shapeOf(getTokenizer());
  if (tokenizer[0] != 1 && tokenizer[0] != rows[0])
    return emitOpError("(C1) tokenizer must have one entry for each of the ")
           << rows[0] << " groups or one for all: got " << tokenizer[0];
  if (failed(verifyShape(*this, "C1", "result", getResult(), "G x R x (K or 1) x P",
                         {rows[0], rows[1], tokenizer[1], tokenizer[3]})))
    return failure();
  return verifySameElementType(*this, "C2");
}

LogicalResult FoldProjectionOp::evaluate(ArrayRef<EvalTensor> operands,
                                         SmallVectorImpl<EvalTensor> &results) {
  const EvalTensor &rows = operands[0], &tokenizer = operands[1];
  EvalTensor result(getType());
  int64_t count = rows.getDim(1), width = rows.getDim(2), pixels = tokenizer.getDim(3);
  int64_t channels = tokenizer.getDim(1);
  double *to = result.mutableFloats();
  for (int64_t i = 0; i < rows.getDim(0) * channels; ++i) {
    int64_t g = i / channels, own = tokenizer.getDim(0) == 1 ? i % channels : i;
    addProduct(count, pixels, width, {rows.floats() + g * count * width, width, 1},
               {tokenizer.floats() + own * width * pixels, pixels, 1},
               {to + (g * count * channels + i % channels) * pixels, channels * pixels, 1});
  }
  results.push_back(std::move(result));
  return success();
}

RuleAttr FoldProjectionOp::getShardingRule() {
  ArrayRef<int64_t> rows = shapeOf(getRows()), tokenizer = shapeOf(getTokenizer());
  RuleBuilder rule(*this);
  int64_t g = rule.factor(rows[0]), k = rule.factor(tokenizer[1]), r = rule.factor(rows[1]);
  int64_t d = rule.factor(rows[2], FactorKind::Sum), p = rule.factor(tokenizer[3]);
  rule.operand(0, {g, r, d}).operand(1, {g, k, d, p}).result(0, {g, r, k, p});
  return rule.linear({0}).linear({1}).build();
}

double FoldProjectionOp::getFlops() {
  return 2.0 * getType().getNumElements() * shapeOf(getRows())[2];
}

FailureOr<SmallVector<Value>> FoldProjectionOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  ArrayRef<int64_t> tokenizer = shapeOf(getTokenizer());
  Value result;
  if (tokenizer[0] == 1)
    result =
        d.contract("gra,kap->grkp", getRows(), d.reshape(getTokenizer(), tokenizer.drop_front()));
  else
    result = d.contract("gra,gkap->grkp", getRows(), getTokenizer());
  return SmallVector<Value>{result};
}
