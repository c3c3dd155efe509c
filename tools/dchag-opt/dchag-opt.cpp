//===- dchag-opt.cpp - the compiler's driver --------------------------------*- C++ -*-===//
//
// An opt driver for the compiler's passes (pipelines, plugins, reproducers, diagnostics
// tests) that also reads ONNX models and, with --emit, writes programs.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include "dchag/Files/Text.h"
#include "dchag/InitAll.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;

/// Upstream's driver, on text that its messages can show.
static LogicalResult runOpt(int argc, char **argv, StringRef inputFile, StringRef outputFile,
                            DialectRegistry &registry) {
  MlirOptMainConfig config = MlirOptMainConfig::createFromCLOptions();
  if (config.shouldShowDialects() || config.shouldListPasses() || inputFile == "-")
    return MlirOptMain(argc, argv, inputFile, outputFile, registry);
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> source = openInputFile(inputFile, &error);
  std::unique_ptr<llvm::ToolOutputFile> output =
      source ? openOutputFile(outputFile, &error) : nullptr;
  if (!output) {
    llvm::errs() << "dchag-opt: " << dchag::escapeText(error) << "\n";
    return failure();
  }
  if (failed(MlirOptMain(output->os(), dchag::escapeSource(std::move(source)), registry, config)))
    return failure();
  output->keep();
  return success();
}

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
  return asMainReturnCode(runOpt(argc, argv, inputFile, outputFile, registry));
}
