//===- FuzzOnnx.cpp - ONNX files, read and imported ------------------------*- C++ -*-===//

#include "Context.h"
#include "dchag/Import/Import.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static DialectRegistry registry;
  static bool isRegistered = (mlir::dchag::registerImportDialects(registry), true);
  (void)isRegistered;
  static FuzzContext contexts(registry);
  mlir::dchag::ImportOptions options;
  options.batch = 2;
  auto buffer = llvm::MemoryBuffer::getMemBuffer(
      StringRef(reinterpret_cast<const char *>(data), size), "fuzz.onnx",
      /*RequiresNullTerminator=*/false);
  OwningOpRef<ModuleOp> module =
      mlir::dchag::importOnnx(std::move(buffer), options, &contexts.get());
  if (module)
    require(succeeded(verify(*module)), "an imported module is valid");
  return 0;
}
