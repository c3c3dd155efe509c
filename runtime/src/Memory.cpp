//===- Memory.cpp - mapped files and aligned memory -------------*- C++ -*-===//

#include "Memory.h"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace dchag::rt;

/// From this size on, memory is asked for in huge pages.
static constexpr int64_t hugeFrom = 8 << 20;

Region &Region::operator=(Region &&other) noexcept {
  if (this != &other) {
    release();
    std::swap(start, other.start);
    std::swap(length, other.length);
  }
  return *this;
}

Error Region::allocate(int64_t bytes, const char *purpose) {
  release();
  if (bytes == 0)
    return Error::success();
  if (bytes < 0)
    return failure("%s: more bytes than can be counted: compile for more ranks", purpose);
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return failure("%s: cannot get %.1f MiB of memory (%s): compile for more ranks or a smaller "
                   "batch, or start fewer ranks on a machine",
                   purpose, bytes / 1048576.0, systemReason().c_str());
#ifdef MADV_HUGEPAGE
  if (bytes >= hugeFrom)
    madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  start = static_cast<char *>(memory);
  length = bytes;
  return Error::success();
}

Error Region::reserve(int64_t bytes, const char *purpose) {
  return bytes <= length ? Error::success() : allocate(bytes, purpose);
}

void Region::release() {
  if (start)
    give(start, length);
  start = nullptr;
  length = 0;
}

void Region::give(void *data, int64_t bytes) { munmap(data, bytes); }

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(start, other.start);
  std::swap(length, other.length);
  return *this;
}

MappedFile::~MappedFile() {
  if (start)
    munmap(const_cast<char *>(start), length);
}

Error MappedFile::open(const std::string &path) {
  // Not blocking: opening a pipe without a writer would block for ever.
  int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0)
    return failure("cannot be opened (%s): check the path and its permissions",
                   systemReason().c_str());
  struct stat info;
  if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(descriptor);
    return failure("is not a regular file: give the path of a file");
  }
  if (info.st_size == 0) {
    close(descriptor);
    return failure("is empty: write it again");
  }
  void *memory = mmap(nullptr, info.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  close(descriptor);
  if (memory == MAP_FAILED)
    return failure("cannot be mapped (%s): copy it to a local disk", systemReason().c_str());
  start = static_cast<const char *>(memory);
  length = info.st_size;
  return Error::success();
}

/// Applies `advice` to the pages that hold bytes [begin, end) of the mapping.
static void advise(const char *start, int64_t length, int64_t begin, int64_t end, int advice) {
  static const int64_t page = sysconf(_SC_PAGESIZE);
  begin = std::max<int64_t>(begin, 0) / page * page;
  end = std::min(end, length);
  if (begin < end)
    madvise(const_cast<char *>(start) + begin, end - begin, advice);
}

void MappedFile::willNeed(int64_t begin, int64_t end) const {
  advise(start, length, begin, end, MADV_WILLNEED);
}

void MappedFile::drop(int64_t begin, int64_t end) const {
  advise(start, length, begin, end, MADV_DONTNEED);
}

int64_t dchag::rt::peakResidentBytes() {
  std::FILE *status = std::fopen("/proc/self/status", "r");
  if (!status)
    return 0;
  char line[256];
  long long kilobytes = 0;
  while (std::fgets(line, sizeof(line), status))
    if (std::sscanf(line, "VmHWM: %lld kB", &kilobytes) == 1)
      break;
  std::fclose(status);
  return kilobytes * 1024;
}
