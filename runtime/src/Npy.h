//===- Npy.h - arrays in NumPy's file format --------------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_NPY_H
#define DCHAG_RUNTIME_NPY_H

#include "Error.h"

#include <cstdint>
#include <vector>

namespace dchag::rt {

/// An array in bytes that the caller owns.
struct ArrayView {
  int32_t dtype = 0;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides; ///< in elements
  const char *data = nullptr;
};

/// Parses the header of `size` bytes at `bytes` and checks that the data is complete and nothing
/// follows it. Versions 1 to 3, little-endian, C or Fortran order; two-byte voids are bf16. The
/// error does not name the file.
Error parseNpy(const char *bytes, int64_t size, ArrayView &view);

/// Header of a version 1 file of this type and shape, padded to a multiple of 64 bytes. The data
/// that follows it is row major; bf16 is written as ml_dtypes does.
Error makeNpyHeader(int32_t dtype, const std::vector<int64_t> &shape, std::string &header);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_NPY_H
