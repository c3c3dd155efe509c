//===- dchag-opt.cpp - the compiler's driver --------------------------------*- C++ -*-===//
//
// An opt driver for the compiler's passes (pipelines, plugins, reproducers, diagnostics
// tests) that also reads ONNX models and, with --emit, writes programs.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include "dchag/InitAll.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/InitLLVM.h"

using namespace mlir;

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  DialectRegistry registry;
  dchag::registerAllDialects(registry);
  dchag::registerAllPasses();
  if (failed(dchag::loadPlugins(argc, argv, registry)))
    return 1;
  auto [inputFile, outputFile] = registerAndParseCLIOptions(
      argc, argv, "compiler of vision models with many channels", registry);
  if (dchag::needsDriver(inputFile))
    return dchag::runDriver(argv[0], inputFile, outputFile, registry);
  return asMainReturnCode(MlirOptMain(argc, argv, inputFile, outputFile, registry));
}
