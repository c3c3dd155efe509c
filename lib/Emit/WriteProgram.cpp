//===- WriteProgram.cpp - a compiled module as a file ----------------------*- C++ -*-===//

#include "dchag/Emit/Emit.h"
#include "dchag/Support/OutputFile.h"
#include "dialects/interfaces/Target.h"
#include "llvm/IR/LLVMContext.h"

using namespace mlir;
using namespace mlir::dchag;

/// Writes the object, and from it the executable, whose object goes when it is linked.
static LogicalResult writeBinary(ModuleOp module, llvm::Module &code, bool links, StringRef path,
                                 StringRef runtimeDir) {
  llvm::Expected<std::unique_ptr<OutputFile>> object = OutputFile::open(path);
  if (!object)
    return module.emitError(llvm::toString(object.takeError()));
  if (failed(getTarget(module).emitObject(module, code, (*object)->os())))
    return failure();
  if (llvm::Error error = links ? (*object)->flush() : (*object)->keep())
    return module.emitError(llvm::toString(std::move(error)));
  return links ? linkExecutable(module, (*object)->getTemporary(), path, runtimeDir) : success();
}

LogicalResult mlir::dchag::writeProgram(ModuleOp module, ProgramKind kind, StringRef path,
                                        StringRef runtimeDir) {
  bool isText = kind == ProgramKind::Llvm;
  if (!isText && path == "-")
    return module.emitError("name the file to write by -o");
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = getTarget(module).translate(module, context);
  if (!code)
    return failure();
  if (!isText)
    return writeBinary(module, *code, kind == ProgramKind::Executable, path, runtimeDir);
  auto print = [&](llvm::raw_ostream &os) { code->print(os, nullptr); };
  if (llvm::Error error = OutputFile::write(path, print))
    return module.emitError(llvm::toString(std::move(error)));
  return success();
}
