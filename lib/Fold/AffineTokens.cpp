//===- AffineTokens.cpp - tokens as functions of pixels --------------------*- C++ -*-===//

#include "AffineTrace.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::dchag;

bool AffineTokens::isShared() const { return dimOf(weight, 1) == 1 && dimOf(pixels, 2) != 1; }

TokenFlow::TokenFlow(Block &block, bool foldsLinear) : foldsLinear(foldsLinear) {
  auto follow = [](Operation &op, bool starts, llvm::DenseSet<Value> &found) {
    if (starts ||
        llvm::any_of(op.getOperands(), [&](Value operand) { return found.contains(operand); }))
      found.insert(op.result_begin(), op.result_end());
  };
  for (Operation &op : block) {
    follow(op, isa<TokenizeOp>(op), fromImage);
    bool aggregates = isa<AggregateOp>(op) || (isa<AggregateLinearOp>(op) && !foldsLinear);
    follow(op, aggregates, fromAggregation);
  }
}

unsigned TokenFlow::getTokenSide(Operation *sum, ParameterAnalysis &parameters) const {
  Value lhs = sum->getOperand(0), rhs = sum->getOperand(1);
  bool left = fromImage.contains(lhs), right = fromImage.contains(rhs);
  if (!left && !right) {
    left = !parameters.isParameterOnly(lhs);
    right = !parameters.isParameterOnly(rhs);
  }
  return left && right ? 2 : left ? 0 : 1;
}

//===----------------------------------------------------------------------===//
// Tensors with a dimension for each index variable
//===----------------------------------------------------------------------===//

void AffineTrace::resolve(AtomTensor &tensor) {
  AtomList atoms = notation.resolved(tensor.atoms);
  if (atoms != tensor.atoms)
    tensor = {notation.arrange(tensor, oneByOne(atoms), b, loc), atoms};
}

AtomTensor AffineTrace::combine(AtomTensor lhs, AtomTensor rhs, bool isProduct) {
  resolve(lhs);
  resolve(rhs);
  AtomList atoms = lhs.atoms;
  llvm::append_range(atoms, without(rhs.atoms, lhs.atoms));
  Value x = notation.arrange(lhs, oneByOne(atoms), b, loc);
  Value y = notation.arrange(rhs, oneByOne(atoms), b, loc);
  TensorBuilder t(b, loc);
  return {isProduct ? t.mul(x, y) : t.add(x, y), atoms};
}

AtomTensor AffineTrace::sumProduct(AtomTensor lhs, AtomTensor rhs, AtomList summed) {
  resolve(lhs);
  resolve(rhs);
  notation.resolve(summed);
  TensorBuilder t(b, loc);
  if (!summed.empty() && containsAll(lhs.atoms, summed) && containsAll(rhs.atoms, summed)) {
    AtomList atoms = without(lhs.atoms, summed);
    llvm::append_range(atoms, without(without(rhs.atoms, summed), lhs.atoms));
    return {t.contract(lhs.value, lhs.atoms, rhs.value, rhs.atoms, atoms), atoms};
  }
  AtomTensor product = combine(lhs, rhs, /*isProduct=*/true);
  SmallVector<int64_t> dims;
  for (auto [dim, atom] : llvm::enumerate(product.atoms))
    if (llvm::is_contained(summed, atom))
      dims.push_back(dim);
  return {t.reduce(Reduction::Sum, product.value, dims), without(product.atoms, summed)};
}

FailureOr<AtomTensor> AffineTrace::read(const Ref &ref) {
  if (parameters.isParameterOnly(ref.value))
    return notation.rebuildParameters(ref, &b, loc);
  return notation.read(notation.strip(ref), &b, loc);
}

Value AffineTrace::arrange(const AtomTensor &tensor, ArrayRef<AtomList> dims,
                           ArrayRef<unsigned> whole) {
  SmallVector<AtomList> wanted(dims);
  for (auto [i, dim] : llvm::enumerate(wanted))
    if (!llvm::is_contained(whole, i) && !dependsOn(tensor, dim))
      dim.clear();
  return notation.arrange(tensor, wanted, b, loc);
}

