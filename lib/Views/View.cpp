//===- View.cpp - where the elements of a view come from -------------------*- C++ -*-===//
//
// By name: upstream has no interface that says which element of an operand an element of a tensor
// is (ViewLikeOpInterface is about buffers).
//
//===----------------------------------------------------------------------===//

#include "dchag/Views/View.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::dchag;

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

/// A source that fills the region at `at`; its accesses are not said yet.
static ViewSource makeSource(Value value, ArrayRef<int64_t> at, ArrayRef<int64_t> sizes) {
  ViewSource source;
  source.value = value;
  source.at.assign(at.begin(), at.end());
  source.sizes.assign(sizes.begin(), sizes.end());
  source.atomSizes = source.sizes;
  source.numAtoms.assign(sizes.size(), 1);
  return source;
}

/// A source of all of the result.
static ViewSource makeSource(Value value, Value result) {
  return makeSource(value, SmallVector<int64_t>(getShape(result).size(), 0), getShape(result));
}

static Index makeIndex(Atom atom, int64_t offset = 0, int64_t stride = 1) {
  return {offset, {{atom, stride}}};
}

/// A source whose dimensions are those of its region.
static ViewSource makeIdentity(Value value, ArrayRef<int64_t> at, ArrayRef<int64_t> sizes) {
  ViewSource source = makeSource(value, at, sizes);
  for (unsigned dim = 0; dim < sizes.size(); ++dim)
    source.dims.push_back(makeIndex(dim));
  return source;
}

//===----------------------------------------------------------------------===//
// Each op
//===----------------------------------------------------------------------===//

static std::optional<View> describe(linalg::TransposeOp op) {
  ViewSource source = makeSource(op.getInput(), op->getResult(0));
  source.dims.resize(source.sizes.size());
  for (auto [atom, dim] : llvm::enumerate(op.getPermutation()))
    source.dims[dim] = makeIndex(atom);
  return View{{source}, {}};
}

static std::optional<View> describe(linalg::BroadcastOp op) {
  ViewSource source = makeSource(op.getInput(), op->getResult(0));
  for (int64_t dim = 0, rank = source.sizes.size(); dim < rank; ++dim)
    if (!llvm::is_contained(op.getDimensions(), dim))
      source.dims.push_back(makeIndex(dim));
  return View{{source}, {}};
}

static std::optional<View> describe(tensor::CollapseShapeOp op) {
  ViewSource source = makeSource(op.getSrc(), op.getResult());
  ArrayRef<int64_t> shape = getShape(op.getSrc());
  source.dims.resize(shape.size());
  // One element has no atoms: it is accessed by 0.
  if (source.sizes.empty())
    return View{{source}, {}};
  source.atomSizes.assign(shape.begin(), shape.end());
  for (auto [count, group] : llvm::zip(source.numAtoms, op.getReassociationIndices()))
    count = group.size();
  for (auto [atom, index] : llvm::enumerate(source.dims))
    index = makeIndex(atom);
  return View{{source}, {}};
}

static std::optional<View> describe(tensor::ExpandShapeOp op) {
  ViewSource source = makeSource(op.getSrc(), op.getResult());
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    Index &whole = source.dims.emplace_back();
    for (int64_t dim : group) {
      for (Term &term : whole.terms)
        term.stride *= source.sizes[dim];
      whole.terms.push_back({static_cast<Atom>(dim), 1});
    }
  }
  return View{{source}, {}};
}

static bool isStatic(OffsetSizeAndStrideOpInterface op) {
  return op.getOffsets().empty() && op.getSizes().empty() && op.getStrides().empty();
}

static std::optional<View> describe(tensor::ExtractSliceOp op) {
  if (!isStatic(op))
    return std::nullopt;
  ViewSource source = makeSource(op.getSource(), op.getResult());
  llvm::SmallBitVector dropped = op.getDroppedDims();
  Atom next = 0;
  for (auto [dim, offset] : llvm::enumerate(op.getStaticOffsets()))
    source.dims.push_back(dropped.test(dim)
                              ? Index{offset, {}}
                              : makeIndex(next++, offset, op.getStaticStrides()[dim]));
  return View{{source}, {}};
}

