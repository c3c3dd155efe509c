//===- DchagDialect.cpp - the dchag dialect --------------------------------*- C++ -*-===//

#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::dchag;

#include "dialects/dchag/DchagDialect.cpp.inc"

void DchagDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "dialects/dchag/DchagOps.cpp.inc"
      >();
}

#define GET_OP_CLASSES
#include "dialects/dchag/DchagOps.cpp.inc"
