//===- AttentionMatch.cpp - parts of an attention in index notation --------*- C++ -*-===//

#include "AttentionMatch.h"
#include "dialects/dchag/DecomposeUtils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::dchag;

Ref dchag::peelScale(IndexNotation &notation, Ref ref, double &scale,
                     llvm::SmallSetVector<Operation *, 4> *ops) {
  while (true) {
    ref = notation.strip(ref);
    Operation *op = ref.value.getDefiningOp();
    if (!isa_and_nonnull<arith::MulFOp, arith::DivFOp>(op))
      return ref;
    std::optional<double> lhs = getSplat(op->getOperand(0)), rhs = getSplat(op->getOperand(1));
    if (rhs && (isa<arith::MulFOp>(op) || *rhs != 0)) {
      scale = isa<arith::MulFOp>(op) ? scale * *rhs : scale / *rhs;
      ref.value = op->getOperand(0);
    } else if (lhs && isa<arith::MulFOp>(op)) {
      scale *= *lhs;
      ref.value = op->getOperand(1);
    } else {
      return ref;
    }
    if (ops)
      ops->insert(op);
  }
}

/// Returns x of select(isnan(x), 0, x), the guard that PyTorch's exporters put after the softmax of
/// a scaled_dot_product_attention with a Boolean mask: where all keys are masked the result is 0,
/// as it is here. Some exporters write the mask with the lowest finite number instead of minus
/// infinity, so that the guard never acts; the exported program means 0 all the same.
static Value peelGuard(Value value) {
  auto select = value.getDefiningOp<arith::SelectOp>();
  if (!select || getSplat(select.getTrueValue()) != 0.0)
    return Value();
  auto test = select.getCondition().getDefiningOp<arith::CmpFOp>();
  Value inner = select.getFalseValue();
  bool isGuard = test && test.getPredicate() == arith::CmpFPredicate::UNO &&
                 test.getLhs() == inner && test.getRhs() == inner;
  return isGuard ? inner : Value();
}

/// The softmax that a value is a view of, through views with one source.
static SoftmaxOp getSoftmax(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto softmax = dyn_cast<SoftmaxOp>(op))
      return softmax;
    Value guarded = peelGuard(value);
    value = guarded ? guarded : getOnlySource(op);
    if (!value)
      return nullptr;
  }
  return nullptr;
}

SoftmaxOp dchag::findSoftmax(linalg::ContractOp op) {
  for (Value operand : op.getInputs())
    if (SoftmaxOp softmax = getSoftmax(operand))
      return softmax;
  return nullptr;
}

/// Whether a score is masked: minus infinity or, with `orLowest`, the lowest finite number.
static bool isOut(double score, Type type, bool orLowest) {
  const auto &semantics = cast<FloatType>(type).getFloatSemantics();
  return score == -std::numeric_limits<double>::infinity() ||
         (orLowest && score == APFloat::getLargest(semantics, /*Negative=*/true).convertToDouble());
}
static bool isOut(Value value, bool orLowest) {
  std::optional<double> splat = getSplat(value);
  Type type = getElementTypeOrSelf(value);
  return splat && isa<FloatType>(type) && isOut(*splat, type, orLowest);
}

/// The mask that `select(condition, a, b)` stands for if a or b is a masked score, and the other of
/// the two.
static std::optional<MaskRef> matchMask(const Ref &ref, Value &other, bool orLowest) {
  auto select = ref.value.getDefiningOp<arith::SelectOp>();
  if (!select || !isa<RankedTensorType>(select.getCondition().getType()))
    return std::nullopt;
  bool drops = isOut(select.getTrueValue(), orLowest);
  if (!drops && !isOut(select.getFalseValue(), orLowest))
    return std::nullopt;
  other = drops ? select.getFalseValue() : select.getTrueValue();
  return MaskRef{{select.getCondition(), ref.dims}, !drops};
}

/// The elements of a constant.
static std::optional<EvalTensor> getConstant(Value value) {
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  SmallVector<EvalTensor> results;
  if (!constant || !isa<RankedTensorType>(value.getType()) ||
      failed(cast<EvaluableOpInterface>(constant.getOperation()).evaluate({}, results)))
    return std::nullopt;
  return results.front();
}

/// Whether all elements along a dimension are equal.
static bool isRepeated(ArrayRef<bool> elements, ArrayRef<int64_t> shape, int64_t dim) {
  int64_t inner = 1;
  for (int64_t size : shape.drop_front(dim + 1))
    inner *= size;
  for (int64_t i = 0, e = elements.size(); i < e; ++i)
    if (elements[i] != elements[i - i / inner % shape[dim] * inner])
      return false;
  return true;
}

