//===- Npz.cpp - archives of arrays -----------------------------*- C++ -*-===//
//
// numpy.savez and numpy.savez_compressed write zip archives of npy files, the stored ones
// with 64-bit local headers. Sizes come from the central directory, which is always complete.
//
//===----------------------------------------------------------------------===//

#include "Npz.h"

#include <algorithm>
#include <cstring>
#include <zlib.h>

using namespace dchag::rt;

namespace {

constexpr uint32_t localSignature = 0x04034b50, centralSignature = 0x02014b50;
constexpr uint32_t endSignature = 0x06054b50, end64Signature = 0x06064b50;
constexpr uint32_t locator64Signature = 0x07064b50;
constexpr int64_t endBytes = 22, locator64Bytes = 20, end64Bytes = 56;
constexpr int64_t centralBytes = 46, localBytes = 30;

/// Little-endian fields of a byte range; a field outside of it sets `failed`.
class Fields {
public:
  Fields(const char *bytes, int64_t size) : bytes(bytes), size(size) {}

  uint64_t get(int64_t offset, int width) {
    if (offset < 0 || size < width || offset > size - width) {
      failed = true;
      return 0;
    }
    uint64_t value = 0;
    for (int i = width - 1; i >= 0; --i)
      value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
    return value;
  }
  /// A 64-bit field as a position; one beyond any file size sets `failed`.
  int64_t position(int64_t offset) {
    uint64_t value = get(offset, 8);
    if (value > static_cast<uint64_t>(INT64_MAX) / 2) {
      failed = true;
      return 0;
    }
    return static_cast<int64_t>(value);
  }
  bool contains(int64_t offset, int64_t length) const {
    return offset >= 0 && length >= 0 && length <= size && offset <= size - length;
  }

  const char *bytes;
  int64_t size;
  bool failed = false;
};

} // namespace

static Error malformed(const char *what) {
  return failure("is a damaged npz archive (%s): write it again with numpy.savez", what);
}

bool dchag::rt::looksLikeZip(const char *bytes, int64_t size) {
  return size >= 4 &&
         (std::memcmp(bytes, "PK\3\4", 4) == 0 || std::memcmp(bytes, "PK\5\6", 4) == 0);
}

/// Position of the end record, searched backwards over a comment of up to 64 KiB; -1 if none.
static int64_t findEnd(Fields &fields) {
  int64_t first = std::max<int64_t>(0, fields.size - endBytes - 0xffff);
  for (int64_t at = fields.size - endBytes; at >= first; --at)
    if (fields.get(at, 4) == endSignature)
      return at;
  return -1;
}

/// Replaces the fields that do not fit in 32 bits by those of the extra field.
static void readExtra64(Fields &fields, int64_t at, int64_t length, ZipEntry &entry) {
  int64_t end = at + length;
  while (at + 4 <= end && !fields.failed) {
    int64_t kind = fields.get(at, 2), bytes = fields.get(at + 2, 2);
    if (kind == 1) {
      int64_t field = at + 4;
      for (int64_t *value : {&entry.bytes, &entry.packedBytes, &entry.headerOffset})
        if (*value == 0xffffffff && field + 8 <= at + 4 + bytes) {
          *value = fields.position(field);
          field += 8;
        }
      return;
    }
    at += 4 + bytes;
  }
}

