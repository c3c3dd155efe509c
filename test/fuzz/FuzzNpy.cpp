//===- FuzzNpy.cpp - npy files ----------------------------------*- C++ -*-===//

#include "Fuzz.h"
#include "runtime/src/Npy.h"
#include "runtime/src/Types.h"

using namespace dchag::rt;

/// What is written of an array that was read has the same type and shape.
static void checkRoundTrip(const ArrayView &view) {
  std::string file;
  if (view.shape.size() > 32)
    return;
  require(!makeNpyHeader(view.dtype, view.shape, file), "a header can be written");
  int64_t bytes = countOf(view.shape) * sizeOf(view.dtype);
  file.append(bytes, '\0');
  ArrayView again;
  require(!parseNpy(file.data(), file.size(), again), "what was written is read");
  require(again.dtype == view.dtype && again.shape == view.shape, "type and shape are kept");
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *bytes = reinterpret_cast<const char *>(data);
  ArrayView view;
  if (Error error = parseNpy(bytes, size, view)) {
    requireLine(error.message());
    return 0;
  }
  // The last element lies inside of the file, so that all do.
  int64_t count = countOf(view.shape), width = sizeOf(view.dtype), last = 0;
  require(count >= 0 && width > 0 && view.strides.size() == view.shape.size(), "the view is whole");
  for (size_t d = 0; d < view.shape.size() && count > 0; ++d)
    last += (view.shape[d] - 1) * view.strides[d];
  require(count == 0 || view.data + (last + 1) * width == bytes + size, "the data ends the file");
  checkRoundTrip(view);
  return 0;
}