/// A constant condition, without the dimensions along which it is constant: the import has folded
/// its broadcast.
static Ref makeCondition(Ref ref, SmallVector<bool> elements) {
  SmallVector<int64_t> shape(cast<RankedTensorType>(ref.value.getType()).getShape());
  for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
    if (!isRepeated(elements, shape, dim))
      continue;
    // Keeps one of the equal parts.
    int64_t inner = 1;
    for (int64_t size : ArrayRef<int64_t>(shape).drop_front(dim + 1))
      inner *= size;
    SmallVector<bool> kept;
    for (int64_t i = 0, e = elements.size(); i < e; ++i)
      if (i / inner % shape[dim] == 0)
        kept.push_back(elements[i]);
    elements = kept;
    shape.erase(shape.begin() + dim);
    ref.dims.erase(ref.dims.begin() + dim);
  }
  OpBuilder b(ref.value.getDefiningOp());
  auto type = RankedTensorType::get(shape, b.getI1Type());
  ref.value =
      arith::ConstantOp::create(b, ref.value.getLoc(), DenseElementsAttr::get(type, elements));
  return ref;
}

/// The mask that adding a constant of zeros and masked scores stands for.
static std::optional<MaskRef> matchConstantMask(const Ref &addend, bool orLowest) {
  std::optional<EvalTensor> tensor = getConstant(addend.value);
  if (!tensor || !tensor->isFloat())
    return std::nullopt;
  SmallVector<bool> kept;
  for (int64_t i = 0; i < tensor->getNumElements(); ++i) {
    double element = tensor->floats()[i];
    if (element != 0 && !isOut(element, tensor->getElementType(), orLowest))
      return std::nullopt;
    kept.push_back(element == 0);
  }
  // A constant of zeros alone is not a mask.
  if (llvm::all_of(kept, [](bool in) { return in; }))
    return std::nullopt;
  return MaskRef{makeCondition(addend, kept), true};
}

/// The same mask on a condition of the smallest shape.
static MaskRef shrink(IndexNotation &notation, MaskRef mask) {
  mask.condition = notation.strip(mask.condition);
  if (std::optional<EvalTensor> tensor = getConstant(mask.condition.value)) {
    SmallVector<bool> elements;
    for (int64_t i = 0; i < tensor->getNumElements(); ++i)
      elements.push_back(tensor->ints()[i] != 0);
    mask.condition = makeCondition(mask.condition, elements);
  }
  return mask;
}

/// Whether scores depend on a product through views, factors, sums and masks only.
static bool leadsToProduct(Value value, llvm::SmallPtrSetImpl<Operation *> &seen) {
  while (Operation *op = value.getDefiningOp()) {
    if (isa<linalg::ContractOp>(op))
      return true;
    // Operands of nested sums may be shared.
    if (isa<arith::AddFOp>(op))
      return seen.insert(op).second &&
             (leadsToProduct(op->getOperand(0), seen) || leadsToProduct(op->getOperand(1), seen));
    Value other;
    if (matchMask({value, {}}, other, /*orLowest=*/true))
      value = other;
    else if (isa<arith::MulFOp>(op) && getSplat(op->getOperand(0)))
      value = op->getOperand(1);
    else if (isa<arith::MulFOp, arith::DivFOp>(op) && getSplat(op->getOperand(1)))
      value = op->getOperand(0);
    else if (Value source = getOnlySource(op))
      value = source;
    else
      return false;
  }
  return false;
}

/// Splits `scores` into the product of query and key, a scale, masks and added biases.
static linalg::ContractOp matchScores(IndexNotation &notation, ParameterAnalysis &parameters,
                                      Ref &scores, bool isGuarded, SoftmaxProduct &match,
                                      StringRef &why) {
  while (true) {
    scores = peelScale(notation, scores, match.scale);
    if (auto contract = scores.value.getDefiningOp<linalg::ContractOp>())
      return contract;
    Value other;
    if (auto mask = matchMask(scores, other, isGuarded)) {
      if (match.scale <= 0) {
        why = "masked scores are multiplied by a number that is not positive";
        return nullptr;
      }
      match.masks.push_back(shrink(notation, *mask));
      scores.value = other;
      continue;
    }
    auto add = scores.value.getDefiningOp<arith::AddFOp>();
    if (!add || match.scale != 1) {
      why = add ? StringRef("scores are multiplied by a number after a sum")
                : StringRef("the scores are not a product of queries and keys");
      return nullptr;
    }
    llvm::SmallPtrSet<Operation *, 8> seen;
    bool isLeft = !parameters.isParameterOnly(add.getLhs()) && leadsToProduct(add.getLhs(), seen);
    unsigned side = isLeft ? 0 : 1;
    Ref addend = notation.strip({add->getOperand(1 - side), scores.dims});
    if (auto mask = matchMask(addend, other, isGuarded); mask && getSplat(other) == 0.0)
      match.masks.push_back(shrink(notation, *mask));
    else if (auto mask = matchConstantMask(addend, isGuarded))
      match.masks.push_back(*mask);
    else
      match.biases.push_back(addend);
    scores.value = add->getOperand(side);
  }
}

