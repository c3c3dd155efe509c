//===- Driver.cpp - import, passes, emission, checks -----------------------*- C++ -*-===//

#include "Driver.h"
#include "DumpStages.h"
#include "Options.h"
#include "dchag/Distribute/Passes.h"
#include "dchag/Emit/Emit.h"
#include "dchag/Files/Text.h"
#include "dchag/Import/Import.h"
#include "dchag/Import/Weights.h"
#include "dchag/Interpreter/Harness.h"
#include "dchag/Pipelines/Pipelines.h"
#include "dchag/Support/OutputFile.h"
#include "dchag/Target/Registry.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace mlir::dchag;
namespace cl = llvm::cl;

using namespace mlir::dchag::options;

/// The name of the mode as it was given; empty if it was not.
static std::string getModeName() {
  for (unsigned i = 0; mode.getNumOccurrences() && i < mode.getParser().getNumOptions(); ++i) {
    const cl::GenericOptionValue &value = mode.getParser().getOptionValue(i);
    if (static_cast<const cl::OptionValue<DistributeMode> &>(value).getValue() == mode)
      return mode.getParser().getOption(i).str();
  }
  return "";
}

static CompileOptions getCompileOptions() {
  CompileOptions options;
  options.mesh = mesh;
  options.machine = machine;
  options.mode = getModeName();
  options.strategy = strategy;
  options.commReport = commReport;
  options.shard = llvm::join(dchag::options::shard, ";");
  return options;
}

/// The folder of the runtime library: as said, or beside the tool's own.
static std::string getRuntimeDir(const char *argv0) {
  if (!runtimeDir.empty())
    return runtimeDir;
  std::string tool =
      llvm::sys::fs::getMainExecutable(argv0, reinterpret_cast<void *>(&mlir::dchag::runDriver));
  SmallString<256> folder(llvm::sys::path::parent_path(llvm::sys::path::parent_path(tool)));
  llvm::sys::path::append(folder, "lib", "dchag");
  return folder.str().str();
}

/// Whether a program is to be written, so that all stages of the compiler run.
static bool makesProgram() { return emitKind != EmitKind::None && emitKind != EmitKind::Run; }

/// Refuses values of options that cannot be meant or would do harm, before anything is done.
static LogicalResult checkOptions(MLIRContext &context, StringRef inputFile, StringRef outputFile) {
  auto refuse = [](const Twine &text) {
    llvm::errs() << "dchag-opt: " << escapeText(text.str()) << "\n";
    return failure();
  };
  bool hasMesh = mesh.getNumOccurrences(), hasMode = mode.getNumOccurrences();
  context.loadDialect<DchagDialect>();
  if (hasMesh && !MeshAttr::parseOption(mesh, FileLineColLoc::get(&context, inputFile, 0, 0)))
    return failure();
  if (makesProgram() && llvm::sys::fs::equivalent(inputFile, outputFile))
    return refuse("-o names '" + outputFile + "', which is the model: name another file");
  std::optional<DistributeMode> wanted;
  if (hasMode)
    wanted = mode;
  if (std::string error = checkStrategy(strategy, mesh, wanted); hasMesh && !error.empty())
    return refuse(error);
  // Programs and weights come into place by being renamed, which would put them in the place
  // of a device or a folder.
  for (StringRef path : {outputFile, StringRef(weightsOut)}) {
    bool renames =
        path == StringRef(weightsOut) || emitKind == EmitKind::Obj || emitKind == EmitKind::Exe;
    if (renames && llvm::sys::fs::exists(path) && !llvm::sys::fs::is_regular_file(path))
      return refuse("cannot write '" + path + "': it is no regular file: name another one");
  }
  if (dumpStages.empty())
    return success();
  if (std::error_code error = llvm::sys::fs::create_directories(dumpStages))
    return refuse("cannot make the folder '" + Twine(dumpStages) +
                  "' for --dump-stages: " + error.message());
  if (!DumpStages::takeFolder(dumpStages))
    return refuse("another run writes its stages to '" + Twine(dumpStages) +
                  "': name another folder by --dump-stages");
  return success();
}

/// Choices of passes are for those who ask: hides remarks while a program is made.
static void hideRemarks(MLIRContext &context) {
  if (!makesProgram() || showRemarks)
    return;
  context.getDiagEngine().registerHandler([](Diagnostic &diagnostic) {
    return success(diagnostic.getSeverity() == DiagnosticSeverity::Remark);
  });
}

