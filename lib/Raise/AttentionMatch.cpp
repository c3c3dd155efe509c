//===- AttentionMatch.cpp - parts of an attention in index notation --------*- C++ -*-===//

#include "AttentionMatch.h"
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

/// The softmax behind a value, through views that do not join values.
static SoftmaxOp getSoftmax(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto softmax = dyn_cast<SoftmaxOp>(op))
      return softmax;
    if (!isView(op) || isa<tensor::ConcatOp>(op))
      return nullptr;
    value = op->getOperand(0);
  }
  return nullptr;
}

SoftmaxOp dchag::findSoftmax(linalg::ContractOp op) {
  for (Value operand : op.getInputs())
    if (SoftmaxOp softmax = getSoftmax(operand))
      return softmax;
  return nullptr;
}

/// Splits `scores` into the product of query and key, a scale and an added bias.
static linalg::ContractOp matchScores(IndexNotation &notation, Ref &scores, SoftmaxProduct &match,
                                      StringRef &why) {
  double scale = 1;
  scores = peelScale(notation, scores, scale);
  if (auto add = scores.value.getDefiningOp<arith::AddFOp>(); add && scale == 1) {
    for (unsigned side : {0, 1}) {
      double inner = 1;
      Ref product = peelScale(notation, {add->getOperand(side), scores.dims}, inner);
      if (!product.value.getDefiningOp<linalg::ContractOp>())
        continue;
      match.bias = notation.strip({add->getOperand(1 - side), scores.dims});
      match.scale = inner;
      scores = product;
      return product.value.getDefiningOp<linalg::ContractOp>();
    }
  }
  match.scale = scale;
  auto contract = scores.value.getDefiningOp<linalg::ContractOp>();
  if (!contract)
    why = "the scores are not a product of queries and keys";
  return contract;
}

FailureOr<SoftmaxProduct> dchag::matchSoftmaxProduct(IndexNotation &notation, linalg::ContractOp op,
                                                     const Ref &result, StringRef &why) {
  IndexNotation::Product outer = notation.getProduct(op, result);
  SoftmaxProduct match;
  match.product = op;
  Ref probabilities = notation.strip(outer.lhs);
  match.value = outer.rhs;
  if (!probabilities.value.getDefiningOp<SoftmaxOp>()) {
    probabilities = notation.strip(outer.rhs);
    match.value = outer.lhs;
  }
  match.softmax = probabilities.value.getDefiningOp<SoftmaxOp>();
  if (!match.softmax) {
    why = "the softmax is cut or joined before it weighs the values";
    return failure();
  }
  Ref scores{match.softmax.getInput(), probabilities.dims};
  linalg::ContractOp inner = matchScores(notation, scores, match, why);
  if (!inner)
    return failure();
  IndexNotation::Product product = notation.getProduct(inner, scores);
  match.query = peelScale(notation, product.lhs, match.scale);
  match.key = peelScale(notation, product.rhs, match.scale);
  match.value = notation.strip(match.value);

  int64_t dim = match.softmax.getDim();
  auto units = notation.getFullAtoms(
      probabilities.dims[dim], cast<RankedTensorType>(match.softmax.getType()).getDimSize(dim));
  AtomList summed;
  for (const Index &index : outer.reduced)
    llvm::append_range(summed, notation.getAtoms(index));
  if (!units || !containsAll(*units, summed) || !containsAll(summed, *units)) {
    why = "the softmax does not run over what its product with the values sums over";
    return failure();
  }
  match.units = *units;
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
