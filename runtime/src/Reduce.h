//===- Reduce.h - reductions over the copies of several ranks ---*- C++ -*-===//
#ifndef DCHAG_RUNTIME_REDUCE_H
#define DCHAG_RUNTIME_REDUCE_H

#include "Types.h"

namespace dchag::rt {

template <typename T>
struct Accumulator {
  using type = T;
};
template <>
struct Accumulator<F16> {
  using type = float;
};
template <>
struct Accumulator<BF16> {
  using type = float;
};

template <typename Acc>
Acc combine(int32_t reduction, Acc a, Acc b) {
  switch (reduction) {
  case DCHAG_SUM:
    return static_cast<Acc>(a + b);
  case DCHAG_MAX: // a NaN on either side is kept
    return a < b || b != b ? b : a;
  default:
    return b < a || b != b ? b : a;
  }
}

/// dst[i] = combination of sources[r][begin + i] in the order of r, for i below count. Sums
/// of 16-bit floats are kept in f32 and rounded once.
template <typename T>
void reduceTyped(int32_t reduction, const void *const *sources, int32_t numSources, int64_t begin,
                 int64_t count, void *dst) {
  using Acc = typename Accumulator<T>::type;
  auto get = [&](int32_t r, int64_t i) {
    T value;
    std::memcpy(&value, static_cast<const char *>(sources[r]) + (begin + i) * sizeof(T), sizeof(T));
    if constexpr (std::is_same_v<T, Acc>)
      return value;
    else
      return convert<Acc>(value);
  };
  for (int64_t i = 0; i < count; ++i) {
    Acc sum = get(0, i);
    for (int32_t r = 1; r < numSources; ++r)
      sum = combine(reduction, sum, get(r, i));
    T value;
    if constexpr (std::is_same_v<T, Acc>)
      value = sum;
    else
      value = convert<T>(sum);
    std::memcpy(static_cast<char *>(dst) + i * sizeof(T), &value, sizeof(T));
  }
}

/// Whether values of this type can be reduced so: booleans have a max and a min only.
inline bool canReduce(int32_t dtype, int32_t reduction) {
  return sizeOf(dtype) > 0 && reduction >= DCHAG_SUM && reduction <= DCHAG_MIN &&
         !(dtype == DCHAG_BOOL && reduction == DCHAG_SUM);
}

inline void reduceSources(int32_t dtype, int32_t reduction, const void *const *sources,
                          int32_t numSources, int64_t begin, int64_t count, void *dst) {
  switch (dtype) {
  case DCHAG_BOOL:
  case DCHAG_U8:
    return reduceTyped<uint8_t>(reduction, sources, numSources, begin, count, dst);
  case DCHAG_I8:
    return reduceTyped<int8_t>(reduction, sources, numSources, begin, count, dst);
  case DCHAG_I16:
    return reduceTyped<int16_t>(reduction, sources, numSources, begin, count, dst);
  case DCHAG_I32: // sums wrap around, as in the generated code
    return reduction == DCHAG_SUM
               ? reduceTyped<uint32_t>(reduction, sources, numSources, begin, count, dst)
               : reduceTyped<int32_t>(reduction, sources, numSources, begin, count, dst);
  case DCHAG_I64:
    return reduction == DCHAG_SUM
               ? reduceTyped<uint64_t>(reduction, sources, numSources, begin, count, dst)
               : reduceTyped<int64_t>(reduction, sources, numSources, begin, count, dst);
  case DCHAG_F16:
    return reduceTyped<F16>(reduction, sources, numSources, begin, count, dst);
  case DCHAG_BF16:
    return reduceTyped<BF16>(reduction, sources, numSources, begin, count, dst);
  case DCHAG_F32:
    return reduceTyped<float>(reduction, sources, numSources, begin, count, dst);
  case DCHAG_F64:
    return reduceTyped<double>(reduction, sources, numSources, begin, count, dst);
  default:
    return;
  }
}

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_REDUCE_H
