//===- Types.h - element types and their conversions ------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_TYPES_H
#define DCHAG_RUNTIME_TYPES_H

#include "dchag_rt.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

namespace dchag::rt {

/// Bytes of one element, 0 for a number that is no element type.
int64_t sizeOf(int32_t dtype);
/// Name as in messages ("f32"); "unknown type" for a number that is no element type.
const char *nameOf(int32_t dtype);
bool isFloat(int32_t dtype);
/// Signed or unsigned, and not a boolean.
bool isInteger(int32_t dtype);

/// "2x3x5", or "scalar" for rank 0.
std::string shapeText(const std::vector<int64_t> &shape);
std::string shapeText(const int64_t *shape, int32_t rank);

/// Product of the sizes, or -1 if a size is negative or the product overflows int64.
int64_t countOf(const std::vector<int64_t> &shape);

/// Storage of the two 16-bit floats; arithmetic is done in f32.
struct F16 {
  _Float16 value;
};
struct BF16 {
  uint16_t bits;
};

inline float toFloat(BF16 x) {
  uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

/// Round to nearest even; a NaN stays a NaN.
inline BF16 toBF16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof(bits));
  if (x != x)
    return {static_cast<uint16_t>((bits >> 16) | 0x40)};
  return {static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16)};
}

/// Rounds once: the intermediate f32 is rounded to odd, so that it cannot create a tie.
inline BF16 toBF16(double x) {
  float near = static_cast<float>(x);
  if (near != near || static_cast<double>(near) == x)
    return toBF16(near);
  uint32_t bits;
  std::memcpy(&bits, &near, sizeof(bits));
  bool awayFromZero = __builtin_fabs(static_cast<double>(near)) > __builtin_fabs(x);
  if (awayFromZero)
    --bits;
  bits |= 1;
  std::memcpy(&near, &bits, sizeof(bits));
  return toBF16(near);
}

/// convert<To>(from) between the float types.
template <typename To, typename From>
To convert(From x) {
  if constexpr (std::is_same_v<To, From>)
    return x;
  else if constexpr (std::is_same_v<From, BF16>)
    return convert<To>(toFloat(x));
  else if constexpr (std::is_same_v<From, F16>)
    return convert<To>(static_cast<float>(x.value));
  else if constexpr (std::is_same_v<To, BF16>)
    return toBF16(x);
  else if constexpr (std::is_same_v<To, F16>)
    return F16{static_cast<_Float16>(x)};
  else
    return static_cast<To>(x);
}

/// Calls `function` with a null pointer to the float type `dtype`; false if it is not a float.
template <typename Function>
bool dispatchFloat(int32_t dtype, Function function) {
  switch (dtype) {
  case DCHAG_F16:
    function(static_cast<F16 *>(nullptr));
    return true;
  case DCHAG_BF16:
    function(static_cast<BF16 *>(nullptr));
    return true;
  case DCHAG_F32:
    function(static_cast<float *>(nullptr));
    return true;
  case DCHAG_F64:
    function(static_cast<double *>(nullptr));
    return true;
  default:
    return false;
  }
}

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_TYPES_H
