//===- Tokenize.cpp - tokens of each channel of an image -------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/RuleBuilder.h"
#include "dialects/interfaces/EvalMath.h"

using namespace mlir;
using namespace mlir::dchag;

LogicalResult TokenizeOp::verify() {
  ArrayRef<int64_t> image = shapeOf(getImage()), weight = shapeOf(getWeight());
  if (image.size() < 4 || image.size() > 6)
    return emitOpError("(C1) image must be B x C x I x S1 x .. x Sk with k from 1 to 3: got ")
           << shapeText(image);
  if (weight.size() != image.size())
    return emitOpError("(C1) weight must be (C or 1) x D x I x p1 x .. x pk with the k = ")
           << image.size() - 3 << " of the image: got " << shapeText(weight);
  int64_t channels = image[1], width = weight[1];
  if (weight[0] != 1 && weight[0] != channels)
    return emitOpError("(C1) weight must have one entry for each of the ")
           << channels << " channels or one for all: got " << weight[0];
  if (weight[2] != image[2])
    return emitOpError("(C1) weight must have the inputs I of the image: got ")
           << weight[2] << ", wanted " << image[2];
  int64_t positions = 1;
  for (size_t d = 3; d < image.size(); ++d) {
    if (!divides(weight[d], image[d]))
      return emitOpError("(C2) patch sizes must divide the space: got ")
             << weight[d] << " for dimension " << d << " of size " << image[d];
    positions *= image[d] / weight[d];
  }
  if (failed(verifyShape(*this, "C1", "result", getResult(), "B x C x N x D",
                         {image[0], channels, positions, width})) ||
      failed(verifyShape(*this, "C3", "bias", getBias(), "(C or 1, as the weight) x D",
                         {weight[0], width})) ||
      failed(verifyShape(*this, "C3", "embedding", getEmbedding(), "C x D", {channels, width})))
    return failure();
  return verifySameElementType(*this, "C4");
}

namespace {
/// Offsets of the pixels of a patch in the I x S1 x .. x Sk pixels of a channel: position n and
/// feature f (in the order of the weight) are at positions[n] + features[f].
struct PatchOffsets {
  std::vector<int64_t> positions, features;
};
} // namespace

static PatchOffsets patchOffsets(ArrayRef<int64_t> channel, ArrayRef<int64_t> patch) {
  SmallVector<int64_t> strides(channel.size(), 1);
  for (int64_t d = static_cast<int64_t>(channel.size()) - 2; d >= 0; --d)
    strides[d] = strides[d + 1] * channel[d + 1];
  SmallVector<int64_t> counts, steps;
  for (size_t d = 1; d < channel.size(); ++d) {
    counts.push_back(channel[d] / patch[d]);
    steps.push_back(strides[d] * patch[d]);
  }
  return {offsetsOf(counts, steps), offsetsOf(patch, strides)};
}

/// The patches of one channel at `x`, positions x features.
static void copyPatches(const PatchOffsets &offsets, const double *x, double *to) {
  for (int64_t position : offsets.positions)
    for (int64_t feature : offsets.features)
      *to++ = x[position + feature];
}

/// Adds factors of each spatial dimension of an image: returns those of the positions, appends
/// those of the pixels of a patch. Rows of patches are contiguous in the image and in the
/// positions, parts of rows are not.
static SmallVector<int64_t> addSpace(RuleBuilder &rule, ArrayRef<int64_t> space,
                                     ArrayRef<int64_t> patch,
                                     SmallVectorImpl<RuleBuilder::Dim> &imageDims,
                                     SmallVectorImpl<int64_t> &pixels) {
  SmallVector<int64_t> positions;
  for (auto [size, extent] : llvm::zip_equal(patch, space)) {
    positions.push_back(
        rule.factor(extent / size, positions.empty() ? FactorKind::Parallel : FactorKind::Whole));
    pixels.push_back(rule.factor(size, FactorKind::Whole));
    imageDims.push_back({positions.back(), pixels.back()});
  }
  return positions;
}

LogicalResult TokenizeOp::evaluate(ArrayRef<EvalTensor> operands,
                                   SmallVectorImpl<EvalTensor> &results) {
  const EvalTensor &image = operands[0], &weight = operands[1];
  const double *bias = getBias() ? operands[2].floats() : nullptr;
  const double *embedding = getEmbedding() ? operands.back().floats() : nullptr;
  EvalTensor result(getType());
  ArrayRef<int64_t> channel = image.getShape().drop_front(2);
  PatchOffsets offsets = patchOffsets(channel, weight.getShape().drop_front(2));
  int64_t channels = image.getDim(1), width = weight.getDim(1), channelSize = productOf(channel);
  int64_t positions = offsets.positions.size(), features = offsets.features.size();
  bool shared = weight.getDim(0) == 1;
  std::vector<double> patches(positions * features);
  for (int64_t i = 0; i < image.getDim(0) * channels; ++i) {
    int64_t c = i % channels, own = shared ? 0 : c;
    const double *x = image.floats() + i * channelSize;
    double *t = result.mutableFloats() + i * positions * width;
    copyPatches(offsets, x, patches.data());
    for (int64_t n = 0; n < positions; ++n)
      for (int64_t d = 0; d < width; ++d)
        t[n * width + d] =
            (bias ? bias[own * width + d] : 0.0) + (embedding ? embedding[c * width + d] : 0.0);
    addProduct(positions, width, features, {patches.data(), features, 1},
               {weight.floats() + own * width * features, 1, features}, {t, width, 1});
  }
  results.push_back(std::move(result));
  return success();
}

