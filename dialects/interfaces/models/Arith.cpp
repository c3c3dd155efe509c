//===- Arith.cpp - evaluation of arith ops ---------------------------------*- C++ -*-===//
//
// Where arith leaves a result undefined, the interpreter defines it:
// - an integer division by 0 is an error; the smallest number divided by -1 wraps;
// - a shift by the width or more gives 0 (shrsi: the sign);
// - a float converted to an integer type that cannot hold it gives the nearest number that
//   the type has, NaN gives 0.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "dialects/interfaces/models/Elementwise.h"
#include "dialects/interfaces/models/Models.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/TypeUtilities.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::models;

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

static double negF(double a) { return -a; }
static double addF(double a, double b) { return a + b; }
static double subF(double a, double b) { return a - b; }
static double mulF(double a, double b) { return a * b; }
static double divF(double a, double b) { return a / b; }
static double remF(double a, double b) { return std::fmod(a, b); }
static double maxNumF(double a, double b) { return std::fmax(a, b); }
static double minNumF(double a, double b) { return std::fmin(a, b); }
/// NaN propagates, and -0 is less than 0.
static double maximumF(double a, double b) {
  if (std::isnan(a) || std::isnan(b))
    return std::nan("");
  if (a == b)
    return std::signbit(a) ? b : a;
  return a > b ? a : b;
}
static double minimumF(double a, double b) { return -maximumF(-a, -b); }

static int64_t addI(Int a, Int b) { return static_cast<int64_t>(a.zext() + b.zext()); }
static int64_t subI(Int a, Int b) { return static_cast<int64_t>(a.zext() - b.zext()); }
static int64_t mulI(Int a, Int b) { return static_cast<int64_t>(a.zext() * b.zext()); }
static int64_t andI(Int a, Int b) { return a.stored & b.stored; }
static int64_t orI(Int a, Int b) { return a.stored | b.stored; }
static int64_t xorI(Int a, Int b) { return a.stored ^ b.stored; }
static int64_t maxS(Int a, Int b) { return std::max(a.sext(), b.sext()); }
static int64_t minS(Int a, Int b) { return std::min(a.sext(), b.sext()); }
static int64_t maxU(Int a, Int b) { return static_cast<int64_t>(std::max(a.zext(), b.zext())); }
static int64_t minU(Int a, Int b) { return static_cast<int64_t>(std::min(a.zext(), b.zext())); }

static int64_t divS(Int a, Int b) {
  if (b.sext() == -1)
    return static_cast<int64_t>(-static_cast<uint64_t>(a.sext()));
  return a.sext() / b.sext();
}
static int64_t remS(Int a, Int b) { return b.sext() == -1 ? 0 : a.sext() % b.sext(); }
static int64_t divU(Int a, Int b) { return static_cast<int64_t>(a.zext() / b.zext()); }
static int64_t remU(Int a, Int b) { return static_cast<int64_t>(a.zext() % b.zext()); }
static int64_t floorDivS(Int a, Int b) {
  int64_t rest = remS(a, b);
  return divS(a, b) - (rest != 0 && (rest < 0) != (b.sext() < 0));
}
static int64_t ceilDivS(Int a, Int b) {
  int64_t rest = remS(a, b);
  return divS(a, b) + (rest != 0 && (rest < 0) == (b.sext() < 0));
}
static int64_t ceilDivU(Int a, Int b) { return divU(a, b) + (remU(a, b) != 0); }

static int64_t shl(Int a, Int b) {
  return b.zext() >= a.width ? 0 : static_cast<int64_t>(a.zext() << b.zext());
}
static int64_t shrU(Int a, Int b) {
  return b.zext() >= a.width ? 0 : static_cast<int64_t>(a.zext() >> b.zext());
}
static int64_t shrS(Int a, Int b) { return a.sext() >> std::min<uint64_t>(b.zext(), a.width - 1); }

static int64_t signExtend(Int a) { return a.sext(); }
static int64_t zeroExtend(Int a) { return static_cast<int64_t>(a.zext()); }

/// Nearest integer towards zero among those from `low` to `high`.
static int64_t toInteger(double value, unsigned width, bool isSigned) {
  if (std::isnan(value))
    return 0;
  double limit = std::ldexp(1.0, isSigned ? width - 1 : width);
  double low = isSigned ? -limit : 0.0;
  value = std::trunc(value);
  if (value <= low)
    return isSigned ? static_cast<int64_t>(-(uint64_t(1) << (width - 1))) : 0;
  if (value >= limit)
    return isSigned ? static_cast<int64_t>((uint64_t(1) << (width - 1)) - 1)
                    : static_cast<int64_t>(~uint64_t(0) >> (64 - width));
  return isSigned ? static_cast<int64_t>(value)
                  : static_cast<int64_t>(static_cast<uint64_t>(value));
}

