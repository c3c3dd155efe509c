//===- Memory.h - mapped files and aligned memory ---------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_MEMORY_H
#define DCHAG_RUNTIME_MEMORY_H

#include "Error.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace dchag::rt {

/// Zeroed memory directly from the system, page aligned, freed on destruction.
class Region {
public:
  Region() = default;
  Region(Region &&other) noexcept { *this = std::move(other); }
  Region &operator=(Region &&other) noexcept;
  ~Region() { release(); }

  /// Replaces what was held. `purpose` is named in the message.
  Error allocate(int64_t bytes, const char *purpose);
  /// Grows to at least `bytes`; contents are lost when it grows.
  Error reserve(int64_t bytes, const char *purpose);
  void release();
  /// Transfers ownership; `give` returns it.
  char *take() { return std::exchange(start, nullptr); }
  static void give(void *data, int64_t bytes);
  char *data() const { return start; }
  int64_t size() const { return length; }

private:
  char *start = nullptr;
  int64_t length = 0;
};

/// A file mapped for reading. Used pages can be dropped, so that what a rank reads once does not
/// stay in its memory.
class MappedFile {
public:
  MappedFile() = default;
  MappedFile(MappedFile &&other) noexcept { *this = std::move(other); }
  MappedFile &operator=(MappedFile &&other) noexcept;
  ~MappedFile();

  Error open(const std::string &path);
  const char *data() const { return start; }
  int64_t size() const { return length; }
  /// Advises the system that bytes [begin, end) will be read soon, or are not needed any more.
  void willNeed(int64_t begin, int64_t end) const;
  void drop(int64_t begin, int64_t end) const;

private:
  const char *start = nullptr;
  int64_t length = 0;
};

/// Peak resident memory of this process in bytes (VmHWM), 0 where the system does not say.
int64_t peakResidentBytes();

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_MEMORY_H
