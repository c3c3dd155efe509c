//===- Patchify.cpp - ops of Patchify.td ---*- C++ -*-===//

#include "dialects/dchag/Dchag.h"

using namespace mlir;
using namespace mlir::dchag;

LogicalResult PatchifyOp::verify() { return success(); }
LogicalResult UnpatchifyOp::verify() { return success(); }
