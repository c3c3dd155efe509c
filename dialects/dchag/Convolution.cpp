//===- Convolution.cpp - convolution of any spatial rank -------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/RuleBuilder.h"
#include "dialects/interfaces/EvalMath.h"

using namespace mlir;
using namespace mlir::dchag;

/// (C2) for one of the four lists. The bound keeps the arithmetic of (C4) in range.
static LogicalResult verifyList(ConvolutionOp op, StringRef name, ArrayRef<int64_t> list,
                                size_t spatialRank, int64_t smallest) {
  if (list.size() != spatialRank)
    return op.emitOpError("(C2) ") << name << " must have an entry for each of the " << spatialRank
                                   << " spatial dimensions: got " << list.size();
  for (int64_t entry : list)
    if (entry < smallest || entry >= int64_t(1) << 31)
      return op.emitOpError("(C2) ")
             << name << " must be from " << smallest << " to 2^31 - 1: got " << entry;
  return success();
}

static LogicalResult verifyLists(ConvolutionOp op, size_t spatialRank) {
  return success(succeeded(verifyList(op, "strides", op.getStrides(), spatialRank, 1)) &&
                 succeeded(verifyList(op, "dilations", op.getDilations(), spatialRank, 1)) &&
                 succeeded(verifyList(op, "low", op.getLow(), spatialRank, 0)) &&
                 succeeded(verifyList(op, "high", op.getHigh(), spatialRank, 0)));
}

/// (C4)
static LogicalResult verifySpace(ConvolutionOp op) {
  ArrayRef<int64_t> input = shapeOf(op.getInput()), weight = shapeOf(op.getWeight());
  ArrayRef<int64_t> result = shapeOf(op.getResult());
  for (size_t i = 0; i + 2 < input.size(); ++i) {
    int64_t kernel = weight[i + 2], limit = int64_t(1) << 31;
    if (kernel < 1 || kernel >= limit || input[i + 2] >= limit)
      return op.emitOpError(
                 "(C4) kernel sizes must be at least 1 and sizes below 2^31: got kernel ")
             << kernel << " on size " << input[i + 2] << " in dimension " << i + 2;
    int64_t covered = op.getDilations()[i] * (kernel - 1) + 1;
    int64_t padded = input[i + 2] + op.getLow()[i] + op.getHigh()[i];
    int64_t wanted = padded < covered ? 0 : (padded - covered) / op.getStrides()[i] + 1;
    if (result[i + 2] != wanted)
      return op.emitOpError("(C4) size of the result in dimension ")
             << i + 2 << " must be (" << padded << " - " << covered << ") / " << op.getStrides()[i]
             << " + 1 = " << wanted << ": got " << result[i + 2];
  }
  return success();
}

LogicalResult ConvolutionOp::verify() {
  ArrayRef<int64_t> input = shapeOf(getInput());
  if (input.size() < 3)
    return emitOpError("(C1) input must be B x C x S1 x .. x Sk with k at least 1: got ")
           << shapeText(input);
  int64_t rank = input.size(), channels = input[1], groups = getGroups();
  if (failed(verifyRank(*this, "C1", "weight", getWeight(), "F x C/g x k1 x .. x kk", rank)) ||
      failed(verifyRank(*this, "C1", "result", getResult(), "B x F x T1 x .. x Tk", rank)) ||
      failed(verifyLists(*this, rank - 2)))
    return failure();
  int64_t features = shapeOf(getWeight())[0];
  if (!divides(groups, channels) || !divides(groups, features))
    return emitOpError("(C3) groups must divide channels and features: got ")
           << groups << " groups, " << channels << " channels, " << features << " features";
  if (shapeOf(getWeight())[1] != channels / groups)
    return emitOpError("(C1) weight must have C/g channels: got ")
           << shapeOf(getWeight())[1] << ", wanted " << channels / groups;
  SmallVector<int64_t> wanted(rank, kAnySize);
  wanted[0] = input[0];
  wanted[1] = features;
  if (failed(verifyShape(*this, "C1", "result", getResult(), "B x F x T1 x .. x Tk", wanted)) ||
      failed(verifySpace(*this)) ||
      failed(verifyShape(*this, "C5", "bias", getBias(), "of F elements", {features})))
    return failure();
  return verifySameElementType(*this, "C6");
}

