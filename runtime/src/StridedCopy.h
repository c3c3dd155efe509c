//===- StridedCopy.h - copies between strided arrays ------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_STRIDEDCOPY_H
#define DCHAG_RUNTIME_STRIDEDCOPY_H

#include "Types.h"

namespace dchag::rt {

/// Sizes and element strides of a copy. Arrays need not be aligned to their elements.
struct CopyShape {
  int32_t rank = 0;
  int64_t size[DCHAG_RT_MAX_RANK];
  int64_t dst[DCHAG_RT_MAX_RANK];
  int64_t src[DCHAG_RT_MAX_RANK];

  void add(int64_t extent, int64_t dstStride, int64_t srcStride) {
    size[rank] = extent;
    dst[rank] = dstStride;
    src[rank++] = srcStride;
  }
};

/// Whether elements of one type can be copied to the other: equal types, integers of one width
/// (their bits are copied), or two floats.
bool canConvert(int32_t from, int32_t to);

/// dst[sum i*dst] = src[sum i*src] for all i below size, converted where the types differ.
/// Source and destination must not overlap. Needs canConvert(srcType, dstType).
void stridedCopy(const CopyShape &shape, int32_t dstType, void *dst, int32_t srcType,
                 const void *src);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_STRIDEDCOPY_H
