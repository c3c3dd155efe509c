//===- RaiseLayerNorm.cpp - recognises layer and RMS normalisation ---------*- C++ -*-===//

#include "dchag/Raise/Passes.h"
#include "dchag/Views/IndexNotation.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_RAISELAYERNORM
#include "dchag/Raise/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {

/// The mean of `input` over its dimensions `reduced`.
struct Mean {
  Ref input;
  SmallVector<int64_t> reduced;
  /// The atoms summed over.
  AtomList atoms;
};

class NormMatch {
public:
  NormMatch(ParameterAnalysis &parameters, Value rootValue)
      : parameters(parameters), notation(parameters), loc(rootValue.getLoc()),
        root(notation.createRef(rootValue)) {}
  LogicalResult match();
  void rewrite(OpBuilder &b);

private:
  std::optional<Mean> matchMean(Ref ref);
  std::optional<Ref> matchRoot(Ref ref);
  LogicalResult matchQuotient(Ref ref);
  LogicalResult matchVariance(Ref ref);
  std::optional<AtomList> matchSummed(Ref mean, Ref &wanted, AtomList atoms);
  LogicalResult matchDims();
  bool dependsOnNormalised(const Ref &ref);
  Value build(const std::optional<Ref> &ref, OpBuilder &b);

  ParameterAnalysis &parameters;
  IndexNotation notation;
  Location loc;
  Ref root;
  std::optional<Ref> scale, bias;
  /// x - mean(x) and x; the same for RMS norm.
  Ref centered, input;
  bool isRms = false;
  /// Atoms of the dimensions of the op's operand: those of x if its last `dims` dimensions are
  /// normalised, else one dimension for each atom, the normalised ones last.
  SmallVector<AtomList> inputDims;
  int64_t dims = 0;
  bool isLast = true;
  AtomList normalised;
  double epsilon = 0;
};

} // namespace

static bool isSum(linalg::ReduceOp op) {
  if (op.getNumDpsInputs() != 1)
    return false;
  Block &body = *op.getBlock();
  return llvm::hasNItems(body.getOperations(), 2) && isa<arith::AddFOp>(body.front()) &&
         body.front().getOperand(0) != body.front().getOperand(1);
}

/// sum / count or sum * (1 / count)
std::optional<Mean> NormMatch::matchMean(Ref ref) {
  ref = notation.strip(ref);
  Operation *op = ref.value.getDefiningOp();
  if (!isa_and_nonnull<arith::DivFOp, arith::MulFOp>(op))
    return std::nullopt;
  unsigned number = getSplat(op->getOperand(1)) ? 1 : 0;
  std::optional<double> splat = getSplat(op->getOperand(number));
  if (!splat || (number == 0 && isa<arith::DivFOp>(op)))
    return std::nullopt;
  ref = notation.strip({op->getOperand(1 - number), ref.dims});
  auto reduce = ref.value.getDefiningOp<linalg::ReduceOp>();
  if (!reduce || !isSum(reduce))
    return std::nullopt;
  Mean mean{{reduce.getInputs()[0], {}}, SmallVector<int64_t>(reduce.getDimensions()), {}};
  int64_t count = 1;
  unsigned next = 0;
  for (auto [dim, size] :
       llvm::enumerate(cast<RankedTensorType>(mean.input.value.getType()).getShape())) {
    if (!llvm::is_contained(mean.reduced, static_cast<int64_t>(dim))) {
      mean.input.dims.push_back(ref.dims[next++]);
      continue;
    }
    mean.input.dims.push_back(notation.createFullIndex(size));
    llvm::append_range(mean.atoms, notation.getAtoms(mean.input.dims.back()));
    count *= size;
  }
  double wanted = isa<arith::DivFOp>(op) ? static_cast<double>(count) : 1.0 / count;
  if (std::abs(*splat - wanted) > 1e-7 * wanted)
    return std::nullopt;
  return mean;
}

/// The operand of the square root: of sqrt(x), or of x * rsqrt and the like for a factor.
std::optional<Ref> NormMatch::matchRoot(Ref ref) {
  ref = notation.strip(ref);
  if (auto sqrt = ref.value.getDefiningOp<math::SqrtOp>())
    return notation.strip({sqrt.getOperand(), ref.dims});
  return std::nullopt;
}

