//===- AffineTokens.cpp - tokens as functions of pixels --------------------*- C++ -*-===//

#include "AffineTokens.h"
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

namespace {
/// The parts of AffineTokens, with a dimension for each index variable that they depend on.
struct Terms {
  AtomTensor pixels, weight;
  AtomList pixelAtoms;
  std::optional<AtomTensor> offset, bias, shift, scale;
  std::optional<TokenNorm> norm;
};

class AffineTrace {
public:
  AffineTrace(const TokenFlow &flow, ParameterAnalysis &parameters, OpBuilder &b, Location loc,
              NotAffine &why)
      : flow(flow), parameters(parameters), notation(parameters), b(b), loc(loc), why(why) {}

  FailureOr<AffineTokens> run(Value tokens);

private:
  LogicalResult fail(const Twine &reason) {
    why.reason = reason.str();
    return failure();
  }
  FailureOr<Terms> trace(Ref ref);
  FailureOr<Terms> traceTokenize(TokenizeOp op, const Ref &ref);
  FailureOr<Terms> traceSum(arith::AddFOp op, const Ref &ref);
  FailureOr<Terms> traceContract(linalg::ContractOp op, const Ref &ref);
  FailureOr<Terms> traceNorm(Operation *op, const Ref &ref, const TokenNorm &norm, Value bias);
  FailureOr<Terms> traceLinear(AggregateLinearOp op, const Ref &ref);
  FailureOr<Terms> joinFeatures(Terms lhs, Terms rhs);

  /// Adds what does not depend on pixels to the offset, the bias or the shift.
  LogicalResult addConstant(Terms &terms, AtomTensor value);
  void addTo(std::optional<AtomTensor> &sum, const AtomTensor &value) {
    sum = sum ? combine(*sum, value, /*isProduct=*/false) : value;
  }
  AtomTensor combine(AtomTensor lhs, AtomTensor rhs, bool isProduct);
  /// The sum over `summed` of a product.
  AtomTensor sumProduct(AtomTensor lhs, AtomTensor rhs, AtomList summed);
  void resolve(AtomTensor &tensor);
  FailureOr<AtomTensor> read(const Ref &ref);
  /// All of the width, in the order of the tokens.
  bool isWidth(const Index &index, int64_t size) {
    std::optional<AtomList> atoms = notation.getFullAtoms(index, size);
    return atoms && *atoms == notation.resolved(width);
  }
  bool dependsOn(const AtomTensor &tensor, ArrayRef<Atom> list) {
    return !containsNone(notation.resolved(tensor.atoms), notation.resolved(AtomList(list)));
  }
  /// Dimensions of which `tensor` does not depend have size 1, but those in `whole`.
  Value arrange(const AtomTensor &tensor, ArrayRef<AtomList> dims, ArrayRef<unsigned> whole);

  const TokenFlow &flow;
  ParameterAnalysis &parameters;
  IndexNotation notation;
  OpBuilder &b;
  Location loc;
  NotAffine &why;
  AtomList batch, groups, channels, positions, width;
};
} // namespace

//===----------------------------------------------------------------------===//
// Tensors with a dimension for each index variable
//===----------------------------------------------------------------------===//

static SmallVector<AtomList> oneByOne(ArrayRef<Atom> atoms) {
  return llvm::map_to_vector(atoms, [](Atom atom) { return AtomList{atom}; });
}

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

//===----------------------------------------------------------------------===//
// Ops that tokens are made by
//===----------------------------------------------------------------------===//

LogicalResult AffineTrace::addConstant(Terms &terms, AtomTensor value) {
  bool differs = dependsOn(value, channels);
  if (differs && dependsOn(value, positions))
    return fail("an embedding differs between channels and between positions");
  if (!differs)
    addTo(terms.shift, value);
  else
    addTo(terms.norm ? terms.bias : terms.offset, value);
  return success();
}

