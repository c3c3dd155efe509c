//===- DumpStages.cpp - the IR after each pass, in files --------*- C++ -*-===//

#include "DumpStages.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::dchag;

DumpStages::DumpStages(ModuleOp module, StringRef folder) : module(module), folder(folder) {
  write("input");
}

void DumpStages::runAfterPass(Pass *pass, Operation *op) {
  // Pass managers inside of pass managers are passes without an argument.
  StringRef argument = pass->getArgument();
  if (argument.empty())
    return;
  auto symbol = op->getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName());
  write(symbol ? (argument + "-" + symbol.getValue()).str() : argument.str());
}

void DumpStages::write(StringRef name) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream, OpPrintingFlags().enableDebugInfo());
  if (broken || text == last)
    return;
  std::string path;
  llvm::raw_string_ostream(path) << folder << "/" << llvm::format("%03u", number++) << "-" << name
                                 << ".mlir";
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  file << text << "\n";
  file.flush();
  if (!error && file.has_error())
    error = file.error();
  file.clear_error();
  last = std::move(text);
  if (!error)
    return;
  // One message; the program itself is not concerned.
  broken = true;
  module.emitWarning("cannot write '") << path << "' for --dump-stages: " << error.message();
}
