//===- RaiseAttention.cpp - recognises dot-product attention ---------------*- C++ -*-===//

#include "AttentionMatch.h"
#include "dchag/Raise/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_RAISEATTENTION
#include "dchag/Raise/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {

/// A query, key or value, rebuilt from the input of its projection.
class Projected {
public:
  Projected(IndexNotation &notation, ParameterAnalysis &parameters, const Ref &ref, Location loc)
      : notation(notation), parameters(parameters), ref(ref), loc(loc) {
    projection = matchProjection(notation, parameters, ref);
  }
  LogicalResult match() {
    FailureOr<AtomTensor> tensor = rebuild(nullptr);
    if (failed(tensor))
      return failure();
    atoms = tensor->atoms;
    if (projection.weight)
      if (auto weight = notation.rebuildParameters(*projection.weight, nullptr, loc);
          succeeded(weight))
        weightAtoms = weight->atoms;
    return success();
  }
  Value build(ArrayRef<AtomList> dims, OpBuilder &b) {
    return notation.arrange(*rebuild(&b), dims, b, loc);
  }
  void resolve() {
    notation.resolve(atoms);
    notation.resolve(weightAtoms);
  }
  bool has(Atom atom) const { return llvm::is_contained(atoms, atom); }

  AtomList atoms, weightAtoms;
  Projection projection;

private:
  FailureOr<AtomTensor> rebuild(OpBuilder *b) {
    auto policy = [&](Operation *op) {
      return projection.ops.contains(op) || parameters.isParameterOnly(op->getResult(0));
    };
    return notation.rebuild(ref, policy, b, loc);
  }
  IndexNotation &notation;
  ParameterAnalysis &parameters;
  Ref ref;
  Location loc;
};

} // namespace

namespace {

/// Biases and masks of the scores.
class Scores {
public:
  Scores(IndexNotation &notation, ParameterAnalysis &parameters, const SoftmaxProduct &match,
         Location loc)
      : notation(notation), parameters(parameters), product(match), loc(loc) {}

  /// Whether all can be rebuilt; may split atoms.
  LogicalResult match() {
    for (const Ref &bias : product.biases)
      if (failed(rebuild(bias, nullptr)))
        return failure();
    return buildMaskTensor(nullptr);
  }

  /// The sum of all biases as batch x heads x queries x keys; dimensions that none of them
  /// depends on have size 1. Null without a bias.
  Value buildBias(ArrayRef<AtomList> dims, OpBuilder &b) {
    SmallVector<AtomTensor> parts;
    AtomList atoms;
    for (const Ref &bias : product.biases) {
      parts.push_back(*rebuild(bias, &b));
      llvm::append_range(atoms, parts.back().atoms);
    }
    SmallVector<AtomList> used = getUsed(dims, atoms);
    Value sum;
    for (const AtomTensor &part : parts) {
      Value value = notation.arrange(part, used, b, loc);
      sum = sum ? arith::AddFOp::create(b, loc, sum, value).getResult() : value;
    }
    return sum;
  }

  Value buildMask(ArrayRef<AtomList> dims, OpBuilder &b) {
    if (product.masks.empty())
      return Value();
    AtomTensor tensor = *dchag::buildMask(notation, product.masks, &b, loc);
    return notation.arrange(tensor, getUsed(dims, tensor.atoms), b, loc);
  }

private:
  FailureOr<AtomTensor> rebuild(const Ref &bias, OpBuilder *b) {
    return parameters.isParameterOnly(bias.value) ? notation.rebuildParameters(bias, b, loc)
                                                  : notation.read(bias, b, loc);
  }
  LogicalResult buildMaskTensor(OpBuilder *b) {
    return success(product.masks.empty() ||
                   succeeded(dchag::buildMask(notation, product.masks, b, loc)));
  }
  static SmallVector<AtomList> getUsed(ArrayRef<AtomList> dims, ArrayRef<Atom> atoms) {
    SmallVector<AtomList> used(dims);
    for (AtomList &dim : used)
      if (containsNone(atoms, dim))
        dim.clear();
    return used;
  }

  IndexNotation &notation;
  ParameterAnalysis &parameters;
  const SoftmaxProduct &product;
  Location loc;
};

} // namespace

