//===- Rebuild.cpp - tensors computed anew from index notation --------------*- C++ -*-===//

#include "dchag/Views/IndexNotation.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::dchag;

//===----------------------------------------------------------------------===//
// Computing anew
//===----------------------------------------------------------------------===//

/// Expands the dimensions of a tensor whose atoms were split.
void IndexNotation::update(AtomTensor &tensor, OpBuilder *b, Location loc) {
  AtomList now = resolved(tensor.atoms);
  if (now == tensor.atoms)
    return;
  if (b && tensor.value) {
    SmallVector<int64_t> shape;
    for (Atom atom : now)
      shape.push_back(getSize(atom));
    tensor.value = reshape(*b, loc, tensor.value, shape);
  }
  tensor.atoms = now;
}

FailureOr<AtomTensor> IndexNotation::read(Ref ref, OpBuilder *b, Location loc) {
  resolve(ref);
  AtomList list = getAtoms(ref);
  size_t count = 0;
  for (Index &index : ref.dims)
    count += index.terms.size();
  // A diagonal is not a view.
  if (count != list.size())
    return failure();
  // Dimensions are reshaped where strides leave gaps, then sliced, then reshaped into atoms.
  SmallVector<int64_t> cut, offsets, sizes, strides, shape;
  for (auto [index, size] : llvm::zip(ref.dims, shapeOf(ref.value))) {
    int64_t rest = size, offset = index.offset;
    int64_t run = 1;
    for (auto [i, term] : llvm::enumerate(index.terms)) {
      run *= getSize(term.atom);
      shape.push_back(getSize(term.atom));
      bool isLast = i + 1 == index.terms.size();
      if (!isLast) {
        const Term &next = index.terms[i + 1];
        if (term.stride == next.stride * getSize(next.atom))
          continue;
        if (rest % term.stride != 0)
          return failure();
        Index inner{offset % term.stride, {index.terms.begin() + i + 1, index.terms.end()}};
        if (getMax(inner) >= term.stride)
          return failure();
        cut.push_back(rest / term.stride);
        offsets.push_back(offset / term.stride);
        strides.push_back(1);
        sizes.push_back(run);
        rest = term.stride;
        offset %= term.stride;
        run = 1;
        continue;
      }
      cut.push_back(rest);
      offsets.push_back(offset);
      strides.push_back(term.stride);
      sizes.push_back(run);
    }
    if (index.terms.empty()) {
      cut.push_back(rest);
      offsets.push_back(offset);
      strides.push_back(1);
      sizes.push_back(1);
    }
  }
  if (!b)
    return AtomTensor{Value(), list};
  Value value = reshape(*b, loc, ref.value, cut);
  if (sizes != cut)
    value = TensorBuilder(*b, loc).slice(value, offsets, sizes, strides);
  return AtomTensor{reshape(*b, loc, value, shape), list};
}

Value IndexNotation::broadcastTo(AtomTensor tensor, ArrayRef<Atom> order, OpBuilder &b,
                                 Location loc) {
  SmallVector<int64_t> shape, permutation, added;
  for (auto [dim, atom] : llvm::enumerate(order)) {
    shape.push_back(getSize(atom));
    auto it = llvm::find(tensor.atoms, atom);
    if (it == tensor.atoms.end()) {
      added.push_back(dim);
      continue;
    }
    permutation.push_back(it - tensor.atoms.begin());
  }
  if (added.size() == order.size() && !order.empty())
    if (SplatElementsAttr splat; matchPattern(tensor.value, m_Constant(&splat)))
      return arith::ConstantOp::create(b, loc,
                                       splat.resizeSplat(tensorType(tensor.value).clone(shape)));
  TensorBuilder t(b, loc);
  return t.broadcast(t.transpose(tensor.value, permutation), shape, added);
}

FailureOr<AtomTensor> IndexNotation::rebuildElementwise(Operation *op, const Ref &ref,
                                                        Policy policy, OpBuilder *b, Location loc) {
  SmallVector<AtomTensor> operands;
  for (Value operand : op->getOperands()) {
    FailureOr<AtomTensor> tensor = rebuild({operand, ref.dims}, policy, b, loc);
    if (failed(tensor))
      return failure();
    operands.push_back(*tensor);
  }
  AtomTensor result;
  // In the order of the largest operand: a bias is transposed to the order of what it is added to.
  for (AtomTensor &operand : operands) {
    update(operand, b, op->getLoc());
    if (operand.atoms.size() > result.atoms.size())
      result.atoms = operand.atoms;
  }
  for (AtomTensor &operand : operands)
    llvm::append_range(result.atoms, without(operand.atoms, result.atoms));
  if (!b)
    return result;
  SmallVector<Value> values;
  SmallVector<int64_t> shape;
  for (Atom atom : result.atoms)
    shape.push_back(getSize(atom));
  for (AtomTensor &operand : operands)
    values.push_back(broadcastTo(operand, result.atoms, *b, op->getLoc()));
  Type elementType = cast<RankedTensorType>(op->getResult(0).getType()).getElementType();
  OperationState state(op->getLoc(), op->getName(), values,
                       RankedTensorType::get(shape, elementType), op->getAttrs());
  result.value = b->create(state)->getResult(0);
  return result;
}