/// (x - mean(x)) / sqrt(..), or times 1 / sqrt(..) or rsqrt(..).
LogicalResult NormMatch::matchQuotient(Ref ref) {
  ref = notation.strip(ref);
  Operation *op = ref.value.getDefiningOp();
  if (auto div = dyn_cast_or_null<arith::DivFOp>(op)) {
    std::optional<Ref> variance = matchRoot({div.getRhs(), ref.dims});
    centered = notation.strip({div.getLhs(), ref.dims});
    return variance ? matchVariance(*variance) : failure();
  }
  if (!isa_and_nonnull<arith::MulFOp>(op))
    return failure();
  for (unsigned side : {0, 1}) {
    Ref factor = notation.strip({op->getOperand(side), ref.dims});
    centered = notation.strip({op->getOperand(1 - side), ref.dims});
    std::optional<Ref> variance;
    if (auto rsqrt = factor.value.getDefiningOp<math::RsqrtOp>())
      variance = notation.strip({rsqrt.getOperand(), factor.dims});
    else if (auto div = factor.value.getDefiningOp<arith::DivFOp>();
             div && getSplat(div.getLhs()) == 1.0)
      variance = matchRoot({div.getRhs(), factor.dims});
    if (variance)
      return matchVariance(*variance);
  }
  return failure();
}

/// mean((x - mean(x))^2) + epsilon with the same x - mean(x), or x in all three places for RMS
/// norm.
LogicalResult NormMatch::matchVariance(Ref ref) {
  auto add = ref.value.getDefiningOp<arith::AddFOp>();
  if (!add)
    return failure();
  unsigned number = getSplat(add.getRhs()) ? 1 : 0;
  std::optional<double> splat = getSplat(add->getOperand(number));
  if (!splat || *splat < 0)
    return failure();
  epsilon = *splat;
  std::optional<Mean> variance = matchMean({add->getOperand(1 - number), ref.dims});
  if (!variance)
    return failure();
  Ref square = notation.strip(variance->input);
  Operation *op = square.value.getDefiningOp();
  if (auto power = dyn_cast_or_null<math::PowFOp>(op)) {
    if (getSplat(power.getRhs()) != 2.0)
      return failure();
  } else if (!isa_and_nonnull<arith::MulFOp>(op) || op->getOperand(0) != op->getOperand(1)) {
    return failure();
  }
  Ref inner = notation.strip({op->getOperand(0), square.dims});
  std::optional<AtomList> summed = matchSummed(inner, centered, variance->atoms);
  if (!summed)
    return failure();
  auto sub = centered.value.getDefiningOp<arith::SubFOp>();
  std::optional<Mean> mean;
  if (sub)
    mean = matchMean({sub.getRhs(), centered.dims});
  isRms = !mean;
  if (isRms)
    mean = Mean{inner, {}, variance->atoms};
  input = isRms ? centered : notation.strip({sub.getLhs(), centered.dims});
  std::optional<AtomList> averaged = matchSummed(notation.strip(mean->input), input, mean->atoms);
  if (!averaged || averaged->empty())
    return failure();
  normalised = notation.resolved(*averaged);
  notation.resolve(*summed);
  // Both run over the same elements.
  if (!containsAll(*summed, normalised) || !containsAll(normalised, *summed) ||
      cast<RankedTensorType>(input.value.getType()).getElementType() !=
          cast<RankedTensorType>(root.value.getType()).getElementType())
    return failure();
  return matchDims();
}

/// The atoms of `wanted` in the place of those that `mean` sums over, if it reads the same
/// otherwise.
std::optional<AtomList> NormMatch::matchSummed(Ref mean, Ref &wanted, AtomList atoms) {
  notation.resolve(mean);
  notation.resolve(wanted);
  notation.resolve(atoms);
  if (mean.value != wanted.value)
    return std::nullopt;
  AtomList result;
  ArrayRef<int64_t> shape = cast<RankedTensorType>(mean.value.getType()).getShape();
  for (auto [left, right, size] : llvm::zip(mean.dims, wanted.dims, shape)) {
    AtomList list = notation.getAtoms(left);
    std::optional<AtomList> full = notation.getFullAtoms(right, size);
    // All of a dimension, or a part of it that the same reshape has cut off.
    if (!list.empty() && containsAll(atoms, list) && full && notation.getFullAtoms(left, size)) {
      llvm::append_range(result, *full);
      continue;
    }
    if (left.offset != right.offset || left.terms.size() != right.terms.size())
      return std::nullopt;
    for (auto [l, r] : llvm::zip(left.terms, right.terms)) {
      bool isSummed = llvm::is_contained(atoms, l.atom);
      if (l.stride != r.stride || notation.getSize(l.atom) != notation.getSize(r.atom) ||
          (!isSummed && l.atom != r.atom))
        return std::nullopt;
      if (isSummed)
        result.push_back(r.atom);
    }
  }
  // A sum over what is not read has more terms.
  if (notation.getSize(ArrayRef<Atom>(result)) != notation.getSize(ArrayRef<Atom>(atoms)))
    return std::nullopt;
  return result;
}

