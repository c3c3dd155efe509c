//===- IndexNotation.cpp - tensors as expressions in index variables -------*- C++ -*-===//

#include "dchag/Views/IndexNotation.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::dchag;

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

//===----------------------------------------------------------------------===//
// Atoms
//===----------------------------------------------------------------------===//

Atom IndexNotation::createAtom(int64_t size) {
  atoms.push_back({size, std::nullopt});
  return atoms.size() - 1;
}

int64_t IndexNotation::getSize(ArrayRef<Atom> list) const {
  int64_t size = 1;
  for (Atom atom : list)
    size *= getSize(atom);
  return size;
}

Index IndexNotation::createFullIndex(int64_t size) {
  Index index;
  if (size != 1)
    index.terms.push_back({createAtom(size), 1});
  return index;
}

Ref IndexNotation::createRef(Value value) {
  Ref ref{value, {}};
  for (int64_t size : getShape(value))
    ref.dims.push_back(createFullIndex(size));
  return ref;
}

void IndexNotation::resolve(AtomList &list) const {
  for (unsigned i = 0; i < list.size();) {
    if (auto parts = atoms[list[i]].parts) {
      list[i] = parts->first;
      list.insert(list.begin() + i + 1, parts->second);
    } else {
      ++i;
    }
  }
}

void IndexNotation::resolve(Index &index) const {
  for (unsigned i = 0; i < index.terms.size();) {
    Term term = index.terms[i];
    if (auto parts = atoms[term.atom].parts) {
      index.terms[i] = {parts->first, term.stride * getSize(parts->second)};
      index.terms.insert(index.terms.begin() + i + 1, {parts->second, term.stride});
    } else {
      ++i;
    }
  }
  llvm::sort(index.terms, [](Term a, Term b) { return a.stride > b.stride; });
}

void IndexNotation::resolve(Ref &ref) const {
  for (Index &index : ref.dims)
    resolve(index);
}

AtomList IndexNotation::getAtoms(const Index &index) const {
  Index copy = index;
  resolve(copy);
  AtomList list;
  for (Term term : copy.terms)
    list.push_back(term.atom);
  return list;
}

AtomList IndexNotation::getAtoms(const Ref &ref) const {
  AtomList list;
  for (const Index &index : ref.dims)
    for (Atom atom : getAtoms(index))
      if (!llvm::is_contained(list, atom))
        list.push_back(atom);
  return list;
}

std::optional<AtomList> IndexNotation::getFullAtoms(const Index &index, int64_t size) const {
  Index copy = index;
  resolve(copy);
  if (copy.offset != 0)
    return std::nullopt;
  AtomList list;
  int64_t rest = size;
  for (Term term : copy.terms) {
    if (term.stride * getSize(term.atom) != rest)
      return std::nullopt;
    rest = term.stride;
    list.push_back(term.atom);
  }
  if (rest != 1)
    return std::nullopt;
  return list;
}

