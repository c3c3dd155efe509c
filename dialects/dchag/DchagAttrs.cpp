//===- DchagAttrs.cpp - attributes of the dchag dialect --------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/OpUtils.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/IR/Module.h"

using namespace mlir;
using namespace mlir::dchag;

#include "dialects/dchag/DchagEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/dchag/DchagAttrs.cpp.inc"

static ArrayRef<int64_t> factorsOf(ArrayAttr values, unsigned value, unsigned dim) {
  return cast<DenseI64ArrayAttr>(cast<ArrayAttr>(values[value])[dim]).asArrayRef();
}

ArrayRef<int64_t> RuleAttr::getOperandFactors(unsigned operand, unsigned dim) const {
  return factorsOf(getOperands(), operand, dim);
}

ArrayRef<int64_t> RuleAttr::getResultFactors(unsigned result, unsigned dim) const {
  return factorsOf(getResults(), result, dim);
}

TypedAttr RuleAttr::getPaddingValue(unsigned operand, unsigned factor, Type elementType) const {
  for (Attribute attr : getPadding() ? getPadding().getValue() : ArrayRef<Attribute>()) {
    auto entry = cast<PaddingAttr>(attr);
    if (entry.getOperand() == int64_t(operand) && entry.getFactor() == int64_t(factor))
      return entry.getValue();
  }
  Builder builder(getContext());
  FactorKind kind = getFactor(factor).getKind();
  if (kind == FactorKind::Sum)
    return builder.getZeroAttr(elementType);
  if (kind != FactorKind::Max && kind != FactorKind::Min)
    return {};
  bool isMax = kind == FactorKind::Max;
  if (auto type = dyn_cast<FloatType>(elementType))
    return FloatAttr::get(type, APFloat::getInf(type.getFloatSemantics(), isMax));
  unsigned width = elementType.getIntOrFloatBitWidth();
  return IntegerAttr::get(elementType, isMax ? APInt::getSignedMinValue(width)
                                             : APInt::getSignedMaxValue(width));
}

bool RuleAttr::hasPadding(unsigned factor) const {
  return llvm::any_of(
      getPadding() ? getPadding().getValue() : ArrayRef<Attribute>(),
      [&](Attribute attr) { return cast<PaddingAttr>(attr).getFactor() == int64_t(factor); });
}

FactorKind RuleAttr::getPartialKind(unsigned result, unsigned factor) const {
  FactorKind kind = getFactor(factor).getKind();
  bool isMaximum = getMaximum() && getMaximum().getInt() == int64_t(result);
  return kind == FactorKind::Softmax && isMaximum ? FactorKind::Max : kind;
}

static LogicalResult verifyFactorLists(function_ref<InFlightDiagnostic()> emitError,
                                       ArrayAttr values, size_t numFactors) {
  for (Attribute value : values) {
    auto dims = dyn_cast<ArrayAttr>(value);
    if (!dims)
      return emitError() << "rule must have a list of dimensions for each value: got " << value;
    for (Attribute dim : dims) {
      auto factors = dyn_cast<DenseI64ArrayAttr>(dim);
      if (!factors)
        return emitError() << "rule must have an array<i64> of factors for each dimension: got "
                           << dim;
      for (int64_t factor : factors.asArrayRef())
        if (factor < 0 || static_cast<size_t>(factor) >= numFactors)
          return emitError() << "rule has " << numFactors << " factors, but names factor "
                             << factor;
    }
  }
  return success();
}

LogicalResult RuleAttr::verify(function_ref<InFlightDiagnostic()> emitError, ArrayAttr factors,
                               ArrayAttr operands, ArrayAttr results, ArrayAttr padding,
                               IntegerAttr maximum, ArrayAttr linear) {
  for (Attribute factor : factors)
    if (auto attr = dyn_cast<FactorAttr>(factor); !attr || attr.getSize() < 1)
      return emitError() << "rule must have factors of a positive size: got " << factor;
  for (Attribute attr : padding ? padding.getValue() : ArrayRef<Attribute>())
    if (auto entry = dyn_cast<PaddingAttr>(attr);
        !entry || entry.getOperand() < 0 || entry.getOperand() >= int64_t(operands.size()) ||
        entry.getFactor() < 0 || entry.getFactor() >= int64_t(factors.size()))
      return emitError() << "rule must name paddings of its operands and factors: got " << attr;
  if (maximum && (maximum.getInt() < 0 || maximum.getInt() >= int64_t(results.size())))
    return emitError() << "rule must name one of its " << results.size()
                       << " results as the maximum: got " << maximum.getInt();
  for (Attribute attr : linear ? linear.getValue() : ArrayRef<Attribute>()) {
    auto set = dyn_cast<DenseI64ArrayAttr>(attr);
    if (!set || llvm::any_of(set.asArrayRef(), [&](int64_t operand) {
          return operand < 0 || operand >= int64_t(operands.size());
        }))
      return emitError() << "rule must have sets of its " << operands.size()
                         << " operands in linear: got " << attr;
  }
  if (failed(verifyFactorLists(emitError, operands, factors.size())))
    return failure();
  return verifyFactorLists(emitError, results, factors.size());
}

void DchagDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/dchag/DchagAttrs.cpp.inc"
      >();
}
