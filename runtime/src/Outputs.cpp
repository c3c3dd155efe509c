//===- Outputs.cpp - files that all ranks write together --------*- C++ -*-===//

#include "Outputs.h"
#include "Text.h"

#include "PartialFiles.h"
#include "Unfinished.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

using namespace dchag::rt;

static Error writeFailure(const std::string &path, const char *what) {
  return failure("output %s: cannot be %s (%s): check the folder, its permissions and the space "
                 "on its disk",
                 path.c_str(), what, systemReason().c_str());
}

/// Creates a folder and its parents.
static Error makeFolder(const std::string &folder) {
  for (size_t at = 1; at <= folder.size(); ++at) {
    if (at != folder.size() && folder[at] != '/')
      continue;
    std::string part = folder.substr(0, at);
    struct stat info;
    if (mkdir(part.c_str(), 0777) == 0)
      continue;
    int reason = errno;
    if (stat(part.c_str(), &info) == 0 && S_ISDIR(info.st_mode))
      continue;
    if (reason == EEXIST)
      return failure("output %s: cannot be made: %s is %s: remove it, or name another folder",
                     folder.c_str(), part.c_str(),
                     stat(part.c_str(), &info) == 0 ? "no folder" : "a link that leads nowhere");
    errno = reason;
    return writeFailure(folder, "made");
  }
  return Error::success();
}

Outputs::~Outputs() {
  discard();
  for (const File &file : files)
    if (file.descriptor >= 0)
      close(file.descriptor);
}

/// Any rank does so: the first one may have ended.
void Outputs::discard() {
  for (const File &file : files)
    if (!done)
      unlink(file.temporary.c_str());
}

void Outputs::keep() {
  done = true;
  forgetUnfinished();
}

void Outputs::nameTemporaries() {
  for (size_t i = 0; i < files.size(); ++i) {
    files[i].temporary = partialPath(folder, ownTag, i);
    noteUnfinished(files[i].temporary);
  }
}

Error Outputs::list(const dchag_program &program, const dchag_entry_point &entry,
                    const std::string &theFolder) {
  folder = theFolder;
  std::set<std::string> names;
  for (int32_t b : outputsOf(program, entry)) {
    std::string name = fileName(program.buffers[b].name);
    if (!names.insert(name).second)
      return failure("output \"%s\": another output has the file name %s.npy, too: rename one of "
                     "them in the model",
                     program.buffers[b].name, name.c_str());
    File file;
    file.buffer = b;
    file.path = folder + "/" + name + ".npy";
    files.push_back(std::move(file));
  }
  return Error::success();
}

std::string Outputs::renamed(const dchag_program &program) const {
  std::string text;
  for (const File &file : files) {
    const dchag_buffer &buffer = program.buffers[file.buffer];
    if (fileName(buffer.name) != buffer.name)
      text += escapeText(format("output \"%s\" is written to %s.npy", buffer.name,
                                fileName(buffer.name).c_str())) +
              "\n";
  }
  return text;
}

static Error writeAll(const std::string &path, int descriptor, const char *data, int64_t bytes,
                      int64_t offset) {
  return writeAt(descriptor, data, bytes, offset) ? Error::success()
                                                  : writeFailure(path, "written");
}

Error Outputs::createFile(const dchag_program &program, File &file, const Batches &batches) {
  const dchag_buffer &buffer = program.buffers[file.buffer];
  std::vector<int64_t> shape;
  for (int32_t d = 0; d < buffer.rank; ++d)
    shape.push_back(d == 0 && batches.covers(buffer) ? batches.samples : buffer.dims[d].global);
  std::string header;
  if (Error error = makeNpyHeader(buffer.dtype, shape, header))
    return failure("output \"%s\": %s", buffer.name, error.message().c_str());
  struct stat info;
  if (stat(file.path.c_str(), &info) == 0 && S_ISDIR(info.st_mode))
    return failure("output %s: is a folder: remove it, or name another folder by --output",
                   file.path.c_str());
  file.descriptor = createPartial(file.temporary);
  if (file.descriptor < 0)
    return writeFailure(file.path, "made");
  file.headerBytes = header.size();
  int64_t bytes = file.headerBytes + countOf(shape) * sizeOf(buffer.dtype);
  if (ftruncate(file.descriptor, bytes) != 0)
    return writeFailure(file.path, "made");
  // If the file system supports it, a full disk is noticed before the first step.
  if (fallocate(file.descriptor, 0, 0, bytes) != 0 && errno == ENOSPC)
    return writeFailure(file.path, "made");
  return writeAll(file.path, file.descriptor, header.data(), header.size(), 0);
}

Error Outputs::create(const dchag_program &program, const dchag_entry_point &entry,
                      const std::string &folder, const Batches &batches) {
  if (Error error = list(program, entry, folder))
    return error;
  owner = true;
  if (Error error = makeFolder(folder))
    return error;
  removeLeftovers(folder);
  ownTag = makeTag();
  nameTemporaries();
  for (File &file : files)
    if (Error error = createFile(program, file, batches))
      return error;
  return Error::success();
}

