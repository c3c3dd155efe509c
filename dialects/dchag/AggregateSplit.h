//===- AggregateSplit.h - aggregations in several ops ----------------------*- C++ -*-===//
#ifndef DCHAG_AGGREGATESPLIT_H
#define DCHAG_AGGREGATESPLIT_H

#include "dialects/dchag/Dchag.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::dchag {

/// Replaces an aggregation with an output projection by one without, a `linalg.contract` with
/// `wo` and, with `bo`, an addition. The heads of what remains split freely, and the bias
/// follows the sum over them, so that it is added once. Fails if there is no projection.
LogicalResult splitOutputProjection(AggregateOp op, RewriterBase &rewriter);

} // namespace mlir::dchag

#endif // DCHAG_AGGREGATESPLIT_H
