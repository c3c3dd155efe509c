//===- DchagDialect.cpp - the dchag dialect --------------------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/Program.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::dchag;

#include "dialects/dchag/DchagDialect.cpp.inc"

void DchagDialect::initialize() {
  registerAttributes();
  attachRoles(getContext());
  addOperations<
#define GET_OP_LIST
#include "dialects/dchag/DchagOps.cpp.inc"
      >();
}

LogicalResult DchagDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  if (attribute.getName() == contract::kModel && !isa<StringAttr>(attribute.getValue()))
    return op->emitOpError() << contract::kModel << " is " << attribute.getValue()
                             << ", wanted a string";
  if (attribute.getName() == MeshAttr::attrName && !isa<MeshAttr>(attribute.getValue()))
    return op->emitOpError() << MeshAttr::attrName << " is " << attribute.getValue()
                             << ", wanted #dchag.mesh";
  if (attribute.getName() == kTargetAttr && !isa<TargetAttrInterface>(attribute.getValue()))
    return op->emitOpError() << kTargetAttr << " is " << attribute.getValue()
                             << ", wanted an attribute that implements TargetAttrInterface";
  if (attribute.getName() == ChannelSplitAttr::attrName &&
      !isa<ChannelSplitAttr>(attribute.getValue()))
    return op->emitOpError() << ChannelSplitAttr::attrName << " is " << attribute.getValue()
                             << ", wanted #dchag.channel_split";
  if (attribute.getName() == MarkAttr::attrName && !isa<ArrayAttr>(attribute.getValue()))
    return op->emitOpError() << MarkAttr::attrName << " is " << attribute.getValue()
                             << ", wanted a list of #dchag.mark for each result";
  if (attribute.getName() == MachineAttr::attrName && !isa<MachineAttr>(attribute.getValue()))
    return op->emitOpError() << MachineAttr::attrName << " is " << attribute.getValue()
                             << ", wanted #dchag.machine";
  return success();
}

LogicalResult DchagDialect::verifyRegionArgAttribute(Operation *op, unsigned region, unsigned index,
                                                     NamedAttribute attribute) {
  auto function = dyn_cast<func::FuncOp>(op);
  if (!function || region != 0)
    return success();
  return verifyPortAttribute(op, attribute, function.getFunctionType().getInput(index),
                             "argument " + Twine(index));
}

LogicalResult DchagDialect::verifyRegionResultAttribute(Operation *op, unsigned region,
                                                        unsigned index, NamedAttribute attribute) {
  auto function = dyn_cast<func::FuncOp>(op);
  if (!function || region != 0)
    return success();
  return verifyPortAttribute(op, attribute, function.getFunctionType().getResult(index),
                             "result " + Twine(index));
}

#define GET_OP_CLASSES
#include "dialects/dchag/DchagOps.cpp.inc"
