//===- Driver.cpp - import, passes, emission, checks -----------------------*- C++ -*-===//

#include "Driver.h"
#include "DumpStages.h"
#include "Options.h"
#include "dchag/Compile/Compile.h"
#include "dchag/Emit/Emit.h"
#include "dchag/Files/Text.h"
#include "dchag/Import/Import.h"
#include "dchag/Import/Weights.h"
#include "dchag/Interpreter/Harness.h"
#include "dchag/Support/OutputFile.h"
#include "dchag/Target/Registry.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace mlir::dchag;
namespace cl = llvm::cl;

using namespace mlir::dchag::options;

/// The folder of the runtime library: the option's, or the one next to the tool's folder.
static std::string getRuntimeDir(const char *argv0) {
  if (!runtimeDir.empty())
    return runtimeDir;
  std::string tool =
      llvm::sys::fs::getMainExecutable(argv0, reinterpret_cast<void *>(&mlir::dchag::runDriver));
  SmallString<256> folder(llvm::sys::path::parent_path(llvm::sys::path::parent_path(tool)));
  llvm::sys::path::append(folder, "lib", "dchag");
  return folder.str().str();
}

/// Whether a program is written, so that all stages of the compiler run.
static bool makesProgram() { return emitKind != EmitKind::None && emitKind != EmitKind::Run; }

static LogicalResult refuse(const Twine &text) {
  llvm::errs() << "dchag-opt: " << escapeText(text.str()) << "\n";
  return failure();
}

/// The options of the compilation, except its target.
static FailureOr<CompileOptions> readCompileOptions(MLIRContext &context, StringRef inputFile) {
  CompileOptions compileOptions;
  compileOptions.machine = machine;
  compileOptions.commReport = commReport;
  if (fold.getNumOccurrences())
    compileOptions.fold = fold;
  if (!mesh.getNumOccurrences())
    return compileOptions;
  Location loc = FileLineColLoc::get(&context, inputFile, 0, 0);
  std::string error;
  DistributeOptions &distribute = compileOptions.distribute;
  FailureOr<MeshShape> shape = MeshShape::parse(mesh, error);
  if (failed(shape))
    return emitError(loc, error);
  if (!MeshAttr::make(shape->names, shape->sizes, loc))
    return failure();
  std::optional<DistributeMode> wanted;
  if (mode.getNumOccurrences())
    wanted = mode;
  FailureOr<Strategy> parsed = Strategy::parse(strategy, *shape, wanted, error);
  if (failed(parsed))
    return refuse(error);
  distribute.mesh = *shape;
  distribute.strategy = *parsed;
  distribute.shard = llvm::join(dchag::options::shard, ";");
  return compileOptions;
}

/// Refuses output files that would do harm: programs and weights are renamed into place, which
/// would replace the model, a device or a folder.
static LogicalResult checkOutputs(StringRef inputFile, StringRef outputFile) {
  if (makesProgram() && llvm::sys::fs::equivalent(inputFile, outputFile))
    return refuse("-o names '" + outputFile + "', which is the model: name another file");
  for (StringRef path : {outputFile, StringRef(weightsOut)}) {
    bool renames =
        path == StringRef(weightsOut) || emitKind == EmitKind::Obj || emitKind == EmitKind::Exe;
    if (renames && llvm::sys::fs::exists(path) && !llvm::sys::fs::is_regular_file(path))
      return refuse("cannot write '" + path + "': it is no regular file: name another one");
  }
  return success();
}

static LogicalResult takeDumpFolder() {
  if (dumpStages.empty())
    return success();
  if (std::error_code error = llvm::sys::fs::create_directories(dumpStages))
    return refuse("cannot make the folder '" + Twine(dumpStages) +
                  "' for --dump-stages: " + error.message());
  if (!StageFolder::take(dumpStages))
    return refuse("another run writes its stages to '" + Twine(dumpStages) +
                  "': name another folder by --dump-stages");
  return success();
}