FailureOr<AtomTensor> IndexNotation::rebuildContract(linalg::ContractOp op, const Ref &ref,
                                                     Policy policy, OpBuilder *b, Location loc) {
  Product product = getProduct(op, ref);
  FailureOr<AtomTensor> lhs = rebuild(product.lhs, policy, b, loc);
  FailureOr<AtomTensor> rhs = rebuild(product.rhs, policy, b, loc);
  if (failed(lhs) || failed(rhs))
    return failure();
  update(*lhs, b, op.getLoc());
  update(*rhs, b, op.getLoc());
  AtomList reduced;
  for (const Index &index : product.reduced)
    llvm::append_range(reduced, getAtoms(index));
  // A sum over atoms that one factor does not depend on, or over one element, is no contraction.
  if (reduced.empty() || !containsAll(lhs->atoms, reduced) || !containsAll(rhs->atoms, reduced))
    return failure();
  AtomTensor result;
  for (ArrayRef<Atom> list : {ArrayRef<Atom>(lhs->atoms), ArrayRef<Atom>(rhs->atoms)})
    for (Atom atom : list)
      if (!llvm::is_contained(reduced, atom) && !llvm::is_contained(result.atoms, atom))
        result.atoms.push_back(atom);
  if (b)
    result.value = TensorBuilder(*b, op.getLoc())
                       .contract(lhs->value, lhs->atoms, rhs->value, rhs->atoms, result.atoms);
  return result;
}

int64_t mlir::dchag::getNormDims(Operation *op) {
  if (auto layer = dyn_cast_or_null<LayerNormOp>(op))
    return layer.getDims();
  if (auto rms = dyn_cast_or_null<RmsNormOp>(op))
    return rms.getDims();
  return 0;
}

FailureOr<AtomTensor> IndexNotation::rebuildNorm(Operation *op, const Ref &ref, Policy policy,
                                                 OpBuilder *b, Location loc) {
  int64_t count = getNormDims(op);
  std::optional<AtomList> normed = getLastAtoms(ref, count);
  if (!normed)
    return failure();
  SmallVector<AtomTensor> operands;
  for (Value operand : op->getOperands()) {
    // Scale and bias have the normalised dimensions only.
    ArrayRef<Index> dims(ref.dims);
    if (!operands.empty())
      dims = dims.take_back(count);
    FailureOr<AtomTensor> tensor = rebuild({operand, SmallVector<Index>(dims)}, policy, b, loc);
    if (failed(tensor))
      return failure();
    operands.push_back(*tensor);
  }
  resolve(*normed);
  SmallVector<AtomList> dims;
  AtomTensor result;
  result.atoms = without(resolved(operands[0].atoms), *normed);
  for (Atom atom : result.atoms)
    dims.push_back({atom});
  dims.push_back(*normed);
  llvm::append_range(result.atoms, *normed);
  if (!b)
    return result;
  SmallVector<Value> values;
  for (const AtomTensor &operand : operands)
    values.push_back(
        arrange(operand, values.empty() ? ArrayRef(dims) : ArrayRef(dims).take_back(), *b, loc));
  Operation *norm = b->clone(*op);
  norm->setOperands(values);
  norm->setAttr("dims", b->getI64IntegerAttr(1));
  Value y = norm->getResult(0);
  y.setType(tensorType(y).clone(shapeOf(values[0])));
  return split(y, dims, *b, loc);
}

FailureOr<AtomTensor> IndexNotation::rebuild(Ref ref, Policy policy, OpBuilder *b, Location loc) {
  ref = strip(ref);
  Operation *op = ref.value.getDefiningOp();
  if (!op)
    return read(ref, b, loc);
  if (SplatElementsAttr splat; matchPattern(op, m_Constant(&splat))) {
    auto type = RankedTensorType::get({}, splat.getElementType());
    return AtomTensor{b ? arith::ConstantOp::create(*b, loc, splat.resizeSplat(type)) : Value(),
                      {}};
  }
  if (!policy(op))
    return read(ref, b, loc);
  FailureOr<AtomTensor> result = failure();
  if (auto contract = dyn_cast<linalg::ContractOp>(op))
    result = rebuildContract(contract, ref, policy, b, loc);
  else if (getNormDims(op))
    result = rebuildNorm(op, ref, policy, b, loc);
  else if (OpTrait::hasElementwiseMappableTraits(op) && op->getNumResults() == 1 &&
           op->getNumOperands() > 0 &&
           llvm::all_of(op->getOperandTypes(), llvm::IsaPred<RankedTensorType>))
    result = rebuildElementwise(op, ref, policy, b, loc);
  if (failed(result))
    return read(ref, b, loc);
  update(*result, b, loc);
  return result;
}

FailureOr<AtomTensor> IndexNotation::rebuildParameters(const Ref &ref, OpBuilder *b, Location loc) {
  return rebuild(
      ref, [&](Operation *op) { return parameters.isParameterOnly(op->getResult(0)); }, b, loc);
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

Value IndexNotation::arrange(AtomTensor tensor, ArrayRef<AtomList> dims, OpBuilder &b,
                             Location loc) {
  update(tensor, &b, loc);
  AtomList order;
  SmallVector<int64_t> shape;
  for (const AtomList &dim : dims) {
    AtomList list = resolved(dim);
    shape.push_back(getSize(list));
    llvm::append_range(order, list);
  }
  return reshape(b, loc, broadcastTo(tensor, order, b, loc), shape);
}

AtomTensor IndexNotation::split(Value value, ArrayRef<AtomList> dims, OpBuilder &b, Location loc) {
  AtomTensor tensor;
  SmallVector<int64_t> shape;
  for (const AtomList &dim : dims)
    for (Atom atom : resolved(dim)) {
      tensor.atoms.push_back(atom);
      shape.push_back(getSize(atom));
    }
  tensor.value = reshape(b, loc, value, shape);
  return tensor;
}

Value IndexNotation::arrangeAs(AtomTensor tensor, const Ref &root, OpBuilder &b, Location loc) {
  SmallVector<AtomList> dims;
  for (const Index &index : root.dims)
    dims.push_back(getAtoms(index));
  return arrange(std::move(tensor), dims, b, loc);
}