RuleAttr TokenizeOp::getShardingRule() {
  ArrayRef<int64_t> image = shapeOf(getImage()), weight = shapeOf(getWeight());
  RuleBuilder rule(*this);
  int64_t b = rule.factor(image[0]), c = rule.factor(image[1]), d = rule.factor(weight[1]);
  int64_t inputs = rule.factor(image[2], sumUnless(getBias() || getEmbedding()));
  SmallVector<RuleBuilder::Dim> imageDims = {b, c, inputs};
  SmallVector<int64_t> weightDims = {c, d, inputs};
  SmallVector<int64_t> positions =
      addSpace(rule, image.drop_front(3), weight.drop_front(3), imageDims, weightDims);
  rule.operand(0, ArrayRef(imageDims)).operand(1, ArrayRef(weightDims));
  rule.optionalOperand(getBiasMutable(), {c, d}).optionalOperand(getEmbeddingMutable(), {c, d});
  // Linear in the image or in the weight, together with the values that are added to their product.
  for (int64_t factor : {0, 1}) {
    SmallVector<int64_t> set = {factor};
    for (MutableOperandRange range : {getBiasMutable(), getEmbeddingMutable()})
      if (!range.empty())
        set.push_back(range[0].getOperandNumber());
    rule.linear(set);
  }
  return rule.result(0, {b, c, ArrayRef(positions), d}).build();
}

TokenRole TokenizeOp::getTokenRole() { return TokenRole::Tokenize; }

SmallVector<TokenDim> TokenizeOp::getTokenDims(Value value) {
  if (value == getImage())
    return getImageDims(value);
  if (value == getResult())
    return {TokenDim::Batch, TokenDim::Channel, TokenDim::Position, TokenDim::Feature};
  return {};
}

double TokenizeOp::getFlops() {
  double features = productOf(shapeOf(getWeight()).drop_front(2));
  return getType().getNumElements() *
         (2.0 * features + (getBias() ? 1 : 0) + (getEmbedding() ? 1 : 0));
}

//===----------------------------------------------------------------------===//
// ChannelPatchesOp
//===----------------------------------------------------------------------===//

LogicalResult ChannelPatchesOp::verify() {
  ArrayRef<int64_t> image = shapeOf(getImage()), patch = getPatch();
  if (image.size() < 4 || image.size() > 6)
    return emitOpError("(C1) image must be B x C x I x S1 x .. x Sk with k from 1 to 3: got ")
           << shapeText(image);
  if (patch.size() != image.size() - 3)
    return emitOpError("(C2) patch must have an entry for each of the ")
           << image.size() - 3 << " spatial dimensions: got " << patch.size();
  int64_t positions = 1;
  for (auto [size, extent] : llvm::zip_equal(patch, image.drop_front(3))) {
    if (!divides(size, extent))
      return emitOpError("(C2) patch sizes must divide the space: got ")
             << size << " for a dimension of size " << extent;
    positions *= extent / size;
  }
  if (failed(verifyShape(*this, "C1", "result", getResult(), "B x C x N x P",
                         {image[0], image[1], positions, image[2] * productOf(patch)})))
    return failure();
  if (elementTypeOf(getImage()) == elementTypeOf(getResult()))
    return success();
  return emitOpError("(C3) image and result must have one element type: got ")
         << elementTypeOf(getImage()) << " and " << elementTypeOf(getResult());
}

LogicalResult ChannelPatchesOp::evaluate(ArrayRef<EvalTensor> operands,
                                         SmallVectorImpl<EvalTensor> &results) {
  ArrayRef<int64_t> image = operands[0].getShape();
  SmallVector<int64_t> patch = {image[2]};
  patch.append(getPatch().begin(), getPatch().end());
  PatchOffsets offsets = patchOffsets(image.drop_front(2), patch);
  EvalTensor result(getType());
  int64_t channelSize = productOf(image.drop_front(2));
  for (int64_t i = 0; i < image[0] * image[1]; ++i)
    copyPatches(offsets, operands[0].floats() + i * channelSize,
                result.mutableFloats() + i * channelSize);
  results.push_back(std::move(result));
  return success();
}

RuleAttr ChannelPatchesOp::getShardingRule() {
  ArrayRef<int64_t> image = shapeOf(getImage());
  RuleBuilder rule(*this);
  int64_t b = rule.factor(image[0]), c = rule.factor(image[1]);
  int64_t inputs = rule.factor(image[2], FactorKind::Whole);
  SmallVector<RuleBuilder::Dim> imageDims = {b, c, inputs};
  SmallVector<int64_t> pixels = {inputs};
  SmallVector<int64_t> positions =
      addSpace(rule, image.drop_front(3), getPatch(), imageDims, pixels);
  rule.operand(0, ArrayRef(imageDims));
  return rule.result(0, {b, c, ArrayRef(positions), ArrayRef(pixels)}).linear({0}).build();
}

TokenRole ChannelPatchesOp::getTokenRole() { return TokenRole::Tokenize; }

SmallVector<TokenDim> ChannelPatchesOp::getTokenDims(Value value) {
  if (value == getImage())
    return getImageDims(value);
  return {TokenDim::Batch, TokenDim::Channel, TokenDim::Position, TokenDim::Feature};
}

double ChannelPatchesOp::getFlops() { return 0; }