static OwningOpRef<ModuleOp> readModule(StringRef path, ModelFormat format, MLIRContext &context,
                                        llvm::SourceMgr &sources) {
  if (format == ModelFormat::Onnx) {
    ImportOptions options;
    if (batch.getNumOccurrences())
      options.batch = batch;
    options.shapes.assign(shapes.begin(), shapes.end());
    options.binds.assign(bindings.begin(), bindings.end());
    if (path != "-")
      return importOnnx(path, options, &context);
    auto buffer = mapInput(path);
    if (buffer)
      return importOnnx(std::move(*buffer), options, &context);
    llvm::errs() << "dchag-opt: cannot read the standard input: " << buffer.getError().message()
                 << "\n";
    return nullptr;
  }
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> buffer = openInputFile(path, &error);
  if (!buffer) {
    llvm::errs() << "dchag-opt: " << escapeText(error) << "\n";
    return nullptr;
  }
  sources.AddNewSourceBuffer(escapeSource(std::move(buffer)), llvm::SMLoc());
  return parseSourceFile<ModuleOp>(sources, &context);
}

static LogicalResult writeWeightsOut(ModuleOp module, StringRef inputFile) {
  if (weightsOut.empty())
    return success();
  return writeWeights(module, llvm::sys::path::parent_path(inputFile), weightsOut);
}

/// Names the target in the module: what the command line says, else what the module says, else
/// the CPU at hand.
static LogicalResult setTarget(ModuleOp module) {
  bool isSaid = target.getNumOccurrences() || cpu.getNumOccurrences();
  if (!isSaid && module->hasAttr(kTargetAttr))
    return success();
  TargetOptions options;
  options.cpu = cpu;
  std::string problem;
  llvm::raw_string_ostream errors(problem);
  FailureOr<TargetAttrInterface> attribute =
      makeTarget(target, options, module.getContext(), errors);
  if (failed(attribute)) {
    llvm::errs() << "dchag-opt: " << escapeText(problem) << "\n";
    return failure();
  }
  module->setAttr(kTargetAttr, *attribute);
  return success();
}

/// Passes named on the command line, then those that the emission needs: none for a module
/// that is code already.
static LogicalResult addPasses(PassManager &manager, const MlirOptMainConfig &config,
                               ModuleOp module) {
  bool isCode = rt::ProgramAttr::lookup(module) != nullptr;
  if (makesProgram() && failed(setTarget(module)))
    return failure();
  if (failed(applyPassManagerCLOptions(manager)) || failed(config.setupPassPipeline(manager)))
    return failure();
  if (!dumpStages.empty()) {
    manager.getContext()->disableMultithreading();
    manager.addInstrumentation(std::make_unique<DumpStages>(module, dumpStages));
  }
  if (!makesProgram() || isCode)
    return success();
  CompileOptions options = getCompileOptions();
  options.stage = getStage(module);
  if (options.stage == Stage::PerDevice && !options.mesh.empty())
    return module.emitError("is the program of each rank of its own mesh: leave out --mesh");
  return addCompilePipeline(manager, getTarget(module), options, llvm::errs());
}

static FailureOr<std::optional<InputKind>> getMissingKind(ModuleOp module) {
  if (inputKinds.empty())
    return std::optional<InputKind>();
  FailureOr<SmallVector<InputKind>> kinds = parseInputKinds(inputKinds, module.getLoc());
  if (failed(kinds))
    return failure();
  return std::optional<InputKind>(kinds->front());
}

static LogicalResult run(ModuleOp module, StringRef inputFile) {
  RunOptions options;
  options.inputs.assign(inputFiles.begin(), inputFiles.end());
  options.weights.assign(weightFiles.begin(), weightFiles.end());
  options.modelFolder = llvm::sys::path::parent_path(inputFile).str();
  options.outputFolder = outputFolder;
  options.expects.assign(expectFiles.begin(), expectFiles.end());
  if (tolerance.getNumOccurrences())
    options.tolerance = tolerance;
  options.mode = execMode;
  options.poisonEmpty = poisonEmpty;
  options.function = runFunction;
  FailureOr<std::optional<InputKind>> missing = getMissingKind(module);
  if (failed(missing))
    return failure();
  options.missing = *missing;
  return runModule(module, options, llvm::outs());
}

