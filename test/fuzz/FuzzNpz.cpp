//===- FuzzNpz.cpp - npz archives -------------------------------*- C++ -*-===//

#include "Fuzz.h"
#include "runtime/src/ArrayFile.h"
#include "runtime/src/Types.h"

using namespace dchag::rt;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const char *bytes = reinterpret_cast<const char *>(data);
  ArrayFile file;
  if (Error error = file.parse(bytes, size)) {
    requireLine(error.message());
    return 0;
  }
  if (!file.isArchive())
    return 0;
  for (const std::string &name : file.names()) {
    ArrayView view;
    if (Error error = file.read(name, view)) {
      requireLine(error.message());
      continue;
    }
    // Every byte of the array can be read.
    int64_t length = countOf(view.shape) * sizeOf(view.dtype);
    unsigned sum = 0;
    for (int64_t i = 0; i < length; ++i)
      sum += static_cast<unsigned char>(view.data[i]);
    volatile unsigned kept = sum;
    (void)kept;
  }
  ArrayView view;
  require(static_cast<bool>(file.read("\x1b no such array", view)), "an array that is not there");
  return 0;
}