//===----------------------------------------------------------------------===//
// Ops that are not functions of one kind of number
//===----------------------------------------------------------------------===//

namespace {
template <typename OpTy, bool isSigned>
struct FloatToInt : EvaluableOpInterface::ExternalModel<FloatToInt<OpTy, isSigned>, OpTy> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    unsigned width = getWidth(result.getElementType());
    int64_t *to = result.mutableInts();
    for (int64_t i = 0, e = result.getNumElements(); i < e; ++i)
      to[i] = toInteger(operands[0].floats()[i], width, isSigned);
    result.roundToType();
    results.push_back(std::move(result));
    return success();
  }
};

template <typename OpTy, bool isSigned>
struct IntToFloat : EvaluableOpInterface::ExternalModel<IntToFloat<OpTy, isSigned>, OpTy> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    unsigned width = getWidth(operands[0].getElementType());
    double *to = result.mutableFloats();
    for (int64_t i = 0, e = result.getNumElements(); i < e; ++i) {
      Int number = getInt(operands[0], i, width);
      to[i] = isSigned ? static_cast<double>(number.sext()) : static_cast<double>(number.zext());
    }
    results.push_back(std::move(result));
    return success();
  }
};

/// Float to float: the number stays; typed execution rounds it to the new type.
template <typename OpTy>
struct FloatCast : EvaluableOpInterface::ExternalModel<FloatCast<OpTy>, OpTy> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    results.push_back(
        operands[0].withElementType(getElementTypeOrSelf(op->getResult(0).getType())));
    return success();
  }
};

struct CompareFloats : EvaluableOpInterface::ExternalModel<CompareFloats, arith::CmpFOp> {
  /// `less`, `equal`, `greater`, `unordered`: which outcomes make the predicate true.
  static bool holds(arith::CmpFPredicate predicate, double a, double b) {
    using P = arith::CmpFPredicate;
    bool unordered = std::isnan(a) || std::isnan(b);
    switch (predicate) {
    case P::AlwaysFalse:
      return false;
    case P::OEQ:
      return a == b;
    case P::OGT:
      return a > b;
    case P::OGE:
      return a >= b;
    case P::OLT:
      return a < b;
    case P::OLE:
      return a <= b;
    case P::ONE:
      return !unordered && a != b;
    case P::ORD:
      return !unordered;
    case P::UEQ:
      return unordered || a == b;
    case P::UGT:
      return unordered || a > b;
    case P::UGE:
      return unordered || a >= b;
    case P::ULT:
      return unordered || a < b;
    case P::ULE:
      return unordered || a <= b;
    case P::UNE:
      return a != b;
    case P::UNO:
      return unordered;
    case P::AlwaysTrue:
      return true;
    }
    return false;
  }

  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    auto predicate = cast<arith::CmpFOp>(op).getPredicate();
    int64_t *to = result.mutableInts();
    for (int64_t i = 0, e = result.getNumElements(); i < e; ++i)
      to[i] = holds(predicate, operands[0].floats()[i], operands[1].floats()[i]);
    results.push_back(std::move(result));
    return success();
  }
};

struct CompareInts : EvaluableOpInterface::ExternalModel<CompareInts, arith::CmpIOp> {
  static bool holds(arith::CmpIPredicate predicate, Int a, Int b) {
    using P = arith::CmpIPredicate;
    switch (predicate) {
    case P::eq:
      return a.stored == b.stored;
    case P::ne:
      return a.stored != b.stored;
    case P::slt:
      return a.sext() < b.sext();
    case P::sle:
      return a.sext() <= b.sext();
    case P::sgt:
      return a.sext() > b.sext();
    case P::sge:
      return a.sext() >= b.sext();
    case P::ult:
      return a.zext() < b.zext();
    case P::ule:
      return a.zext() <= b.zext();
    case P::ugt:
      return a.zext() > b.zext();
    case P::uge:
      return a.zext() >= b.zext();
    }
    return false;
  }

  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor result = makeResult(op);
    auto predicate = cast<arith::CmpIOp>(op).getPredicate();
    unsigned width = getWidth(operands[0].getElementType());
    int64_t *to = result.mutableInts();
    for (int64_t i = 0, e = result.getNumElements(); i < e; ++i)
      to[i] = holds(predicate, getInt(operands[0], i, width), getInt(operands[1], i, width));
    results.push_back(std::move(result));
    return success();
  }
};

