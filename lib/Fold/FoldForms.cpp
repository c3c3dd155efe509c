//===- FoldForms.cpp - the forms in which an aggregation is computed -------*- C++ -*-===//

#include "FoldForms.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::dchag;

StringRef mlir::dchag::getFoldFormName(FoldForm form) {
  switch (form) {
  case FoldForm::AsWritten:
    return "as written";
  case FoldForm::Keys:
    return "keys only";
  case FoldForm::Values:
    return "keys and values";
  case FoldForm::Pooled:
    return "pooled";
  }
  llvm_unreachable("all forms are handled");
}

Aggregation Aggregation::of(AggregateOp op) {
  Aggregation result;
  result.tokens = op.getTokens();
  result.query = op.getQuery();
  result.wk = op.getWk();
  result.bk = op.getBk();
  result.wv = op.getWv();
  result.bv = op.getBv();
  result.mask = op.getMask();
  result.heads = op.getHeads();
  result.scale = op.getScale().convertToDouble();
  result.nanWhenEmpty = op.getNanWhenEmpty();
  result.keyNorm = op.getKeyNormAttr();
  result.elementType = elementTypeOf(op.getResult());
  return result;
}

int64_t Aggregation::getValueWidth() const { return wv ? dimOf(wv, 1) : dimOf(tokens, 4); }

/// Why there is no `dchag.fold_norm` of what is normalised, functions of so many numbers. It
/// decomposes into as many steps, which a compiler takes more than their square of time for.
static std::string whyNotNorm(int64_t numbers) {
  constexpr int64_t kMost = 64;
  return numbers <= kMost ? ""
                          : llvm::formatv("what is normalised are functions of {0} numbers, and "
                                          "variances are folded up to {1}",
                                          numbers, kMost)
                                .str();
}

/// Why what is normalised is no function of pixels that can be folded; empty if it is.
static std::string whyNotNormalised(const Aggregation &op) {
  if (!op.affine || !(op.keyNorm || op.affine->norm))
    return "";
  if (op.keyNorm && op.affine->norm)
    return "both its tokens and its keys are normalised";
  if (op.keyNorm && op.affine->shift && dimOf(op.affine->shift, 2) != 1)
    return "positions are embedded before its keys are normalised";
  return whyNotNorm(dimOf(op.affine->pixels, 4));
}

bool Aggregation::scoresFromPixels() const { return affine && whyNotNormalised(*this).empty(); }

/// Whether a sample may have no channel, for which the result is 0.
static bool zerosEmptyGroups(const Aggregation &op) {
  return !op.nanWhenEmpty && (op.mask || dimOf(op.tokens, 2) == 0);
}

std::string mlir::dchag::whyNot(FoldForm form, const Aggregation &op, const NotAffine &why) {
  switch (form) {
  case FoldForm::AsWritten:
    return "";
  case FoldForm::Keys:
    if (op.scoresFromPixels())
      return "";
    // Then scores come from tokens: the product of the query and the key weights must exist.
    if (!op.wk)
      return "there is no key projection that the query could be folded into";
    return op.keyNorm ? whyNotNorm(dimOf(op.tokens, 4)) : "";
  case FoldForm::Values:
  case FoldForm::Pooled:
    if (!op.affine)
      return why.reason;
    if (!op.scoresFromPixels())
      return whyNotNormalised(op);
    if ((form == FoldForm::Pooled) == op.affine->isShared())
      return "";
    return form == FoldForm::Pooled ? "each channel has its own tokenizer"
                                    : "the channels share their tokenizer";
  }
  llvm_unreachable("all forms are handled");
}

//===----------------------------------------------------------------------===//
// Building
//===----------------------------------------------------------------------===//

namespace {
class FormBuilder : public TensorBuilder {
public:
  FormBuilder(const Aggregation &op, OpBuilder &b, Location loc)
      : TensorBuilder(b, loc), op(op), query(wide(op.query)), wk(wide(op.wk)), bk(wide(op.bk)),
        wv(wide(op.wv)), bv(wide(op.bv)) {}

