//===- FuzzIr.cpp - textual IR: parser, verifiers, verify passes -----------*- C++ -*-===//

#include "Context.h"
#include "dchag/InitAll.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "tools/dchag-opt/UpstreamLists.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

static DialectRegistry &getRegistry() {
  static DialectRegistry registry;
  static bool isRegistered = [] {
    mlir::dchag::registerAllDialects(registry);
    mlir::dchag::registerAllPasses();
    return true;
  }();
  (void)isRegistered;
  return registry;
}

/// The passes that check what no verifier of an op can see. They may fail, and change nothing.
static void runVerifyPasses(ModuleOp module) {
  for (StringRef name :
       {"verify-global", "verify-shardings", "verify-partition", "verify-collectives"}) {
    PassManager manager(module.getContext(), ModuleOp::getOperationName());
    manager.enableVerifier(false);
    require(succeeded(parsePassPipeline(name, manager, llvm::nulls())), "a pass is registered");
    (void)manager.run(module);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static FuzzContext contexts(getRegistry());
  // The lexer wants a zero after the text.
  std::string text(reinterpret_cast<const char *>(data), size);
  if (dchag::mayCrashUpstreamParser(text))
    return 0;
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(text, ParserConfig(&contexts.get()), "fuzz.mlir");
  if (module)
    runVerifyPasses(*module);
  return 0;
}