/// Replaces the product of a softmax with values by an attention; returns false if it is none.
static bool raiseProduct(linalg::ContractOp op, ParameterAnalysis &parameters, OpBuilder &b) {
  IndexNotation notation(parameters);
  Location loc = op.getLoc();
  Ref root = notation.createRef(op.getResult(0));
  StringRef why;
  FailureOr<SoftmaxProduct> match = matchSoftmaxProduct(notation, parameters, op, root, why);
  if (failed(match))
    return false;
  Projected q(notation, parameters, match->query, loc), k(notation, parameters, match->key, loc),
      v(notation, parameters, match->value, loc);
  if (failed(q.match()) || failed(k.match()) || failed(v.match()))
    return false;
  Scores scores(notation, parameters, *match, loc);
  if (failed(scores.match()))
    return false;
  for (Projected *p : {&q, &k, &v})
    p->resolve();
  AtomList keyAtoms = notation.resolved(match->summed), width = notation.resolved(match->width);
  auto hasKeys = [&](const Projected &p) { return containsAll(p.atoms, keyAtoms); };
  // The operand that depends on the keys' atoms is the key.
  AtomList batch, heads, positions, valueWidth;
  Projected *query = &q, *key = &k;
  if (!keyAtoms.empty() && hasKeys(q))
    std::swap(query, key);
  if (!containsNone(query->atoms, keyAtoms) || !hasKeys(*key) || !hasKeys(v) ||
      !containsNone(v.atoms, width) || !containsAll(query->atoms, width) ||
      !containsAll(key->atoms, width))
    return false;
  for (Atom atom : notation.getAtoms(root)) {
    unsigned count = query->has(atom) + key->has(atom) + v.has(atom);
    if (count >= 2)
      batch.push_back(atom);
    else if (query->has(atom))
      positions.push_back(atom);
    else if (v.has(atom))
      valueWidth.push_back(atom);
    else
      return false;
  }
  // Heads are the atoms that the weights of the projections have in addition to their input.
  for (Atom atom : batch)
    if (llvm::is_contained(query->weightAtoms, atom) ||
        llvm::is_contained(key->weightAtoms, atom) || llvm::is_contained(v.weightAtoms, atom))
      heads.push_back(atom);
  if (heads.empty() && batch.size() > 1)
    heads.push_back(batch.back());
  batch = without(batch, heads);

  b.setInsertionPoint(op);
  Value queryValue = query->build({batch, heads, positions, width}, b);
  Value keyValue = key->build({batch, heads, keyAtoms, width}, b);
  Value value = v.build({batch, heads, keyAtoms, valueWidth}, b);
  SmallVector<AtomList> scoreDims{batch, heads, positions, keyAtoms};
  Value bias = scores.buildBias(scoreDims, b), mask = scores.buildMask(scoreDims, b);
  SmallVector<AtomList> resultDims{batch, heads, positions, valueWidth};
  SmallVector<int64_t> shape;
  for (const AtomList &dim : resultDims)
    shape.push_back(notation.getSize(ArrayRef<Atom>(dim)));
  auto type =
      RankedTensorType::get(shape, cast<RankedTensorType>(root.value.getType()).getElementType());
  bool mayBeEmpty = bias || mask;
  Value result = AttentionOp::create(b, loc, type, queryValue, keyValue, value, bias, mask,
                                     APFloat(match->scale), mayBeEmpty && !match->zeroWhenEmpty);
  root.value.replaceAllUsesWith(
      notation.arrangeAs(notation.split(result, resultDims, b, loc), root, b, loc));
  return true;
}

/// Splits a packed projection: an attention operand that is a part of one gets a separate
/// projection.
static void unpackOperand(AttentionOp op, OpOperand &operand, ParameterAnalysis &parameters,
                          OpBuilder &b) {
  Operation *producer = operand.get().getDefiningOp();
  if (!producer || !isView(producer))
    return;
  IndexNotation notation(parameters);
  Ref root = notation.createRef(operand.get());
  Projected projected(notation, parameters, root, op.getLoc());
  if (!projected.projection.weight || failed(projected.match()))
    return;
  b.setInsertionPoint(op);
  SmallVector<AtomList> dims;
  for (const Index &index : root.dims)
    dims.push_back(notation.getAtoms(index));
  operand.set(projected.build(dims, b));
}

namespace {
struct RaiseAttention : mlir::dchag::impl::RaiseAttentionBase<RaiseAttention> {
  void runOnOperation() override {
    if (!hasStaticShapes(getOperation()))
      return;
    OpBuilder b(&getContext());
    for (Block &block : getOperation().getBody()) {
      eraseDeadOps(block);
      ParameterAnalysis parameters;
      SmallVector<linalg::ContractOp> contracts(block.getOps<linalg::ContractOp>());
      for (linalg::ContractOp op : contracts)
        if (!op->use_empty() && findSoftmax(op))
          raiseProduct(op, parameters, b);
      SmallVector<AttentionOp> attentions(block.getOps<AttentionOp>());
      for (AttentionOp op : attentions)
        for (unsigned operand : {0, 1, 2})
          unpackOperand(op, op->getOpOperand(operand), parameters, b);
      eraseDeadOps(block);
    }
  }
};
} // namespace
