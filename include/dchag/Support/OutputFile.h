//===- OutputFile.h - files that are whole or not there ---------*- C++ -*-===//
#ifndef DCHAG_SUPPORT_OUTPUTFILE_H
#define DCHAG_SUPPORT_OUTPUTFILE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <string>

namespace mlir::dchag {

/// A file under construction. It is written under a unique name next to its final path (see
/// runtime/src/PartialFiles.h) and renamed by `keep`, so that two runs do not mix their bytes and a
/// full disk or an interruption leaves the previous file unchanged. "-" is the standard output;
/// devices and pipes are written directly. Links are followed.
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
  /// A file with what `print` writes: open and keep in one.
  static llvm::Error write(llvm::StringRef path,
                           llvm::function_ref<void(llvm::raw_ostream &)> print);
  /// Removes the file unless it was kept.
  ~OutputFile();
  OutputFile(const OutputFile &) = delete;
  OutputFile &operator=(const OutputFile &) = delete;

  llvm::raw_fd_ostream &os() { return stream ? *stream : llvm::outs(); }
  /// The path of the file before it is kept, for programs that write it themselves.
  llvm::StringRef getTemporary() const { return temporary; }
  /// Writes buffered data; fails if anything could not be written.
  llvm::Error flush();
  /// Renames the file to its final path.
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
