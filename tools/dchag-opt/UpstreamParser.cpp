//===- UpstreamParser.cpp - text that crashes upstream's parser ------------*- C++ -*-===//

#include "Input.h"
#include "UpstreamLists.h"
#include "dchag/Files/Text.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::dchag;

LogicalResult dchag::checkUpstreamParses(StringRef text, StringRef path,
                                         const DialectRegistry &registry) {
  // Other text may crash it as well. Long text is not parsed twice to find that out.
  constexpr size_t shortText = 4 << 20;
  if (text.size() > shortText && !mayCrashUpstreamParser(text))
    return success();
  std::string messages;
  llvm::raw_string_ostream os(messages);
  llvm::CrashRecoveryContext::Enable();
  llvm::CrashRecoveryContext recovery;
  bool parses = recovery.RunSafely([&] {
    MLIRContext context(registry, MLIRContext::Threading::DISABLED);
    context.allowUnregisteredDialects();
    llvm::SourceMgr sources;
    sources.AddNewSourceBuffer(escapeSource(llvm::MemoryBuffer::getMemBufferCopy(text, path)),
                               llvm::SMLoc());
    SourceMgrDiagnosticHandler handler(sources, &context, os);
    escapeDiagnostics(context);
    (void)parseSourceFile<ModuleOp>(sources, &context);
  });
  llvm::CrashRecoveryContext::Disable();
  if (!parses && messages.empty())
    messages = (path + ":0:0: error: makes the parser fail without a reason\n").str();
  if (!parses)
    llvm::errs() << messages;
  return success(parses);
}
