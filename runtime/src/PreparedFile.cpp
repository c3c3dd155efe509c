//===- PreparedFile.cpp - prepared parameters in a file ---------*- C++ -*-===//

#include "PreparedFile.h"
#include "PartialFiles.h"
#include "Unfinished.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace dchag::rt;

namespace {

/// The start of a file, in the byte order of the machine: a program runs on one kind.
struct Header {
  char magic[8];
  uint32_t version;
  uint32_t headerBytes;
  Digest key;
  int64_t dataBytes;
  Digest dataHash;
  Digest headerHash; ///< of all that is before it
};
static_assert(sizeof(Header) == 72, "has no padding, which would be written");

/// A file that is closed on destruction.
struct File {
  explicit File(int descriptor) : descriptor(descriptor) {}
  File(const File &) = delete;
  ~File() {
    if (descriptor >= 0)
      close(descriptor);
  }
  int descriptor;
};

} // namespace

static constexpr char magic[] = "DCHAGPRE";
static constexpr uint32_t version = 1;
/// Data is hashed in pieces that are still in the processor's cache after they were read.
static constexpr int64_t pieceBytes = 256 << 10;

static Digest hashOf(const Header &header) {
  Hash hash;
  hash.add(&header, offsetof(Header, headerHash));
  return hash.digest();
}

static int64_t totalBytes(const std::vector<Span> &spans) {
  int64_t bytes = 0;
  for (const Span &span : spans)
    bytes += span.bytes;
  return bytes;
}

/// False with the reason in errno, which is 0 if the file ends before.
static bool readAt(int descriptor, void *data, int64_t bytes, int64_t offset) {
  for (char *to = static_cast<char *>(data); bytes > 0;) {
    ssize_t count = pread(descriptor, to, bytes, offset);
    if (count < 0 && errno == EINTR)
      continue;
    if (count == 0)
      errno = 0;
    if (count <= 0)
      return false;
    to += count;
    offset += count;
    bytes -= count;
  }
  return true;
}

static std::string checkSize(int64_t fileBytes, int64_t dataBytes) {
  int64_t wanted = sizeof(Header) + dataBytes;
  if (fileBytes == wanted)
    return {};
  return format("%shas %lld bytes, wanted %lld", fileBytes < wanted ? "is truncated: " : "",
                static_cast<long long>(fileBytes), static_cast<long long>(wanted));
}

/// The reason why the file is not what was written for this key; empty if it may be.
static std::string checkHeader(const Header &header, int64_t fileBytes, const Digest &key,
                               int64_t dataBytes) {
  if (std::memcmp(header.magic, magic, sizeof(header.magic)) != 0)
    return "is no file of prepared parameters";
  if (header.version != version || header.headerBytes != sizeof(Header))
    return format("is of version %u with a header of %u bytes, wanted %u with %zu", header.version,
                  header.headerBytes, version, sizeof(Header));
  if (header.headerHash != hashOf(header))
    return "its header is damaged";
  if (header.key != key)
    return "was made for another program, other weights or another rank";
  return header.dataBytes == dataBytes ? checkSize(fileBytes, dataBytes)
                                       : "has the sizes of another program";
}

static std::string readFile(int descriptor, const Digest &key, const std::vector<Span> &spans) {
  struct stat info;
  if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode))
    return "is not a regular file";
  Header header;
  auto reason = [&] {
    return errno ? "cannot be read (" + systemReason() + ")"
                 : checkSize(info.st_size, totalBytes(spans));
  };
  if (!readAt(descriptor, &header, sizeof(header), 0))
    return reason();
  std::string wrong = checkHeader(header, info.st_size, key, totalBytes(spans));
  if (!wrong.empty())
    return wrong;
  Hash hash;
  int64_t offset = sizeof(Header);
  for (const Span &span : spans)
    for (int64_t at = 0; at < span.bytes; at += pieceBytes) {
      char *piece = static_cast<char *>(span.data) + at;
      int64_t bytes = std::min(pieceBytes, span.bytes - at);
      if (!readAt(descriptor, piece, bytes, offset))
        return reason();
      hash.add(piece, bytes);
      offset += bytes;
    }
  return hash.digest() == header.dataHash ? "" : "its data is damaged";
}

PreparedState dchag::rt::readPrepared(const std::string &path, const Digest &key,
                                      const std::vector<Span> &spans, std::string &reason) {
  // Not blocking: opening a pipe without a writer would block for ever.
  File file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (file.descriptor < 0 && (errno == ENOENT || errno == ENOTDIR))
    return PreparedState::missing;
  reason = file.descriptor < 0 ? "cannot be opened (" + systemReason() + ")"
                               : readFile(file.descriptor, key, spans);
  return reason.empty() ? PreparedState::read : PreparedState::damaged;
}

/// Header and data; the header last, because it has the hash of the data. False with errno.
static bool writeFile(int descriptor, const Digest &key, const std::vector<Span> &spans) {
  Header header = {};
  std::memcpy(header.magic, magic, sizeof(header.magic));
  header.version = version;
  header.headerBytes = sizeof(Header);
  header.key = key;
  header.dataBytes = totalBytes(spans);
  // If the file system supports it, a full disk is noticed before anything is written.
  if (fallocate(descriptor, 0, 0, sizeof(Header) + header.dataBytes) != 0 &&
      (errno == ENOSPC || errno == EFBIG))
    return false;
  Hash hash;
  int64_t offset = sizeof(Header);
  for (const Span &span : spans) {
    hash.add(span.data, span.bytes);
    if (!writeAt(descriptor, span.data, span.bytes, offset))
      return false;
    offset += span.bytes;
  }
  header.dataHash = hash.digest();
  header.headerHash = hashOf(header);
  return writeAt(descriptor, &header, sizeof(header), 0) && syncFile(descriptor);
}

/// Makes a folder that is missing; false with errno.
static bool makeFolder(const std::string &folder) {
  if (mkdir(folder.c_str(), 0777) == 0)
    return true;
  int reason = errno;
  struct stat info;
  if (stat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode))
    return true;
  errno = reason;
  return false;
}

Error dchag::rt::writePrepared(const std::string &folder, const std::string &name,
                               const Digest &key, const std::vector<Span> &spans, size_t index) {
  auto fail = [&](const char *what) {
    return failure(
        "%s (%s), so nothing is kept: check the folder, its permissions and the space on its disk",
        what, systemReason().c_str());
  };
  if (!makeFolder(folder))
    return fail("cannot be made");
  removeLeftovers(folder);
  std::string temporary = partialPath(folder, makeTag(), index);
  noteUnfinished(temporary);
  File file(createPartial(temporary));
  if (file.descriptor < 0)
    return fail("no file can be made in it");
  // Its lock goes when it is closed: it is kept until the file has its name.
  bool isWritten = writeFile(file.descriptor, key, spans);
  if (isWritten && rename(temporary.c_str(), (folder + "/" + name).c_str()) == 0)
    return Error::success();
  Error error = fail(isWritten ? "its file cannot be renamed" : "its file cannot be written");
  unlink(temporary.c_str());
  return error;
}
