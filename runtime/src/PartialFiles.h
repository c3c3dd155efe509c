//===- PartialFiles.h - files before they get their names -------*- C++ -*-===//
//
// The unfinished files of a run are called .dchag-MACHINE-PROCESS-NUMBER-0.partial and so on, where
// "MACHINE-PROCESS-NUMBER" is the tag of the run, with a random number. Unique names separate runs
// that write into one folder. The process that creates a file holds a lock on it as long as it
// lives: so the leftovers of a killed run are distinguished from files that another run still
// writes. The compiler writes its files in the same way.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_RUNTIME_PARTIALFILES_H
#define DCHAG_RUNTIME_PARTIALFILES_H

#include <cstdint>
#include <string>

namespace dchag::rt {

/// A unique tag.
std::string makeTag();
/// The path of unfinished file `index`.
std::string partialPath(const std::string &folder, const std::string &tag, size_t index);

/// Makes a file that must not exist yet, and locks it until the descriptor is closed; -1 with
/// errno if that fails.
int createPartial(const std::string &path);

/// Writes all bytes at `offset`; false with errno.
bool writeAt(int descriptor, const void *data, int64_t bytes, int64_t offset);
/// Makes what was written durable; false with errno.
bool syncFile(int descriptor);

/// Removes the unfinished files of runs of this machine that have ended.
void removeLeftovers(const std::string &folder);

/// A folder in which this process alone gives files their names while this lasts, so that of two
/// runs that end together the files of one are all there. Waits for a few seconds at most, and then
/// goes on: the other one may stand still.
class FolderTurn {
public:
  explicit FolderTurn(const std::string &folder);
  ~FolderTurn();
  FolderTurn(const FolderTurn &) = delete;
  FolderTurn &operator=(const FolderTurn &) = delete;

private:
  int descriptor;
};

} // namespace dchag::rt

#endif // DCHAG_RUNTIME_PARTIALFILES_H
