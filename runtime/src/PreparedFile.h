//===- PreparedFile.h - prepared parameters in a file -----------*- C++ -*-===//
//
// A header with the key and with checksums of itself and of the data, then the data: buffers of one
// rank, one after the other.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_RUNTIME_PREPAREDFILE_H
#define DCHAG_RUNTIME_PREPAREDFILE_H

#include "Error.h"
#include "Hash.h"

#include <vector>

namespace dchag::rt {

/// Bytes in memory.
struct Span {
  void *data;
  int64_t bytes;
};

/// What reading a file came to.
enum class PreparedState { missing, damaged, read };

/// Reads the file of this key into the spans. If it is damaged, `reason` says why, without the
/// path, and the spans may hold anything.
PreparedState readPrepared(const std::string &path, const Digest &key,
                           const std::vector<Span> &spans, std::string &reason);

/// Writes the spans to the file `name` in `folder`, which is made if only it is missing. The file
/// appears complete or not at all. `index` tells ranks of one process apart.
Error writePrepared(const std::string &folder, const std::string &name, const Digest &key,
                    const std::vector<Span> &spans, size_t index);

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_PREPAREDFILE_H
