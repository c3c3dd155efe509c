//===- Math.cpp - evaluation of math ops -----------------------------------*- C++ -*-===//
//
// Functions of the C library in float64. Where math leaves a result undefined: ipowi to a
// negative power is the quotient of integers towards zero (0 to a negative power is an
// error), round is away from zero at ties, ctlz and cttz of 0 are the width.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Math/IR/Math.h"
#include "dialects/interfaces/models/Elementwise.h"
#include "dialects/interfaces/models/Models.h"
#include "llvm/ADT/bit.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::models;

static double absF(double a) { return std::fabs(a); }
static double acosF(double a) { return std::acos(a); }
static double acoshF(double a) { return std::acosh(a); }
static double asinF(double a) { return std::asin(a); }
static double asinhF(double a) { return std::asinh(a); }
static double atanF(double a) { return std::atan(a); }
static double atanhF(double a) { return std::atanh(a); }
static double cbrtF(double a) { return std::cbrt(a); }
static double ceilF(double a) { return std::ceil(a); }
static double cosF(double a) { return std::cos(a); }
static double coshF(double a) { return std::cosh(a); }
static double erfF(double a) { return std::erf(a); }
static double erfcF(double a) { return std::erfc(a); }
static double expF(double a) { return std::exp(a); }
static double exp2F(double a) { return std::exp2(a); }
static double expM1F(double a) { return std::expm1(a); }
static double floorF(double a) { return std::floor(a); }
static double logF(double a) { return std::log(a); }
static double log10F(double a) { return std::log10(a); }
static double log1pF(double a) { return std::log1p(a); }
static double log2F(double a) { return std::log2(a); }
static double roundF(double a) { return std::round(a); }
static double roundEvenF(double a) { return std::nearbyint(a); }
static double rsqrtF(double a) { return 1.0 / std::sqrt(a); }
static double sinF(double a) { return std::sin(a); }
static double sinhF(double a) { return std::sinh(a); }
static double sqrtF(double a) { return std::sqrt(a); }
static double tanF(double a) { return std::tan(a); }
static double tanhF(double a) { return std::tanh(a); }
static double truncF(double a) { return std::trunc(a); }

static double atan2F(double a, double b) { return std::atan2(a, b); }
static double copySignF(double a, double b) { return std::copysign(a, b); }
static double powF(double a, double b) { return std::pow(a, b); }

static double fmaF(double a, double b, double c) { return std::fma(a, b, c); }
/// NaN propagates, as by maximumf and minimumf.
static double clampF(double value, double low, double high) {
  if (std::isnan(value) || std::isnan(low) || std::isnan(high))
    return std::nan("");
  return std::fmin(std::fmax(value, low), high);
}

static bool isFiniteF(double a) { return std::isfinite(a); }
static bool isInfF(double a) { return std::isinf(a); }
static bool isNaNF(double a) { return std::isnan(a); }
static bool isNormalF(double a) { return std::isnormal(a); }

static int64_t absI(Int a) {
  return a.sext() < 0 ? static_cast<int64_t>(-static_cast<uint64_t>(a.sext())) : a.sext();
}
static int64_t countLeadingZeros(Int a) {
  return static_cast<int64_t>(llvm::countl_zero(a.zext())) - (64 - static_cast<int64_t>(a.width));
}
static int64_t countTrailingZeros(Int a) {
  return std::min<int64_t>(llvm::countr_zero(a.zext()), a.width);
}
static int64_t popCount(Int a) { return llvm::popcount(a.zext()); }

namespace {
/// A float to the power of an integer.
struct FPowI : EvaluableOpInterface::ExternalModel<FPowI, math::FPowIOp> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    unsigned width = getWidth(operands[1].getElementType());
    double *to = result.mutableFloats();
    for (int64_t i = 0, e = result.getNumElements(); i < e; ++i)
      to[i] = std::pow(operands[0].floats()[i],
                       static_cast<double>(getInt(operands[1], i, width).sext()));
    results.push_back(std::move(result));
    return success();
  }
};

