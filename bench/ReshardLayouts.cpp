//===- ReshardLayouts.cpp - layouts of the matrix and values in them -------*- C++ -*-===//

#include "bench/ReshardMatrix.h"
#include "llvm/ADT/DenseSet.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;

uint64_t Place::getKey() const {
  uint64_t key = 0;
  for (auto [list, size] : llvm::zip_equal(axes, local)) {
    uint64_t digits = 0;
    for (unsigned axis : list)
      digits = digits * 4 + axis + 1;
    key = (key * 64 + digits) * 256 + static_cast<uint64_t>(size);
  }
  for (Combine kind : partial)
    key = key * 4 + static_cast<uint64_t>(kind);
  return key;
}

bool Place::uses(unsigned axis) const {
  return partial[axis] != Combine::None ||
         llvm::any_of(axes, [&](const auto &list) { return llvm::is_contained(list, axis); });
}

int64_t Place::getNumLocal() const {
  int64_t count = 1;
  for (int64_t size : local)
    count *= size;
  return count;
}

int64_t Setting::getNumRanks() const {
  int64_t ranks = 1;
  for (int64_t size : grid)
    ranks *= size;
  return ranks;
}

int64_t Setting::getRanks(ArrayRef<unsigned> axes) const {
  int64_t ranks = 1;
  for (unsigned axis : axes)
    ranks *= grid[axis];
  return ranks;
}

SmallVector<int64_t> Setting::getCoordinates(int64_t rank) const {
  SmallVector<int64_t> coordinates(grid.size());
  for (unsigned axis = grid.size(); axis-- > 0;) {
    coordinates[axis] = rank % grid[axis];
    rank /= grid[axis];
  }
  return coordinates;
}

//===----------------------------------------------------------------------===//
// Layouts
//===----------------------------------------------------------------------===//

namespace {
class Enumeration {
public:
  Enumeration(const Setting &setting, SmallVector<SmallVector<Combine>> kinds)
      : setting(setting), kinds(std::move(kinds)) {
    place.axes.resize(setting.shape.size());
    place.partial.assign(setting.grid.size(), Combine::None);
  }
  std::vector<Place> run() {
    putAxis(0);
    return std::move(places);
  }

private:
  /// Puts an axis into every dimension behind and between the axes that are there.
  void putAxis(unsigned axis) {
    if (axis == setting.grid.size())
      return putBlockSize(0);
    putAxis(axis + 1);
    for (Combine kind : kinds[axis]) {
      place.partial[axis] = kind;
      putAxis(axis + 1);
    }
    place.partial[axis] = Combine::None;
    for (auto &list : place.axes)
      for (size_t at = 0; at <= list.size(); ++at) {
        list.insert(list.begin() + at, axis);
        putAxis(axis + 1);
        list.erase(list.begin() + at);
      }
  }

  void putBlockSize(unsigned dim) {
    if (dim == setting.shape.size()) {
      if (seen.insert(place.getKey()).second)
        places.push_back(place);
      return;
    }
    for (int64_t blockSize : setting.blockSizes) {
      int64_t ranks = setting.getRanks(place.axes[dim]), size = setting.shape[dim];
      place.blockSizes.push_back(blockSize);
      place.local.push_back(
          ranks == 1
              ? size
              : blockSize * int64_t(llvm::divideCeil(llvm::divideCeil(size, blockSize), ranks)));
      putBlockSize(dim + 1);
      place.blockSizes.pop_back();
      place.local.pop_back();
    }
  }

  const Setting &setting;
  /// Kinds of partial results along each axis.
  SmallVector<SmallVector<Combine>> kinds;
  Place place;
  llvm::DenseSet<uint64_t> seen;
  std::vector<Place> places;
};
} // namespace

std::vector<Place> bench::getPlaces(const Setting &setting, bool withPartials) {
  SmallVector<Combine> kinds;
  if (withPartials)
    kinds = {Combine::Sum, Combine::Max, Combine::Min};
  return Enumeration(setting, SmallVector<SmallVector<Combine>>(setting.grid.size(), kinds)).run();
}

