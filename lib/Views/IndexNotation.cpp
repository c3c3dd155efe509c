//===- IndexNotation.cpp - tensors as expressions in index variables -------*- C++ -*-===//

#include "dchag/Views/IndexNotation.h"
#include "dialects/dchag/TensorBuilder.h"

using namespace mlir;
using namespace mlir::dchag;

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
  for (int64_t size : shapeOf(value))
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

std::optional<AtomList> IndexNotation::getLastAtoms(const Ref &ref, int64_t dims) const {
  AtomList list;
  for (auto [index, size] :
       llvm::zip(ArrayRef(ref.dims).take_back(dims), shapeOf(ref.value).take_back(dims))) {
    std::optional<AtomList> full = getFullAtoms(index, size);
    if (!full)
      return std::nullopt;
    llvm::append_range(list, *full);
  }
  Ref before{ref.value, {ref.dims.begin(), ref.dims.end() - dims}};
  if (!containsNone(getAtoms(before), list))
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
    // The atom crosses the boundary: split it there.
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

/// The element of an operand that an element of the region that it fills corresponds to.
bool IndexNotation::enter(Ref &ref, const ViewSource &source) {
  SmallVector<Index> parts(source.atomSizes.size());
  Atom end = 0;
  for (auto [index, start, count] : llvm::zip_equal(ref.dims, source.at, source.numAtoms)) {
    Index rest = index;
    rest.offset -= start;
    Atom first = end;
    end += count;
    // From the fastest atom to the slowest.
    for (Atom atom = end - 1; atom > first; --atom) {
      Index quotient;
      if (!divide(rest, source.atomSizes[atom], quotient, parts[atom]))
        return false;
      rest = quotient;
    }
    parts[first] = rest;
  }
  ref = {source.value, {}};
  for (const Index &access : source.dims) {
    Index &index = ref.dims.emplace_back(Index{access.offset, {}});
    for (Term outer : access.terms) {
      index.offset += outer.stride * parts[outer.atom].offset;
      for (Term term : parts[outer.atom].terms)
        index.terms.push_back({term.atom, outer.stride * term.stride});
    }
  }
  return true;
}

bool IndexNotation::stripOnce(Ref &ref) {
  resolve(ref);
  Operation *op = ref.value.getDefiningOp();
  if (!op || !isView(op))
    return false;
  Extent range;
  for (const Index &index : ref.dims) {
    range.at.push_back(index.offset);
    range.sizes.push_back(getMax(index) + 1 - index.offset);
  }
  std::optional<View> view = getView(op, &range);
  // Does not look through padding: the windows of a convolution are slices of one padded value, and
  // those that do not touch its border would become slices of another value.
  if (view->sources.empty())
    return false;
  // Nor through the border of a source.
  const ViewSource &source = view->sources.front();
  return source.contains(range) && enter(ref, source);
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
    for (auto [position, size] : llvm::enumerate(shapeOf(ref.value))) {
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
