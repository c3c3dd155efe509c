//===- FoldNorm.cpp - variances as sums of few squares ---------------------*- C++ -*-===//
//
// W = Q R by modified Gram-Schmidt, twice: columns of Q that the first pass leaves orthogonal to
// few digits, where those of W are almost dependent, are so to all digits after the second. Then
// R is Q^T W.
//
//===----------------------------------------------------------------------===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/DecomposeUtils.h"
#include "dialects/dchag/OpUtils.h"
#include "dialects/dchag/RuleBuilder.h"
#include <cmath>
#include <numeric>
#include <vector>

using namespace mlir;
using namespace mlir::dchag;

/// A column of which no more than this part is left counts as dependent on those before.
constexpr double kDependent = 1e-13;

LogicalResult FoldNormOp::verify() {
  if (failed(verifyRank(*this, "C1", "weight", getWeight(), "G x (K or 1) x (S A) x P", 4)))
    return failure();
  ArrayRef<int64_t> weight = shapeOf(getWeight());
  int64_t parts = getParts(), pixels = weight[3];
  if (!divides(parts, weight[2]))
    return emitOpError("(C1) parts must divide the width: got ")
           << parts << " parts, width " << weight[2];
  if (failed(verifyShape(*this, "C1", "basis", getBasis(), "G x (K or 1) x S x A x P",
                         {weight[0], weight[1], parts, weight[2] / parts, pixels})) ||
      failed(verifyShape(*this, "C1", "factor", getFactor(), "G x (K or 1) x S x P x P",
                         {weight[0], weight[1], parts, pixels, pixels})))
    return failure();
  return verifySameElementType(*this, "C2");
}

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

using Columns = std::vector<std::vector<double>>;

static double dot(ArrayRef<double> x, ArrayRef<double> y) {
  return std::inner_product(x.begin(), x.end(), y.begin(), 0.0);
}

static void orthonormalise(Columns &columns) {
  std::vector<double> limits;
  for (const std::vector<double> &column : columns)
    limits.push_back(kDependent * kDependent * dot(column, column));
  for (auto [j, unit] : llvm::enumerate(columns)) {
    double square = dot(unit, unit), inverse = square > limits[j] ? 1 / std::sqrt(square) : 0;
    for (double &x : unit)
      x *= inverse;
    for (std::vector<double> &column : llvm::drop_begin(columns, j + 1)) {
      double part = dot(unit, column);
      for (auto [x, u] : llvm::zip_equal(column, unit))
        x -= part * u;
    }
  }
}

LogicalResult FoldNormOp::evaluate(ArrayRef<EvalTensor> operands,
                                   SmallVectorImpl<EvalTensor> &results) {
  const EvalTensor &weight = operands[0];
  int64_t pixels = weight.getDim(3), width = weight.getDim(2) / int64_t(getParts());
  int64_t blocks = weight.getDim(0) * weight.getDim(1) * int64_t(getParts());
  double scale = 1 / std::sqrt(static_cast<double>(width));
  EvalTensor basis(getBasis().getType()), factor(getFactor().getType());
  for (int64_t i = 0; i < blocks; ++i) {
    Columns w;
    for (int64_t p = 0; p < pixels; ++p) {
      std::vector<double> &column = w.emplace_back();
      for (int64_t a = 0; a < width; ++a)
        column.push_back(weight.floats()[(i * width + a) * pixels + p]);
      double mean = std::accumulate(column.begin(), column.end(), 0.0) / width;
      for (double &x : column)
        x -= getCentered() ? mean : 0;
    }
    Columns q = w;
    orthonormalise(q);
    orthonormalise(q);
    for (int64_t p = 0; p < pixels; ++p) {
      for (int64_t a = 0; a < width; ++a)
        basis.mutableFloats()[(i * width + a) * pixels + p] = q[p][a] * scale;
      for (int64_t r = 0; r < pixels; ++r)
        factor.mutableFloats()[(i * pixels + r) * pixels + p] = dot(q[r], w[p]) * scale;
    }
  }
  results.append({std::move(basis), std::move(factor)});
  return success();
}

