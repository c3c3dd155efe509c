//===- RaisePatchify.cpp - recognises images cut into patches and back -----*- C++ -*-===//

#include "dchag/Raise/Passes.h"
#include "dchag/Views/IndexNotation.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/TensorBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_RAISEPATCHIFY
#include "dchag/Raise/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// How the dimensions of an image B x C x S1 x .. x Sk correspond to those of its patches.
struct PatchMatch {
  SmallVector<int64_t> patch;
  PatchLayout layout = PatchLayout::ChannelsLast;
  int64_t positions = 1;
};
} // namespace

/// The atoms of each dimension; nullopt unless every dimension is read completely and in order.
static std::optional<SmallVector<AtomList>>
getAllAtoms(const IndexNotation &notation, ArrayRef<Index> dims, ArrayRef<int64_t> shape) {
  SmallVector<AtomList> lists;
  for (auto [index, size] : llvm::zip_equal(dims, shape)) {
    std::optional<AtomList> list = notation.getFullAtoms(index, size);
    if (!list)
      return std::nullopt;
    lists.push_back(*list);
  }
  return lists;
}

/// Matches an image whose patches are read completely and in order: each spatial dimension is a
/// position and a pixel atom, positions precede pixels, and channels precede or follow the pixels.
static std::optional<PatchMatch> matchPatches(const IndexNotation &notation,
                                              ArrayRef<AtomList> image, ArrayRef<Atom> patches) {
  // With one spatial dimension, a split into heads would match as well.
  if (image.size() < 4)
    return std::nullopt;
  // The order in the patches distinguishes positions from pixels: all positions come first.
  size_t numSpace = 0;
  for (const AtomList &space : image.drop_front(2))
    numSpace += space.size();
  for (size_t first = 1; first < numSpace; ++first) {
    AtomList grid(patches.drop_front(std::min(image[0].size(), patches.size())).take_front(first));
    PatchMatch match;
    AtomList positions, pixels;
    bool everyDimIsCut = true;
    for (const AtomList &space : image.drop_front(2)) {
      AtomList slow = intersect(space, grid), fast = without(space, grid);
      everyDimIsCut &= !slow.empty() && !fast.empty() &&
                       ArrayRef<Atom>(space).take_front(slow.size()) == ArrayRef<Atom>(slow);
      match.patch.push_back(notation.getSize(fast));
      match.positions *= notation.getSize(slow);
      llvm::append_range(positions, slow);
      llvm::append_range(pixels, fast);
    }
    // A dimension that is not split is one of heads or features, not of space.
    if (!everyDimIsCut)
      continue;
    for (PatchLayout layout : {PatchLayout::ChannelsLast, PatchLayout::ChannelsFirst}) {
      bool isFirst = layout == PatchLayout::ChannelsFirst;
      AtomList wanted = image[0];
      llvm::append_range(wanted, positions);
      llvm::append_range(wanted, isFirst ? image[1] : pixels);
      llvm::append_range(wanted, isFirst ? pixels : image[1]);
      match.layout = layout;
      if (ArrayRef<Atom>(wanted) == patches)
        return match;
    }
  }
  return std::nullopt;
}

static AtomList join(ArrayRef<AtomList> lists) {
  AtomList all;
  for (const AtomList &list : lists)
    llvm::append_range(all, list);
  return all;
}

static bool hasTranspose(Value value, Value source) {
  for (; value != source; value = getOnlySource(value.getDefiningOp()))
    if (value.getDefiningOp<linalg::TransposeOp>())
      return true;
  return false;
}

/// Replaces the end of a chain of views by a patchify or unpatchify op.
static void raisePatches(Operation *op, ParameterAnalysis &parameters) {
  if (op->use_empty() || !getOnlySource(op) ||
      (op->hasOneUse() && getOnlySource(*op->user_begin())))
    return;
  IndexNotation notation(parameters);
  Value value = op->getResult(0);
  Ref root = notation.createRef(value);
  Ref leaf = notation.strip(root);
  notation.resolve(root);
  ArrayRef<int64_t> shape = shapeOf(value), source = shapeOf(leaf.value);
  // The walk below ends at views of several sources, which the element was followed through.
  for (Value v = value; v != leaf.value; v = getOnlySource(v.getDefiningOp()))
    if (!getOnlySource(v.getDefiningOp()))
      return;
  std::optional<SmallVector<AtomList>> to = getAllAtoms(notation, root.dims, shape);
  std::optional<SmallVector<AtomList>> from = getAllAtoms(notation, leaf.dims, source);
  if (!to || !from || !hasTranspose(value, leaf.value))
    return;
  OpBuilder b(op);
  Location loc = op->getLoc();
  if (auto match = matchPatches(notation, *to, join(*from))) {
    int64_t features = shape[1] * llvm::product_of(match->patch);
    Value patches = reshape(b, loc, leaf.value, {shape[0], match->positions, features});
    value.replaceAllUsesWith(
        UnpatchifyOp::create(b, loc, value.getType(), patches, match->patch, match->layout));
  } else if (auto match = matchPatches(notation, *from, join(*to))) {
    int64_t features = source[1] * llvm::product_of(match->patch);
    auto type = RankedTensorType::get({source[0], match->positions, features},
                                      cast<RankedTensorType>(value.getType()).getElementType());
    Value patches = PatchifyOp::create(b, loc, type, leaf.value, match->patch, match->layout);
    value.replaceAllUsesWith(reshape(b, loc, patches, shape));
  }
}

namespace {
struct RaisePatchify : mlir::dchag::impl::RaisePatchifyBase<RaisePatchify> {
  void runOnOperation() override {
    if (!hasStaticShapes(getOperation()))
      return;
    for (Block &block : getOperation().getBody()) {
      ParameterAnalysis parameters;
      SmallVector<Operation *> ops;
      for (Operation &op : block)
        ops.push_back(&op);
      for (Operation *op : ops)
        raisePatches(op, parameters);
      eraseDeadOps(block);
    }
  }
};
} // namespace