  Value build(FoldForm form);
  SoftmaxParts buildParts(FoldForm form);
  /// The maximum of a part with what is the same in all scores of the part, but not of others.
  Value shiftScores(Value max);

private:
  /// Tokenizers or offsets before the normalisation of tokens, whose width is dimension `width`, as
  /// they are after it but for the division by the standard deviation.
  Value normalised(Value x, unsigned width);
  Value foldQuery(Value keys);
  Value foldProjection(Value rows);
  void fold(FoldForm form);
  void foldScores();
  void foldValues();
  void keepValues();
  void foldNorm();
  void setNorm(Value weight, Value offset, int64_t parts, bool centered);
  Value foldKeyNorm();
  Value asWritten();
  RankedTensorType getType(int64_t width, Type element) {
    return RankedTensorType::get(
        {dimOf(op.tokens, 0), dimOf(op.tokens, 1), dimOf(op.query, 1), dimOf(op.tokens, 3), width},
        element);
  }
  UnitAttr unit(bool isSet) { return isSet ? b.getUnitAttr() : UnitAttr(); }

  const Aggregation &op;
  /// Parameters in f32 if they are narrower. So are folded weights: rounded ones would lose more
  /// than tokens lose where the pixels of a patch have much in common, and may be out of range.
  Value query, wk, bk, wv, bv;
  Value pixels, scoreWeight, scoreOffset, scoreBias, features, valueWeight, valueOffset, valueBias;
  Value normFactor, normLinear, normConstant, shift;
  /// What tokens are multiplied by in scores: G x (Q h) x Dt.
  Value rows;
  /// Of the tokens, normalised.
  Value tokenizer, offset;
  double epsilon = 0;
  bool normValues = false;
};
} // namespace

Value FormBuilder::foldQuery(Value keys) {
  int64_t rows = dimOf(query, 1) * op.heads, width = dimOf(keys ? keys : query, 2);
  return make<FoldQueryOp>(tensorType(query).clone({dimOf(query, 0), rows, width}), query, keys,
                           b.getI64IntegerAttr(op.heads), b.getF64FloatAttr(op.scale));
}

/// x minus its mean over a dimension.
static Value minusMean(TensorBuilder &t, Value x, unsigned dim) {
  Value sum = t.reduce(Reduction::Sum, x, {dim}, /*keep=*/true);
  Value mean = t.div(sum, t.splat(tensorType(sum), dimOf(x, dim)));
  return t.sub(x, t.broadcastTo(mean, shapeOf(x)));
}

Value FormBuilder::normalised(Value x, unsigned width) {
  const std::optional<TokenNorm> &norm = op.affine->norm;
  if (!norm)
    return x;
  if (norm->centered)
    x = minusMean(*this, x, width);
  if (!norm->scale)
    return x;
  // (G or 1) x (K or 1) x Dt, where x has G, K and Dt among its dimensions.
  SmallVector<int64_t> place(shapeOf(x).size(), 1), shape(shapeOf(x));
  for (unsigned i : {0, 1, 2}) {
    unsigned dim = width - 2 + i;
    place[dim] = dimOf(norm->scale, i);
    shape[dim] = std::max(shape[dim], place[dim]);
  }
  return mul(broadcastTo(x, shape), broadcastTo(reshape(norm->scale, place), shape));
}

Value FormBuilder::foldProjection(Value rows) {
  auto type = tensorType(rows).clone(
      {dimOf(rows, 0), dimOf(rows, 1), dimOf(tokenizer, 1), dimOf(tokenizer, 3)});
  return make<FoldProjectionOp>(type, rows, tokenizer);
}

