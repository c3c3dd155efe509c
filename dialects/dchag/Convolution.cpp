//===- Convolution.cpp - ops of Convolution.td ---*- C++ -*-===//

#include "dialects/dchag/Dchag.h"

using namespace mlir;
using namespace mlir::dchag;

LogicalResult ConvolutionOp::verify() { return success(); }
