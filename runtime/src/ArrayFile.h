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

/// The array of an npy file, or the arrays of an npz archive. The first bytes of the file
/// distinguish the two. Errors do not name the file.
class ArrayFile {
public:
  /// Maps a file and reads the directory of an archive.
  Error open(const std::string &path);
  /// The same for bytes that the caller owns.
  Error parse(const char *bytes, int64_t size);

  bool isArchive() const { return archive; }
  /// Names of the arrays of an archive, in its order: those of its files NAME.npy. They are unique.
  const std::vector<std::string> &names() const { return arrayNames; }

  /// The array of an npy file.
  Error read(ArrayView &view) const;
  /// The array `name` of an archive. Memory for unpacking is kept until the file is closed.
  Error read(const std::string &name, ArrayView &view);
  /// Advises the system that the pages read so far are not needed any more.
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