void FormBuilder::foldNorm() {
  const AffineTokens &affine = *op.affine;
  if (tokenizer)
    return;
  tokenizer = normalised(affine.weight, 2);
  if (affine.offset)
    offset = normalised(affine.offset, 3);
  if (!affine.norm)
    return;
  epsilon = affine.norm->epsilon;
  SmallVector<int64_t> shape(shapeOf(affine.weight));
  shape[0] = dimOf(op.tokens, 1);
  setNorm(broadcastTo(affine.weight, shape), affine.offset, 1, affine.norm->centered);
}

/// For numbers weight[g,k] x + constant[b,g,k] that are normalised in parts.
void FormBuilder::setNorm(Value weight, Value constant, int64_t parts, bool centered) {
  ArrayRef<int64_t> shape = shapeOf(weight);
  int64_t groups = shape[0], channels = shape[1], width = shape[2] / parts, p = shape[3];
  auto type = tensorType(weight);
  auto norm = FoldNormOp::create(b, loc, type.clone({groups, channels, parts, width, p}),
                                 type.clone({groups, channels, parts, p, p}), weight,
                                 b.getI64IntegerAttr(parts), unit(centered));
  normFactor = norm.getFactor();
  if (!constant)
    return;
  constant = splitDim(constant, 3, {parts, width});
  if (centered)
    constant = minusMean(*this, constant, 4);
  Value basis = norm.getBasis();
  StringRef letters = channels == 1 ? "gsap" : "gksap";
  if (channels == 1)
    basis = joinDims(basis, 0, 2);
  normLinear = contract(constant, "bgksa", basis, letters, "bgksp");
  // What is left of the constant is orthogonal to the basis.
  Value within = contract(normLinear, "bgksp", basis, letters, "bgksa");
  Value rest = sub(constant, mul(within, splat(tensorType(within), width)));
  Value sum = reduce(Reduction::Sum, mul(rest, rest), {4});
  normConstant = div(sum, splat(tensorType(sum), width));
}

/// Returns the rows that multiply tokens before the normalisation of keys. What is constant in a
/// score is no longer the same for all channels: it is divided by their standard deviations.
Value FormBuilder::foldKeyNorm() {
  int64_t groups = dimOf(query, 0), width = dimOf(query, 2), queries = dimOf(query, 1);
  int64_t parts = op.keyNorm.isPerHead() ? op.heads : 1, channels = dimOf(op.tokens, 2);
  // A row of each head for whole keys: a mean over all heads has features of the other heads, too.
  Value queryRows = foldQuery(Value());
  if (op.keyNorm.isCentered())
    queryRows = reshape(minusMean(*this, splitDim(queryRows, 2, {parts, width / parts}), 3),
                        shapeOf(queryRows));
  Value weight, constant;
  auto addConstant = [&](Value term) { constant = constant ? addRepeated(constant, term) : term; };
  if (op.scoresFromPixels()) {
    weight = wk ? transpose(foldProjection(wk), {0, 2, 1, 3})
                : broadcastTo(tokenizer, {groups, dimOf(tokenizer, 1), width, dimOf(tokenizer, 3)});
    for (Value term : {op.affine->offset, op.affine->shift})
      if (term)
        addConstant(wk ? contract(term, "bgka", wk, "gra", "bgkr") : term);
  } else {
    weight = reshape(wk, {groups, 1, width, dimOf(wk, 2)});
  }
  if (bk)
    addConstant(reshape(bk, {1, groups, 1, width}));
  if (constant)
    constant = broadcastTo(constant, {dimOf(constant, 0), groups, channels, width});
  epsilon = op.keyNorm.getEpsilon();
  setNorm(weight, constant, parts, op.keyNorm.isCentered());
  if (constant)
    scoreOffset =
        splitDim(contract(constant, "bgka", queryRows, "gra", "bgkr"), 3, {queries, op.heads});
  return wk ? contract(queryRows, "gra", wk, "gad", "grd") : queryRows;
}

