//===- ReshardMatrix.h - layouts, values and the search of the matrix ------*- C++ -*-===//
//
// Written apart from lib/Distribute, so that a mistake there is not made here as well: layouts
// are lists of axis numbers and sizes of parts, values are functions of an element and a rank.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_BENCH_RESHARDMATRIX_H
#define DCHAG_BENCH_RESHARDMATRIX_H

#include "bench/Bench.h"
#include "dialects/interfaces/CostModel.h"
#include "dialects/interfaces/EvalTensor.h"
#include "llvm/ADT/DenseMap.h"

namespace mlir::dchag::bench {

/// How partial results along an axis are combined.
enum class Combine : uint8_t { None, Sum, Max, Min };

/// A layout on a grid of at most 3 axes: for each dimension its axes, slowest first, and the
/// elements of a part.
struct Place {
  SmallVector<SmallVector<unsigned, 3>, 3> axes;
  SmallVector<int64_t, 3> local;
  SmallVector<Combine, 3> partial;
  /// Of the sharding; parts are what counts.
  SmallVector<int64_t, 3> blockSizes;

  /// A number for each layout, block sizes aside: sizes of parts are below 256, axes at most 3.
  uint64_t getKey() const;
  bool uses(unsigned axis) const;
  int64_t getNumLocal() const;
};

/// A tensor on a grid.
struct Setting {
  SmallVector<int64_t> grid, shape;
  /// Block sizes of split dimensions that are tried; one of them is 1.
  SmallVector<int64_t> blockSizes = {1};

  int64_t getNumRanks() const;
  int64_t getRanks(ArrayRef<unsigned> axes) const;
  /// Coordinates of a rank, the last axis fastest.
  SmallVector<int64_t> getCoordinates(int64_t rank) const;
};

/// All layouts: axes in dimensions in every order, or nowhere, or partial (where said) in every
/// kind.
std::vector<Place> getPlaces(const Setting &setting, bool withPartials);
/// All layouts that a value in `from` may be wanted in: partial only along what is partial in it.
std::vector<Place> getTargets(const Setting &setting, const Place &from);

ShardingAttr toSharding(const Place &place, MeshAttr mesh);

/// The part of a rank in `place` of a value of small integers that was partial as in `origin`: what
/// is partial there and not in `place` is combined. Padding is NaN.
EvalTensor makePart(const Setting &setting, const Place &origin, const Place &place, int64_t rank,
                    Type localType);

struct Reached {
  /// Of all steps.
  double seconds;
  unsigned steps;
};
/// Least seconds from one layout to each that can be reached, over all sequences of at
/// most `maxSteps` steps. A step is a slice, gather, exchange, scattered sum or whole sum over any
/// number of axes, also those that no side uses; parts may have any size up to
/// that of the whole dimension, and those that lead to a part of `targets`.
llvm::DenseMap<uint64_t, Reached> searchAll(const Setting &setting, const CostModel &costs,
                                            const Place &from, const std::vector<Place> &targets,
                                            unsigned maxSteps);

} // namespace mlir::dchag::bench

#endif // DCHAG_BENCH_RESHARDMATRIX_H