std::vector<Place> bench::getTargets(const Setting &setting, const Place &from) {
  SmallVector<SmallVector<Combine>> kinds(setting.grid.size());
  for (auto [axis, kind] : llvm::enumerate(from.partial))
    if (kind != Combine::None)
      kinds[axis].push_back(kind);
  return Enumeration(setting, kinds).run();
}

ShardingAttr bench::toSharding(const Place &place, MeshAttr mesh) {
  MLIRContext *context = mesh.getContext();
  SmallVector<DimShardingAttr> dims;
  for (auto [list, blockSize] : llvm::zip_equal(place.axes, place.blockSizes)) {
    SmallVector<StringAttr> names;
    for (unsigned axis : list)
      names.push_back(mesh.getNames()[axis]);
    dims.push_back(DimShardingAttr::get(context, names, names.empty() ? 1 : blockSize));
  }
  static const FactorKind kinds[] = {FactorKind::Parallel, FactorKind::Sum, FactorKind::Max,
                                     FactorKind::Min};
  SmallVector<PartialAttr> partials;
  for (auto [axis, kind] : llvm::enumerate(place.partial))
    if (kind != Combine::None)
      partials.push_back(
          PartialAttr::get(context, mesh.getNames()[axis], kinds[static_cast<unsigned>(kind)]));
  return ShardingAttr::get(context, dims, partials);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

namespace {
/// A sum of one term for each kind of partial result. Each depends on the coordinates along the
/// axes of its kind alone, so that it does not matter which axis is combined first.
class PartialValue {
public:
  PartialValue(const Setting &setting, const Place &origin, const Place &place)
      : setting(setting), origin(origin) {
    for (unsigned axis = 0; axis < setting.grid.size(); ++axis)
      if (origin.partial[axis] != place.partial[axis])
        combined.push_back(axis);
  }

  double get(SmallVector<int64_t> coordinates, int64_t element, unsigned from = 0) const {
    if (from == combined.size())
      return getTerms(coordinates, element);
    unsigned axis = combined[from];
    double result = 0;
    for (int64_t i = 0; i < setting.grid[axis]; ++i) {
      coordinates[axis] = i;
      double value = get(coordinates, element, from + 1);
      if (i == 0)
        result = value;
      else if (origin.partial[axis] == Combine::Sum)
        result += value;
      else
        result = origin.partial[axis] == Combine::Max ? std::max(result, value)
                                                      : std::min(result, value);
    }
    return result;
  }

private:
  double getTerms(ArrayRef<int64_t> coordinates, int64_t element) const {
    double sum = 0;
    for (Combine kind : {Combine::Sum, Combine::Max, Combine::Min}) {
      uint64_t seed = static_cast<uint64_t>(kind) * 1000003 + element;
      for (auto [axis, position] : llvm::enumerate(coordinates))
        seed = seed * 31 + (origin.partial[axis] == kind ? position + 1 : 0);
      sum += static_cast<double>(Random(seed).from(-9, 9));
    }
    return sum;
  }

  const Setting &setting;
  const Place &origin;
  SmallVector<unsigned> combined;
};
} // namespace

EvalTensor bench::makePart(const Setting &setting, const Place &origin, const Place &place,
                           int64_t rank, Type localType) {
  PartialValue value(setting, origin, place);
  EvalTensor part(localType);
  SmallVector<int64_t> coordinates = setting.getCoordinates(rank);
  SmallVector<int64_t> offsets;
  for (auto [list, size] : llvm::zip_equal(place.axes, place.local)) {
    int64_t position = 0;
    for (unsigned axis : list)
      position = position * setting.grid[axis] + coordinates[axis];
    offsets.push_back(position * size);
  }
  double *data = part.mutableFloats();
  forEachIndex(place.local, [&](ArrayRef<int64_t> index) {
    int64_t element = 0;
    bool isPadding = false;
    for (unsigned dim = 0; dim < index.size(); ++dim) {
      int64_t at = offsets[dim] + index[dim];
      isPadding |= at >= setting.shape[dim];
      element = element * setting.shape[dim] + at;
    }
    *data++ = isPadding ? std::nan("") : value.get(coordinates, element);
  });
  return part;
}
