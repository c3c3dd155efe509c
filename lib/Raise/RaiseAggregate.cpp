//===- RaiseAggregate.cpp - recognises aggregations of channels ------------*- C++ -*-===//

#include "AttentionMatch.h"
#include "LinearAggregate.h"
#include "dchag/Raise/Passes.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_RAISEAGGREGATE
#include "dchag/Raise/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {

/// Matches and rewrites one candidate: an aggregation whose result, projected or not, is `root`.
class AggregateMatch {
public:
  AggregateMatch(ParameterAnalysis &parameters, Value rootValue)
      : parameters(parameters), notation(parameters), loc(rootValue.getLoc()),
        root(notation.createRef(rootValue)) {}

  LogicalResult match(linalg::ContractOp product);
  void rewrite(OpBuilder &b);
  StringRef getReason() const { return why; }
  /// Whether the query depends only on parameters: then a failure is worth a remark.
  bool isNear() const { return near; }

private:
  LogicalResult fail(StringRef reason) {
    why = reason;
    return failure();
  }
  FailureOr<AtomList> getParameterAtoms(const Ref &ref);
  LogicalResult matchOutput(linalg::ContractOp product, Ref &inner);
  LogicalResult matchQuery();
  LogicalResult matchNormOfKeys();
  LogicalResult matchKeysAndValues();
  LogicalResult matchWidthOfNorm();
  LogicalResult matchTokens();
  LogicalResult matchSizes();
  LogicalResult matchMask();
  void splitPositions();
  Value buildQuery(ArrayRef<AtomList> dims, OpBuilder &b);
  Value build(const std::optional<Ref> &ref, ArrayRef<AtomList> dims, OpBuilder &b);

  ParameterAnalysis &parameters;
  IndexNotation notation;
  Location loc;
  Ref root;
  StringRef why;
  bool near = false;

  SoftmaxProduct softmax;
  std::optional<Normalised> norm;
  NormWidth normWidth = NormWidth::PerHead;
  Projection keys, values;
  std::optional<Ref> wo, bo;
  AtomList outReduced;
  /// Atoms of the query; atoms besides channels that K and V depend on; queries, heads, widths of
  /// keys and of values, of the result, batch, positions; widths of tokens in keys and in values.
  AtomList queryAtoms, free, queries, heads, keyWidth, valueWidth, outWidth, batch, positions;
  AtomList keyTokenWidth, valueTokenWidth, maskAtoms;
};

} // namespace

FailureOr<AtomList> AggregateMatch::getParameterAtoms(const Ref &ref) {
  FailureOr<AtomTensor> tensor = notation.rebuildParameters(ref, nullptr, loc);
  if (failed(tensor))
    return failure();
  return tensor->atoms;
}

/// root = wo inner + bo; both are optional.
LogicalResult AggregateMatch::matchOutput(linalg::ContractOp product, Ref &inner) {
  inner = notation.strip(root);
  if (inner.value == product.getResult(0))
    return success();
  if (auto add = inner.value.getDefiningOp<arith::AddFOp>()) {
    unsigned side = parameters.isParameterOnly(add.getLhs()) ? 0 : 1;
    if (!parameters.isParameterOnly(add->getOperand(side)))
      return failure();
    bo = Ref{add->getOperand(side), inner.dims};
    inner = notation.strip({add->getOperand(1 - side), inner.dims});
  }
  auto contract = inner.value.getDefiningOp<linalg::ContractOp>();
  if (!contract || contract == product)
    return failure();
  unsigned side = parameters.isParameterOnly(contract.getInputs()[0]) ? 0 : 1;
  if (!parameters.isParameterOnly(contract.getInputs()[side]))
    return failure();
  IndexNotation::Product out = notation.getProduct(contract, inner);
  wo = side == 0 ? out.lhs : out.rhs;
  inner = notation.strip(side == 0 ? out.rhs : out.lhs);
  for (const Index &index : out.reduced)
    llvm::append_range(outReduced, notation.getAtoms(index));
  return success(inner.value == product.getResult(0));
}

LogicalResult AggregateMatch::matchQuery() {
  bool isFirst = parameters.isParameterOnly(softmax.query.value);
  if (!isFirst)
    std::swap(softmax.query, softmax.key);
  if (!parameters.isParameterOnly(softmax.query.value))
    return fail("the query depends on the input");
  if (parameters.isParameterOnly(softmax.key.value))
    return fail("the keys do not depend on the input");
  near = true;
  if (!softmax.biases.empty())
    return fail("something is added to the scores");
  FailureOr<AtomList> atoms = getParameterAtoms(softmax.query);
  if (failed(atoms))
    return fail("the query is not computed from parameters by products, norms, element-wise ops "
                "and views alone");
  queryAtoms = *atoms;
  return success();
}