static std::optional<View> describe(tensor::InsertSliceOp op) {
  if (!isStatic(op) ||
      llvm::any_of(op.getStaticStrides(), [](int64_t stride) { return stride != 1; }))
    return std::nullopt;
  ViewSource source = makeSource(op.getSource(), op.getStaticOffsets(), op.getStaticSizes());
  llvm::SmallBitVector dropped = op.getDroppedDims();
  for (unsigned dim = 0; dim < source.sizes.size(); ++dim)
    if (!dropped.test(dim))
      source.dims.push_back(makeIndex(dim));
  SmallVector<int64_t> start(source.sizes.size(), 0);
  return View{{source, makeIdentity(op.getDest(), start, getShape(op.getDest()))}, {}};
}

static std::optional<View> describe(tensor::ConcatOp op, const Extent *part) {
  View view;
  uint64_t dim = op.getDim();
  SmallVector<int64_t> at(op.getResultType().getRank(), 0);
  for (Value input : op.getInputs()) {
    int64_t end = at[dim] + getShape(input)[dim];
    bool isWanted = !part || (part->at[dim] < end && at[dim] < part->at[dim] + part->sizes[dim]);
    if (isWanted)
      view.sources.push_back(makeIdentity(input, at, getShape(input)));
    at[dim] = end;
  }
  return view;
}

static std::optional<View> describe(tensor::PadOp op) {
  Value padding = op.getConstantPaddingValue();
  auto isNegative = [](int64_t size) { return size < 0; };
  if (!padding || !op.getLow().empty() || !op.getHigh().empty() ||
      llvm::any_of(op.getStaticLow(), isNegative) || llvm::any_of(op.getStaticHigh(), isNegative))
    return std::nullopt;
  return View{{makeIdentity(op.getSource(), op.getStaticLow(), getShape(op.getSource()))}, padding};
}

//===----------------------------------------------------------------------===//
// All ops
//===----------------------------------------------------------------------===//

bool Extent::meets(const Extent &other) const {
  for (auto [begin, size, otherBegin, otherSize] :
       llvm::zip_equal(at, sizes, other.at, other.sizes))
    if (begin >= otherBegin + otherSize || otherBegin >= begin + size)
      return false;
  return true;
}

bool Extent::contains(const Extent &other) const {
  for (auto [begin, size, otherBegin, otherSize] :
       llvm::zip_equal(at, sizes, other.at, other.sizes))
    if (otherBegin < begin || otherBegin + otherSize > begin + size)
      return false;
  return true;
}

bool ViewSource::repeats() const {
  SmallVector<bool> isUsed(atomSizes.size(), false);
  for (const Index &index : dims)
    for (Term term : index.terms)
      isUsed[term.atom] = true;
  return llvm::is_contained(isUsed, false);
}

/// Without elements there is nothing to follow.
static bool hasElements(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() && tensor.getNumElements() != 0;
}

std::optional<View> dchag::getView(Operation *op, const Extent *part) {
  auto isDynamic = [](Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    return shaped && !shaped.hasStaticShape();
  };
  if (op->getNumResults() != 1 || !hasElements(op->getResult(0).getType()) ||
      llvm::any_of(op->getOperandTypes(), isDynamic))
    return std::nullopt;
  auto view = TypeSwitch<Operation *, std::optional<View>>(op)
                  .Case<linalg::TransposeOp, linalg::BroadcastOp, tensor::CollapseShapeOp,
                        tensor::ExpandShapeOp, tensor::ExtractSliceOp, tensor::InsertSliceOp,
                        tensor::PadOp>([](auto op) { return describe(op); })
                  .Case([&](tensor::ConcatOp op) { return describe(op, part); })
                  .Default(std::nullopt);
  if (view)
    llvm::erase_if(view->sources, [&](const ViewSource &source) {
      return !hasElements(source.value.getType()) || (part && !source.meets(*part));
    });
  return view;
}

bool dchag::isView(Operation *op) {
  std::optional<View> view = getView(op);
  return view && !view->padding;
}

Value dchag::getOnlySource(Operation *op) {
  // All sources would be described to see that there are several.
  if (isa<tensor::ConcatOp>(op) && op->getNumOperands() > 1)
    return Value();
  std::optional<View> view = getView(op);
  return view && !view->padding && view->sources.size() == 1 ? view->sources[0].value : Value();
}