/// Hides remarks on choices of passes while a program is made, unless they were asked for.
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
    return (void)refuse("cannot read the standard input: " + buffer.getError().message()), nullptr;
  }
  std::string error;
  std::unique_ptr<llvm::MemoryBuffer> buffer = openInputFile(path, &error);
  if (!buffer)
    return (void)refuse(error), nullptr;
  sources.AddNewSourceBuffer(escapeSource(std::move(buffer)), llvm::SMLoc());
  return parseSourceFile<ModuleOp>(sources, &context);
}

static LogicalResult writeWeightsOut(ModuleOp module, StringRef inputFile) {
  if (weightsOut.empty())
    return success();
  return writeWeights(module, llvm::sys::path::parent_path(inputFile), weightsOut);
}

/// Names the target in the module: that of the options, unless only the module names one.
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
  if (failed(attribute))
    return refuse(problem);
  module->setAttr(kTargetAttr, *attribute);
  return success();
}

/// Runs the passes named on the command line, then those that make the requested program.
static LogicalResult runPasses(ModuleOp module, const MlirOptMainConfig &config,
                               CompileOptions compileOptions) {
  // Before the first stage is written: it belongs to what is compiled.
  if (makesProgram() && failed(setTarget(module)))
    return failure();
  std::optional<StageFolder> stages;
  if (!dumpStages.empty())
    stages.emplace(module, dumpStages);
  compileOptions.configure = [&](PassManager &manager) {
    manager.enableVerifier(config.shouldVerifyPasses());
    if (stages) {
      manager.getContext()->disableMultithreading();
      manager.addInstrumentation(std::make_unique<DumpStages>(*stages));
    }
    return applyPassManagerCLOptions(manager);
  };
  // Before it is asked how far the module has come.
  PassManager manager(module.getContext(), ModuleOp::getOperationName(),
                      PassManager::Nesting::Implicit);
  if (failed(config.setupPassPipeline(manager)))
    return failure();
  if (!manager.empty() &&
      (failed(compileOptions.configure(manager)) || failed(manager.run(module))))
    return failure();
  return makesProgram() ? compile(module, compileOptions) : success();
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

static LogicalResult printModule(ModuleOp module, StringRef path) {
  auto print = [&](raw_ostream &os) {
    // Not operator<<, which prints the parts of a module without its aliases.
    module->print(os);
    os << "\n";
  };
  if (llvm::Error error = OutputFile::write(path, print))
    return module.emitError(llvm::toString(std::move(error)));
  return success();
}

static LogicalResult finish(ModuleOp module, StringRef inputFile, StringRef outputFile,
                            StringRef runtimeDir) {
  bool checked = !checkEquals.empty() || !checkRanksOf.empty();
  // If only weights are requested, the module is not printed to the terminal.
  bool onlyWeights = !weightsOut.empty() && emitKind == EmitKind::None && outputFile == "-";
  if (checked && failed(runChecks(module)))
    return failure();
  switch (emitKind) {
  case EmitKind::Run:
    return run(module, inputFile);
  case EmitKind::Llvm:
    return writeProgram(module, ProgramKind::Llvm, outputFile);
  case EmitKind::Obj:
    return writeProgram(module, ProgramKind::Object, outputFile);
  case EmitKind::Exe:
    return writeProgram(module, ProgramKind::Executable, outputFile, runtimeDir);
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
  // The dialect has attributes of roles and meshes, whatever the input contains.
  context.loadDialect<DchagDialect>();
  // Messages have locations; the text of a whole module after them would hide them.
  context.printOpOnDiagnostic(false);
  context.allowUnregisteredDialects(config.shouldAllowUnregisteredDialects());
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler diagnostics(sources, &context);
  hideRemarks(context);
  escapeDiagnostics(context);
  FailureOr<CompileOptions> compileOptions = readCompileOptions(context, inputFile);
  if (failed(compileOptions) || failed(checkOutputs(inputFile, outputFile)) ||
      failed(takeDumpFolder()))
    return 1;
  OwningOpRef<ModuleOp> module = readModule(inputFile, format, context, sources);
  if (!module || failed(writeWeightsOut(*module, inputFile)))
    return 1;
  if (failed(runPasses(*module, config, *compileOptions)))
    return 1;
  return failed(finish(*module, inputFile, outputFile, getRuntimeDir(argv0)));
}