FailureOr<Terms> AffineTrace::traceTokenize(TokenizeOp op, const Ref &ref) {
  ArrayRef<int64_t> weight = shapeOf(op.getWeight());
  int64_t features = productOf(weight.drop_front(2));
  if (!isWidth(ref.dims[3], weight[1]))
    return fail("its tokens are not whole tokens of one tokenization");
  Index none;
  const Index &channel = ref.dims[1], own = weight[0] == 1 ? none : ref.dims[1];
  AtomList unit = notation.getAtoms(channel);
  bool isOwn = weight[0] != 1 || op.getEmbedding();
  if (isOwn && (!containsNone(unit, notation.resolved(positions)) ||
                !containsNone(unit, notation.resolved(batch))))
    return fail("the tokenizers differ between positions or samples");
  TensorBuilder t(b, loc);
  Value patches =
      ChannelPatchesOp::create(b, op.getLoc(),
                               tensorType(op.getImage())
                                   .clone({dimOf(op.getImage(), 0), dimOf(op.getImage(), 1),
                                           shapeOf(op.getResult())[2], features}),
                               op.getImage(), b.getDenseI64ArrayAttr(weight.drop_front(3)));
  Terms terms;
  Index pixel = notation.createFullIndex(features);
  terms.pixelAtoms = notation.getAtoms(pixel);
  FailureOr<AtomTensor> pixels = read({patches, {ref.dims[0], channel, ref.dims[2], pixel}});
  FailureOr<AtomTensor> matrix = read(
      {t.reshape(op.getWeight(), {weight[0], weight[1], features}), {own, ref.dims[3], pixel}});
  if (failed(pixels) || failed(matrix))
    return fail("its tokens are not a view of one tokenization");
  terms.pixels = *pixels;
  terms.weight = *matrix;
  for (auto [value, index] :
       {std::pair(Value(op.getBias()), own), {Value(op.getEmbedding()), channel}}) {
    if (!value)
      continue;
    FailureOr<AtomTensor> added = read({value, {index, ref.dims[3]}});
    if (failed(added))
      return fail("its tokens are not a view of one tokenization");
    if (failed(addConstant(terms, *added)))
      return failure();
  }
  return terms;
}

/// The sum of two functions of different pixels is one of all of them.
FailureOr<Terms> AffineTrace::joinFeatures(Terms lhs, Terms rhs) {
  if (lhs.norm || rhs.norm)
    return fail("normalised tokens are added");
  SmallVector<Value> pixels, weights;
  // Both with all index variables, the pixels last, so that these can be joined.
  SmallVector<AtomList> outer, rows;
  for (AtomList *list : {&batch, &groups, &channels, &positions})
    outer.push_back(notation.resolved(*list));
  rows = {outer[1], outer[2], notation.resolved(width)};
  bool isShared = !dependsOn(lhs.weight, groups) && !dependsOn(lhs.weight, channels) &&
                  !dependsOn(rhs.weight, groups) && !dependsOn(rhs.weight, channels);
  if (isShared)
    rows = {{}, {}, rows[2]};
  for (Terms *terms : {&lhs, &rhs}) {
    SmallVector<AtomList> dims = outer, weightDims = rows;
    dims.push_back(notation.resolved(terms->pixelAtoms));
    weightDims.push_back(dims.back());
    pixels.push_back(notation.arrange(terms->pixels, dims, b, loc));
    weights.push_back(notation.arrange(terms->weight, weightDims, b, loc));
  }
  TensorBuilder t(b, loc);
  Value joined = t.concat(pixels, 4), weight = t.concat(weights, 3);
  Terms result;
  result.pixelAtoms = notation.getAtoms(notation.createFullIndex(dimOf(joined, 4)));
  outer.push_back(result.pixelAtoms);
  rows.push_back(result.pixelAtoms);
  result.pixels = notation.split(joined, outer, b, loc);
  result.weight = notation.split(weight, rows, b, loc);
  result.offset = lhs.offset;
  result.shift = lhs.shift;
  if (rhs.offset)
    addTo(result.offset, *rhs.offset);
  if (rhs.shift)
    addTo(result.shift, *rhs.shift);
  return result;
}

