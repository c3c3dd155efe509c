//===- Link.cpp - objects and the runtime to an executable -----------------*- C++ -*-===//

#include "dchag/Emit/Emit.h"
#include "dchag/Support/OutputFile.h"
#include "dialects/interfaces/Target.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

using namespace mlir;
using namespace mlir::dchag;

/// Reads the file of linker flags that the build of the runtime writes next to its library, one
/// flag for each line.
static FailureOr<SmallVector<std::string>> readLinkFlags(ModuleOp module, StringRef runtimeDir) {
  SmallString<256> path(runtimeDir);
  llvm::sys::path::append(path, "link-flags");
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return module.emitError("cannot read ")
           << path << " (" << buffer.getError().message()
           << "), which says how to link with the runtime: build the target dchag_runtime, or name "
              "the folder by --runtime-dir";
  SmallVector<std::string> flags;
  SmallVector<StringRef> lines;
  (*buffer)->getBuffer().split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (StringRef line : lines)
    if (!line.trim().empty() && !line.starts_with("#")) {
      std::string flag = line.trim().str();
      // The folder of the file itself, so that an installation can be moved.
      for (size_t at; (at = flag.find("@DIR@")) != std::string::npos;)
        flag.replace(at, 5, runtimeDir);
      flags.push_back(flag);
    }
  return flags;
}

static FailureOr<std::string> findLinker(ModuleOp module) {
  for (StringRef name : {"clang-22", "clang", "cc", "gcc"})
    if (auto path = llvm::sys::findProgramByName(name))
      return *path;
  return module.emitError("found no compiler driver to link with (clang-22, clang, cc or gcc on "
                          "PATH): install one, or use --emit=obj and link by hand");
}

LogicalResult mlir::dchag::linkExecutable(ModuleOp module, StringRef object, StringRef path,
                                          StringRef runtimeDir) {
  FailureOr<SmallVector<std::string>> flags = readLinkFlags(module, runtimeDir);
  if (failed(flags))
    return failure();
  FailureOr<std::string> linker = findLinker(module);
  if (failed(linker))
    return failure();
  llvm::Expected<std::unique_ptr<OutputFile>> program = OutputFile::open(path);
  if (!program)
    return module.emitError(llvm::toString(program.takeError()));
  // The log is next to the program, too: a folder for temporary files may be missing or full.
  llvm::Expected<std::unique_ptr<OutputFile>> log = OutputFile::open(path);
  if (!log)
    return module.emitError(llvm::toString(log.takeError()));

  SmallVector<StringRef> arguments{*linker, object, "-o", (*program)->getTemporary()};
  llvm::append_range(arguments, *flags);
  SmallVector<std::string> ofTarget = getTarget(module).getLinkFlags();
  llvm::append_range(arguments, ofTarget);
  StringRef logPath = (*log)->getTemporary();
  std::optional<StringRef> redirects[] = {StringRef(""), logPath, logPath};
  std::string error;
  int status = llvm::sys::ExecuteAndWait(*linker, arguments, std::nullopt, redirects, 0, 0, &error);
  if (status != 0) {
    auto output = llvm::MemoryBuffer::getFile(logPath);
    InFlightDiagnostic diagnostic = module.emitError("linking failed: ")
                                    << *linker << " ended with " << status << " " << error;
    SmallVector<StringRef> lines;
    if (output)
      (*output)->getBuffer().split(lines, '\n', -1, /*KeepEmpty=*/false);
    for (StringRef line : lines)
      diagnostic.attachNote() << line;
    return diagnostic;
  }
  if (llvm::Error problem = (*program)->keep())
    return module.emitError(llvm::toString(std::move(problem)));
  return success();
}
