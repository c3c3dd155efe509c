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

//===----------------------------------------------------------------------===//
// FoldNormOp
//===----------------------------------------------------------------------===//

LogicalResult FoldNormOp::verify() {
  if (failed(verifyRank(*this, "C1", "weight", getWeight(), "G x (K or 1) x (S A) x P", 4)))
    return failure();
  ArrayRef<int64_t> weight = shapeOf(getWeight());
  int64_t parts = getParts(), pixels = weight[3];
  if (!divides(parts, weight[2]))
    return emitOpError("(C1) parts must divide the width: got ")
           << parts << " parts, width " << weight[2];
  if (failed(verifyShape(*this, "C1", "gram", getGram(), "G x (K or 1) x S x P x P",
                         {weight[0], weight[1], parts, pixels, pixels})))
    return failure();
  size_t wanted = getOffset() ? 2 : 0;
  if (getLinearAndConstant().size() != wanted)
    return emitOpError("(C2) linear and constant are there if offset is: got ")
           << getLinearAndConstant().size() << " results besides gram, wanted " << wanted;
  if (getOffset()) {
    if (failed(verifyShape(*this, "C2", "offset", getOffset(), "(B or 1) x G x K x (S A)",
                           {kAnySize, weight[0], kAnySize, weight[2]})))
      return failure();
    ArrayRef<int64_t> offset = shapeOf(getOffset());
    if (weight[1] != 1 && weight[1] != offset[2])
      return emitOpError("(C2) offset must have the channels of weight: got ")
             << offset[2] << ", wanted " << weight[1];
    SmallVector<int64_t> shape = {offset[0], weight[0], offset[2], parts};
    if (failed(verifyShape(*this, "C2", "constant", getLinearAndConstant()[1],
                           "(B or 1) x G x K x S", shape)))
      return failure();
    shape.push_back(pixels);
    if (failed(verifyShape(*this, "C2", "linear", getLinearAndConstant()[0],
                           "(B or 1) x G x K x S x P", shape)))
      return failure();
  }
  return verifySameElementType(*this, "C3");
}

/// `x` with dimension of A in the middle, outer x A x inner, minus its mean over A.
static EvalTensor minusMean(const EvalTensor &x, int64_t outer, int64_t width, int64_t inner) {
  EvalTensor result = x;
  double *to = result.mutableFloats();
  for (int64_t o = 0; o < outer; ++o)
    for (int64_t i = 0; i < inner; ++i) {
      double sum = 0;
      for (int64_t a = 0; a < width; ++a)
        sum += x.floats()[(o * width + a) * inner + i];
      for (int64_t a = 0; a < width; ++a)
        to[(o * width + a) * inner + i] -= sum / static_cast<double>(width);
    }
  return result;
}

LogicalResult FoldNormOp::evaluate(ArrayRef<EvalTensor> operands,
                                   SmallVectorImpl<EvalTensor> &results) {
  EvalTensor weight = operands[0], offset = getOffset() ? operands[1] : EvalTensor();
  int64_t pixels = weight.getDim(3), width = weight.getDim(2) / int64_t(getParts());
  int64_t blocks = weight.getDim(0) * weight.getDim(1) * int64_t(getParts());
  double part = 1.0 / static_cast<double>(width);
  if (getCentered())
    weight = minusMean(weight, blocks, width, pixels);
  EvalTensor gram(getGram().getType());
  for (int64_t i = 0; i < blocks; ++i)
    addProduct(pixels, pixels, width, {weight.floats() + i * width * pixels, 1, pixels},
               {weight.floats() + i * width * pixels, pixels, 1},
               {gram.mutableFloats() + i * pixels * pixels, pixels, 1});
  for (double &x : MutableArrayRef(gram.mutableFloats(), gram.getNumElements()))
    x *= part;
  results.push_back(std::move(gram));
  if (!offset)
    return success();
  int64_t places = offset.getNumElements() / width;
  if (getCentered())
    offset = minusMean(offset, places, width, 1);
  EvalTensor linear(getLinearAndConstant()[0].getType());
  EvalTensor constant(getLinearAndConstant()[1].getType());
  // Places are B x G x K x S, blocks G x (K or 1) x S.
  int64_t parts = getParts(), channels = offset.getDim(2), groups = offset.getDim(1);
  for (int64_t i = 0; i < places; ++i) {
    int64_t c = weight.getDim(1) == 1 ? 0 : i / parts % channels, g = i / parts / channels % groups;
    int64_t block = (g * weight.getDim(1) + c) * parts + i % parts;
    const double *o = offset.floats() + i * width;
    for (int64_t a = 0; a < width; ++a) {
      constant.mutableFloats()[i] += o[a] * o[a] * part;
      for (int64_t p = 0; p < pixels; ++p)
        linear.mutableFloats()[i * pixels + p] +=
            2 * part * o[a] * weight.floats()[(block * width + a) * pixels + p];
    }
  }
  results.append({std::move(linear), std::move(constant)});
  return success();
}