FailureOr<AtomTensor> dchag::buildMask(IndexNotation &notation, ArrayRef<MaskRef> masks,
                                       OpBuilder *b, Location loc) {
  // Comparisons, logical ops on them, and conversions of Booleans.
  auto isLogic = [](Operation *op) {
    return OpTrait::hasElementwiseMappableTraits(op) && op->getNumResults() == 1 &&
           isa<IntegerType>(getElementTypeOrSelf(op->getResult(0).getType()));
  };
  AtomTensor result;
  for (const MaskRef &mask : masks) {
    FailureOr<AtomTensor> part = notation.rebuild(mask.condition, isLogic, b, loc);
    if (failed(part))
      return failure();
    AtomList atoms = notation.resolved(result.atoms);
    llvm::append_range(atoms, without(part->atoms, atoms));
    if (b) {
      SmallVector<AtomList> dims;
      for (Atom atom : atoms)
        dims.push_back({atom});
      Value kept = notation.arrange(*part, dims, *b, loc);
      if (!mask.keeps) {
        auto all = SplatElementsAttr::get(cast<ShapedType>(kept.getType()), b->getBoolAttr(true));
        kept = arith::XOrIOp::create(*b, loc, kept, arith::ConstantOp::create(*b, loc, all));
      }
      if (result.value)
        kept = arith::AndIOp::create(*b, loc, notation.arrange(result, dims, *b, loc), kept);
      result.value = kept;
    }
    result.atoms = atoms;
  }
  return result;
}

/// The softmax that a value reads through views and a guard, or the value itself.
static Ref stripToSoftmax(IndexNotation &notation, Ref ref, bool &isGuarded) {
  ref = notation.strip(ref);
  Value guarded = peelGuard(ref.value);
  isGuarded = guarded != nullptr;
  return guarded ? notation.strip({guarded, ref.dims}) : ref;
}

FailureOr<SoftmaxProduct> dchag::matchSoftmaxProduct(IndexNotation &notation,
                                                     ParameterAnalysis &parameters,
                                                     linalg::ContractOp op, const Ref &result,
                                                     StringRef &why) {
  IndexNotation::Product outer = notation.getProduct(op, result);
  SoftmaxProduct match;
  match.product = op;
  bool isGuarded = false;
  Ref probabilities = stripToSoftmax(notation, outer.lhs, isGuarded);
  match.value = outer.rhs;
  if (!probabilities.value.getDefiningOp<SoftmaxOp>()) {
    probabilities = stripToSoftmax(notation, outer.rhs, isGuarded);
    match.value = outer.lhs;
  }
  match.softmax = probabilities.value.getDefiningOp<SoftmaxOp>();
  if (!match.softmax) {
    why = "the softmax is cut or joined before it weighs the values";
    return failure();
  }
  match.zeroWhenEmpty = isGuarded || match.softmax.getZeroWhenEmpty();
  Ref scores{match.softmax.getInput(), probabilities.dims};
  linalg::ContractOp inner = matchScores(notation, parameters, scores, isGuarded, match, why);
  if (!inner)
    return failure();
  IndexNotation::Product product = notation.getProduct(inner, scores);
  match.query = peelScale(notation, product.lhs, match.scale);
  match.key = peelScale(notation, product.rhs, match.scale);
  match.value = notation.strip(match.value);

  int64_t dim = match.softmax.getDim();
  auto softmaxAtoms = notation.getFullAtoms(
      probabilities.dims[dim], cast<RankedTensorType>(match.softmax.getType()).getDimSize(dim));
  AtomList summed;
  for (const Index &index : outer.reduced)
    llvm::append_range(summed, notation.getAtoms(index));
  if (!softmaxAtoms || !containsAll(*softmaxAtoms, summed) || !containsAll(summed, *softmaxAtoms)) {
    why = "the softmax does not run over what its product with the values sums over";
    return failure();
  }
  match.summed = *softmaxAtoms;
  for (const Index &index : product.reduced)
    llvm::append_range(match.width, notation.getAtoms(index));
  return match;
}