/// Keys may be norm(k) * scale + offset. The scale becomes a factor of the query; the offset adds
/// the same to the scores of all channels, which has no effect on the softmax.
LogicalResult AggregateMatch::matchNormOfKeys() {
  // What keys and values are both made of are normalised tokens.
  norm = matchNorm(notation, parameters, softmax.key, values.input.value);
  if (!norm)
    return success();
  softmax.key = norm->input;
  for (const Ref &scale : norm->scales) {
    FailureOr<AtomList> atoms = getParameterAtoms(scale);
    if (failed(atoms))
      return fail(
          "the scale of the normalised keys is not computed from parameters by products, norms, "
          "element-wise ops and views alone");
    llvm::append_range(queryAtoms, without(*atoms, queryAtoms));
  }
  for (const Ref &offset : norm->offsets) {
    FailureOr<AtomList> atoms = getParameterAtoms(offset);
    if (failed(atoms) || !containsNone(*atoms, notation.resolved(softmax.summed)))
      return fail("what is added to the normalised keys differs between channels");
  }
  return success();
}

/// The norm of the keys must run over the features of a head, or of all heads.
LogicalResult AggregateMatch::matchWidthOfNorm() {
  if (!norm)
    return success();
  auto runsOver = [&](ArrayRef<Atom> wanted) {
    return norm->atoms && containsAll(*norm->atoms, wanted) && containsAll(wanted, *norm->atoms);
  };
  if (norm->atoms)
    notation.resolve(*norm->atoms);
  AtomList all = heads;
  llvm::append_range(all, keyWidth);
  if (!runsOver(keyWidth) && !runsOver(all))
    return fail("keys are normalised over something else than the features of one head or of all");
  normWidth = runsOver(keyWidth) ? NormWidth::PerHead : NormWidth::AllHeads;
  return success();
}

LogicalResult AggregateMatch::matchKeysAndValues() {
  values = matchProjection(notation, parameters, softmax.value);
  if (failed(matchNormOfKeys()))
    return failure();
  keys = matchProjection(notation, parameters, softmax.key);
  AtomList keyOut, valueOut;
  if (keys.weight) {
    FailureOr<AtomList> atoms = getParameterAtoms(*keys.weight);
    if (failed(atoms))
      return fail("the weight of the keys is not computed from parameters by products, norms, "
                  "element-wise ops and views alone");
    keyTokenWidth = notation.resolved(keys.reduced);
    keyOut = without(*atoms, keyTokenWidth);
  }
  if (values.weight) {
    FailureOr<AtomList> atoms = getParameterAtoms(*values.weight);
    if (failed(atoms))
      return fail("the weight of the values is not computed from parameters by products, norms, "
                  "element-wise ops and views alone");
    valueTokenWidth = notation.resolved(values.reduced);
    valueOut = without(*atoms, valueTokenWidth);
  }
  // Atoms may have been split since; re-resolve every list.
  for (AtomList *list : {&keyTokenWidth, &keyOut, &valueTokenWidth, &valueOut, &queryAtoms,
                         &softmax.summed, &softmax.width, &outReduced})
    notation.resolve(*list);
  AtomList keyAtoms = notation.getAtoms(keys.input);
  if (!keys.weight) {
    keyTokenWidth = intersect(keyAtoms, queryAtoms);
    keyOut = keyTokenWidth;
  }
  free = without(without(keyAtoms, softmax.summed), keyTokenWidth);
  AtomList valueAtoms = notation.getAtoms(values.input);
  if (!values.weight) {
    valueTokenWidth = without(without(valueAtoms, softmax.summed), free);
    valueOut = valueTokenWidth;
  }
  // Heads without a weight must be parts of one dimension of the tokens; if the width comes from
  // several dimensions, the query differs between positions.
  auto isOneDim = [&](const Ref &tokens, ArrayRef<Atom> width) {
    return llvm::count_if(tokens.dims, [&](const Index &index) {
             return !containsNone(notation.getAtoms(index), width);
           }) <= 1;
  };
  if ((!keys.weight && !isOneDim(keys.input, keyTokenWidth)) ||
      (!values.weight && !isOneDim(values.input, valueTokenWidth)))
    return fail("the query or a weight differs between positions or channels");
  heads = without(keyOut, softmax.width);
  keyWidth = softmax.width;
  queries = without(without(queryAtoms, keyWidth), heads);
  valueWidth = without(valueOut, heads);
  if (!containsAll(keyAtoms, softmax.summed) || !containsAll(valueAtoms, softmax.summed))
    return fail("keys or values are the same for all channels");
  if (!containsAll(valueAtoms, free) || !containsNone(valueAtoms, keyWidth))
    return fail("keys and values are not made from the same positions");
  if (without(without(without(valueAtoms, softmax.summed), free), valueTokenWidth).size())
    return fail("keys and values are not made from the same positions");
  for (ArrayRef<Atom> list :
       {ArrayRef<Atom>(queryAtoms), ArrayRef<Atom>(keyOut), ArrayRef<Atom>(valueOut)})
    if (!containsNone(list, free) || !containsNone(list, softmax.summed))
      return fail("the query or a weight differs between positions or channels");
  if (!containsNone(valueOut, queries) || !containsNone(valueOut, keyWidth))
    return fail("the heads of keys and values do not match");
  return success();
}

