//===- MergePartials.cpp - joining parts of an aggregation -----------------*- C++ -*-===//

#include "dialects/dchag/AggregateEval.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/RuleBuilder.h"
#include "dialects/interfaces/EvalMath.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

LogicalResult MergePartialsOp::verify() {
  if (failed(verifyRank(*this, "C1", "max", getMax(), "R x B x G x Q x N x h", 6)))
    return failure();
  SmallVector<int64_t> sizes(shapeOf(getMax()));
  int64_t heads = sizes.back();
  if (failed(verifyShape(*this, "C1", "sum", getSum(), "R x B x G x Q x N x h", sizes)))
    return failure();
  sizes.back() = kAnySize;
  if (failed(verifyShape(*this, "C1", "acc", getAcc(), "R x B x G x Q x N x V", sizes)))
    return failure();
  sizes.back() = shapeOf(getAcc()).back();
  if (failed(verifyShape(*this, "C1", "result", getResult(), "B x G x Q x N x V",
                         ArrayRef(sizes).drop_front())))
    return failure();
  if (!divides(heads, sizes.back()))
    return emitOpError("(C2) heads must divide the width of the values: got ")
           << heads << " heads, width " << sizes.back();
  return verifySameElementType(*this, "C3");
}

Value MergePartialsOp::join(OpBuilder &builder, Location loc, ArrayRef<ValueRange> parts,
                            bool nanWhenEmpty) {
  TensorBuilder t(builder, loc);
  SmallVector<Value> stacks;
  for (unsigned i : {0, 1, 2}) {
    SmallVector<Value> values;
    for (ValueRange part : parts) {
      SmallVector<int64_t> shape(shapeOf(part[i]));
      shape.insert(shape.begin(), 1);
      values.push_back(t.reshape(part[i], shape));
    }
    stacks.push_back(t.concat(values, 0));
  }
  return t.make<MergePartialsOp>(parts.front()[2].getType(), stacks[0], stacks[1], stacks[2],
                                 nanWhenEmpty);
}

LogicalResult MergePartialsOp::evaluate(ArrayRef<EvalTensor> operands,
                                        SmallVectorImpl<EvalTensor> &results) {
  const EvalTensor &max = operands[0], &sum = operands[1], &acc = operands[2];
  EvalTensor result(getType());
  int64_t parts = max.getDim(0), heads = max.getDim(5), width = acc.getDim(5) / heads;
  int64_t count = productOf(max.getShape().drop_front());
  double *y = result.mutableFloats();
  double empty = getNanWhenEmpty() ? std::numeric_limits<double>::quiet_NaN() : 0;
  for (int64_t i = 0; i < count; ++i) {
    double top = lowestFinite(max.getElementType()), total = 0;
    for (int64_t r = 0; r < parts; ++r)
      top = maxOrNaN(top, max.floats()[r * count + i]);
    for (int64_t r = 0; r < parts; ++r) {
      double weight = std::exp(max.floats()[r * count + i] - top);
      total += sum.floats()[r * count + i] * weight;
      for (int64_t e = 0; e < width; ++e)
        y[i * width + e] += acc.floats()[(r * count + i) * width + e] * weight;
    }
    for (int64_t e = 0; e < width; ++e)
      y[i * width + e] = total == 0 ? empty : y[i * width + e] / total;
  }
  results.push_back(std::move(result));
  return success();
}

RuleAttr MergePartialsOp::getShardingRule() {
  ArrayRef<int64_t> max = shapeOf(getMax());
  RuleBuilder rule(*this);
  int64_t r = rule.factor(max[0], FactorKind::Whole), b = rule.factor(max[1]);
  int64_t g = rule.factor(max[2]), q = rule.factor(max[3]), n = rule.factor(max[4]);
  int64_t h = rule.factor(max[5]);
  int64_t e = rule.factor(shapeOf(getAcc())[5] / max[5], FactorKind::Whole);
  rule.operand(0, {r, b, g, q, n, h}).operand(1, {r, b, g, q, n, h});
  rule.operand(2, {r, b, g, q, n, {h, e}}).result(0, {b, g, q, n, {h, e}});
  return rule.build();
}

double MergePartialsOp::getFlops() {
  // Maximum, difference, exponential, product and sum for the sums; a multiply-add for each value.
  return 5.0 * tensorType(getMax()).getNumElements() + 2.0 * tensorType(getAcc()).getNumElements() +
         getType().getNumElements();
}
