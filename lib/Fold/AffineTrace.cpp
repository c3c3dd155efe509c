//===- AffineTrace.cpp - follows tokens back to pixels ---------------------*- C++ -*-===//

#include "AffineTrace.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/TensorBuilder.h"

using namespace mlir;
using namespace mlir::dchag;

LogicalResult AffineTrace::addConstant(Terms &terms, AtomTensor value) {
  widen(value);
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
  widen(terms.weight);
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
  TensorBuilder t(b, loc);
  t.unify(lhs.pixels.value, rhs.pixels.value);
  for (Terms *terms : {&lhs, &rhs}) {
    SmallVector<AtomList> dims = outer, weightDims = rows;
    dims.push_back(notation.resolved(terms->pixelAtoms));
    weightDims.push_back(dims.back());
    pixels.push_back(notation.arrange(terms->pixels, dims, b, loc));
    weights.push_back(notation.arrange(terms->weight, weightDims, b, loc));
  }
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
    NotAffine left = why;
    FailureOr<Terms> other = trace({op.getRhs(), ref.dims});
    // The reason is that of the first operand, unless the second one comes from an aggregation.
    if (failed(terms) && failed(other) && !why.isAggregated)
      why = left;
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
  widen(terms.weight);
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
    widen(*terms->scale);
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
  widen(*weight);
  notation.resolve(summed);
  if (summed.empty() || dependsOn(terms->weight, summed)) {
    result.pixels = terms->pixels;
    result.weight = combine(terms->weight, *weight, /*isProduct=*/true);
    result.pixelAtoms = summed;
    llvm::append_range(result.pixelAtoms, terms->pixelAtoms);
  } else {
    widen(terms->pixels);
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

/// An offset becomes the weight of one more pixel, which is 1 everywhere.
void AffineTrace::moveOffsetToPixels(Terms &terms) {
  TensorBuilder t(b, loc);
  resolve(terms.pixels);
  resolve(terms.weight);
  resolve(*terms.offset);
  notation.resolve(terms.pixelAtoms);
  AtomList places = without(terms.pixels.atoms, terms.pixelAtoms);
  AtomList rows = without(terms.weight.atoms, terms.pixelAtoms);
  llvm::append_range(rows, without(terms.offset->atoms, rows));
  auto withPixels = [](ArrayRef<Atom> atoms, const AtomList &pixels) {
    SmallVector<AtomList> dims = oneByOne(atoms);
    dims.push_back(pixels);
    return dims;
  };
  Value pixels = notation.arrange(terms.pixels, withPixels(places, terms.pixelAtoms), b, loc);
  Value weight = notation.arrange(terms.weight, withPixels(rows, terms.pixelAtoms), b, loc);
  SmallVector<int64_t> shape(shapeOf(pixels));
  shape.back() = 1;
  pixels = t.concat({pixels, t.splat(tensorType(pixels).clone(shape), 1)}, places.size());
  weight = t.concat({weight, notation.arrange(*terms.offset, withPixels(rows, {}), b, loc)},
                    rows.size());
  terms.pixelAtoms = notation.getAtoms(notation.createFullIndex(dimOf(pixels, places.size())));
  terms.pixels = notation.split(pixels, withPixels(places, terms.pixelAtoms), b, loc);
  terms.weight = notation.split(weight, withPixels(rows, terms.pixelAtoms), b, loc);
  terms.offset.reset();
}

/// Takes elements of the index variables `from` by indices, which may depend on variables that the
/// tensor depends on, too.
AtomTensor AffineTrace::gather(AtomTensor tensor, AtomTensor indices, AtomList from) {
  resolve(tensor);
  resolve(indices);
  notation.resolve(from);
  AtomList common = intersect(indices.atoms, tensor.atoms);
  AtomList taken = without(indices.atoms, common);
  AtomList rest = without(without(tensor.atoms, common), from);
  Value values = notation.arrange(tensor, {common, from, rest}, b, loc);
  Value places = notation.arrange(indices, {common, taken}, b, loc);
  SmallVector<int64_t> shape(shapeOf(values));
  shape[1] = dimOf(places, 1);
  Value result = GatherOp::create(b, loc, tensorType(values).clone(shape), values, places,
                                  b.getI64IntegerAttr(1), b.getI64IntegerAttr(1));
  return notation.split(result, {common, taken, rest}, b, loc);
}

GatherRefs mlir::dchag::getGatherRefs(GatherOp op, const Ref &result, IndexNotation &notation) {
  unsigned dim = op.getDim(), samples = op.getBatch();
  unsigned count = tensorType(op.getIndices()).getRank() - samples;
  GatherRefs refs{{op.getInput(), {}},
                  {op.getIndices(), {}},
                  notation.createFullIndex(shapeOf(op.getInput())[dim])};
  for (auto [i, index] : llvm::enumerate(result.dims)) {
    bool isTaken = i >= dim && i < dim + count;
    if (i < samples || isTaken)
      refs.indices.dims.push_back(index);
    if (!isTaken)
      refs.input.dims.push_back(index);
  }
  refs.input.dims.insert(refs.input.dims.begin() + dim, refs.position);
  return refs;
}

/// Tokens of some positions: their pixels are gathered instead. A token whose index is out of range
/// is 0, and so are its pixels; what is added to all tokens must then be a pixel, too.
FailureOr<Terms> AffineTrace::traceGather(GatherOp op, const Ref &ref) {
  GatherRefs refs = getGatherRefs(op, ref, notation);
  FailureOr<AtomTensor> places = read(refs.indices);
  if (failed(places) || dependsOn(*places, channels) || dependsOn(*places, width) ||
      dependsOn(*places, groups))
    return fail("tokens are gathered by indices that differ between channels");
  AtomList from = notation.getAtoms(refs.position), outer = positions;
  llvm::append_range(positions, from);
  FailureOr<Terms> terms = trace(refs.input);
  positions = outer;
  if (failed(terms))
    return failure();
  if (terms->norm)
    return fail("normalised tokens are gathered");
  if (dependsOn(terms->weight, from))
    return fail("the tokenizers differ between positions or samples");
  // What is the same everywhere is added to each token; anything else is gathered, too.
  if (terms->shift && !dependsOn(*terms->shift, from) && !dependsOn(*terms->shift, positions)) {
    addTo(terms->offset, *terms->shift);
    terms->shift.reset();
  }
  if (terms->offset && dependsOn(*terms->offset, batch))
    return fail("an embedding differs between samples before tokens are gathered");
  if (terms->offset)
    moveOffsetToPixels(*terms);
  terms->pixels = gather(terms->pixels, *places, from);
  if (terms->shift)
    terms->shift = gather(*terms->shift, *places, from);
  return terms;
}

FailureOr<Terms> AffineTrace::trace(Ref ref) {
  ref = notation.strip(ref);
  Operation *op = ref.value.getDefiningOp();
  if (!op)
    return fail("its tokens are an input or a parameter of the model");
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
  if (auto gather = dyn_cast<GatherOp>(op))
    return traceGather(gather, ref);
  why.isAggregated |= flow.fromAggregation.contains(ref.value);
  if (isa<AggregateOp, AggregateLinearOp>(op))
    return fail("its tokens are made by another aggregation");
  return fail("its tokens are not affine in the pixels: they are made by '" +
              op->getName().getStringRef() + "'");
}
