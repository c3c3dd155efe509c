//===- ModelText.h - models in the form of ClimaX and D-CHAG as text -------*- C++ -*-===//
#ifndef DCHAG_BENCH_MODELTEXT_H
#define DCHAG_BENCH_MODELTEXT_H

#include "bench/Bench.h"

namespace mlir::dchag::bench {

/// Sizes of a model: tokens of every channel, one aggregation over all of them or, with several
/// groups, one a group and one over the groups, then blocks of a vision transformer.
struct ModelSizes {
  int64_t batch = 1, channels = 128, height = 32, width = 64, patch = 2;
  int64_t embedding = 1024, heads = 16, groups = 1, blocks = 0, mlpRatio = 4;
  int64_t getPositions() const { return (height / patch) * (width / patch); }
};

/// The module at the global level, raised, weights as arguments of `@step`.
std::string writeModel(const ModelSizes &sizes);

} // namespace mlir::dchag::bench

#endif // DCHAG_BENCH_MODELTEXT_H
