//===- Driver.cpp - import, passes, emission, checks -----------------------*- C++ -*-===//

#include "Driver.h"
#include "DumpStages.h"
#include "dchag/Distribute/Passes.h"
#include "dchag/Emit/Emit.h"
#include "dchag/Files/Text.h"
#include "dchag/Import/Import.h"
#include "dchag/Import/Weights.h"
#include "dchag/Interpreter/Harness.h"
#include "dchag/Pipelines/Pipelines.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/ToolOutputFile.h"

using namespace mlir;
using namespace mlir::dchag;
namespace cl = llvm::cl;

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

static cl::OptionCategory modelCategory("dchag-opt: models");

enum class EmitKind { None, Mlir, Llvm, Obj, Exe, Run };

static cl::opt<EmitKind>
    emitKind("emit", cl::desc("What to make of the model:"), cl::cat(modelCategory),
             cl::init(EmitKind::None),
             cl::values(clEnumValN(EmitKind::Mlir, "mlir", "the program in the LLVM dialect"),
                        clEnumValN(EmitKind::Llvm, "llvm", "optimised LLVM IR"),
                        clEnumValN(EmitKind::Obj, "obj", "an object file"),
                        clEnumValN(EmitKind::Exe, "exe", "an executable, linked with the runtime"),
                        clEnumValN(EmitKind::Run, "run", "nothing: run it in the interpreter")));
static cl::opt<std::string> mesh("mesh", cl::cat(modelCategory), cl::value_desc("tp=2"),
                                 cl::desc("Mesh of ranks to compile for (default: one rank)"));
static cl::opt<DistributeMode>
    mode("mode", cl::cat(modelCategory),
         cl::desc("How aggregations are spread over the mesh (default: replicate):"),
         cl::init(DistributeMode::Replicate), getDistributeModeValues());
static cl::opt<std::string>
    strategy("strategy", cl::cat(modelCategory), cl::value_desc("dp,fsdp,tp,sp=tp,hierarchical"),
             cl::desc("What goes over which axis of the mesh (default: what their names say)"));
static cl::list<std::string> shard("shard", cl::cat(modelCategory),
                                   cl::value_desc("blocks.*.fc1.weight=[tp,_]"),
                                   cl::desc("Sharding of a parameter, input or op by name"));
static cl::opt<std::string>
    commReport("comm-report", cl::cat(modelCategory), cl::value_desc("file"),
               cl::desc("List the collectives of a step and the bytes a rank sends: '-' for the "
                        "terminal, JSON if the name ends in .json"));
static cl::opt<std::string> target("target", cl::cat(modelCategory), cl::init("cpu"),
                                   cl::desc("Target to compile for (default: cpu)"));
static cl::opt<std::string> cpu("cpu", cl::cat(modelCategory), cl::init("native"),
                                cl::desc("CPU to generate code for (default: this machine's)"));
static cl::opt<std::string> runtimeDir("runtime-dir", cl::cat(modelCategory),
                                       cl::value_desc("folder"),
                                       cl::desc("Where the runtime's link-flags file is (default: "
                                                "lib/dchag beside the tool's folder)"));
static cl::opt<std::string> dumpStages("dump-stages", cl::cat(modelCategory),
                                       cl::value_desc("folder"),
                                       cl::desc("Write the IR after each pass into a folder"));

static cl::opt<bool> showRemarks("remarks", cl::cat(modelCategory),
                                 cl::desc("Print what passes chose while a program is made"));

static cl::opt<int64_t> batch("batch", cl::cat(modelCategory),
                              cl::desc("Import: size of dynamic batch dimensions"));
static cl::list<std::string> shapes("shape", cl::cat(modelCategory),
                                    cl::value_desc("name=1x80x32x64"),
                                    cl::desc("Import: shape of an input"));
static cl::list<std::string> bindings("bind", cl::cat(modelCategory),
                                      cl::value_desc("name=file.npy"),
                                      cl::desc("Import: fix an input to a value"));
static cl::opt<std::string>
    weightsOut("weights-out", cl::cat(modelCategory), cl::value_desc("file.safetensors"),
               cl::desc("Write the model's parameters to a file, as programs read them"));

