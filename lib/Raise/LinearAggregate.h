//===- LinearAggregate.h - recognises linear aggregations ------------------*- C++ -*-===//
#ifndef DCHAG_LIB_RAISE_LINEARAGGREGATE_H
#define DCHAG_LIB_RAISE_LINEARAGGREGATE_H

#include "dchag/Views/IndexNotation.h"

namespace mlir::dchag {

/// Replaces a contraction over the channels of a tokenization or aggregation with a parameter by
/// `dchag.aggregate_linear`; returns false if the contraction is not of this form.
bool raiseLinear(linalg::ContractOp op, ParameterAnalysis &parameters);

} // namespace mlir::dchag

#endif // DCHAG_LIB_RAISE_LINEARAGGREGATE_H
