//===- DchagAttrs.cpp - attributes of the dchag dialect --------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

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

void DchagDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/dchag/DchagAttrs.cpp.inc"
      >();
}
