//===- StridedCopy.cpp - copies between strided arrays ----------*- C++ -*-===//

#include "StridedCopy.h"

#include <algorithm>

using namespace dchag::rt;

namespace {

/// The two innermost loops: `rows` over a dimension along which the source is dense if there is
/// one, `columns` over the innermost dimension of the destination.
struct Plane {
  int64_t rows, columns;
  int64_t dstRow, dstColumn, srcRow, srcColumn;
};

/// Side of the tiles in which a transposing copy walks, so that both sides stay in cache.
constexpr int64_t tileSide = 32;

} // namespace

template <typename T>
static T load(const char *from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

template <typename To, typename From>
static void copyPlane(const Plane &plane, char *dst, const char *src) {
  const int64_t to = sizeof(To), from = sizeof(From);
  if constexpr (std::is_same_v<To, From>) {
    if (plane.dstColumn == 1 && plane.srcColumn == 1) {
      for (int64_t row = 0; row < plane.rows; ++row)
        std::memcpy(dst + row * plane.dstRow * to, src + row * plane.srcRow * from,
                    plane.columns * to);
      return;
    }
  }
  bool transposes = plane.srcColumn != 1 && plane.srcRow == 1;
  int64_t columnStep = transposes ? tileSide : plane.columns;
  int64_t rowStep = transposes ? tileSide : plane.rows;
  for (int64_t row0 = 0; row0 < plane.rows; row0 += rowStep)
    for (int64_t column0 = 0; column0 < plane.columns; column0 += columnStep) {
      int64_t rowEnd = std::min(row0 + rowStep, plane.rows);
      int64_t columnEnd = std::min(column0 + columnStep, plane.columns);
      for (int64_t row = row0; row < rowEnd; ++row)
        for (int64_t column = column0; column < columnEnd; ++column) {
          From value = load<From>(src + (row * plane.srcRow + column * plane.srcColumn) * from);
          To converted = convert<To>(value);
          std::memcpy(dst + (row * plane.dstRow + column * plane.dstColumn) * to, &converted,
                      sizeof(To));
        }
    }
}

/// Removes dimensions of size 1 and merges neighbours that are contiguous in both arrays.
static CopyShape simplify(const CopyShape &shape) {
  CopyShape result;
  for (int32_t d = 0; d < shape.rank; ++d) {
    if (shape.size[d] == 1)
      continue;
    int32_t last = result.rank - 1;
    if (last >= 0 && result.dst[last] == shape.dst[d] * shape.size[d] &&
        result.src[last] == shape.src[d] * shape.size[d]) {
      result.size[last] *= shape.size[d];
      result.dst[last] = shape.dst[d];
      result.src[last] = shape.src[d];
      continue;
    }
    result.add(shape.size[d], shape.dst[d], shape.src[d]);
  }
  return result;
}

/// Removes the two dimensions of the plane from `shape`.
static Plane takePlane(CopyShape &shape) {
  Plane plane = {1, 1, 1, 1, 1, 1};
  if (shape.rank == 0)
    return plane;
  int32_t column = --shape.rank;
  plane.columns = shape.size[column];
  plane.dstColumn = shape.dst[column];
  plane.srcColumn = shape.src[column];
  if (shape.rank == 0)
    return plane;
  int32_t row = shape.rank - 1;
  if (plane.srcColumn != 1)
    for (int32_t d = 0; d < shape.rank; ++d)
      if (shape.src[d] == 1)
        row = d;
  plane.rows = shape.size[row];
  plane.dstRow = shape.dst[row];
  plane.srcRow = shape.src[row];
  for (int32_t d = row + 1; d < shape.rank; ++d) {
    shape.size[d - 1] = shape.size[d];
    shape.dst[d - 1] = shape.dst[d];
    shape.src[d - 1] = shape.src[d];
  }
  --shape.rank;
  return plane;
}

template <typename To, typename From>
static void copyTyped(const CopyShape &original, void *dst, const void *src) {
  CopyShape shape = simplify(original);
  Plane plane = takePlane(shape);
  int64_t index[DCHAG_RT_MAX_RANK] = {};
  int64_t dstOffset = 0, srcOffset = 0;
  while (true) {
    copyPlane<To, From>(plane, static_cast<char *>(dst) + dstOffset * sizeof(To),
                        static_cast<const char *>(src) + srcOffset * int64_t(sizeof(From)));
    int32_t d = shape.rank - 1;
    for (; d >= 0; --d) {
      dstOffset += shape.dst[d];
      srcOffset += shape.src[d];
      if (++index[d] < shape.size[d])
        break;
      dstOffset -= shape.dst[d] * shape.size[d];
      srcOffset -= shape.src[d] * shape.size[d];
      index[d] = 0;
    }
    if (d < 0)
      return;
  }
}

bool dchag::rt::canConvert(int32_t from, int32_t to) {
  bool sameBits = from == to || (isInteger(from) && isInteger(to) && sizeOf(from) == sizeOf(to));
  return sizeOf(from) > 0 && (sameBits || (isFloat(from) && isFloat(to)));
}

void dchag::rt::stridedCopy(const CopyShape &shape, int32_t dstType, void *dst, int32_t srcType,
                            const void *src) {
  for (int32_t d = 0; d < shape.rank; ++d)
    if (shape.size[d] <= 0)
      return;
  if (dstType != srcType && isFloat(dstType)) {
    dispatchFloat(dstType, [&](auto *to) {
      dispatchFloat(srcType, [&](auto *from) {
        copyTyped<std::remove_pointer_t<decltype(to)>, std::remove_pointer_t<decltype(from)>>(
            shape, dst, src);
      });
    });
    return;
  }
  switch (sizeOf(dstType)) {
  case 1:
    return copyTyped<uint8_t, uint8_t>(shape, dst, src);
  case 2:
    return copyTyped<uint16_t, uint16_t>(shape, dst, src);
  case 4:
    return copyTyped<uint32_t, uint32_t>(shape, dst, src);
  case 8:
    return copyTyped<uint64_t, uint64_t>(shape, dst, src);
  default:
    return;
  }
}