RuleAttr FoldNormOp::getShardingRule() {
  ArrayRef<int64_t> weight = shapeOf(getWeight());
  ArrayRef<int64_t> offset = getOffset() ? shapeOf(getOffset()) : ArrayRef<int64_t>();
  RuleBuilder rule(*this);
  int64_t g = rule.factor(weight[0]), k = rule.factor(getOffset() ? offset[2] : weight[1]);
  int64_t s = rule.factor(getParts());
  int64_t a = rule.factor(weight[2] / int64_t(getParts()), FactorKind::Whole);
  int64_t p = rule.factor(weight[3], FactorKind::Whole);
  rule.operand(0, {g, k, {s, a}, p}).result(0, {g, k, s, p, p});
  if (getOffset()) {
    int64_t b = rule.factor(offset[0]);
    rule.operand(1, {b, g, k, {s, a}}).result(1, {b, g, k, s, p}).result(2, {b, g, k, s});
  }
  return rule.build();
}

Operation *FoldNormOp::cloneLocal(OpBuilder &builder, ValueRange operands, TypeRange resultTypes,
                                  ArrayRef<int64_t> localSizes) {
  auto clone = cast<FoldNormOp>(cloneWithTypes(*this, builder, operands, resultTypes));
  clone.setParts(localSizes[2]);
  return clone;
}

double FoldNormOp::getFlops() {
  double width = shapeOf(getWeight())[2] / int64_t(getParts());
  double flops = 2.0 * getGram().getType().getNumElements() * width;
  if (getOffset())
    flops += 2.0 * tensorType(getLinearAndConstant()[0]).getNumElements() * width +
             2.0 * tensorType(getOffset()).getNumElements();
  return flops;
}

FailureOr<SmallVector<Value>> FoldNormOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  int64_t parts = getParts(), width = shapeOf(getWeight())[2] / parts;
  auto center = [&](Value x, StringRef from, StringRef to) {
    if (!getCentered())
      return x;
    Value mean = d.scale(d.sum(x, from, to), 1.0 / width);
    return d.sub(x, d.broadcastLike(mean, to, x, from));
  };
  Value weight = center(d.splitDim(getWeight(), 2, {parts, width}), "gksap", "gksp");
  SmallVector<Value> results;
  results.push_back(d.scale(d.contract("gksap,gksar->gkspr", weight, weight), 1.0 / width));
  if (!getOffset())
    return results;
  Value offset = center(d.splitDim(getOffset(), 3, {parts, width}), "bgksa", "bgks");
  bool isShared = dimOf(weight, 1) == 1;
  if (isShared)
    weight = d.joinDims(weight, 0, 2);
  Value linear = d.contract(isShared ? "bgksa,gsap->bgksp" : "bgksa,gksap->bgksp", offset, weight);
  results.push_back(d.scale(linear, 2.0 / width));
  results.push_back(d.scale(d.sum(d.mul(offset, offset), "bgksa", "bgks"), 1.0 / width));
  return results;
}
