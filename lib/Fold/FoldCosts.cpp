//===- FoldCosts.cpp - what the forms of an aggregation cost ---------------*- C++ -*-===//

#include "FoldForms.h"
#include "dialects/dchag/TensorBuilder.h"

using namespace mlir;
using namespace mlir::dchag;

/// The tokens of `op.affine`, at the cost of those of the program: not exactly these.
static Value buildTokens(const Aggregation &op, OpBuilder &b, Location loc) {
  TensorBuilder t(b, loc);
  const AffineTokens &affine = *op.affine;
  SmallVector<int64_t> shape(shapeOf(op.tokens));
  Type element = elementTypeOf(op.tokens);
  Value weight = t.rounded(affine.weight, element), pixels = t.rounded(affine.pixels, element);
  Value result;
  if (dimOf(weight, 0) == 1 && dimOf(weight, 1) == 1)
    result = t.contract(pixels, "bgknp", t.reshape(weight, shapeOf(weight).drop_front(2)), "ap",
                        "bgkna");
  else
    result = t.contract(pixels, "bgknp",
                        t.broadcastTo(weight, {shape[1], shape[2], shape[4], dimOf(weight, 3)}),
                        "gkap", "bgkna");
  auto addByChannel = [&](Value x) {
    SmallVector<int64_t> place(shapeOf(x));
    place.insert(place.begin() + 3, 1);
    result = t.add(result, t.broadcastTo(t.reshape(t.rounded(x, element), place), shape));
  };
  if (affine.offset)
    addByChannel(affine.offset);
  if (affine.norm)
    result = t.make<LayerNormOp>(result.getType(), result, Value(), Value(), b.getI64IntegerAttr(1),
                                 b.getF64FloatAttr(affine.norm->epsilon));
  if (affine.bias)
    addByChannel(affine.bias);
  return result;
}

namespace {
/// An aggregation of the part that a rank has, on arguments of a block outside of the program.
class LocalCopy {
public:
  LocalCopy(const SplitSizes &sizes, ParameterAnalysis &parameters, Location loc)
      : sizes(sizes), parameters(parameters), loc(loc) {}

  /// An argument in the place of `value`; the letter of each of its dimensions says how it is
  /// split: b, g, k, h (heads) or any other.
  Value add(Value value, StringRef letters) {
    if (!value)
      return value;
    SmallVector<int64_t> shape(shapeOf(value));
    for (auto [size, letter] : llvm::zip_equal(shape, letters)) {
      int64_t ranks = letter == 'b'   ? sizes.batch
                      : letter == 'g' ? sizes.groups
                      : letter == 'k' ? sizes.channels
                      : letter == 'h' ? sizes.heads
                                      : 1;
      size = llvm::divideCeil(size, ranks);
    }
    BlockArgument argument = block.addArgument(tensorType(value).clone(shape), loc);
    if (!parameters.isParameterOnly(value))
      varying.insert(argument);
    return argument;
  }

  Aggregation copy(const Aggregation &op);
  double getSeconds(const CostModel &costs);

  Block block;

private:
  SplitSizes sizes;
  ParameterAnalysis &parameters;
  Location loc;
  llvm::DenseSet<Value> varying;
};
} // namespace

Aggregation LocalCopy::copy(const Aggregation &op) {
  Aggregation result = op;
  result.tokens = add(op.tokens, "bgknd");
  result.query = add(op.query, "gqh");
  result.wk = add(op.wk, "ghd");
  result.bk = add(op.bk, "gh");
  result.wv = add(op.wv, "ghd");
  result.bv = add(op.bv, "gh");
  result.mask = add(op.mask, "bgk");
  result.heads = llvm::divideCeil(op.heads, sizes.heads);
  if (!op.affine)
    return result;
  AffineTokens &affine = *result.affine;
  affine.pixels = add(affine.pixels, "bgknp");
  affine.weight = add(affine.weight, "gkdp");
  affine.offset = add(affine.offset, "bgkd");
  affine.bias = add(affine.bias, "bgkd");
  affine.shift = add(affine.shift, "bgnd");
  if (affine.norm)
    affine.norm->scale = add(affine.norm->scale, "gkd");
  return result;
}

double LocalCopy::getSeconds(const CostModel &costs) {
  double seconds = 0;
  for (Operation &op : block) {
    if (llvm::none_of(op.getOperands(), [&](Value operand) { return varying.contains(operand); }))
      continue;
    varying.insert(op.result_begin(), op.result_end());
    seconds += costs.getCost(&op).seconds;
  }
  return seconds;
}

double mlir::dchag::getSeconds(FoldForm form, const Aggregation &op, const SplitSizes &sizes,
                               const CostModel &costs, ParameterAnalysis &parameters) {
  SplitSizes used = sizes;
  // Heads split only where they divide evenly, and tokens by projections.
  if (op.heads % used.heads != 0 || !op.wk || !op.wv || (op.keyNorm && !op.keyNorm.isPerHead()))
    used.heads = 1;
  Location loc = op.tokens.getLoc();
  LocalCopy local(used, parameters, loc);
  Aggregation copy = local.copy(op);
  OpBuilder builder(loc.getContext());
  builder.setInsertionPointToEnd(&local.block);
  if ((form == FoldForm::Keys || form == FoldForm::AsWritten) && copy.affine)
    copy.tokens = buildTokens(copy, builder, loc);
  buildForm(form, copy, builder, loc);
  double seconds = local.getSeconds(costs);
  local.block.dropAllReferences();
  return seconds;
}