static cl::list<std::string>
    inputFiles("input", cl::cat(modelCategory), cl::value_desc("name=file"),
               cl::desc("Run: value of an input (npy, npz or .pb), or all\n"
                        "arrays of an npz file by their names"));
static cl::list<std::string> weightFiles("weights", cl::cat(modelCategory), cl::value_desc("file"),
                                         cl::desc("Run: safetensors file with parameters"));
static cl::opt<std::string> outputFolder("output", cl::cat(modelCategory), cl::value_desc("folder"),
                                         cl::desc("Run: write each output to folder/NAME.npy"));
static cl::list<std::string> expectFiles("expect", cl::cat(modelCategory),
                                         cl::value_desc("name=file"),
                                         cl::desc("Run: fail unless an output equals a file"));
static cl::opt<std::string> runFunction("run-function", cl::cat(modelCategory),
                                        cl::desc("Run: this function only"));
static cl::opt<ExecMode> execMode(
    "exec-mode", cl::cat(modelCategory), cl::desc("Arithmetic of the interpreter:"),
    cl::init(ExecMode::Exact),
    cl::values(clEnumValN(ExecMode::Exact, "exact", "float64 whatever the type says (default)"),
               clEnumValN(ExecMode::Typed, "typed", "rounded to the type after each op")));
static cl::opt<bool> poisonEmpty("poison-empty", cl::cat(modelCategory),
                                 cl::desc("Run: tensor.empty holds NaN, to find reads of it"));

static cl::list<std::string>
    checkEquals("check-equal", cl::cat(modelCategory), cl::value_desc("pipeline"),
                cl::desc("Fail unless the module computes the same after these passes"));
static cl::list<std::string>
    checkRanksOf("check-ranks", cl::cat(modelCategory), cl::value_desc("pipeline"),
                 cl::desc("Fail unless the per-device program of these passes computes the same"));
static cl::opt<std::string> inputKinds("inputs", cl::cat(modelCategory), cl::value_desc("kinds"),
                                       cl::desc("Values to make up: integers,normal"));
static cl::opt<double> tolerance("tolerance", cl::cat(modelCategory),
                                 cl::desc("Largest max|y-ref| / max|ref| that counts as equal"));
static cl::opt<bool> allowUnchanged("allow-unchanged", cl::cat(modelCategory),
                                    cl::desc("A check whose passes rewrite nothing is no failure"));

//===----------------------------------------------------------------------===//
// Actions
//===----------------------------------------------------------------------===//

static bool isModelFile(StringRef path) { return path.ends_with(".onnx"); }

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
  options.mode = getModeName();
  options.strategy = strategy;
  options.commReport = commReport;
  options.shard = llvm::join(shard, ";");
  options.target = target;
  return options;
}

static EmitOptions getEmitOptions(const char *argv0) {
  EmitOptions options;
  options.cpu = cpu;
  options.runtimeDir = runtimeDir;
  if (options.runtimeDir.empty()) {
    std::string tool =
        llvm::sys::fs::getMainExecutable(argv0, reinterpret_cast<void *>(&mlir::dchag::runDriver));
    SmallString<256> folder(llvm::sys::path::parent_path(llvm::sys::path::parent_path(tool)));
    llvm::sys::path::append(folder, "lib", "dchag");
    options.runtimeDir = folder.str().str();
  }
  return options;
}

/// Whether a program is to be written, so that all stages of the compiler run.
static bool makesProgram() { return emitKind != EmitKind::None && emitKind != EmitKind::Run; }