struct Select : EvaluableOpInterface::ExternalModel<Select, arith::SelectOp> {
  LogicalResult evaluate(Operation *, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    const int64_t *condition = operands[0].ints();
    // A scalar condition chooses a whole operand.
    if (operands[0].getRank() == 0 && operands[1].getRank() != 0) {
      results.push_back(condition[0] ? operands[1] : operands[2]);
      return success();
    }
    EvalTensor result = operands[1];
    int64_t size = result.getNumElements();
    if (result.isFloat()) {
      double *to = result.mutableFloats();
      const double *other = operands[2].floats();
      for (int64_t i = 0; i < size; ++i)
        to[i] = condition[i] ? to[i] : other[i];
    } else {
      int64_t *to = result.mutableInts();
      const int64_t *other = operands[2].ints();
      for (int64_t i = 0; i < size; ++i)
        to[i] = condition[i] ? to[i] : other[i];
    }
    results.push_back(std::move(result));
    return success();
  }
};

/// Sum and carry, or low and high half of a product.
template <typename OpTy, bool isProduct, bool isSigned>
struct Extended : EvaluableOpInterface::ExternalModel<Extended<OpTy, isProduct, isSigned>, OpTy> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results) const {
    EvalTensor low = makeResult(op, 0), high = makeResult(op, 1);
    unsigned width = getWidth(operands[0].getElementType());
    int64_t *lows = low.mutableInts(), *highs = high.mutableInts();
    for (int64_t i = 0, e = low.getNumElements(); i < e; ++i) {
      Int a = getInt(operands[0], i, width), b = getInt(operands[1], i, width);
      __extension__ typedef __int128 Wide;
      Wide wideA = isSigned ? static_cast<Wide>(a.sext()) : static_cast<Wide>(a.zext());
      Wide wideB = isSigned ? static_cast<Wide>(b.sext()) : static_cast<Wide>(b.zext());
      // Up to 128 bits that are cut in halves: unsigned, so that nothing overflows.
      __extension__ typedef unsigned __int128 Bits;
      Bits bits = isProduct ? static_cast<Bits>(wideA) * static_cast<Bits>(wideB)
                            : static_cast<Bits>(wideA) + static_cast<Bits>(wideB);
      lows[i] = static_cast<int64_t>(static_cast<uint64_t>(bits));
      highs[i] = static_cast<int64_t>(static_cast<uint64_t>(bits >> width));
    }
    low.roundToType();
    high.roundToType();
    results.push_back(std::move(low));
    results.push_back(std::move(high));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

struct Constant : EvaluableOpInterface::ExternalModel<Constant, arith::ConstantOp> {
  static int64_t toStored(const APInt &value) {
    if (value.getBitWidth() == 1)
      return value.getZExtValue();
    return value.getSExtValue();
  }
  static double toDouble(APFloat value) {
    bool losesInfo;
    value.convert(APFloat::IEEEdouble(), APFloat::rmNearestTiesToEven, &losesInfo);
    return value.convertToDouble();
  }

  static LogicalResult readScalar(Attribute value, EvalTensor &result) {
    if (auto number = dyn_cast<FloatAttr>(value))
      result.mutableFloats()[0] = toDouble(number.getValue());
    else if (auto integer = dyn_cast<IntegerAttr>(value))
      result.mutableInts()[0] = toStored(integer.getValue());
    else
      return failure();
    return success();
  }

  static void readElements(DenseElementsAttr elements, EvalTensor &result) {
    int64_t i = 0;
    if (elements.isSplat()) {
      if (result.isFloat())
        std::fill_n(result.mutableFloats(), result.getNumElements(),
                    toDouble(elements.getSplatValue<APFloat>()));
      else
        std::fill_n(result.mutableInts(), result.getNumElements(),
                    toStored(elements.getSplatValue<APInt>()));
    } else if (result.isFloat()) {
      double *to = result.mutableFloats();
      for (APFloat value : elements.getValues<APFloat>())
        to[i++] = toDouble(value);
    } else {
      int64_t *to = result.mutableInts();
      for (const APInt &value : elements.getValues<APInt>())
        to[i++] = toStored(value);
    }
  }

