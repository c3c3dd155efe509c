//===- Attention.cpp - ops of Attention.td ---*- C++ -*-===//

#include "dialects/dchag/Dchag.h"

using namespace mlir;
using namespace mlir::dchag;

LogicalResult AttentionOp::verify() { return success(); }
