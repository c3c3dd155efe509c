//===- dchag-opt.cpp - the compiler's driver --------------------------------*- C++ -*-===//
//
// An opt driver for the compiler's passes (pipelines, plugins, reproducers, diagnostics
// tests) that also reads ONNX models and, with --emit, writes programs.
//
//===----------------------------------------------------------------------===//

#include "Driver.h"
#include "Options.h"
#include "dchag/Files/Text.h"
#include "dchag/InitAll.h"
#include "dchag/Support/OutputFile.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/thread.h"
#include <csignal>
#include <cstdlib>

using namespace mlir;

/// Like upstream's, but with escaped text in messages, and with an output file that is complete or
/// absent.
static LogicalResult runOpt(StringRef inputFile, StringRef outputFile, DialectRegistry &registry) {
  auto refuse = [](const Twine &text) {
    llvm::errs() << "dchag-opt: " << dchag::escapeText(text.str()) << "\n";
    return failure();
  };
  std::string reason;
  std::unique_ptr<llvm::MemoryBuffer> input = openInputFile(inputFile, &reason);
  if (!input)
    return refuse(reason);
  llvm::Expected<std::unique_ptr<dchag::OutputFile>> output = dchag::OutputFile::open(outputFile);
  if (!output)
    return refuse(llvm::toString(output.takeError()));
  if (failed(MlirOptMain((*output)->os(), dchag::escapeSource(std::move(input)), registry,
                         MlirOptMainConfig::createFromCLOptions())))
    return failure();
  if (llvm::Error error = (*output)->keep())
    return refuse(llvm::toString(std::move(error)));
  return success();
}

/// Runs the tool; returns the exit code.
static int runTool(int argc, char **argv, std::string inputFile, StringRef outputFile,
                   DialectRegistry &registry) {
  if (dchag::options::printModes())
    return 0;
  // These do not read the input.
  MlirOptMainConfig config = MlirOptMainConfig::createFromCLOptions();
  if (config.shouldShowDialects() || config.shouldListPasses())
    return asMainReturnCode(MlirOptMain(argc, argv, inputFile, outputFile, registry));
  FailureOr<dchag::ModelFormat> format = dchag::identifyInput(inputFile, registry);
  if (failed(format))
    return 1;
  bool isOnnx = *format == dchag::ModelFormat::Onnx;
  if (failed(dchag::options::checkEffects(isOnnx)))
    return 1;
  if (isOnnx || !dchag::options::isUpstreamEnough())
    return dchag::runDriver(argv[0], inputFile, *format, outputFile, registry);
  return asMainReturnCode(runOpt(inputFile, outputFile, registry));
}

/// Called before LLVM ends the process because of lack of memory or invalid input.
static void explainFatalError(void *, const char *reason, bool = false) {
  llvm::errs() << "dchag-opt: " << reason
               << ": the input is damaged, or too large for this machine\n";
  llvm::sys::RunInterruptHandlers();
  std::_Exit(1);
}

/// Upstream's parser, printer and verifier are recursive. The check of the input bounds the depth,
/// but not to the usual stack of 8 MB. Unused pages take no memory.
static int runOnLargeStack(llvm::function_ref<int()> function) {
  constexpr unsigned stackBytes = 1u << 30;
  int code = 1;
  llvm::thread thread(std::optional<unsigned>(stackBytes), [&] { code = function(); });
  thread.join();
  return code;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::install_fatal_error_handler(explainFatalError);
  llvm::install_bad_alloc_error_handler(explainFatalError);
  // A file above the limit of file sizes is reported as an error, not a crash.
  std::signal(SIGXFSZ, SIG_IGN);
  DialectRegistry registry;
  dchag::registerAllDialects(registry);
  dchag::registerAllPasses();
  if (failed(dchag::loadPlugins(argc, argv, registry)))
    return 1;
  std::string inputFile, outputFile;
  std::tie(inputFile, outputFile) = registerAndParseCLIOptions(
      argc, argv, "compiler of vision models with many channels", registry);
  int code = runOnLargeStack([&] { return runTool(argc, argv, inputFile, outputFile, registry); });
  if (llvm::Error error = dchag::flushStandardOutput()) {
    llvm::errs() << "dchag-opt: " << dchag::escapeText(llvm::toString(std::move(error))) << "\n";
    return 1;
  }
  return code;
}
