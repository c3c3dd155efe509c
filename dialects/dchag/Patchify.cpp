//===- Patchify.cpp - images to patches and back ---------------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/RuleBuilder.h"
#include "dialects/interfaces/EvalMath.h"

using namespace mlir;
using namespace mlir::dchag;

/// (C1) to (C3) of both ops. `input` is the op's operand, and is either `image` or `patches`.
static LogicalResult verifyPatches(Operation *op, Value image, StringRef imageName, Value patches,
                                   StringRef patchesName, ArrayRef<int64_t> patch) {
  ArrayRef<int64_t> shape = shapeOf(image);
  if (shape.size() < 3)
    return op->emitOpError("(C1) ")
           << imageName << " must be B x C x S1 x .. x Sk with k at least 1: got "
           << shapeText(shape);
  ArrayRef<int64_t> space = shape.drop_front(2);
  if (patch.size() != space.size())
    return op->emitOpError("(C2) patch must have an entry for each of the ")
           << space.size() << " spatial dimensions: got " << patch.size();
  int64_t positions = 1;
  for (auto [d, size, extent] : llvm::enumerate(patch, space)) {
    if (!divides(size, extent))
      return op->emitOpError("(C2) patch sizes must be positive and divide the space: got ")
             << size << " for dimension " << d + 2 << " of size " << extent;
    positions *= extent / size;
  }
  if (failed(verifyShape(op, "C1", patchesName, patches, "B x N x (C P)",
                         {shape[0], positions, shape[1] * productOf(patch)})))
    return failure();
  Type input = tensorType(op->getOperand(0)).getElementType();
  Type result = tensorType(op->getResult(0)).getElementType();
  if (input != result)
    return op->emitOpError("(C3) result must have the element type of the input: got ")
           << result << ", wanted " << input;
  return success();
}

/// What the dimensions of patches run over.
static SmallVector<TokenDim> getPatchDims() {
  return {TokenDim::Batch, TokenDim::Position, TokenDim::Feature};
}

/// Offset in a B x C x space image of each element of its B x N x (C P) patches.
static std::vector<int64_t> imageOffsets(ArrayRef<int64_t> imageShape, ArrayRef<int64_t> patch,
                                         PatchLayout layout) {
  unsigned k = patch.size();
  SmallVector<int64_t> strides(imageShape.size(), 1);
  for (int64_t d = k; d >= 0; --d)
    strides[d] = strides[d + 1] * imageShape[d + 1];
  // Dimensions of the patches from the slowest: batch, positions, features.
  SmallVector<int64_t> sizes = {imageShape[0]}, steps = {strides[0]};
  for (unsigned d = 0; d < k; ++d) {
    sizes.push_back(imageShape[d + 2] / patch[d]);
    steps.push_back(strides[d + 2] * patch[d]);
  }
  auto addChannels = [&] {
    sizes.push_back(imageShape[1]);
    steps.push_back(strides[1]);
  };
  if (layout == PatchLayout::ChannelsFirst)
    addChannels();
  for (unsigned d = 0; d < k; ++d) {
    sizes.push_back(patch[d]);
    steps.push_back(strides[d + 2]);
  }
  if (layout == PatchLayout::ChannelsLast)
    addChannels();
  return offsetsOf(sizes, steps);
}

/// Batch, channels and rows of patches are parallel: rows are contiguous in the image and in the
/// positions, parts of rows are not.
static RuleAttr patchRule(Operation *op, ArrayRef<int64_t> imageShape, ArrayRef<int64_t> patch,
                          PatchLayout layout, bool imageIsResult) {
  RuleBuilder rule(op);
  int64_t b = rule.factor(imageShape[0]), c = rule.factor(imageShape[1]);
  SmallVector<RuleBuilder::Dim> image = {b, c};
  SmallVector<int64_t> positions, features;
  for (auto [size, extent] : llvm::zip_equal(patch, imageShape.drop_front(2))) {
    positions.push_back(
        rule.factor(extent / size, positions.empty() ? FactorKind::Parallel : FactorKind::Whole));
    features.push_back(rule.factor(size, FactorKind::Whole));
    image.push_back({positions.back(), features.back()});
  }
  features.insert(layout == PatchLayout::ChannelsFirst ? features.begin() : features.end(), c);
  SmallVector<RuleBuilder::Dim> patches = {b, ArrayRef(positions), ArrayRef(features)};
  rule.operand(0, ArrayRef(imageIsResult ? patches : image));
  rule.result(0, ArrayRef(imageIsResult ? image : patches));
  return rule.build();
}