struct IPowI : EvaluableOpInterface::ExternalModel<IPowI, math::IPowIOp> {
  static int64_t power(Int base, Int exponent) {
    int64_t n = exponent.sext(), value = base.sext();
    if (n < 0)
      return value == 1 ? 1 : value == -1 ? (n % 2 ? -1 : 1) : 0;
    uint64_t result = 1, square = static_cast<uint64_t>(value);
    for (; n; n >>= 1, square *= square)
      if (n & 1)
        result *= square;
    return static_cast<int64_t>(result);
  }

  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    unsigned width = getWidth(result.getElementType());
    int64_t *to = result.mutableInts();
    for (int64_t i = 0, e = result.getNumElements(); i < e; ++i) {
      Int base = getInt(operands[0], i, width), exponent = getInt(operands[1], i, width);
      if (base.stored == 0 && exponent.sext() < 0)
        return op->emitOpError("raises 0 to the negative power ")
               << exponent.sext() << " at element " << i << " (row-major)";
      to[i] = power(base, exponent);
    }
    result.roundToType();
    results.push_back(std::move(result));
    return success();
  }
};

struct SinCos : EvaluableOpInterface::ExternalModel<SinCos, math::SincosOp> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor sine = makeResult(op, 0), cosine = makeResult(op, 1);
    double *sines = sine.mutableFloats(), *cosines = cosine.mutableFloats();
    for (int64_t i = 0, e = sine.getNumElements(); i < e; ++i) {
      sines[i] = std::sin(operands[0].floats()[i]);
      cosines[i] = std::cos(operands[0].floats()[i]);
    }
    results.push_back(std::move(sine));
    results.push_back(std::move(cosine));
    return success();
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

static void attachFloats(MLIRContext *context) {
  using namespace math;
  attach<FloatUnary<AbsFOp, absF>, FloatUnary<AcosOp, acosF>, FloatUnary<AcoshOp, acoshF>,
         FloatUnary<AsinOp, asinF>, FloatUnary<AsinhOp, asinhF>, FloatUnary<AtanOp, atanF>,
         FloatUnary<AtanhOp, atanhF>, FloatUnary<CbrtOp, cbrtF>, FloatUnary<CeilOp, ceilF>,
         FloatUnary<CosOp, cosF>, FloatUnary<CoshOp, coshF>, FloatUnary<ErfOp, erfF>,
         FloatUnary<ErfcOp, erfcF>, FloatUnary<ExpOp, expF>, FloatUnary<Exp2Op, exp2F>,
         FloatUnary<ExpM1Op, expM1F>, FloatUnary<FloorOp, floorF>, FloatUnary<LogOp, logF>,
         FloatUnary<Log10Op, log10F>, FloatUnary<Log1pOp, log1pF>, FloatUnary<Log2Op, log2F>,
         FloatUnary<RoundOp, roundF>, FloatUnary<RoundEvenOp, roundEvenF>,
         FloatUnary<RsqrtOp, rsqrtF>, FloatUnary<SinOp, sinF>, FloatUnary<SinhOp, sinhF>,
         FloatUnary<SqrtOp, sqrtF>, FloatUnary<TanOp, tanF>, FloatUnary<TanhOp, tanhF>,
         FloatUnary<TruncOp, truncF>>(context);
  attach<FloatBinary<Atan2Op, atan2F>, FloatBinary<CopySignOp, copySignF>,
         FloatBinary<PowFOp, powF>, FloatTernary<FmaOp, fmaF>, FloatTernary<ClampFOp, clampF>,
         FPowI, SinCos>(context);
  attach<FloatTest<IsFiniteOp, isFiniteF>, FloatTest<IsInfOp, isInfF>, FloatTest<IsNaNOp, isNaNF>,
         FloatTest<IsNormalOp, isNormalF>>(context);
}

static void attachIntegers(MLIRContext *context) {
  using namespace math;
  attach<IntUnary<AbsIOp, absI>, IntUnary<CountLeadingZerosOp, countLeadingZeros>,
         IntUnary<CountTrailingZerosOp, countTrailingZeros>, IntUnary<CtPopOp, popCount>, IPowI>(
      context);
}

void mlir::dchag::registerMathEvaluation(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, math::MathDialect *) {
    attachFloats(context);
    attachIntegers(context);
  });
}
