//===- FuzzSafetensors.cpp - headers of safetensors files -------*- C++ -*-===//

#include "Fuzz.h"
#include "runtime/src/Safetensors.h"

#include <algorithm>

using namespace dchag::rt;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  StoredTensors tensors;
  if (Error error = parseSafetensors(reinterpret_cast<const char *>(data), size, tensors)) {
    requireLine(error.message());
    return 0;
  }
  std::vector<std::pair<int64_t, int64_t>> ranges;
  for (const auto &entry : tensors) {
    const StoredTensor &tensor = entry.second;
    require(tensor.begin >= 8 && tensor.begin <= tensor.end &&
                tensor.end <= static_cast<int64_t>(size),
            "a tensor lies in the file");
    require(tensor.dtype < 0 ||
                countOf(tensor.shape) * sizeOf(tensor.dtype) == tensor.end - tensor.begin,
            "a tensor has the bytes of its shape");
    if (tensor.begin < tensor.end)
      ranges.push_back({tensor.begin, tensor.end});
  }
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 1; i < ranges.size(); ++i)
    require(ranges[i - 1].second <= ranges[i].first, "no tensors overlap");
  return 0;
}
