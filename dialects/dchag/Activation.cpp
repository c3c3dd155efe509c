//===- Activation.cpp - ops of Activation.td ---*- C++ -*-===//

#include "dialects/dchag/Dchag.h"

using namespace mlir;
using namespace mlir::dchag;