/// The dimensions of the operand.
LogicalResult NormMatch::matchDims() {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(input.value.getType()).getShape();
  for (auto [index, size] : llvm::zip(input.dims, shape))
    if (auto full = notation.getFullAtoms(index, size))
      inputDims.push_back(*full);
  isLast = inputDims.size() == shape.size();
  AtomList last;
  for (dims = 0; isLast && last.size() < normalised.size() && dims < int64_t(shape.size()); ++dims)
    llvm::append_range(last, inputDims[shape.size() - 1 - dims]);
  if (isLast && containsAll(last, normalised) && containsAll(normalised, last))
    return success();
  isLast = false;
  inputDims.clear();
  for (Atom atom : without(notation.getAtoms(input), normalised))
    inputDims.push_back({atom});
  for (Atom atom : normalised)
    inputDims.push_back({atom});
  dims = normalised.size();
  return success(succeeded(notation.read(input, nullptr, loc)));
}

bool NormMatch::dependsOnNormalised(const Ref &ref) {
  FailureOr<AtomTensor> tensor = notation.rebuildParameters(ref, nullptr, loc);
  if (failed(tensor))
    return false;
  return containsAll(notation.resolved(normalised), tensor->atoms);
}

LogicalResult NormMatch::match() {
  Ref ref = root;
  if (auto add = ref.value.getDefiningOp<arith::AddFOp>()) {
    unsigned side = parameters.isParameterOnly(add.getLhs()) ? 0 : 1;
    if (!parameters.isParameterOnly(add->getOperand(side)))
      return failure();
    bias = Ref{add->getOperand(side), ref.dims};
    ref = notation.strip({add->getOperand(1 - side), ref.dims});
  }
  if (auto mul = ref.value.getDefiningOp<arith::MulFOp>()) {
    unsigned side = parameters.isParameterOnly(mul.getLhs()) ? 0 : 1;
    if (parameters.isParameterOnly(mul->getOperand(side))) {
      scale = Ref{mul->getOperand(side), ref.dims};
      ref = {mul->getOperand(1 - side), ref.dims};
    }
  }
  // What is added to an RMS norm is not a part of it.
  if (failed(matchQuotient(ref)) || (isRms && bias))
    return failure();
  return success((!scale || dependsOnNormalised(*scale)) && (!bias || dependsOnNormalised(*bias)));
}

Value NormMatch::build(const std::optional<Ref> &ref, OpBuilder &b) {
  if (!ref)
    return Value();
  return notation.arrange(*notation.rebuildParameters(*ref, &b, loc),
                          ArrayRef(inputDims).take_back(dims), b, loc);
}

void NormMatch::rewrite(OpBuilder &b) {
  b.setInsertionPointAfterValue(root.value);
  Value value = input.value;
  if (!isLast)
    value = notation.arrange(*notation.read(input, &b, loc), inputDims, b, loc);
  IntegerAttr count = b.getI64IntegerAttr(dims);
  FloatAttr added = b.getF64FloatAttr(epsilon);
  Value result, factor = build(scale, b);
  if (isRms)
    result = RmsNormOp::create(b, loc, value.getType(), value, factor, count, added);
  else
    result =
        LayerNormOp::create(b, loc, value.getType(), value, factor, build(bias, b), count, added);
  AtomTensor tensor = notation.split(result, inputDims, b, loc);
  root.value.replaceAllUsesWith(notation.arrangeAs(tensor, root, b, loc));
}

namespace {
struct RaiseLayerNorm : mlir::dchag::impl::RaiseLayerNormBase<RaiseLayerNorm> {
  void runOnOperation() override {
    if (!hasStaticShapes(getOperation()))
      return;
    for (Block &block : getOperation().getBody()) {
      ParameterAnalysis parameters;
      // Backwards: the addition of the bias is matched before the multiplication by the scale.
      SmallVector<Operation *> ops;
      for (Operation &op : llvm::reverse(block))
        if (isa<arith::AddFOp, arith::MulFOp, arith::DivFOp>(op) &&
            isa<RankedTensorType>(op.getResult(0).getType()))
          ops.push_back(&op);
      for (Operation *op : ops) {
        if (op->use_empty())
          continue;
        NormMatch match(parameters, op->getResult(0));
        if (failed(match.match()))
          continue;
        OpBuilder b(op);
        match.rewrite(b);
      }
      eraseDeadOps(block);
    }
  }
};
} // namespace