Error Outputs::join(const dchag_program &program, const dchag_entry_point &entry,
                    const std::string &folder, const std::string &tag) {
  if (Error error = list(program, entry, folder))
    return error;
  ownTag = tag;
  nameTemporaries();
  for (File &file : files) {
    file.descriptor = ::open(file.temporary.c_str(), O_RDWR | O_CLOEXEC);
    unsigned char start[10];
    if (file.descriptor < 0 || pread(file.descriptor, start, sizeof(start), 0) != sizeof(start))
      return writeFailure(file.path, "opened by this rank (is the folder shared by all machines?)");
    file.headerBytes = sizeof(start) + start[8] + 256 * start[9];
  }
  return Error::success();
}

/// Whether this rank writes its copy: of the ranks that hold the same part, the one at
/// position 0 along every axis that does not cut the tensor.
static bool isWriter(const dchag_buffer &buffer, const std::vector<int64_t> &coordinates) {
  for (size_t axis = 0; axis < coordinates.size(); ++axis) {
    bool cuts = false;
    for (int32_t d = 0; d < buffer.rank; ++d)
      for (int32_t a = 0; a < buffer.dims[d].num_axes; ++a)
        cuts |= buffer.dims[d].axes[a] == static_cast<int32_t>(axis);
    if (!cuts && coordinates[axis] != 0)
      return false;
  }
  return true;
}

/// The first dimension from which on a part is contiguous in the file: all later ones are whole.
static int32_t runStart(const dchag_buffer &buffer, const std::vector<Part> &parts) {
  int32_t inner = buffer.rank;
  while (inner > 0) {
    --inner;
    const Part &part = parts[inner];
    int64_t global = buffer.dims[inner].global;
    if (part.end - part.begin != global || part.local != global)
      break;
  }
  return inner;
}

/// Writes the elements of `parts`, those of sample 0 at byte `origin` of the file.
static Error writePart(const std::string &path, int descriptor, const dchag_buffer &buffer,
                       const std::vector<Part> &parts, int64_t origin, const char *data) {
  std::vector<int64_t> strides = localStrides(parts), fileStrides(buffer.rank);
  int64_t width = sizeOf(buffer.dtype), fileStride = width, run = width;
  int32_t inner = runStart(buffer, parts);
  for (int32_t d = buffer.rank - 1; d >= 0; --d) {
    if (parts[d].begin >= parts[d].end)
      return Error::success();
    fileStrides[d] = fileStride;
    fileStride *= buffer.dims[d].global;
    origin += parts[d].begin * fileStrides[d];
    if (d >= inner)
      run *= parts[d].end - parts[d].begin;
  }
  std::vector<int64_t> index(inner, 0);
  while (true) {
    int64_t from = 0, to = origin;
    for (int32_t d = 0; d < inner; ++d) {
      from += index[d] * strides[d] * width;
      to += index[d] * fileStrides[d];
    }
    if (Error error = writeAll(path, descriptor, data + from, run, to))
      return error;
    int32_t d = inner - 1;
    for (; d >= 0; --d) {
      if (parts[d].begin + ++index[d] < parts[d].end)
        break;
      index[d] = 0;
    }
    if (d < 0)
      return Error::success();
  }
}

Error Outputs::write(const dchag_program &program, const dchag_context &context,
                     const Batches &batches, int64_t step, const std::vector<void *> &table) {
  for (const File &file : files) {
    const dchag_buffer &buffer = program.buffers[file.buffer];
    if (!isWriter(buffer, context.coordinates))
      continue;
    std::vector<Part> parts = partsOf(program, buffer, context.coordinates);
    int64_t origin = file.headerBytes;
    if (batches.covers(buffer)) {
      int64_t sampleBytes = sizeOf(buffer.dtype);
      for (int32_t d = 1; d < buffer.rank; ++d)
        sampleBytes *= buffer.dims[d].global;
      origin += step * batches.compiled * sampleBytes;
      parts[0].end = std::clamp(batches.valid(step), parts[0].begin, parts[0].end);
    }
    if (Error error = writePart(file.path, file.descriptor, buffer, parts, origin,
                                static_cast<const char *>(table[file.buffer])))
      return error;
  }
  return Error::success();
}

Error Outputs::sync() {
  for (File &file : files) {
    if (!syncFile(file.descriptor))
      return writeFailure(file.path, "synced");
    // The first rank keeps its locks until the files are renamed.
    if (owner)
      continue;
    int descriptor = file.descriptor;
    file.descriptor = -1;
    if (close(descriptor) != 0)
      return writeFailure(file.path, "closed");
  }
  return Error::success();
}

Error Outputs::commit() {
  FolderTurn turn(folder);
  for (const File &file : files)
    if (rename(file.temporary.c_str(), file.path.c_str()) != 0)
      return writeFailure(file.path, "renamed");
  return Error::success();
}
