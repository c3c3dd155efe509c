//===- Axes.h - along which axes ranks exchange values ---------------------*- C++ -*-===//
#ifndef DCHAG_COLLECTIVES_AXES_H
#define DCHAG_COLLECTIVES_AXES_H

#include "mlir/IR/Operation.h"
#include <optional>

namespace mlir::dchag {

/// Grid axes of a collective of the shard dialect, along which ranks exchange values; nothing
/// for other ops and for local slices.
std::optional<ArrayRef<int16_t>> getCollectiveAxes(Operation *op);

} // namespace mlir::dchag

#endif // DCHAG_COLLECTIVES_AXES_H
