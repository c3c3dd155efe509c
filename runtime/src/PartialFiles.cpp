//===- PartialFiles.cpp - files before they get their names -----*- C++ -*-===//

#include "PartialFiles.h"

#include "Error.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

using namespace dchag::rt;

static const char prefix[] = ".dchag-", suffix[] = ".partial";

/// A number for the name of this machine, which may have any characters and length.
static std::string machineTag() {
  char name[256] = "";
  gethostname(name, sizeof(name) - 1);
  uint32_t hash = 0x811c9dc5u;
  for (const char *c = name; *c; ++c)
    hash = (hash ^ static_cast<unsigned char>(*c)) * 0x01000193u;
  return format("%08x", hash);
}

std::string dchag::rt::makeTag() {
  uint64_t number = 0;
  if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number)) {
    timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    number = static_cast<uint64_t>(now.tv_sec) * 1000000000u + now.tv_nsec;
  }
  return format("%s-%d-%016llx", machineTag().c_str(), static_cast<int>(getpid()),
                static_cast<unsigned long long>(number));
}

std::string dchag::rt::partialPath(const std::string &folder, const std::string &tag,
                                   size_t index) {
  return folder + "/" + prefix + tag + "-" + std::to_string(index) + suffix;
}

int dchag::rt::createPartial(const std::string &path) {
  int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  // If the file system has no locks, no file is ever considered a leftover.
  if (descriptor >= 0 && flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    close(descriptor);
    errno = EBUSY;
    return -1;
  }
  // Another run may have removed it as a leftover just before it was locked.
  struct stat info;
  if (descriptor >= 0 && fstat(descriptor, &info) == 0 && info.st_nlink == 0) {
    close(descriptor);
    errno = EBUSY;
    return -1;
  }
  return descriptor;
}

bool dchag::rt::writeAt(int descriptor, const void *data, int64_t bytes, int64_t offset) {
  for (const char *from = static_cast<const char *>(data); bytes > 0;) {
    ssize_t written = pwrite(descriptor, from, bytes, offset);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    from += written;
    offset += written;
    bytes -= written;
  }
  return true;
}

bool dchag::rt::syncFile(int descriptor) {
  // Some file systems have nothing to sync, and say so.
  return fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS;
}

/// Whether a file was created by a process of this machine that has ended.
static bool isLeft(const std::string &name) {
  std::string start = prefix + machineTag() + "-", end = suffix;
  if (name.size() <= start.size() + end.size() || name.compare(0, start.size(), start) != 0 ||
      name.compare(name.size() - end.size(), end.size(), end) != 0)
    return false;
  long process = std::strtol(name.c_str() + start.size(), nullptr, 10);
  return process > 0 && kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH;
}

void dchag::rt::removeLeftovers(const std::string &folder) {
  DIR *entries = opendir(folder.c_str());
  if (!entries)
    return;
  while (dirent *entry = readdir(entries)) {
    if (!isLeft(entry->d_name))
      continue;
    std::string path = folder + "/" + entry->d_name;
    int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (descriptor < 0)
      continue;
    // A process in another PID namespace, as in a container, may hold it.
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0)
      unlink(path.c_str());
    close(descriptor);
  }
  closedir(entries);
}

FolderTurn::FolderTurn(const std::string &folder)
    : descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  constexpr int attempts = 500;
  constexpr timespec pause = {0, 10000000};
  for (int i = 0; i < attempts && descriptor >= 0; ++i) {
    if (flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
      return;
    nanosleep(&pause, nullptr);
  }
}

FolderTurn::~FolderTurn() {
  if (descriptor >= 0)
    close(descriptor);
}