/// The operand of the op's inverse, if the op's operand is the result of that and the types agree.
template <typename InverseOp, typename OpT>
static OpFoldResult foldInverse(OpT op) {
  auto inverse = op.getInput().template getDefiningOp<InverseOp>();
  if (!inverse || inverse.getInput().getType() != op.getType() ||
      inverse.getPatch() != op.getPatch() || inverse.getLayout() != op.getLayout())
    return {};
  return inverse.getInput();
}

//===----------------------------------------------------------------------===//
// PatchifyOp
//===----------------------------------------------------------------------===//

LogicalResult PatchifyOp::verify() {
  return verifyPatches(*this, getInput(), "input", getResult(), "result", getPatch());
}

LogicalResult PatchifyOp::evaluate(ArrayRef<EvalTensor> operands,
                                   SmallVectorImpl<EvalTensor> &results) {
  const EvalTensor &input = operands[0];
  EvalTensor result(getType());
  std::vector<int64_t> offsets = imageOffsets(input.getShape(), getPatch(), getLayout());
  if (result.isFloat()) {
    double *to = result.mutableFloats();
    for (auto [i, offset] : llvm::enumerate(offsets))
      to[i] = input.floats()[offset];
  } else {
    int64_t *to = result.mutableInts();
    for (auto [i, offset] : llvm::enumerate(offsets))
      to[i] = input.ints()[offset];
  }
  results.push_back(std::move(result));
  return success();
}

RuleAttr PatchifyOp::getShardingRule() {
  return patchRule(*this, shapeOf(getInput()), getPatch(), getLayout(), /*imageIsResult=*/false);
}

TokenRole PatchifyOp::getTokenRole() { return TokenRole::Rearrange; }

SmallVector<TokenDim> PatchifyOp::getTokenDims(Value value) {
  return value == getInput() ? getImageDims(value) : getPatchDims();
}

double PatchifyOp::getFlops() { return 0; }

OpFoldResult PatchifyOp::fold(FoldAdaptor) { return foldInverse<UnpatchifyOp>(*this); }

//===----------------------------------------------------------------------===//
// UnpatchifyOp
//===----------------------------------------------------------------------===//

LogicalResult UnpatchifyOp::verify() {
  return verifyPatches(*this, getResult(), "result", getInput(), "input", getPatch());
}

LogicalResult UnpatchifyOp::evaluate(ArrayRef<EvalTensor> operands,
                                     SmallVectorImpl<EvalTensor> &results) {
  const EvalTensor &input = operands[0];
  EvalTensor result(getType());
  std::vector<int64_t> offsets = imageOffsets(result.getShape(), getPatch(), getLayout());
  if (result.isFloat()) {
    double *to = result.mutableFloats();
    for (auto [i, offset] : llvm::enumerate(offsets))
      to[offset] = input.floats()[i];
  } else {
    int64_t *to = result.mutableInts();
    for (auto [i, offset] : llvm::enumerate(offsets))
      to[offset] = input.ints()[i];
  }
  results.push_back(std::move(result));
  return success();
}

RuleAttr UnpatchifyOp::getShardingRule() {
  return patchRule(*this, shapeOf(getResult()), getPatch(), getLayout(), /*imageIsResult=*/true);
}

TokenRole UnpatchifyOp::getTokenRole() { return TokenRole::Rearrange; }

SmallVector<TokenDim> UnpatchifyOp::getTokenDims(Value value) {
  return value == getInput() ? getPatchDims() : getImageDims(value);
}

double UnpatchifyOp::getFlops() { return 0; }

OpFoldResult UnpatchifyOp::fold(FoldAdaptor) { return foldInverse<PatchifyOp>(*this); }
