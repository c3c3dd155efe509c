//===- Strategy.h - the strategies of a distribution in one string ---------*- C++ -*-===//
#ifndef DCHAG_DISTRIBUTE_STRATEGY_H
#define DCHAG_DISTRIBUTE_STRATEGY_H

#include "dchag/Distribute/Passes.h"

namespace mlir::dchag {

/// Mesh axes, joined by '+', of each kind of parallelism; empty: not used.
struct Strategy {
  std::string data, parameters, widths, positions, channels;
  DistributeMode mode = DistributeMode::Replicate;
};

/// Parses "dp,fsdp,tp,sp=tp,hierarchical=tp": each entry is dp (samples), fsdp (parameters), tp
/// (heads and hidden widths), sp (positions) or a mode of the aggregation, with the axes it goes
/// over if they have another name (modes: tp). Of an empty text the axes of `mesh` that have the
/// name of a kind are used. `mode` is used when the text names none. On an error returns it.
FailureOr<Strategy> parseStrategy(StringRef text, StringRef mesh,
                                  std::optional<DistributeMode> mode, std::string &error);

} // namespace mlir::dchag

#endif // DCHAG_DISTRIBUTE_STRATEGY_H