/// Keys and values must read the same elements; the atoms of their token widths are paired.
LogicalResult AggregateMatch::matchTokens() {
  Ref k = notation.strip(keys.input), v = notation.strip(values.input);
  constexpr StringRef reason = "keys and values are not made from the same tokens";
  if (k.value != v.value)
    return fail(reason);
  llvm::DenseMap<Atom, Atom> keyToValue;
  for (auto [left, right] : llvm::zip(k.dims, v.dims)) {
    if (left.offset != right.offset || left.terms.size() != right.terms.size())
      return fail(reason);
    for (auto [l, r] : llvm::zip(left.terms, right.terms)) {
      if (l.stride != r.stride || notation.getSize(l.atom) != notation.getSize(r.atom))
        return fail(reason);
      bool isWidth = llvm::is_contained(keyTokenWidth, l.atom);
      if (isWidth != llvm::is_contained(valueTokenWidth, r.atom) || (!isWidth && l.atom != r.atom))
        return fail(reason);
      if (isWidth)
        keyToValue[l.atom] = r.atom;
    }
  }
  if (keyToValue.size() != keyTokenWidth.size() || keyTokenWidth.size() != valueTokenWidth.size())
    return fail(reason);
  // Keys and values must have the token's features in one order. Without a weight, heads come
  // first.
  AtomList order;
  if (!keys.weight) {
    order = heads;
    llvm::append_range(order, keyWidth);
  } else if (!values.weight) {
    AtomList wanted = heads;
    llvm::append_range(wanted, valueWidth);
    for (Atom atom : wanted)
      for (Atom key : keyTokenWidth)
        if (keyToValue.lookup(key) == atom)
          order.push_back(key);
  } else {
    order = intersect(notation.getAtoms(k), keyTokenWidth);
  }
  if (order.size() != keyTokenWidth.size())
    return fail(reason);
  keyTokenWidth = order;
  for (auto [atom, mapped] : llvm::zip(order, valueTokenWidth))
    mapped = keyToValue.lookup(atom);
  if (!keys.weight && !values.weight) {
    AtomList wanted = heads;
    llvm::append_range(wanted, valueWidth);
    if (wanted != valueTokenWidth)
      return fail("the heads of keys and values do not match");
  }
  values.input = v;
  return success();
}

/// Each operand and the result may only depend on the atoms of its dimensions.
LogicalResult AggregateMatch::matchSizes() {
  AtomList outAtoms, biasAtoms[3];
  const std::optional<Ref> *weights[] = {&keys.weight, &values.weight, &wo};
  const std::optional<Ref> *biases[] = {&keys.bias, &values.bias, &bo};
  if (wo) {
    FailureOr<AtomList> atoms = getParameterAtoms(*wo);
    if (failed(atoms))
      return fail(
          "the output weight is not computed from parameters by products, norms, element-wise ops "
          "and views alone");
    outAtoms = *atoms;
  }
  for (unsigned i : {0, 1, 2}) {
    if (!*biases[i])
      continue;
    FailureOr<AtomList> atoms = getParameterAtoms(**biases[i]);
    if (failed(atoms) || !*weights[i])
      return fail("a bias has no weight, or is not computed from parameters by products, norms, "
                  "element-wise ops and views alone");
    biasAtoms[i] = *atoms;
  }
  if (!softmax.masks.empty()) {
    FailureOr<AtomTensor> mask = buildMask(notation, softmax.masks, nullptr, loc);
    if (failed(mask))
      return fail("the mask is not made by views and comparisons alone");
    maskAtoms = mask->atoms;
  }
  // No atom is split after this.
  for (AtomList *list : {&free, &maskAtoms, &queries, &heads, &keyWidth, &valueWidth,
                         &keyTokenWidth, &valueTokenWidth, &softmax.summed, &outReduced, &outAtoms,
                         &biasAtoms[0], &biasAtoms[1], &biasAtoms[2]})
    notation.resolve(*list);
  AtomList keyOut = heads, valueOut = heads;
  llvm::append_range(keyOut, keyWidth);
  llvm::append_range(valueOut, valueWidth);
  outWidth = wo ? without(outAtoms, outReduced) : valueOut;
  if (wo && (!containsAll(outReduced, valueOut) || !containsAll(valueOut, outReduced)))
    return fail("the output projection does not run over the heads alone");
  if (!containsNone(outWidth, free) || !containsNone(outWidth, queries))
    return fail("the output weight differs between positions");
  AtomList allowed = free;
  llvm::append_range(allowed, queries);
  llvm::append_range(allowed, outWidth);
  if (!containsAll(allowed, notation.getAtoms(root)))
    return fail("the result depends on more than positions, queries and features");
  if (!containsAll(keyOut, biasAtoms[0]) || !containsAll(valueOut, biasAtoms[1]) ||
      !containsAll(outWidth, biasAtoms[2]))
    return fail("a bias depends on more than its features");
  return success();
}