Projection dchag::matchProjection(IndexNotation &notation, ParameterAnalysis &parameters, Ref ref) {
  Projection projection;
  Ref start = notation.strip(ref);
  ref = start;
  if (auto add = ref.value.getDefiningOp<arith::AddFOp>()) {
    for (unsigned side : {0, 1}) {
      if (!parameters.isParameterOnly(add->getOperand(side)) ||
          parameters.isParameterOnly(add->getOperand(1 - side)))
        continue;
      projection.bias = Ref{add->getOperand(side), ref.dims};
      projection.ops.insert(add);
      ref = notation.strip({add->getOperand(1 - side), ref.dims});
      break;
    }
  }
  if (auto contract = ref.value.getDefiningOp<linalg::ContractOp>()) {
    for (unsigned side : {0, 1}) {
      if (!parameters.isParameterOnly(contract.getInputs()[side]) ||
          parameters.isParameterOnly(contract.getInputs()[1 - side]))
        continue;
      IndexNotation::Product product = notation.getProduct(contract, ref);
      projection.weight = side == 0 ? product.lhs : product.rhs;
      projection.input = notation.strip(side == 0 ? product.rhs : product.lhs);
      projection.ops.insert(contract);
      for (const Index &index : product.reduced)
        llvm::append_range(projection.reduced, notation.getAtoms(index));
      return projection;
    }
  }
  // A sum without a product is the input itself (tokens with an embedding).
  projection.ops.clear();
  projection.bias = std::nullopt;
  projection.input = start;
  return projection;
}

std::optional<Normalised> dchag::matchNorm(IndexNotation &notation, ParameterAnalysis &parameters,
                                           Ref ref, Value end) {
  Normalised match;
  while (true) {
    ref = notation.strip(ref);
    Operation *op = ref.value.getDefiningOp();
    if (!op || ref.value == end)
      return std::nullopt;
    if (int64_t dims = getNormDims(op)) {
      match.atoms = notation.getLastAtoms(ref, dims);
      match.input = {op->getOperand(0), ref.dims};
      // Scale and bias have the last dimensions.
      Ref scale{{}, {ref.dims.end() - dims, ref.dims.end()}}, bias = scale;
      if (auto layer = dyn_cast<LayerNormOp>(op)) {
        match.epsilon = layer.getEpsilon().convertToDouble();
        scale.value = layer.getScale();
        bias.value = layer.getBias();
      } else {
        auto rms = cast<RmsNormOp>(op);
        match.kind = NormKind::Rms;
        match.epsilon = rms.getEpsilon().convertToDouble();
        scale.value = rms.getScale();
      }
      if (scale.value)
        match.scales.push_back(scale);
      if (bias.value)
        match.offsets.push_back(bias);
      break;
    }
    if (!isa<arith::AddFOp, arith::MulFOp>(op))
      return std::nullopt;
    unsigned side = parameters.isParameterOnly(op->getOperand(0)) ? 0 : 1;
    auto &list = isa<arith::AddFOp>(op) ? match.offsets : match.scales;
    list.push_back({op->getOperand(side), ref.dims});
    ref.value = op->getOperand(1 - side);
  }
  for (const SmallVector<Ref, 2> *list : {&match.scales, &match.offsets})
    for (const Ref &parameter : *list)
      if (!parameters.isParameterOnly(parameter.value))
        return std::nullopt;
  return match;
}

Value dchag::expandAttention(AttentionOp op, ParameterAnalysis &parameters) {
  ArrayRef<int64_t> q = cast<RankedTensorType>(op.getQuery().getType()).getShape();
  ArrayRef<int64_t> k = cast<RankedTensorType>(op.getKey().getType()).getShape();
  if (op->use_empty() || q[1] != k[1] || !parameters.isParameterOnly(op.getQuery()) ||
      parameters.isParameterOnly(op.getKey()))
    return {};
  OpBuilder b(op);
  Decomposer d(b, op.getLoc());
  Value scores = d.scale(d.contract("bhnd,bhmd->bhnm", op.getQuery(), op.getKey()),
                         op.getScale().convertToDouble());
  if (Value bias = op.getBias())
    scores = d.add(scores, d.broadcastLike(bias, "bhnm", scores, "bhnm"));
  if (Value mask = op.getMask()) {
    Value out = d.splat(scores, -std::numeric_limits<double>::infinity());
    scores = d.select(d.broadcastLike(mask, "bhnm", scores, "bhnm"), scores, out);
  }
  Value softmax =
      SoftmaxOp::create(b, op.getLoc(), scores.getType(), scores, 3, op.zerosEmptyQueries());
  return d.contract("bhnm,bhme->bhne", softmax, op.getValue());
}
