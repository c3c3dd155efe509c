//===- RuntimeDialect.cpp - the dchag_rt dialect ---------------------------*- C++ -*-===//

#include "dialects/dchag_rt/Runtime.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::dchag::rt;

#include "dialects/dchag_rt/RuntimeDialect.cpp.inc"
#include "dialects/dchag_rt/RuntimeEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/dchag_rt/RuntimeAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/dchag_rt/RuntimeTypes.cpp.inc"

void RuntimeDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/dchag_rt/RuntimeTypes.cpp.inc"
      >();
}

void RuntimeDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/dchag_rt/RuntimeAttrs.cpp.inc"
      >();
}

void RuntimeDialect::initialize() {
  registerAttributes();
  registerTypes();
  addOperations<
#define GET_OP_LIST
#include "dialects/dchag_rt/RuntimeOps.cpp.inc"
      >();
}

LogicalResult RuntimeDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() == ProgramAttr::attrName && !isa<ProgramAttr>(attribute.getValue()))
    return op->emitOpError() << ProgramAttr::attrName << " is " << attribute.getValue()
                             << ", wanted #dchag_rt.program";
  return success();
}

#define GET_OP_CLASSES
#include "dialects/dchag_rt/RuntimeOps.cpp.inc"