FailureOr<AffineTokens> AffineTrace::run(Value tokens) {
  Ref ref = notation.createRef(tokens);
  AtomList *lists[] = {&batch, &groups, &channels, &positions, &width};
  for (auto [list, index] : llvm::zip_equal(lists, ref.dims))
    *list = notation.getAtoms(index);
  FailureOr<Terms> terms = trace(ref);
  if (failed(terms))
    return failure();
  for (AtomList *list : lists)
    notation.resolve(*list);
  notation.resolve(terms->pixelAtoms);
  AffineTokens result;
  result.pixels = notation.arrange(terms->pixels,
                                   {batch, groups, channels, positions, terms->pixelAtoms}, b, loc);
  result.weight =
      arrange(terms->weight, {groups, channels, width, terms->pixelAtoms}, /*whole=*/{2, 3});
  auto byChannel = [&](const std::optional<AtomTensor> &tensor) {
    return tensor ? arrange(*tensor, {batch, groups, channels, width}, /*whole=*/{1, 2, 3})
                  : Value();
  };
  result.offset = byChannel(terms->offset);
  result.bias = byChannel(terms->bias);
  if (terms->shift)
    result.shift = arrange(*terms->shift, {batch, groups, positions, width}, /*whole=*/{1, 3});
  result.norm = terms->norm;
  if (terms->scale)
    result.norm->scale = arrange(*terms->scale, {groups, channels, width}, /*whole=*/{2});
  return result;
}

FailureOr<AffineTokens> mlir::dchag::traceTokens(Value tokens, const TokenFlow &flow,
                                                 ParameterAnalysis &parameters, OpBuilder &b,
                                                 NotAffine &why) {
  return AffineTrace(flow, parameters, b, tokens.getLoc(), why).run(tokens);
}

//===----------------------------------------------------------------------===//
// Joining
//===----------------------------------------------------------------------===//

namespace {
/// Concatenates values along their channels.
struct ChannelJoin : TensorBuilder {
  using TensorBuilder::TensorBuilder;

  /// Dimensions of size 1 that stand for all samples, groups or channels are repeated; null stands
  /// for `absent`.
  Value join(Value x, Value y, unsigned dim, int64_t xChannels, int64_t yChannels, double absent) {
    if (!x && !y)
      return Value();
    SmallVector<int64_t> shape(shapeOf(x ? x : y)), other(shapeOf(y ? y : x));
    for (auto [m, n] : llvm::zip_equal(shape, other))
      m = std::max(m, n);
    Type type = elementTypeOf(x ? x : y);
    auto repeat = [&](Value value, int64_t channels) -> Value {
      shape[dim] = channels;
      if (!value)
        return splat(RankedTensorType::get(shape, type), absent);
      return broadcastTo(value, shape);
    };
    return concat({repeat(x, xChannels), repeat(y, yChannels)}, dim);
  }
};
} // namespace

/// Moves a shift that is the same at all positions to what is added to each channel.
static void moveShift(AffineTokens &tokens, OpBuilder &b, Location loc) {
  if (!tokens.shift || dimOf(tokens.shift, 2) != 1)
    return;
  TensorBuilder t(b, loc);
  Value &sum = tokens.norm ? tokens.bias : tokens.offset;
  SmallVector<int64_t> shape(shapeOf(tokens.shift));
  shape[2] = dimOf(tokens.pixels, 2);
  Value shift = t.broadcastTo(tokens.shift, shape);
  sum = sum ? t.addRepeated(sum, shift) : shift;
  tokens.shift = Value();
}

std::optional<AffineTokens> mlir::dchag::joinChannels(AffineTokens x, AffineTokens y, OpBuilder &b,
                                                      Location loc) {
  bool sameNorm = x.norm.has_value() == y.norm.has_value();
  if (sameNorm && x.norm)
    sameNorm = x.norm->centered == y.norm->centered && x.norm->epsilon == y.norm->epsilon;
  moveShift(x, b, loc);
  moveShift(y, b, loc);
  if (!sameNorm || x.shift || y.shift || dimOf(x.pixels, 4) != dimOf(y.pixels, 4))
    return std::nullopt;
  ChannelJoin t(b, loc);
  int64_t m = dimOf(x.pixels, 2), n = dimOf(y.pixels, 2);
  AffineTokens result = x;
  t.unify(x.pixels, y.pixels);
  result.pixels = t.join(x.pixels, y.pixels, 2, m, n, 0);
  result.weight = t.join(x.weight, y.weight, 1, m, n, 0);
  result.offset = t.join(x.offset, y.offset, 2, m, n, 0);
  result.bias = t.join(x.bias, y.bias, 2, m, n, 0);
  if (x.norm)
    result.norm->scale = t.join(x.norm->scale, y.norm->scale, 1, m, n, 1);
  return result;
}
