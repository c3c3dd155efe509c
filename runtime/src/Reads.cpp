//===- Reads.cpp - strided copies out of parameter files --------*- C++ -*-===//

#include "Buffers.h"
#include "Hash.h"
#include "StridedCopy.h"

#include <algorithm>
#include <cstdlib>

using namespace dchag::rt;

/// Bytes after which the pages of the source are dropped, so that only a small part of a file is
/// mapped at one time.
static constexpr int64_t pieceBytes = 16 << 20;

/// A read with an invalid box, which no compiler writes; found before any memory is touched.
static Error inconsistent(const dchag_file_param &param, const dchag_buffer &buffer) {
  return failure("weights tensor \"%s\": the program reads outside of it into buffer \"%s\": "
                 "compile the model again",
                 param.name, buffer.name);
}

/// First and last element of the file that the copy touches.
static bool sourceRange(const CopyShape &shape, int64_t origin, int64_t &first, int64_t &last) {
  first = last = origin;
  for (int32_t d = 0; d < shape.rank; ++d) {
    int64_t span = 0;
    if (__builtin_mul_overflow(shape.size[d] - 1, shape.src[d], &span) ||
        __builtin_add_overflow(span < 0 ? first : last, span, span < 0 ? &first : &last))
      return false;
  }
  return true;
}

namespace {

/// The copy of one read, clipped to the rank's part.
struct Clipped {
  CopyShape shape;
  int64_t dstOrigin = 0, srcOrigin = 0; ///< elements
  int64_t first = 0, last = 0;          ///< elements of the file between which all others are
  bool empty = false;
};

} // namespace

static Clipped clip(const dchag_buffer &buffer, const dchag_read &read,
                    const std::vector<Part> &parts) {
  Clipped result;
  const int64_t *offset = read.box, *size = offset + buffer.rank, *stride = size + buffer.rank;
  std::vector<int64_t> strides = localStrides(parts);
  result.srcOrigin = read.src_offset;
  for (int32_t d = 0; d < buffer.rank; ++d) {
    int64_t begin = std::max(offset[d], parts[d].begin);
    int64_t end = std::min(offset[d] + size[d], parts[d].end);
    if (begin >= end) {
      result.empty = true;
      return result;
    }
    result.srcOrigin += (begin - offset[d]) * stride[d];
    result.dstOrigin += (begin - parts[d].begin) * strides[d];
    result.shape.add(end - begin, strides[d], stride[d]);
  }
  return result;
}

/// Clips a read, and checks that it stays in its tensor.
static Error locate(const dchag_program &program, const dchag_buffer &buffer,
                    const dchag_read &read, const std::vector<Part> &parts,
                    const StoredTensor &tensor, Clipped &copy) {
  const dchag_file_param &param = program.file_params[read.file_param];
  copy = clip(buffer, read, parts);
  if (copy.empty)
    return Error::success();
  int64_t count = (tensor.end - tensor.begin) / sizeOf(param.dtype);
  if (!sourceRange(copy.shape, copy.srcOrigin, copy.first, copy.last) || copy.first < 0 ||
      copy.last >= count)
    return inconsistent(param, buffer);
  return Error::success();
}