int64_t IndexNotation::getMax(const Index &index) const {
  int64_t max = index.offset;
  for (Term term : index.terms)
    max += (getSize(term.atom) - 1) * term.stride;
  return max;
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

bool IndexNotation::divide(const Index &index, int64_t size, Index &quotient, Index &remainder) {
  Index work = index;
  resolve(work);
  quotient = Index{work.offset / size, {}};
  remainder = Index{work.offset % size, {}};
  for (Term term : work.terms) {
    if (term.stride % size == 0) {
      quotient.terms.push_back({term.atom, term.stride / size});
      continue;
    }
    if ((getSize(term.atom) - 1) * term.stride < size) {
      remainder.terms.push_back(term);
      continue;
    }
    // The atom runs over the border: cut it there.
    int64_t inner = size % term.stride == 0 ? size / term.stride : 0;
    if (inner <= 1 || getSize(term.atom) % inner != 0)
      return false;
    Atom slow = createAtom(getSize(term.atom) / inner), fast = createAtom(inner);
    atoms[term.atom].parts = {slow, fast};
    quotient.terms.push_back({slow, 1});
    remainder.terms.push_back({fast, term.stride});
  }
  return getMax(remainder) < size;
}

/// An access of dimensions that were collapsed, from the fastest one to the slowest.
bool IndexNotation::stripCollapse(Ref &ref, Value source, ArrayRef<ReassociationIndices> groups) {
  ArrayRef<int64_t> shape = getShape(source);
  SmallVector<Index> dims(shape.size());
  for (auto [group, index] : llvm::zip(groups, ref.dims)) {
    Index rest = index;
    for (int64_t dim : llvm::reverse(ArrayRef<int64_t>(group).drop_front())) {
      Index quotient;
      if (!divide(rest, shape[dim], quotient, dims[dim]))
        return false;
      rest = quotient;
    }
    dims[group.front()] = rest;
  }
  ref = {source, dims};
  return true;
}

/// An access that stays inside of one operand.
bool IndexNotation::stripConcat(Ref &ref, Operation *op) {
  auto concat = cast<tensor::ConcatOp>(op);
  Index &index = ref.dims[concat.getDim()];
  int64_t begin = 0;
  for (Value operand : concat.getInputs()) {
    int64_t end = begin + getShape(operand)[concat.getDim()];
    if (index.offset >= begin && getMax(index) < end) {
      index.offset -= begin;
      ref.value = operand;
      return true;
    }
    begin = end;
  }
  return false;
}

bool IndexNotation::stripOnce(Ref &ref) {
  resolve(ref);
  Operation *op = ref.value.getDefiningOp();
  if (!op || !isView(op))
    return false;
  if (auto transpose = dyn_cast<linalg::TransposeOp>(op)) {
    SmallVector<Index> dims(ref.dims.size());
    for (auto [index, dim] : llvm::zip(ref.dims, transpose.getPermutation()))
      dims[dim] = index;
    ref = {transpose.getInput(), dims};
    return true;
  }
  if (auto broadcast = dyn_cast<linalg::BroadcastOp>(op)) {
    SmallVector<Index> dims;
    for (auto [dim, index] : llvm::enumerate(ref.dims))
      if (!llvm::is_contained(broadcast.getDimensions(), static_cast<int64_t>(dim)))
        dims.push_back(index);
    ref = {broadcast.getInput(), dims};
    return true;
  }
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op)) {
    if (ref.dims.empty()) {
      ref = {collapse.getSrc(), SmallVector<Index>(getShape(collapse.getSrc()).size())};
      return true;
    }
    return stripCollapse(ref, collapse.getSrc(), collapse.getReassociationIndices());
  }
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op)) {
    SmallVector<Index> dims;
    for (const ReassociationIndices &group : expand.getReassociationIndices()) {
      Index &whole = dims.emplace_back();
      for (int64_t dim : group) {
        int64_t size = getShape(ref.value)[dim];
        whole.offset = whole.offset * size + ref.dims[dim].offset;
        for (Term &term : whole.terms)
          term.stride *= size;
        llvm::append_range(whole.terms, ref.dims[dim].terms);
      }
    }
    ref = {expand.getSrc(), dims};
    return true;
  }
  if (auto slice = dyn_cast<tensor::ExtractSliceOp>(op)) {
    llvm::SmallBitVector dropped = slice.getDroppedDims();
    SmallVector<Index> dims;
    unsigned next = 0;
    for (auto [dim, offset] : llvm::enumerate(slice.getStaticOffsets())) {
      Index index = dropped.test(dim) ? Index() : ref.dims[next++];
      int64_t stride = slice.getStaticStrides()[dim];
      index.offset = offset + stride * index.offset;
      for (Term &term : index.terms)
        term.stride *= stride;
      dims.push_back(index);
    }
    ref = {slice.getSource(), dims};
    return true;
  }
  return stripConcat(ref, op);
}

Ref IndexNotation::strip(Ref ref) {
  while (stripOnce(ref)) {
  }
  resolve(ref);
  return ref;
}

