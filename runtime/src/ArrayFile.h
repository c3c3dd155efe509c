//===- ArrayFile.h - npy and npz files --------------------------*- C++ -*-===//
#ifndef DCHAG_RUNTIME_ARRAYFILE_H
#define DCHAG_RUNTIME_ARRAYFILE_H

#include "Memory.h"
#include "Npy.h"
#include "Npz.h"

#include <memory>
#include <string>
#include <vector>

namespace dchag::rt {

/// The array of an npy file, or the arrays of an npz archive. Which of the two a file is, its
/// first bytes say. Errors do not name the file.
class ArrayFile {
public:
  /// Maps a file and, of an archive, reads the directory.
  Error open(const std::string &path);
  /// The same of bytes that somebody else holds.
  Error parse(const char *bytes, int64_t size);

  bool isArchive() const { return archive; }
  /// Names of the arrays of an archive, in its order: those of its files NAME.npy. No two are
  /// equal.
  const std::vector<std::string> &names() const { return arrayNames; }

  /// The array of an npy file.
  Error read(ArrayView &view) const;
  /// The array `name` of an archive. What it takes to unpack one stays until the file is closed.
  Error read(const std::string &name, ArrayView &view);
  /// Tells the system that the pages which were read are not needed any more.
  void drop() const { map.drop(0, map.size()); }

private:
  MappedFile map;
  const char *bytes = nullptr;
  int64_t size = 0;
  bool archive = false;
  std::vector<ZipEntry> entries; ///< those of `arrayNames`
  std::vector<std::string> arrayNames;
  std::vector<std::unique_ptr<Region>> unpacked;
};

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_ARRAYFILE_H