/// The first dimension of the tokens is the batch if positions have other dimensions.
void AggregateMatch::splitPositions() {
  batch.clear();
  positions.clear();
  const Ref &tokens = values.input;
  AtomList first =
      tokens.dims.empty() ? AtomList() : intersect(notation.getAtoms(tokens.dims[0]), free);
  AtomList ordered = intersect(notation.getAtoms(tokens), free);
  bool isRaised =
      tokens.value.getDefiningOp<TokenizeOp>() || tokens.value.getDefiningOp<AggregateOp>();
  if (isRaised || first.size() < ordered.size())
    batch = first;
  positions = without(ordered, batch);
}

/// A mask may differ between samples and channels.
LogicalResult AggregateMatch::matchMask() {
  AtomList samples = without(maskAtoms, softmax.summed);
  if (batch.empty() && containsAll(positions, samples) && !samples.empty()) {
    // Only the mask shows where the batch ends: it may not differ between positions.
    AtomList leading(ArrayRef<Atom>(positions).take_front(samples.size()));
    if (containsAll(leading, samples)) {
      batch = leading;
      positions = without(positions, batch);
    }
  }
  if (!containsAll(batch, samples))
    return fail("the mask differs between positions");
  return success();
}

LogicalResult AggregateMatch::match(linalg::ContractOp product) {
  Ref inner;
  if (failed(matchOutput(product, inner)))
    return fail("");
  FailureOr<SoftmaxProduct> found = matchSoftmaxProduct(notation, parameters, product, inner, why);
  if (failed(found))
    return failure();
  softmax = *found;
  if (failed(matchQuery()) || failed(matchKeysAndValues()) || failed(matchTokens()) ||
      failed(matchSizes()) || failed(matchWidthOfNorm()))
    return failure();
  if (failed(notation.read(values.input, nullptr, loc)))
    return fail("the tokens are not a view of one value");
  splitPositions();
  return matchMask();
}

Value AggregateMatch::build(const std::optional<Ref> &ref, ArrayRef<AtomList> dims, OpBuilder &b) {
  if (!ref)
    return Value();
  // Matching made a dry run of this, so it cannot fail.
  FailureOr<AtomTensor> tensor = notation.rebuildParameters(*ref, &b, loc);
  return notation.arrange(*tensor, dims, b, loc);
}

Value AggregateMatch::buildQuery(ArrayRef<AtomList> dims, OpBuilder &b) {
  Value query = build(softmax.query, dims, b);
  for (const Ref &scale : norm ? ArrayRef(norm->scales) : ArrayRef<Ref>())
    query = arith::MulFOp::create(b, loc, query, build(scale, dims, b));
  return query;
}