FailureOr<Terms> AffineTrace::traceSum(arith::AddFOp op, const Ref &ref) {
  unsigned side = flow.getTokenSide(op, parameters);
  FailureOr<Terms> terms = trace({op->getOperand(side == 1), ref.dims});
  if (side == 2) {
    FailureOr<Terms> other = trace({op.getRhs(), ref.dims});
    if (succeeded(terms) && succeeded(other))
      return joinFeatures(*terms, *other);
    // One is an embedding that depends on the input.
    side = failed(terms);
    if (failed(terms))
      terms = other;
  }
  if (failed(terms))
    return failure();
  FailureOr<AtomTensor> added = read({op->getOperand(1 - side), ref.dims});
  if (failed(added))
    return fail("what is added to its tokens is not a view of one value");
  if (failed(addConstant(*terms, *added)))
    return failure();
  return terms;
}

/// The product of a value, whose elements are the pixels, with a parameter.
FailureOr<Terms> AffineTrace::traceContract(linalg::ContractOp op, const Ref &ref) {
  IndexNotation::Product product = notation.getProduct(op, ref);
  bool isLeft = parameters.isParameterOnly(product.lhs.value);
  const Ref &data = isLeft ? product.rhs : product.lhs;
  const Ref &matrix = isLeft ? product.lhs : product.rhs;
  if (!parameters.isParameterOnly(matrix.value) || parameters.isParameterOnly(data.value))
    return fail("its tokens are not products with a parameter");
  Terms terms;
  for (const Index &index : product.reduced)
    llvm::append_range(terms.pixelAtoms, notation.getAtoms(index));
  FailureOr<AtomTensor> pixels = read(data), weight = read(matrix);
  if (failed(pixels) || failed(weight))
    return fail("its tokens are not products of views with a parameter");
  if (dependsOn(*pixels, width) || dependsOn(*weight, batch) || dependsOn(*weight, positions))
    return fail("the tokenizers differ between positions or samples");
  notation.resolve(terms.pixelAtoms);
  terms.pixels = *pixels;
  terms.weight = *weight;
  why.isAggregated |= flow.fromAggregation.contains(data.value);
  return terms;
}

FailureOr<Terms> AffineTrace::traceNorm(Operation *op, const Ref &ref, const TokenNorm &norm,
                                        Value bias) {
  Value input = op->getOperand(0);
  if (!isWidth(ref.dims.back(), shapeOf(input).back()))
    return fail("parts of tokens are normalised");
  FailureOr<Terms> terms = trace({input, ref.dims});
  if (failed(terms))
    return failure();
  if (terms->norm)
    return fail("its tokens are normalised twice");
  if (terms->shift) {
    if (dependsOn(*terms->shift, positions))
      return fail("an embedding of positions is normalised with its tokens");
    addTo(terms->offset, *terms->shift);
    terms->shift.reset();
  }
  terms->norm = norm;
  auto byWidth = [&](Value value) { return read({value, {ref.dims.back()}}); };
  if (norm.scale) {
    FailureOr<AtomTensor> scale = byWidth(norm.scale);
    if (failed(scale))
      return fail("the scale of a normalisation is not a view of one value");
    terms->scale = *scale;
  }
  if (!bias)
    return terms;
  FailureOr<AtomTensor> added = byWidth(bias);
  if (failed(added) || failed(addConstant(*terms, *added)))
    return fail("the bias of a normalisation is not a view of one value");
  return terms;
}

