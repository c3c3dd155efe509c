//===- DumpStages.cpp - the IR after each pass, in files --------*- C++ -*-===//

#include "DumpStages.h"
#include "dchag/Support/OutputFile.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/Pass.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>

using namespace mlir;
using namespace mlir::dchag;

/// Whether a file is a stage of an earlier run: 012-prepare.mlir.
static bool isStage(StringRef name) {
  return name.size() > 4 && llvm::all_of(name.take_front(3), llvm::isDigit) && name[3] == '-' &&
         name.ends_with(".mlir");
}

StageFolder::StageFolder(ModuleOp module, StringRef folder) : module(module), folder(folder) {
  // Stages of two runs in one folder could not be distinguished.
  std::error_code error;
  SmallVector<std::string> old;
  for (llvm::sys::fs::directory_iterator it(folder, error), end; it != end && !error;
       it.increment(error))
    if (isStage(llvm::sys::path::filename(it->path())))
      old.push_back(it->path());
  for (const std::string &path : old)
    llvm::sys::fs::remove(path);
  write("input");
}

void DumpStages::runAfterPass(Pass *pass, Operation *op) {
  // Pass managers inside of pass managers are passes without an argument.
  StringRef argument = pass->getArgument();
  if (argument.empty())
    return;
  auto symbol = op->getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName());
  stages.write(symbol ? (argument + "-" + symbol.getValue()).str() : argument.str());
}

void StageFolder::write(StringRef name) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream, OpPrintingFlags().enableDebugInfo());
  if (broken || text == last)
    return;
  std::string path;
  llvm::raw_string_ostream(path) << folder << "/" << llvm::format("%03u", number++) << "-" << name
                                 << ".mlir";
  llvm::Error error = OutputFile::write(path, [&](llvm::raw_ostream &os) { os << text << "\n"; });
  last = std::move(text);
  if (!error)
    return;
  // Only one message; the program itself is not affected.
  broken = true;
  module.emitWarning("--dump-stages: ") << llvm::toString(std::move(error));
}

bool StageFolder::take(StringRef folder) {
  // Kept open until the process ends, and with it the lock.
  int descriptor = ::open(folder.str().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return descriptor < 0 || flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
}