void AggregateMatch::rewrite(OpBuilder &b) {
  b.setInsertionPointAfterValue(root.value);
  AtomList keyOut = heads, valueOut = heads;
  llvm::append_range(keyOut, keyWidth);
  llvm::append_range(valueOut, valueWidth);
  AtomTensor tokenTensor = *notation.read(values.input, &b, loc);
  Value tokens = notation.arrange(tokenTensor,
                                  {batch, {}, softmax.summed, positions, valueTokenWidth}, b, loc);
  Value query = buildQuery({{}, queries, keyOut}, b);
  Value wk = build(keys.weight, {{}, keyOut, keyTokenWidth}, b);
  Value bk = build(keys.bias, {{}, keyOut}, b);
  Value wv = build(values.weight, {{}, valueOut, valueTokenWidth}, b);
  Value bv = build(values.bias, {{}, valueOut}, b);
  Value woValue = build(wo, {{}, outWidth, valueOut}, b);
  Value boValue = build(bo, {{}, outWidth}, b);
  Value mask;
  if (!softmax.masks.empty()) {
    AtomTensor tensor = *buildMask(notation, softmax.masks, &b, loc);
    mask = notation.arrange(
        tensor, {containsNone(tensor.atoms, batch) ? AtomList() : batch, {}, softmax.summed}, b,
        loc);
  }
  SmallVector<AtomList> resultDims{batch, {}, queries, positions, outWidth};
  SmallVector<int64_t> shape;
  for (const AtomList &dim : resultDims)
    shape.push_back(notation.getSize(ArrayRef<Atom>(dim)));
  auto type =
      RankedTensorType::get(shape, cast<RankedTensorType>(root.value.getType()).getElementType());
  KeyNormAttr keyNorm;
  if (norm)
    keyNorm = KeyNormAttr::get(b.getContext(), norm->kind, normWidth, norm->epsilon);
  auto op = AggregateOp::create(b, loc, type, tokens, query, wk, bk, wv, bv, woValue, boValue, mask,
                                notation.getSize(ArrayRef<Atom>(heads)), APFloat(softmax.scale),
                                mask && !softmax.zeroWhenEmpty, keyNorm);
  AtomTensor result = notation.split(op.getResult(), resultDims, b, loc);
  root.value.replaceAllUsesWith(notation.arrangeAs(result, root, b, loc));
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// The product and, after it, an output projection and its bias, the last one first.
static SmallVector<Value> collectRoots(linalg::ContractOp product, ParameterAnalysis &parameters) {
  SmallVector<Value> roots{product.getResult(0)};
  Value value = roots[0];
  bool projected = false;
  while (value.hasOneUse()) {
    Operation *user = *value.user_begin();
    if (user->getNumResults() != 1)
      break;
    Value next = user->getResult(0);
    auto hasParameter = [&] {
      return llvm::any_of(user->getOperands().take_front(2),
                          [&](Value operand) { return parameters.isParameterOnly(operand); });
    };
    if (isa<linalg::ContractOp>(user) && !projected && hasParameter()) {
      projected = true;
      roots.push_back(next);
    } else if (isa<arith::AddFOp>(user) && projected && hasParameter()) {
      roots.push_back(next);
      break;
    } else if (!getOnlySource(user)) {
      break;
    }
    value = next;
  }
  std::reverse(roots.begin(), roots.end());
  return roots;
}

namespace {
struct RaiseAggregate : mlir::dchag::impl::RaiseAggregateBase<RaiseAggregate> {
  /// Whether the product and what follows it became an aggregation.
  bool raise(linalg::ContractOp product, ParameterAnalysis &parameters) {
    SoftmaxOp softmax = findSoftmax(product);
    std::string reason;
    for (Value root : collectRoots(product, parameters)) {
      AggregateMatch match(parameters, root);
      if (succeeded(match.match(product))) {
        OpBuilder b(&getContext());
        match.rewrite(b);
        return true;
      }
      if (match.isNear())
        reason = match.getReason().str();
    }
    if (!reason.empty())
      softmax.emitRemark("is not raised to dchag.aggregate: ") << reason;
    return false;
  }

  /// An attention that is an aggregation of channels; any other one stays as it is.
  void raise(AttentionOp op, ParameterAnalysis &parameters) {
    Value expanded = expandAttention(op, parameters);
    if (!expanded)
      return;
    OpBuilder b(op);
    Value rounded = TensorBuilder(b, op.getLoc()).rounded(expanded, elementTypeOf(op.getResult()));
    op.getResult().replaceAllUsesWith(rounded);
    if (!raise(expanded.getDefiningOp<linalg::ContractOp>(), parameters))
      rounded.replaceAllUsesWith(op.getResult());
  }

  void runOnOperation() override {
    if (!hasStaticShapes(getOperation()))
      return;
    for (Block &block : getOperation().getBody()) {
      eraseDeadOps(block);
      ParameterAnalysis parameters;
      SmallVector<AttentionOp> attentions(block.getOps<AttentionOp>());
      for (AttentionOp op : attentions)
        raise(op, parameters);
      eraseDeadOps(block);
      SmallVector<linalg::ContractOp> contracts(block.getOps<linalg::ContractOp>());
      for (linalg::ContractOp op : contracts) {
        if (op->use_empty())
          continue;
        if (findSoftmax(op))
          raise(op, parameters);
        else
          raiseLinear(op, parameters);
      }
      eraseDeadOps(block);
    }
  }
};
} // namespace
