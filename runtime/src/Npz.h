//===- Npz.h - archives of arrays -------------------------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_NPZ_H
#define DCHAG_RUNTIME_NPZ_H

#include "Memory.h"

#include <cstdint>
#include <vector>

namespace dchag::rt {

/// One file of an archive.
struct ZipEntry {
  std::string name;
  int64_t headerOffset = 0, packedBytes = 0, bytes = 0;
  uint32_t checksum = 0;
  uint16_t method = 0, flags = 0;
};

/// Whether these bytes start like a zip archive.
bool looksLikeZip(const char *bytes, int64_t size);

/// Reads the directory of a zip archive (also of 64-bit ones).
Error readZipDirectory(const char *bytes, int64_t size, std::vector<ZipEntry> &entries);

/// Finds the contents of `entry`. Stored files are not copied; deflated ones are inflated into
/// `unpacked` and their checksum is compared.
Error openZipEntry(const char *bytes, int64_t size, const ZipEntry &entry, Region &unpacked,
                   const char *&contents);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_NPZ_H
