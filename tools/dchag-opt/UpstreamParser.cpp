//===- UpstreamParser.cpp - text that upstream's parser cannot take --------*- C++ -*-===//
//
// Upstream's parser of linalg.transpose, linalg.broadcast and linalg.reduce stores the list of
// dimensions before it looks whether there was one: it says what is wrong, and crashes.
//
//===----------------------------------------------------------------------===//

#include "Input.h"
#include "dchag/Files/Text.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::dchag;

/// Whether one of those ops may have something other than a list of numbers.
static bool maySpellListsWrong(StringRef text) {
  for (StringRef word : {"permutation", "dimensions"})
    for (size_t at = text.find(word); at != StringRef::npos; at = text.find(word, at + 1)) {
      StringRef rest = text.substr(at + word.size()).ltrim();
      if (!rest.consume_front("=") || !rest.ltrim().consume_front("["))
        return true;
      StringRef list = rest.ltrim().drop_front();
      StringRef numbers =
          list.take_while([](char c) { return StringRef("0123456789, ").contains(c); });
      if (!list.substr(numbers.size()).starts_with("]"))
        return true;
    }
  return false;
}

LogicalResult dchag::checkUpstreamParses(StringRef text, StringRef path,
                                         const DialectRegistry &registry) {
  if (!maySpellListsWrong(text))
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
  if (!parses)
    llvm::errs() << messages;
  return success(parses);
}