RuleAttr FoldNormOp::getShardingRule() {
  ArrayRef<int64_t> weight = shapeOf(getWeight());
  RuleBuilder rule(*this);
  int64_t g = rule.factor(weight[0]), k = rule.factor(weight[1]), s = rule.factor(getParts());
  int64_t a = rule.factor(weight[2] / int64_t(getParts()), FactorKind::Whole);
  int64_t p = rule.factor(weight[3], FactorKind::Whole);
  rule.operand(0, {g, k, {s, a}, p}).result(0, {g, k, s, a, p}).result(1, {g, k, s, p, p});
  return rule.build();
}

Operation *FoldNormOp::cloneLocal(OpBuilder &builder, ValueRange operands, TypeRange resultTypes,
                                  ArrayRef<int64_t> localSizes) {
  auto clone = cast<FoldNormOp>(cloneWithTypes(*this, builder, operands, resultTypes));
  clone.setParts(localSizes[2]);
  return clone;
}

double FoldNormOp::getFlops() {
  // Two passes, each of which multiplies every column with all and subtracts it, and the factor.
  return 10.0 * getWeight().getType().getNumElements() * shapeOf(getWeight())[3];
}

//===----------------------------------------------------------------------===//
// Decomposition
//===----------------------------------------------------------------------===//

/// As above, for columns g k s a p, all at once; those before a column are 0 but for rounding when
/// it is multiplied with all.
static Value orthonormalise(Decomposer &d, Value matrix) {
  Value limits = d.scale(d.sum(d.mul(matrix, matrix), "gksap", "gksp"), kDependent * kDependent);
  SmallVector<Value> basis;
  for (int64_t j = 0; j < dimOf(limits, 3); ++j) {
    Value column = d.joinDims(d.slice(matrix, 4, j, 1), 3, 2);
    Value square = d.sum(d.mul(column, column), "gksa", "gks");
    Value limit = d.joinDims(d.slice(limits, 3, j, 1), 2, 2);
    Value isLeft = arith::CmpFOp::create(d.b, d.loc, arith::CmpFPredicate::OGT, square, limit);
    Value inverse = math::RsqrtOp::create(d.b, d.loc, square);
    inverse = d.select(isLeft, inverse, d.splat(inverse, 0.0));
    Value unit = d.mul(column, d.broadcastLike(inverse, "gks", column, "gksa"));
    Value row = d.contract("gksa,gksap->gksp", unit, matrix);
    Value part = d.mul(d.broadcastLike(unit, "gksa", matrix, "gksap"),
                       d.broadcastLike(row, "gksp", matrix, "gksap"));
    matrix = d.sub(matrix, part);
    basis.push_back(d.splitDim(unit, 3, {dimOf(unit, 3), 1}));
  }
  return d.concat(basis, 4);
}

FailureOr<SmallVector<Value>> FoldNormOp::decomposeOperation(OpBuilder &builder) {
  Decomposer d(builder, getLoc());
  int64_t parts = getParts(), width = shapeOf(getWeight())[2] / parts;
  Value weight = d.splitDim(getWeight(), 2, {parts, width});
  Type element = elementTypeOf(weight), f64 = builder.getF64Type();
  if (element != f64)
    weight = d.make<arith::ExtFOp>(tensorType(weight).clone(f64), weight);
  if (getCentered())
    weight = d.minusMean(weight, "gksap", "gksp");
  Value basis = orthonormalise(d, orthonormalise(d, weight));
  basis = d.scale(basis, 1 / std::sqrt(static_cast<double>(width)));
  Value factor = d.contract("gksar,gksap->gksrp", basis, weight);
  Type result = widened(element);
  return SmallVector<Value>{d.rounded(basis, result), d.rounded(factor, result)};
}
