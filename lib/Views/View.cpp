//===- View.cpp - where the elements of a view come from -------------------*- C++ -*-===//
//
// By name: upstream has no interface that says which element of an operand an element of a tensor
// is (ViewLikeOpInterface is about buffers).
//
//===----------------------------------------------------------------------===//

#include "dchag/Views/View.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::dchag;

/// Adds a source that fills the region at `at`; its accesses are set later.
static ViewSource &addSource(View &view, Value value, ArrayRef<int64_t> at,
                             ArrayRef<int64_t> sizes) {
  ViewSource &source = view.sources.emplace_back();
  source.value = value;
  source.at.assign(at.begin(), at.end());
  source.sizes.assign(sizes.begin(), sizes.end());
  source.atomSizes = source.sizes;
  source.numAtoms.assign(sizes.size(), 1);
  return source;
}

/// Adds a source of all of the result.
static ViewSource &addSource(View &view, Value value, Value result) {
  return addSource(view, value, SmallVector<int64_t>(shapeOf(result).size(), 0), shapeOf(result));
}

static Index makeIndex(Atom atom, int64_t offset = 0, int64_t stride = 1) {
  return {offset, {{atom, stride}}};
}

/// Adds a source whose dimensions are those of its region.
static void addIdentity(View &view, Value value, ArrayRef<int64_t> at, ArrayRef<int64_t> sizes) {
  ViewSource &source = addSource(view, value, at, sizes);
  for (unsigned dim = 0; dim < sizes.size(); ++dim)
    source.dims.push_back(makeIndex(dim));
}

//===----------------------------------------------------------------------===//
// Each op
//===----------------------------------------------------------------------===//

namespace {
enum class Kind {
  None,
  /// All elements are those of operand 0.
  One,
  /// Each element is one of an operand.
  Join,
  /// Elements are those of operand 0, or one number.
  Pad
};
} // namespace

static bool isStatic(OffsetSizeAndStrideOpInterface op) {
  return op.getOffsets().empty() && op.getSizes().empty() && op.getStrides().empty();
}

static Kind getKind(Operation *op) {
  auto isNegative = [](int64_t size) { return size < 0; };
  auto isOne = [](int64_t stride) { return stride == 1; };
  auto isBackward = [](int64_t stride) { return stride < 1; };
  return TypeSwitch<Operation *, Kind>(op)
      .Case<linalg::TransposeOp, linalg::BroadcastOp, tensor::CollapseShapeOp,
            tensor::ExpandShapeOp>([](auto) { return Kind::One; })
      .Case([&](tensor::ExtractSliceOp op) {
        // Atoms have positive strides.
        bool isForward = isStatic(op) && llvm::none_of(op.getStaticStrides(), isBackward);
        return isForward ? Kind::One : Kind::None;
      })
      .Case([&](tensor::InsertSliceOp op) {
        return isStatic(op) && llvm::all_of(op.getStaticStrides(), isOne) ? Kind::Join : Kind::None;
      })
      .Case([](tensor::ConcatOp op) { return op.getInputs().size() == 1 ? Kind::One : Kind::Join; })
      .Case([&](tensor::PadOp op) {
        bool isPad = op.getConstantPaddingValue() && op.getLow().empty() && op.getHigh().empty() &&
                     llvm::none_of(op.getStaticLow(), isNegative) &&
                     llvm::none_of(op.getStaticHigh(), isNegative);
        return isPad ? Kind::Pad : Kind::None;
      })
      .Default(Kind::None);
}

static void describe(linalg::TransposeOp op, View &view) {
  ViewSource &source = addSource(view, op.getInput(), op->getResult(0));
  source.dims.resize(source.sizes.size());
  for (auto [atom, dim] : llvm::enumerate(op.getPermutation()))
    source.dims[dim] = makeIndex(atom);
}

static void describe(linalg::BroadcastOp op, View &view) {
  ViewSource &source = addSource(view, op.getInput(), op->getResult(0));
  for (int64_t dim = 0, rank = source.sizes.size(); dim < rank; ++dim)
    if (!llvm::is_contained(op.getDimensions(), dim))
      source.dims.push_back(makeIndex(dim));
}