/// The pixels under the kernel at each position as a matrix positions x (channels of the group,
/// kernel), 0 outside of the image; `image` holds the channels of the group.
static void gatherWindows(ConvolutionOp op, const double *image, ArrayRef<int64_t> sizes,
                          ArrayRef<int64_t> weight, ArrayRef<int64_t> positions,
                          std::vector<double> &windows) {
  size_t k = sizes.size();
  int64_t imageSize = productOf(sizes), kernelSize = productOf(weight.drop_front(2));
  int64_t features = weight[1] * kernelSize, n = 0;
  forEachIndex(positions, [&](ArrayRef<int64_t> t) {
    int64_t r = 0;
    forEachIndex(weight.drop_front(2), [&](ArrayRef<int64_t> offset) {
      int64_t place = 0;
      bool inside = true;
      for (size_t d = 0; d < k; ++d) {
        int64_t s = t[d] * op.getStrides()[d] + offset[d] * op.getDilations()[d] - op.getLow()[d];
        inside &= s >= 0 && s < sizes[d];
        place = place * sizes[d] + s;
      }
      for (int64_t c = 0; c < weight[1]; ++c)
        windows[n * features + c * kernelSize + r] = inside ? image[c * imageSize + place] : 0.0;
      ++r;
    });
    ++n;
  });
}

LogicalResult ConvolutionOp::evaluate(ArrayRef<EvalTensor> operands,
                                      SmallVectorImpl<EvalTensor> &results) {
  const EvalTensor &input = operands[0], &weight = operands[1];
  const double *bias = getBias() ? operands[2].floats() : nullptr;
  EvalTensor result(getType());
  ArrayRef<int64_t> space = input.getShape().drop_front(2);
  ArrayRef<int64_t> positions = result.getShape().drop_front(2);
  int64_t groups = getGroups(), groupFeatures = weight.getDim(0) / groups;
  int64_t count = productOf(positions), depth = productOf(weight.getShape().drop_front());
  std::vector<double> windows(count * depth);
  for (int64_t i = 0; i < input.getDim(0) * groups; ++i) {
    const double *image = input.floats() + i * weight.getDim(1) * productOf(space);
    double *y = result.mutableFloats() + i * groupFeatures * count;
    int64_t first = i % groups * groupFeatures;
    for (int64_t f = 0; f < groupFeatures; ++f)
      std::fill_n(y + f * count, count, bias ? bias[first + f] : 0.0);
    gatherWindows(*this, image, space, weight.getShape(), positions, windows);
    addProduct(groupFeatures, count, depth, {weight.floats() + first * depth, depth, 1},
               {windows.data(), 1, depth}, {y, count, 1});
  }
  results.push_back(std::move(result));
  return success();
}

/// The number of the factor of groups in the rule, which `cloneLocal` relies on.
static constexpr unsigned kGroupFactor = 0;

RuleAttr ConvolutionOp::getShardingRule() {
  ArrayRef<int64_t> input = shapeOf(getInput()), weight = shapeOf(getWeight());
  ArrayRef<int64_t> result = shapeOf(getResult());
  int64_t groups = getGroups();
  bool one = groups == 1;
  RuleBuilder rule(*this);
  int64_t g = rule.factor(groups), b = rule.factor(input[0]);
  // With several groups, some channels or features of each group are not contiguous in the
  // dimension.
  int64_t f = rule.factor(weight[0] / groups, one ? FactorKind::Parallel : FactorKind::Whole);
  int64_t c = rule.factor(weight[1], sumUnless(!one || getBias()));
  RuleBuilder::Dim channels = {g, c}, features = {g, f};
  if (one) {
    channels = c;
    features = f;
  }
  SmallVector<RuleBuilder::Dim> from = {b, channels}, kernel = {features, c}, to = {b, features};
  for (size_t d = 2; d < input.size(); ++d) {
    // Parts of space would need elements of their neighbours.
    int64_t space = rule.factor(std::max(input[d], result[d]), FactorKind::Whole);
    from.push_back(space);
    to.push_back(space);
    kernel.push_back(rule.factor(weight[d], FactorKind::Whole));
  }
  rule.operand(0, ArrayRef(from)).operand(1, ArrayRef(kernel)).result(0, ArrayRef(to));
  return rule.optionalOperand(getBiasMutable(), {features}).build();
}

Operation *ConvolutionOp::cloneLocal(OpBuilder &builder, ValueRange operands, TypeRange resultTypes,
                                     ArrayRef<int64_t> localSizes) {
  auto clone = cast<ConvolutionOp>(cloneWithTypes(*this, builder, operands, resultTypes));
  clone.setGroups(localSizes[kGroupFactor]);
  return clone;
}

double ConvolutionOp::getFlops() {
  double terms = productOf(shapeOf(getWeight()).drop_front());
  return getType().getNumElements() * (2.0 * terms + (getBias() ? 1 : 0));
}