IndexNotation::Product IndexNotation::getProduct(linalg::ContractOp op, const Ref &result) {
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<std::optional<Index>> loops(maps[0].getNumDims());
  for (auto [position, index] : llvm::enumerate(result.dims))
    loops[maps[2].getDimPosition(position)] = index;
  Product product;
  Ref *refs[] = {&product.lhs, &product.rhs};
  for (unsigned operand : {0, 1}) {
    Ref &ref = *refs[operand];
    ref.value = op.getInputs()[operand];
    for (auto [position, size] : llvm::enumerate(getShape(ref.value))) {
      std::optional<Index> &loop = loops[maps[operand].getDimPosition(position)];
      if (!loop) {
        loop = createFullIndex(size);
        product.reduced.push_back(*loop);
      }
      ref.dims.push_back(*loop);
    }
  }
  return product;
}

//===----------------------------------------------------------------------===//
// Computing anew
//===----------------------------------------------------------------------===//

/// Brings the dimensions of a tensor up to date after atoms were cut.
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
  // A diagonal is no view.
  if (count != list.size())
    return failure();
  // Dimensions are cut where strides leave gaps, then sliced, then cut into atoms.
  SmallVector<int64_t> cut, offsets, sizes, strides, shape;
  for (auto [index, size] : llvm::zip(ref.dims, getShape(ref.value))) {
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
    value = tensor::ExtractSliceOp::create(*b, loc, value,
                                           getAsIndexOpFoldResult(b->getContext(), offsets),
                                           getAsIndexOpFoldResult(b->getContext(), sizes),
                                           getAsIndexOpFoldResult(b->getContext(), strides));
  return AtomTensor{reshape(*b, loc, value, shape), list};
}

Value IndexNotation::broadcastTo(AtomTensor tensor, ArrayRef<Atom> order, OpBuilder &b,
                                 Location loc) {
  SmallVector<int64_t> shape, permutation, permuted, added;
  for (auto [dim, atom] : llvm::enumerate(order)) {
    shape.push_back(getSize(atom));
    auto it = llvm::find(tensor.atoms, atom);
    if (it == tensor.atoms.end()) {
      added.push_back(dim);
      continue;
    }
    permutation.push_back(it - tensor.atoms.begin());
    permuted.push_back(shape.back());
  }
  Type elementType = cast<RankedTensorType>(tensor.value.getType()).getElementType();
  if (added.size() == order.size() && !order.empty())
    if (SplatElementsAttr splat; matchPattern(tensor.value, m_Constant(&splat)))
      return arith::ConstantOp::create(
          b, loc, splat.resizeSplat(RankedTensorType::get(shape, elementType)));
  Value value = tensor.value;
  if (!llvm::is_sorted(permutation)) {
    Value init = tensor::EmptyOp::create(b, loc, permuted, elementType);
    value = linalg::TransposeOp::create(b, loc, value, init, permutation)->getResult(0);
  }
  if (!added.empty()) {
    Value init = tensor::EmptyOp::create(b, loc, shape, elementType);
    value = linalg::BroadcastOp::create(b, loc, value, init, added)->getResult(0);
  }
  return value;
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
  // In the order of the largest operand: a bias is brought to the order of what it is added to.
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
  // A sum over what one factor does not depend on, or over one element, is no contraction.
  if (reduced.empty() || !containsAll(lhs->atoms, reduced) || !containsAll(rhs->atoms, reduced))
    return failure();
  AtomTensor result;
  for (ArrayRef<Atom> list : {ArrayRef<Atom>(lhs->atoms), ArrayRef<Atom>(rhs->atoms)})
    for (Atom atom : list)
      if (!llvm::is_contained(reduced, atom) && !llvm::is_contained(result.atoms, atom))
        result.atoms.push_back(atom);
  if (b)
    result.value = createContract(*b, op.getLoc(), *lhs, *rhs, result.atoms, *this);
  return result;
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