void FormBuilder::foldScores() {
  int64_t queries = dimOf(query, 1);
  bool fromPixels = op.scoresFromPixels();
  if (fromPixels)
    foldNorm();
  rows = op.keyNorm ? foldKeyNorm() : foldQuery(wk);
  if (!fromPixels) {
    pixels = op.tokens;
    scoreWeight = reshape(rows, {dimOf(rows, 0), queries, op.heads, 1, dimOf(rows, 2)});
    return;
  }
  const AffineTokens &affine = *op.affine;
  pixels = affine.pixels;
  scoreWeight = splitDim(foldProjection(rows), 1, {queries, op.heads});
  if (op.keyNorm)
    return;
  auto constant = [&](Value value) {
    return splitDim(contract(value, "bgka", rows, "gra", "bgkr"), 3, {queries, op.heads});
  };
  if (offset)
    (affine.norm ? scoreOffset : scoreBias) = constant(offset);
  if (affine.bias)
    scoreBias = constant(affine.bias);
}

void FormBuilder::foldValues() {
  const AffineTokens &affine = *op.affine;
  foldNorm();
  normValues = affine.norm.has_value();
  int64_t groups = dimOf(op.tokens, 1);
  if (wv) {
    valueWeight = foldProjection(wv);
  } else {
    SmallVector<int64_t> shape(shapeOf(tokenizer));
    shape[0] = groups;
    valueWeight = transpose(broadcastTo(tokenizer, shape), {0, 2, 1, 3});
  }
  auto project = [&](Value x) { return wv ? contract(x, "bgka", wv, "gva", "bgkv") : x; };
  SmallVector<Value> biases;
  if (offset && affine.norm)
    valueOffset = project(offset);
  else if (offset)
    biases.push_back(project(offset));
  if (affine.bias)
    biases.push_back(project(affine.bias));
  if (affine.shift) {
    // b g n v: the same for all channels.
    Value projected = project(affine.shift);
    dimOf(projected, 2) == 1 ? biases.push_back(projected) : (void)(shift = projected);
  }
  if (bv)
    biases.push_back(reshape(bv, {1, groups, 1, dimOf(bv, 1)}));
  for (Value bias : biases)
    valueBias = valueBias ? addRepeated(valueBias, bias) : bias;
}

Value FormBuilder::asWritten() {
  return make<AggregateOp>(getType(op.getValueWidth(), op.elementType), op.tokens, op.query, op.wk,
                           op.bk, op.wv, op.bv, Value(), Value(), op.mask,
                           b.getI64IntegerAttr(op.heads), b.getF64FloatAttr(op.scale),
                           unit(op.nanWhenEmpty), op.keyNorm);
}

/// Values of tokens; where pixels are the tokens themselves, these are the features.
void FormBuilder::keepValues() {
  int64_t groups = dimOf(op.tokens, 1);
  if (op.scoresFromPixels() || !wv)
    features = op.tokens;
  // Not in f32 if tokens are narrower: it is the factor that it was.
  if (wv)
    valueWeight = reshape(op.wv, {groups, dimOf(wv, 1), 1, dimOf(wv, 2)});
  if (bv)
    valueBias = reshape(bv, {1, groups, 1, dimOf(bv, 1)});
}

void FormBuilder::fold(FoldForm form) {
  foldScores();
  form == FoldForm::Keys ? keepValues() : foldValues();
}

