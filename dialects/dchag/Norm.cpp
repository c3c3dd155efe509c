//===- Norm.cpp - ops of Norm.td ---*- C++ -*-===//

#include "dialects/dchag/Dchag.h"

using namespace mlir;
using namespace mlir::dchag;

LogicalResult LayerNormOp::verify() { return success(); }
LogicalResult RmsNormOp::verify() { return success(); }
LogicalResult SoftmaxOp::verify() { return success(); }
