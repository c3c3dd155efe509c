//===- Fuzz.h - what all fuzz targets share --------------------------------*- C++ -*-===//
//
// A target is a function on bytes, LLVMFuzzerTestOneInput. Whatever they are, it returns: it
// neither crashes nor hangs, and what it accepts holds what callers rely on. libFuzzer links its
// main, other builds that of Replay.cpp.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_TEST_FUZZ_FUZZ_H
#define DCHAG_TEST_FUZZ_FUZZ_H

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/// Ends the process, as a crash does, where something that must hold does not.
inline void require(bool holds, const char *what) {
  if (holds)
    return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// A message of an error: one line that a terminal can print.
inline void requireLine(const std::string &message) {
  require(!message.empty(), "an error says something");
  for (char c : message)
    require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "an error is one printable line");
}

#endif // DCHAG_TEST_FUZZ_FUZZ_H
