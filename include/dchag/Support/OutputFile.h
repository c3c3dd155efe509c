//===- OutputFile.h - files that are whole or not there ---------*- C++ -*-===//
#ifndef DCHAG_SUPPORT_OUTPUTFILE_H
#define DCHAG_SUPPORT_OUTPUTFILE_H

#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <string>

namespace mlir::dchag {

/// A file under construction. It is written beside its place under a name of its own (see
/// runtime/src/PartialFiles.h) and renamed by `keep`, so that two runs do not mix their bytes and a
/// full disk or an interruption leaves what was there before. "-" stands for the standard output;
/// devices and pipes are written directly. A link is followed.
///
///     auto file = OutputFile::open(path);
///     if (!file) return emitError(loc) << llvm::toString(file.takeError());
///     (*file)->os() << ...;
///     if (llvm::Error error = (*file)->keep()) return emitError(loc) << ...;
///
/// Errors have one line that names the file and the reason: cannot write 'a/b': ...
class OutputFile {
public:
  static llvm::Expected<std::unique_ptr<OutputFile>> open(llvm::StringRef path);
  /// Removes the file unless it was kept.
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  llvm::raw_fd_ostream &os() { return stream ? *stream : llvm::outs(); }
  /// Where the file is before it is kept, for programs that write it themselves.
  llvm::StringRef getTemporary() const { return temporary; }
  /// Writes what is buffered; fails if anything could not be written.
  llvm::Error flush();
  /// Gives the file its name.
  llvm::Error keep();

private:
  explicit OutputFile(llvm::StringRef path) : path(path) {}
  llvm::Error openTemporary();
  llvm::Error refuse(const llvm::Twine &reason) const;

  std::string path;      ///< what the user said
  std::string place;     ///< the same without links
  std::string temporary; ///< empty if written directly
  std::unique_ptr<llvm::raw_fd_ostream> stream;
};

/// Fails if something that was printed to the standard output could not be written.
llvm::Error flushStandardOutput();

} // namespace mlir::dchag

#endif // DCHAG_SUPPORT_OUTPUTFILE_H