SoftmaxParts FormBuilder::buildParts(FoldForm form) {
  Type element = widened(op.elementType);
  Type byHead = getType(op.heads, element), byValue = getType(op.getValueWidth(), element);
  SmallVector<Type> types = {byHead, byHead, byValue};
  IntegerAttr heads = b.getI64IntegerAttr(op.heads);
  if (form == FoldForm::AsWritten) {
    // The bias of keys is left out of all forms: other parts have other constants.
    auto parts = AggregatePartialOp::create(
        b, loc, types, op.tokens, op.query, op.wk, op.keyNorm ? op.bk : Value(), op.wv, op.bv,
        op.mask, heads, b.getF64FloatAttr(op.scale), unit(op.nanWhenEmpty), op.keyNorm);
    return {parts.getMax(), parts.getSum(), parts.getAcc()};
  }
  fold(form);
  auto parts = FoldedAggregatePartialOp::create(
      b, loc, types, pixels, scoreWeight, scoreOffset, scoreBias, features, valueWeight,
      valueOffset, valueBias, normFactor, normLinear, normConstant, op.mask, heads,
      b.getF64FloatAttr(epsilon), unit(normValues), unit(op.nanWhenEmpty));
  if (!shift)
    return {parts.getMax(), parts.getSum(), parts.getAcc()};
  // Once for each channel, with its weight: times the sum of the weights of each head.
  SmallVector<int64_t> shape(shapeOf(parts.getAcc()));
  int64_t width = shape[4] / op.heads;
  SmallVector<int64_t> place(shapeOf(shift)), split(shape);
  place.insert(place.begin() + 2, 1);
  split.back() = op.heads;
  split.push_back(width);
  Value sums = reshape(broadcast(parts.getSum(), split, {5}), shape);
  Value added = mul(sums, broadcastTo(reshape(shift, place), shape));
  return {parts.getMax(), parts.getSum(), add(parts.getAcc(), added)};
}

Value FormBuilder::shiftScores(Value max) {
  if (!rows || op.keyNorm || !op.scoresFromPixels() || !op.affine->shift)
    return max;
  // b g n (q h) to b g q n h
  Value scores = contract(op.affine->shift, "bgna", rows, "gra", "bgnr");
  scores = splitDim(scores, 3, {dimOf(op.query, 1), op.heads});
  return addRepeated(max, transpose(scores, {0, 1, 3, 2, 4}));
}

Value FormBuilder::build(FoldForm form) {
  if (form == FoldForm::AsWritten)
    return asWritten();
  bool hasShift = form != FoldForm::Keys && op.affine->shift && dimOf(op.affine->shift, 2) != 1;
  // In parts, a group without channels stays 0.
  if (hasShift && zerosEmptyGroups(op))
    return mergeParts(buildParts(form), op, b, loc);
  fold(form);
  Type element = widened(op.elementType);
  Value result = make<FoldedAggregateOp>(getType(op.getValueWidth(), element), pixels, scoreWeight,
                                         scoreOffset, scoreBias, features, valueWeight, valueOffset,
                                         valueBias, normFactor, normLinear, normConstant, op.mask,
                                         b.getI64IntegerAttr(op.heads), b.getF64FloatAttr(epsilon),
                                         unit(normValues), unit(op.nanWhenEmpty));
  if (shift) {
    SmallVector<int64_t> place(shapeOf(shift));
    place.insert(place.begin() + 2, 1);
    result = addRepeated(result, reshape(shift, place));
  }
  return rounded(result, op.elementType);
}

Value mlir::dchag::mergeParts(ArrayRef<SoftmaxParts> parts, const Aggregation &whole, OpBuilder &b,
                              Location loc) {
  SmallVector<std::array<Value, 3>> values;
  for (const SoftmaxParts &part : parts)
    values.push_back({part.max, part.sum, part.acc});
  Value result = MergePartialsOp::join(
      b, loc, SmallVector<ValueRange>(values.begin(), values.end()), whole.nanWhenEmpty);
  return TensorBuilder(b, loc).rounded(result, whole.elementType);
}

SoftmaxParts mlir::dchag::buildParts(FoldForm form, const Aggregation &op, OpBuilder &b,
                                     Location loc) {
  FormBuilder builder(op, b, loc);
  SoftmaxParts parts = builder.buildParts(form);
  parts.max = builder.shiftScores(parts.max);
  return parts;
}

Value mlir::dchag::buildForm(FoldForm form, const Aggregation &op, OpBuilder &b, Location loc) {
  return FormBuilder(op, b, loc).build(form);
}