FailureOr<Terms> AffineTrace::traceLinear(AggregateLinearOp op, const Ref &ref) {
  Index channel = notation.createFullIndex(shapeOf(op.getTokens())[2]);
  AtomList summed = notation.getAtoms(channel), outer = channels;
  llvm::append_range(channels, summed);
  FailureOr<Terms> terms =
      trace({op.getTokens(), {ref.dims[0], ref.dims[1], channel, ref.dims[3], ref.dims[4]}});
  channels = outer;
  if (failed(terms))
    return failure();
  if (terms->norm)
    return fail("normalised tokens are aggregated linearly");
  FailureOr<AtomTensor> weight = read({op.getWeight(), {ref.dims[1], ref.dims[2], channel}});
  if (failed(weight))
    return fail("the weights of a linear aggregation are not a view of one value");
  Terms result;
  notation.resolve(summed);
  if (summed.empty() || dependsOn(terms->weight, summed)) {
    result.pixels = terms->pixels;
    result.weight = combine(terms->weight, *weight, /*isProduct=*/true);
    result.pixelAtoms = summed;
    llvm::append_range(result.pixelAtoms, terms->pixelAtoms);
  } else {
    result.pixels = sumProduct(terms->pixels, *weight, summed);
    result.weight = terms->weight;
    result.pixelAtoms = terms->pixelAtoms;
  }
  for (std::optional<AtomTensor> &part : {std::ref(terms->offset), std::ref(terms->shift)})
    if (part && failed(addConstant(result, sumProduct(*part, *weight, summed))))
      return failure();
  if (op.getBias()) {
    FailureOr<AtomTensor> bias = read({op.getBias(), {ref.dims[1], ref.dims[2]}});
    if (failed(bias))
      return fail("the bias of a linear aggregation is not a view of one value");
    if (failed(addConstant(result, *bias)))
      return failure();
  }
  return result;
}

FailureOr<Terms> AffineTrace::trace(Ref ref) {
  ref = notation.strip(ref);
  Operation *op = ref.value.getDefiningOp();
  if (!op)
    return fail("its tokens are an input of the model");
  if (auto tokenize = dyn_cast<TokenizeOp>(op))
    return traceTokenize(tokenize, ref);
  if (auto sum = dyn_cast<arith::AddFOp>(op))
    return traceSum(sum, ref);
  if (auto norm = dyn_cast<LayerNormOp>(op); norm && norm.getDims() == 1)
    return traceNorm(op, ref, {true, norm.getEpsilon().convertToDouble(), norm.getScale()},
                     norm.getBias());
  if (auto norm = dyn_cast<RmsNormOp>(op); norm && norm.getDims() == 1)
    return traceNorm(op, ref, {false, norm.getEpsilon().convertToDouble(), norm.getScale()},
                     Value());
  if (auto linear = dyn_cast<AggregateLinearOp>(op); linear && flow.foldsLinear)
    return traceLinear(linear, ref);
  if (auto contract = dyn_cast<linalg::ContractOp>(op))
    return traceContract(contract, ref);
  why.isAggregated |= flow.fromAggregation.contains(ref.value);
  if (isa<AggregateOp, AggregateLinearOp>(op))
    return fail("its tokens are made by another aggregation");
  return fail("its tokens are not affine in the pixels: they are made by '" +
              op->getName().getStringRef() + "'");
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
  if (sum)
    shape[0] = std::max(shape[0], dimOf(sum, 0));
  Value shift = t.broadcastTo(tokens.shift, shape);
  sum = sum ? t.add(t.broadcastTo(sum, shape), shift) : shift;
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
  result.pixels = t.join(x.pixels, y.pixels, 2, m, n, 0);
  result.weight = t.join(x.weight, y.weight, 1, m, n, 0);
  result.offset = t.join(x.offset, y.offset, 2, m, n, 0);
  result.bias = t.join(x.bias, y.bias, 2, m, n, 0);
  if (x.norm)
    result.norm->scale = t.join(x.norm->scale, y.norm->scale, 1, m, n, 1);
  return result;
}