static LogicalResult runChecks(ModuleOp module) {
  CheckOptions options;
  options.allowUnchanged = allowUnchanged;
  options.mode = execMode;
  if (tolerance.getNumOccurrences())
    options.tolerance = tolerance;
  if (!inputKinds.empty()) {
    FailureOr<SmallVector<InputKind>> kinds = parseInputKinds(inputKinds, module.getLoc());
    if (failed(kinds))
      return failure();
    options.inputs = *kinds;
  }
  for (const std::string &pipeline : checkEquals) {
    options.pipeline = pipeline;
    if (failed(checkEqual(module, options, llvm::outs())))
      return failure();
  }
  for (const std::string &pipeline : checkRanksOf) {
    options.pipeline = pipeline;
    if (failed(checkRanks(module, options, llvm::outs())))
      return failure();
  }
  return success();
}

/// Writes a text file that does not stay if the disk is full.
static LogicalResult writeText(ModuleOp module, StringRef path,
                               llvm::function_ref<void(raw_ostream &)> print) {
  llvm::Expected<std::unique_ptr<OutputFile>> file = OutputFile::open(path);
  if (!file)
    return module.emitError(llvm::toString(file.takeError()));
  print((*file)->os());
  if (llvm::Error error = (*file)->keep())
    return module.emitError(llvm::toString(std::move(error)));
  return success();
}

/// Writes the object, and from it the executable, whose object goes when it is linked.
static LogicalResult emitBinary(ModuleOp module, llvm::Module &code, StringRef path,
                                StringRef runtimeDir) {
  llvm::Expected<std::unique_ptr<OutputFile>> object = OutputFile::open(path);
  if (!object)
    return module.emitError(llvm::toString(object.takeError()));
  if (failed(getTarget(module).emitObject(module, code, (*object)->os())))
    return failure();
  bool links = emitKind == EmitKind::Exe;
  if (llvm::Error error = links ? (*object)->flush() : (*object)->keep())
    return module.emitError(llvm::toString(std::move(error)));
  return links ? linkExecutable(module, (*object)->getTemporary(), path, runtimeDir) : success();
}

/// Objects and executables need a file; text goes to the standard output by default.
static LogicalResult emit(ModuleOp module, StringRef outputFile, StringRef runtimeDir) {
  bool binary = emitKind == EmitKind::Obj || emitKind == EmitKind::Exe;
  if (binary && outputFile == "-")
    return module.emitError("name the file to write by -o");
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = getTarget(module).translate(module, context);
  if (!code)
    return failure();
  if (binary)
    return emitBinary(module, *code, outputFile, runtimeDir);
  return writeText(module, outputFile, [&](raw_ostream &os) { code->print(os, nullptr); });
}

static LogicalResult printModule(ModuleOp module, StringRef outputFile) {
  // Not operator<<, which prints the parts of a module without its aliases.
  return writeText(module, outputFile, [&](raw_ostream &os) {
    module->print(os);
    os << "\n";
  });
}

static LogicalResult finish(ModuleOp module, StringRef inputFile, StringRef outputFile,
                            StringRef runtimeDir) {
  bool checked = !checkEquals.empty() || !checkRanksOf.empty();
  // Who asks for weights alone does not want the module on the terminal.
  bool onlyWeights = !weightsOut.empty() && emitKind == EmitKind::None && outputFile == "-";
  if (checked && failed(runChecks(module)))
    return failure();
  switch (emitKind) {
  case EmitKind::Run:
    return run(module, inputFile);
  case EmitKind::Llvm:
  case EmitKind::Obj:
  case EmitKind::Exe:
    return emit(module, outputFile, runtimeDir);
  case EmitKind::None:
  case EmitKind::Mlir:
    return checked || onlyWeights ? success() : printModule(module, outputFile);
  }
  return success();
}

int mlir::dchag::runDriver(const char *argv0, StringRef inputFile, ModelFormat format,
                           StringRef outputFile, DialectRegistry &registry) {
  MlirOptMainConfig config = MlirOptMainConfig::createFromCLOptions();
  MLIRContext context(registry);
  // Messages say where; the text of a whole module below them would bury them.
  context.printOpOnDiagnostic(false);
  context.allowUnregisteredDialects(config.shouldAllowUnregisteredDialects());
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler diagnostics(sources, &context);
  hideRemarks(context);
  escapeDiagnostics(context);
  if (failed(checkOptions(context, inputFile, outputFile)))
    return 1;
  OwningOpRef<ModuleOp> module = readModule(inputFile, format, context, sources);
  if (!module || failed(writeWeightsOut(*module, inputFile)))
    return 1;
  PassManager manager(&context, ModuleOp::getOperationName(), PassManager::Nesting::Implicit);
  manager.enableVerifier(config.shouldVerifyPasses());
  if (failed(addPasses(manager, config, *module)) || failed(manager.run(*module)))
    return 1;
  return failed(finish(*module, inputFile, outputFile, getRuntimeDir(argv0)));
}
