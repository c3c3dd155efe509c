//===- OutputFile.cpp - files that are whole or not there ------------------*- C++ -*-===//

#include "dchag/Support/OutputFile.h"
#include "runtime/src/PartialFiles.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Signals.h"
#include <climits>
#include <unistd.h>

using namespace mlir::dchag;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;
using llvm::StringRef;

/// The target of a link, even if it does not exist yet.
static std::string followLinks(StringRef file) {
  constexpr int kMostLinks = 40;
  llvm::SmallString<256> place(file);
  for (int i = 0; i < kMostLinks && fs::is_symlink_file(place); ++i) {
    char target[4096];
    ssize_t length = readlink(place.c_str(), target, sizeof(target));
    if (length <= 0 || length == sizeof(target))
      break;
    llvm::SmallString<256> next;
    if (!path::is_absolute(StringRef(target, length)))
      next = path::parent_path(place);
    path::append(next, StringRef(target, length));
    place = next;
  }
  return place.str().str();
}

static std::string folderOf(StringRef file) {
  StringRef folder = path::parent_path(file);
  return folder.empty() ? "." : folder.str();
}

llvm::Error OutputFile::refuse(const llvm::Twine &reason) const {
  if (path == "-")
    return llvm::createStringError("cannot write to the standard output: " + reason);
  std::string link = place.empty() || place == path ? "" : " (a link to '" + place + "')";
  return llvm::createStringError("cannot write '" + path + "'" + link + ": " + reason);
}

/// Any number of files may be open at once.
llvm::Error OutputFile::openTemporary() {
  static const std::string tag = ::dchag::rt::makeTag();
  static size_t number = 0;
  std::string folder = folderOf(place);
  ::dchag::rt::removeLeftovers(folder);
  temporary = ::dchag::rt::partialPath(folder, tag, number++);
  llvm::sys::RemoveFileOnSignal(temporary);
  int descriptor = ::dchag::rt::createPartial(temporary);
  if (descriptor < 0) {
    std::error_code code(errno, std::generic_category());
    llvm::sys::DontRemoveFileOnSignal(temporary);
    temporary.clear();
    if (!fs::exists(folder))
      return refuse("there is no folder '" + folder + "'");
    return refuse("no file can be made in '" + folder + "': " + code.message());
  }
  stream = std::make_unique<llvm::raw_fd_ostream>(descriptor, /*shouldClose=*/true);
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<OutputFile>> OutputFile::open(StringRef path) {
  std::unique_ptr<OutputFile> file(new OutputFile(path));
  if (path == "-")
    return file;
  file->place = followLinks(path);
  if (fs::is_directory(file->place))
    return file->refuse("it is a folder: name a file");
  if (path::filename(file->place).size() > NAME_MAX)
    return file->refuse("its name is longer than " + llvm::Twine(NAME_MAX) +
                        " characters: name another file");
  if (!fs::exists(file->place) || fs::is_regular_file(file->place)) {
    if (llvm::Error error = file->openTemporary())
      return error;
    return file;
  }
  std::error_code code;
  file->stream = std::make_unique<llvm::raw_fd_ostream>(path, code);
  if (code)
    return file->refuse(code.message());
  return file;
}

OutputFile::~OutputFile() {
  if (stream) {
    stream->close();
    stream->clear_error();
  }
  if (temporary.empty())
    return;
  fs::remove(temporary);
  llvm::sys::DontRemoveFileOnSignal(temporary);
}

llvm::Error OutputFile::write(StringRef path, llvm::function_ref<void(llvm::raw_ostream &)> print) {
  llvm::Expected<std::unique_ptr<OutputFile>> file = open(path);
  if (!file)
    return file.takeError();
  print((*file)->os());
  return (*file)->keep();
}

llvm::Error OutputFile::flush() {
  os().flush();
  if (!os().has_error())
    return llvm::Error::success();
  std::string reason = os().error().message();
  os().clear_error();
  return refuse(reason);
}

llvm::Error OutputFile::keep() {
  if (llvm::Error error = flush())
    return error;
  if (!stream)
    return llvm::Error::success();
  // The lock ends with the descriptor, so the file is renamed first.
  if (!temporary.empty()) {
    if (std::error_code code = fs::rename(temporary, place))
      return refuse(code.message());
    llvm::sys::DontRemoveFileOnSignal(temporary);
    temporary.clear();
  }
  stream->close();
  if (!stream->has_error())
    return llvm::Error::success();
  std::string reason = stream->error().message();
  stream->clear_error();
  return refuse(reason);
}

llvm::Error mlir::dchag::flushStandardOutput() {
  llvm::outs().flush();
  if (!llvm::outs().has_error())
    return llvm::Error::success();
  std::string reason = llvm::outs().error().message();
  llvm::outs().clear_error();
  return llvm::createStringError("cannot write to the standard output: " + reason);
}