Error dchag::rt::executeRead(const dchag_program &program, const dchag_buffer &buffer,
                             const dchag_read &read, const std::vector<Part> &parts,
                             const std::vector<FoundParam> &params, void *data) {
  const dchag_file_param &param = program.file_params[read.file_param];
  if (!canConvert(param.dtype, buffer.dtype))
    return failure("weights tensor \"%s\": %s cannot become %s: compile the model again",
                   param.name, nameOf(param.dtype), nameOf(buffer.dtype));
  const FoundParam &found = params[read.file_param];
  Clipped copy;
  if (Error error = locate(program, buffer, read, parts, *found.tensor, copy))
    return error;
  if (copy.empty)
    return Error::success();
  int64_t width = sizeOf(param.dtype);

  // Pieces along the outermost dimension that has more than one index.
  int32_t outer = 0;
  while (outer + 1 < copy.shape.rank && copy.shape.size[outer] == 1)
    ++outer;
  int64_t extent = copy.shape.rank ? copy.shape.size[outer] : 1, rowBytes = sizeOf(buffer.dtype);
  for (int32_t d = outer + 1; d < copy.shape.rank; ++d)
    rowBytes *= copy.shape.size[d];
  int64_t step = std::max<int64_t>(1, pieceBytes / std::max<int64_t>(1, rowBytes));
  for (int64_t at = 0; at < extent; at += step) {
    CopyShape piece = copy.shape;
    int64_t srcAt = copy.srcOrigin, dstAt = copy.dstOrigin;
    if (piece.rank) {
      piece.size[outer] = std::min(step, extent - at);
      srcAt += at * piece.src[outer];
      dstAt += at * piece.dst[outer];
    }
    int64_t first = 0, last = 0;
    if (!sourceRange(piece, srcAt, first, last))
      return inconsistent(param, buffer);
    int64_t begin = found.tensor->begin + first * width;
    int64_t end = found.tensor->begin + (last + 1) * width;
    found.file->file.willNeed(begin, end);
    stridedCopy(piece, buffer.dtype, static_cast<char *>(data) + dstAt * sizeOf(buffer.dtype),
                param.dtype, found.file->file.data() + found.tensor->begin + srcAt * width);
    found.file->file.drop(begin, end);
  }
  return Error::success();
}

namespace {

/// The source of a copy as runs of bytes in the order of the file, which is that in which disks
/// read it fastest.
struct FileOrder {
  /// `shape` has elements of `width` bytes, the first of which in the file is at byte `begin`.
  FileOrder(const CopyShape &shape, int64_t width, int64_t begin);
  /// Goes to the next run; false after the last.
  bool next();

  struct Dim {
    int64_t stride, size, index;
  };
  std::vector<Dim> dims;
  int64_t run, at;
};

} // namespace

FileOrder::FileOrder(const CopyShape &shape, int64_t width, int64_t begin) : run(width), at(begin) {
  // Which element comes first along a dimension is the program's matter, not that of the content.
  for (int32_t d = 0; d < shape.rank; ++d)
    if (shape.size[d] > 1 && shape.src[d] != 0)
      dims.push_back({std::abs(shape.src[d]) * width, shape.size[d], 0});
  std::sort(dims.begin(), dims.end(), [](const Dim &a, const Dim &b) {
    return a.stride != b.stride ? a.stride > b.stride : a.size > b.size;
  });
  for (; !dims.empty() && dims.back().stride == run; dims.pop_back())
    run *= dims.back().size;
}

bool FileOrder::next() {
  for (size_t d = dims.size(); d-- > 0; dims[d].index = 0) {
    at += dims[d].stride;
    if (++dims[d].index < dims[d].size)
      return true;
    at -= dims[d].stride * dims[d].size;
  }
  return false;
}

Error dchag::rt::hashRead(const dchag_program &program, const dchag_buffer &buffer,
                          const dchag_read &read, const std::vector<Part> &parts,
                          const std::vector<FoundParam> &params, Hash &hash) {
  const FoundParam &found = params[read.file_param];
  Clipped copy;
  if (Error error = locate(program, buffer, read, parts, *found.tensor, copy))
    return error;
  if (copy.empty)
    return Error::success();
  const MappedFile &file = found.file->file;
  int64_t width = sizeOf(program.file_params[read.file_param].dtype);
  int64_t begin = found.tensor->begin + copy.first * width, piece = begin;
  int64_t end = found.tensor->begin + (copy.last + 1) * width;
  file.willNeed(begin, std::min(begin + pieceBytes, end));
  FileOrder order(copy.shape, width, begin);
  do {
    for (int64_t at = order.at, to = at + order.run; at < to;) {
      int64_t bytes = std::min(pieceBytes, to - at);
      hash.add(file.data() + at, bytes);
      at += bytes;
      if (at - piece < pieceBytes)
        continue;
      file.drop(piece, at);
      piece = at;
      file.willNeed(at, std::min(at + pieceBytes, end));
    }
  } while (order.next());
  file.drop(begin, end);
  return Error::success();
}