/// Refuses options that would be without effect or do harm, before anything is done.
static LogicalResult checkOptions(MLIRContext &context, StringRef inputFile, StringRef outputFile) {
  auto refuse = [](const Twine &text) {
    llvm::errs() << "dchag-opt: " << escapeText(text.str()) << "\n";
    return failure();
  };
  bool hasMesh = mesh.getNumOccurrences(), hasMode = mode.getNumOccurrences();
  if ((hasMesh || hasMode) && !makesProgram())
    return refuse("--mesh and --mode say which program to make: add --emit, or give passes by "
                  "--distribute='mesh=tp=2'");
  if ((hasMode || !strategy.empty() || !shard.empty()) && !hasMesh)
    return refuse("--mode, --strategy and --shard say how to spread a model over a mesh: add "
                  "--mesh=tp=2");
  context.loadDialect<DchagDialect>();
  if (hasMesh && !MeshAttr::parseOption(mesh, FileLineColLoc::get(&context, inputFile, 0, 0)))
    return failure();
  if (makesProgram() && llvm::sys::fs::equivalent(inputFile, outputFile))
    return refuse("-o names '" + outputFile + "', which is the model: name another file");
  if (!commReport.empty() && !makesProgram())
    return refuse("--comm-report is about the program of each rank: add --mesh and --emit, or run "
                  "--report-communication on a per-device module");
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

static OwningOpRef<ModuleOp> readModule(StringRef path, MLIRContext &context,
                                        llvm::SourceMgr &sources) {
  if (isModelFile(path)) {
    ImportOptions options;
    if (batch.getNumOccurrences())
      options.batch = batch;
    options.shapes.assign(shapes.begin(), shapes.end());
    options.binds.assign(bindings.begin(), bindings.end());
    return importOnnx(path, options, &context);
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

/// Passes named on the command line, then those that the emission needs: none for a module
/// that is code already.
static LogicalResult addPasses(PassManager &manager, const MlirOptMainConfig &config,
                               ModuleOp module) {
  bool isCode = module->hasAttr(kProgramAttr);
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
  return addCompilePipeline(manager, options, llvm::errs());
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
  std::string error;
  std::unique_ptr<llvm::ToolOutputFile> file = openOutputFile(path, &error);
  if (!file)
    return module.emitError(error);
  print(file->os());
  file->os().flush();
  if (file->os().has_error()) {
    std::string reason = file->os().error().message();
    file->os().clear_error();
    return module.emitError("cannot write '") << path << "': " << reason;
  }
  file->keep();
  return success();
}

static LogicalResult emitExecutable(ModuleOp module, llvm::Module &code, StringRef path,
                                    const EmitOptions &options) {
  SmallString<256> object;
  if (auto error = llvm::sys::fs::createTemporaryFile("dchag", "o", object))
    return module.emitError("cannot write a temporary file: ") << error.message();
  llvm::FileRemover removeObject(object);
  if (failed(emitObject(module, code, object, options)))
    return failure();
  return linkExecutable(module, object, path, options);
}

/// Objects and executables need a file; text goes to the standard output by default.
static LogicalResult emit(ModuleOp module, StringRef outputFile, const EmitOptions &options) {
  bool binary = emitKind == EmitKind::Obj || emitKind == EmitKind::Exe;
  if (binary && outputFile == "-")
    return module.emitError("name the file to write by -o");
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = emitLLVM(module, context, options);
  if (!code)
    return failure();
  if (emitKind == EmitKind::Obj)
    return emitObject(module, *code, outputFile, options);
  if (emitKind == EmitKind::Exe)
    return emitExecutable(module, *code, outputFile, options);
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
                            const EmitOptions &options) {
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
    return emit(module, outputFile, options);
  case EmitKind::None:
  case EmitKind::Mlir:
    return checked || onlyWeights ? success() : printModule(module, outputFile);
  }
  return success();
}

bool mlir::dchag::needsDriver(StringRef inputFile) {
  return isModelFile(inputFile) || emitKind != EmitKind::None || !checkEquals.empty() ||
         !checkRanksOf.empty() || !dumpStages.empty() || !weightsOut.empty() ||
         mesh.getNumOccurrences() || mode.getNumOccurrences();
}

int mlir::dchag::runDriver(const char *argv0, StringRef inputFile, StringRef outputFile,
                           DialectRegistry &registry) {
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
  OwningOpRef<ModuleOp> module = readModule(inputFile, context, sources);
  if (!module || failed(writeWeightsOut(*module, inputFile)))
    return 1;
  PassManager manager(&context, ModuleOp::getOperationName(), PassManager::Nesting::Implicit);
  manager.enableVerifier(config.shouldVerifyPasses());
  if (failed(addPasses(manager, config, *module)) || failed(manager.run(*module)))
    return 1;
  return failed(finish(*module, inputFile, outputFile, getEmitOptions(argv0)));
}