static void describe(tensor::CollapseShapeOp op, View &view) {
  ViewSource &source = addSource(view, op.getSrc(), op.getResult());
  ArrayRef<int64_t> shape = shapeOf(op.getSrc());
  source.dims.resize(shape.size());
  // One element has no atoms: it is accessed by 0.
  if (source.sizes.empty())
    return;
  source.atomSizes.assign(shape.begin(), shape.end());
  for (auto [count, group] : llvm::zip(source.numAtoms, op.getReassociation()))
    count = cast<ArrayAttr>(group).size();
  for (auto [atom, index] : llvm::enumerate(source.dims))
    index = makeIndex(atom);
}

static void describe(tensor::ExpandShapeOp op, View &view) {
  ViewSource &source = addSource(view, op.getSrc(), op.getResult());
  Atom dim = 0;
  for (Attribute group : op.getReassociation()) {
    Index &whole = source.dims.emplace_back();
    for (unsigned i = 0, count = cast<ArrayAttr>(group).size(); i < count; ++i, ++dim) {
      for (Term &term : whole.terms)
        term.stride *= source.sizes[dim];
      whole.terms.push_back({dim, 1});
    }
  }
}

static void describe(tensor::ExtractSliceOp op, View &view) {
  ViewSource &source = addSource(view, op.getSource(), op.getResult());
  llvm::SmallBitVector dropped = op.getDroppedDims();
  Atom next = 0;
  for (auto [dim, offset] : llvm::enumerate(op.getStaticOffsets()))
    source.dims.push_back(dropped.test(dim)
                              ? Index{offset, {}}
                              : makeIndex(next++, offset, op.getStaticStrides()[dim]));
}

static void describe(tensor::InsertSliceOp op, View &view) {
  ViewSource &source = addSource(view, op.getSource(), op.getStaticOffsets(), op.getStaticSizes());
  llvm::SmallBitVector dropped = op.getDroppedDims();
  for (unsigned dim = 0; dim < source.sizes.size(); ++dim)
    if (!dropped.test(dim))
      source.dims.push_back(makeIndex(dim));
  ArrayRef<int64_t> shape = shapeOf(op.getDest());
  addIdentity(view, op.getDest(), SmallVector<int64_t>(shape.size(), 0), shape);
}

static void describe(tensor::ConcatOp op, View &view, const Extent *part) {
  uint64_t dim = op.getDim();
  SmallVector<int64_t> at(op.getResultType().getRank(), 0);
  for (Value input : op.getInputs()) {
    int64_t end = at[dim] + shapeOf(input)[dim];
    bool isWanted = !part || (part->at[dim] < end && at[dim] < part->at[dim] + part->sizes[dim]);
    if (isWanted)
      addIdentity(view, input, at, shapeOf(input));
    at[dim] = end;
  }
}

static void describe(tensor::PadOp op, View &view) {
  addIdentity(view, op.getSource(), op.getStaticLow(), shapeOf(op.getSource()));
  view.padding = op.getConstantPaddingValue();
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

/// A view without elements cannot be followed.
static bool hasElements(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() && tensor.getNumElements() != 0;
}

/// Of an op whose shapes are static and whose result has elements, else `None`.
static Kind getStaticKind(Operation *op) {
  Kind kind = getKind(op);
  if (kind == Kind::None)
    return kind;
  auto isDynamic = [](Type type) {
    auto shaped = dyn_cast<ShapedType>(type);
    return shaped && !shaped.hasStaticShape();
  };
  bool isStatic = op->getNumResults() == 1 && hasElements(op->getResult(0).getType()) &&
                  llvm::none_of(op->getOperandTypes(), isDynamic);
  return isStatic ? kind : Kind::None;
}

std::optional<View> dchag::getView(Operation *op, const Extent *part) {
  std::optional<View> view;
  if (getStaticKind(op) == Kind::None)
    return view;
  view.emplace();
  TypeSwitch<Operation *>(op)
      .Case<linalg::TransposeOp, linalg::BroadcastOp, tensor::CollapseShapeOp,
            tensor::ExpandShapeOp, tensor::ExtractSliceOp, tensor::InsertSliceOp, tensor::PadOp>(
          [&](auto op) { describe(op, *view); })
      .Case([&](tensor::ConcatOp op) { describe(op, *view, part); });
  llvm::erase_if(view->sources, [&](const ViewSource &source) {
    return !hasElements(source.value.getType()) || (part && !source.meets(*part));
  });
  return view;
}

bool dchag::isView(Operation *op) {
  Kind kind = getStaticKind(op);
  return kind == Kind::One || kind == Kind::Join;
}

Value dchag::getOnlySource(Operation *op) {
  return getStaticKind(op) == Kind::One ? op->getOperand(0) : Value();
}