Error dchag::rt::readZipDirectory(const char *bytes, int64_t size, std::vector<ZipEntry> &entries) {
  Fields fields(bytes, size);
  int64_t end = findEnd(fields);
  if (end < 0)
    return malformed("it has no directory, perhaps it is truncated");
  int64_t count = fields.get(end + 10, 2);
  int64_t at = fields.get(end + 16, 4);
  int64_t locator = end - locator64Bytes;
  if (locator >= 0 && fields.get(locator, 4) == locator64Signature) {
    int64_t end64 = fields.position(locator + 8);
    if (fields.get(end64, 4) != end64Signature || !fields.contains(end64, end64Bytes))
      return malformed("its 64-bit directory is missing");
    count = fields.position(end64 + 32);
    at = fields.position(end64 + 48);
  }
  for (int64_t i = 0; i < count; ++i) {
    if (fields.get(at, 4) != centralSignature || !fields.contains(at, centralBytes))
      return malformed("its directory is cut off");
    ZipEntry entry;
    entry.flags = fields.get(at + 8, 2);
    entry.method = fields.get(at + 10, 2);
    entry.checksum = fields.get(at + 16, 4);
    entry.packedBytes = fields.get(at + 20, 4);
    entry.bytes = fields.get(at + 24, 4);
    entry.headerOffset = fields.get(at + 42, 4);
    int64_t nameBytes = fields.get(at + 28, 2), extraBytes = fields.get(at + 30, 2);
    int64_t commentBytes = fields.get(at + 32, 2);
    if (!fields.contains(at + centralBytes, nameBytes + extraBytes + commentBytes))
      return malformed("its directory is cut off");
    entry.name.assign(bytes + at + centralBytes, nameBytes);
    readExtra64(fields, at + centralBytes + nameBytes, extraBytes, entry);
    if (fields.failed)
      return malformed("its directory has fields out of range");
    entries.push_back(std::move(entry));
    at += centralBytes + nameBytes + extraBytes + commentBytes;
  }
  return Error::success();
}

static Error checkSum(const char *contents, const ZipEntry &entry) {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
  return Error::success(); // a fuzzer would get no further
#endif
  uLong checksum = crc32_z(0, reinterpret_cast<const Bytef *>(contents), entry.bytes);
  if (entry.bytes > 0 && checksum != entry.checksum)
    return malformed("a checksum does not agree");
  return Error::success();
}

static Error inflateEntry(const char *packed, const ZipEntry &entry, Region &unpacked) {
  // Deflate cannot compress by more than 1032; a larger claim is a malicious file.
  if (entry.bytes / 1100 > entry.packedBytes)
    return malformed("an array claims more bytes than its data can hold");
  if (Error error = unpacked.allocate(entry.bytes, "npz"))
    return error;
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return malformed("zlib cannot start");
  int64_t in = 0, out = 0;
  const int64_t piece = 1 << 30;
  int result = Z_OK;
  while (result == Z_OK) {
    int64_t give = std::min(piece, entry.packedBytes - in);
    int64_t take = std::min(piece, entry.bytes - out);
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(packed + in));
    stream.avail_in = give;
    stream.next_out = reinterpret_cast<Bytef *>(unpacked.data() + out);
    stream.avail_out = take;
    result = inflate(&stream, Z_NO_FLUSH);
    int64_t read = give - stream.avail_in, written = take - stream.avail_out;
    in += read;
    out += written;
    if (result == Z_OK && read == 0 && written == 0)
      break;
  }
  inflateEnd(&stream);
  if (result != Z_STREAM_END || out != entry.bytes)
    return malformed("the deflated data is corrupt");
  return checkSum(unpacked.data(), entry);
}

Error dchag::rt::openZipEntry(const char *bytes, int64_t size, const ZipEntry &entry,
                              Region &unpacked, const char *&contents) {
  Fields fields(bytes, size);
  int64_t at = entry.headerOffset;
  if (!fields.contains(at, localBytes) || fields.get(at, 4) != localSignature)
    return malformed("an array is not where the directory says");
  if (entry.flags & 1)
    return failure("is an encrypted archive: write it again with numpy.savez");
  int64_t data = at + localBytes + fields.get(at + 26, 2) + fields.get(at + 28, 2);
  if (!fields.contains(data, entry.packedBytes))
    return malformed("an array is cut off");
  if (entry.method == 0) {
    if (entry.bytes != entry.packedBytes)
      return malformed("a stored array has two sizes");
    contents = bytes + data;
    return checkSum(contents, entry);
  }
  if (entry.method != 8)
    return failure("is compressed by zip method %d: wanted stored or deflated; write it again "
                   "with numpy.savez",
                   entry.method);
  if (Error error = inflateEntry(bytes + data, entry, unpacked))
    return error;
  contents = unpacked.data();
  return Error::success();
}
