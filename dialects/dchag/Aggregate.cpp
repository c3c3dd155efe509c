//===- Aggregate.cpp - ops of Aggregate.td ---*- C++ -*-===//

#include "dialects/dchag/Dchag.h"

using namespace mlir;
using namespace mlir::dchag;

LogicalResult AggregateOp::verify() { return success(); }
LogicalResult AggregatePartialOp::verify() { return success(); }
LogicalResult MergePartialsOp::verify() { return success(); }
LogicalResult AggregateLinearOp::verify() { return success(); }
