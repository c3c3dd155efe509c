//===- Types.cpp - element types and their conversions ----------*- C++ -*-===//

#include "Types.h"

using namespace dchag::rt;

int64_t dchag::rt::sizeOf(int32_t dtype) {
  switch (dtype) {
  case DCHAG_BOOL:
  case DCHAG_I8:
  case DCHAG_U8:
    return 1;
  case DCHAG_I16:
  case DCHAG_U16:
  case DCHAG_F16:
  case DCHAG_BF16:
    return 2;
  case DCHAG_I32:
  case DCHAG_U32:
  case DCHAG_F32:
    return 4;
  case DCHAG_I64:
  case DCHAG_U64:
  case DCHAG_F64:
    return 8;
  default:
    return 0;
  }
}

const char *dchag::rt::nameOf(int32_t dtype) {
  static const char *const names[] = {"bool", "i8",  "i16", "i32", "i64", "u8", "f16",
                                      "bf16", "f32", "f64", "u16", "u32", "u64"};
  return dtype >= 0 && dtype <= DCHAG_U64 ? names[dtype] : "unknown type";
}

bool dchag::rt::isInteger(int32_t dtype) {
  return sizeOf(dtype) > 0 && dtype != DCHAG_BOOL && !isFloat(dtype);
}

bool dchag::rt::isFloat(int32_t dtype) { return dtype >= DCHAG_F16 && dtype <= DCHAG_F64; }

std::string dchag::rt::shapeText(const int64_t *shape, int32_t rank) {
  if (rank == 0)
    return "scalar";
  std::string text;
  for (int32_t d = 0; d < rank; ++d)
    text += (d ? "x" : "") + std::to_string(shape[d]);
  return text;
}

std::string dchag::rt::shapeText(const std::vector<int64_t> &shape) {
  return shapeText(shape.data(), static_cast<int32_t>(shape.size()));
}

int64_t dchag::rt::countOf(const std::vector<int64_t> &shape) {
  int64_t count = 1;
  bool empty = false;
  for (int64_t size : shape) {
    if (size < 0)
      return -1;
    if (size == 0)
      empty = true;
    else if (__builtin_mul_overflow(count, size, &count))
      return -1;
  }
  return empty ? 0 : count;
}