  /// Elements of a resource are bytes as in memory, i1 one byte each.
  static LogicalResult readResource(Operation *op, DenseResourceElementsAttr attribute,
                                    EvalTensor &result) {
    AsmResourceBlob *blob = attribute.getRawHandle().getBlob();
    if (!blob)
      return op->emitOpError("has no data for the resource '")
             << attribute.getRawHandle().getKey() << "': the file's resource section lacks it";
    Type type = result.getElementType();
    unsigned bits = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
    size_t bytes = (bits + 7) / 8, wanted = bytes * result.getNumElements();
    ArrayRef<char> data = blob->getData();
    if (data.size() != wanted)
      return op->emitOpError("has a resource of ")
             << data.size() << " bytes, wanted " << wanted << " for " << attribute.getType();
    auto floatType = dyn_cast<FloatType>(type);
    double *floats = floatType ? result.mutableFloats() : nullptr;
    int64_t *ints = floatType ? nullptr : result.mutableInts();
    for (int64_t i = 0, e = result.getNumElements(); i < e; ++i) {
      uint64_t raw = 0;
      std::memcpy(&raw, data.data() + i * bytes, bytes);
      APInt value(bits, raw, /*isSigned=*/false, /*implicitTrunc=*/true);
      if (floatType)
        floats[i] = toDouble(APFloat(floatType.getFloatSemantics(), value));
      else
        ints[i] = toStored(value);
    }
    return success();
  }

  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor>,
                         SmallVectorImpl<EvalTensor> &results) const {
    Attribute value = cast<arith::ConstantOp>(op).getValue();
    EvalTensor result = makeResult(op);
    if (auto elements = dyn_cast<DenseElementsAttr>(value)) {
      readElements(elements, result);
    } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
      if (failed(readResource(op, resource, result)))
        return failure();
    } else if (failed(readScalar(value, result))) {
      return op->emitOpError("has a constant that cannot be evaluated: write numbers, dense or "
                             "dense_resource elements");
    }
    results.push_back(std::move(result));
    return success();
  }
};

/// Bits of floats are not kept: numbers are float64 in exact execution.
template <typename OpTy>
struct Refused : EvaluableOpInterface::ExternalModel<Refused<OpTy>, OpTy> {
  LogicalResult evaluate(Operation *op, ArrayRef<EvalTensor>, SmallVectorImpl<EvalTensor> &) const {
    return op->emitOpError("reads the bits of a number, which the interpreters do not keep: "
                           "convert the value instead (extf, truncf, sitofp, fptosi)");
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Table
//===----------------------------------------------------------------------===//

static void attachFloats(MLIRContext *context) {
  using namespace arith;
  attach<FloatUnary<NegFOp, negF>, FloatBinary<AddFOp, addF>, FloatBinary<SubFOp, subF>,
         FloatBinary<MulFOp, mulF>, FloatBinary<DivFOp, divF>, FloatBinary<RemFOp, remF>,
         FloatBinary<MaximumFOp, maximumF>, FloatBinary<MinimumFOp, minimumF>,
         FloatBinary<MaxNumFOp, maxNumF>, FloatBinary<MinNumFOp, minNumF>>(context);
}

static void attachIntegers(MLIRContext *context) {
  using namespace arith;
  attach<IntBinary<AddIOp, addI>, IntBinary<SubIOp, subI>, IntBinary<MulIOp, mulI>,
         IntBinary<AndIOp, andI>, IntBinary<OrIOp, orI>, IntBinary<XOrIOp, xorI>,
         IntBinary<MaxSIOp, maxS>, IntBinary<MinSIOp, minS>, IntBinary<MaxUIOp, maxU>,
         IntBinary<MinUIOp, minU>, IntBinary<ShLIOp, shl>, IntBinary<ShRUIOp, shrU>,
         IntBinary<ShRSIOp, shrS>>(context);
  attach<IntDivision<DivSIOp, divS>, IntDivision<DivUIOp, divU>, IntDivision<RemSIOp, remS>,
         IntDivision<RemUIOp, remU>, IntDivision<FloorDivSIOp, floorDivS>,
         IntDivision<CeilDivSIOp, ceilDivS>, IntDivision<CeilDivUIOp, ceilDivU>>(context);
  attach<Extended<AddUIExtendedOp, false, false>, Extended<MulUIExtendedOp, true, false>,
         Extended<MulSIExtendedOp, true, true>>(context);
}

static void attachCasts(MLIRContext *context) {
  using namespace arith;
  attach<FloatCast<ExtFOp>, FloatCast<TruncFOp>, FloatToInt<FPToSIOp, true>,
         FloatToInt<FPToUIOp, false>, IntToFloat<SIToFPOp, true>, IntToFloat<UIToFPOp, false>,
         IntUnary<ExtSIOp, signExtend>, IntUnary<ExtUIOp, zeroExtend>,
         IntUnary<TruncIOp, signExtend>, IntUnary<IndexCastOp, signExtend>,
         IntUnary<IndexCastUIOp, zeroExtend>, Refused<BitcastOp>, Refused<ScalingExtFOp>,
         Refused<ScalingTruncFOp>>(context);
}

void mlir::dchag::registerArithEvaluation(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, arith::ArithDialect *) {
    attachFloats(context);
    attachIntegers(context);
    attachCasts(context);
    attach<CompareFloats, CompareInts, Select, Constant>(context);
  });
}
