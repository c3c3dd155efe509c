//===- Options.cpp - options of dchag-opt ----------------------------------*- C++ -*-===//

#include "Options.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::dchag;
namespace cl = llvm::cl;

//===----------------------------------------------------------------------===//
// Definitions
//===----------------------------------------------------------------------===//

static llvm::MapVector<cl::Option *, In> &getTable() {
  static llvm::MapVector<cl::Option *, In> table;
  return table;
}

cl::OptionCategory &options::getCategory() {
  static cl::OptionCategory category("dchag-opt: models");
  return category;
}

void options::add(cl::Option &option, In where) { getTable().insert({&option, where}); }

static constexpr StringLiteral whichProgram =
    "it says which program --emit=mlir, llvm, obj or exe makes; passes get it by "
    "--distribute='mesh=tp=2'";
static constexpr StringLiteral needsMesh =
    "--mode, --strategy and --shard say how to shard a model over a mesh: add --mesh=tp=2";
static constexpr StringLiteral forImport = "it says how to import an ONNX model";
static constexpr StringLiteral forProgram = "it is for --emit=mlir, llvm, obj or exe";
static constexpr StringLiteral forRun = "it is for --emit=run";
static constexpr StringLiteral forValues = "it is for --emit=run, --check-equal and --check-ranks";

namespace mlir::dchag::options {

One<EmitKind>
    emitKind(In(Always), "emit", cl::desc("What to make of the model:"), cl::init(EmitKind::None),
             cl::values(clEnumValN(EmitKind::Mlir, "mlir", "the program in the LLVM dialect"),
                        clEnumValN(EmitKind::Llvm, "llvm", "optimised LLVM IR"),
                        clEnumValN(EmitKind::Obj, "obj", "an object file"),
                        clEnumValN(EmitKind::Exe, "exe", "an executable, linked with the runtime"),
                        clEnumValN(EmitKind::Run, "run", "nothing: run it in the interpreter")));
One<std::string> mesh(In(Program, whichProgram), "mesh", cl::value_desc("tp=2"),
                      cl::desc("Mesh of ranks to compile for (default: one rank)"));
One<std::string> machine(In(Program,
                            "it is for --emit=mlir, llvm, obj or exe; give it to passes by "
                            "--set-machine=file=FILE"),
                         "machine", cl::value_desc("file"),
                         cl::desc("Machine whose figures the cost model uses (default: "
                                  "machines/default.machine)"));
One<FoldMode> fold(In(Program, "it is for --emit=mlir, llvm, obj or exe; as a pass it is "
                               "--fold-aggregate=fold=full"),
                   "fold",
                   cl::desc("What aggregations of channels compute from pixels and folded weights, "
                            "without tokens (default: auto):"),
                   cl::init(FoldMode::Auto), getFoldModeValues());
One<DistributeMode> mode(In(Program, whichProgram).onlyWith("mesh"), "mode",
                         cl::desc("How aggregations are split over the mesh (default: replicate):"),
                         cl::init(DistributeMode::Replicate), getDistributeModeValues());
One<std::string>
    strategy(In(Program, needsMesh).onlyWith("mesh"), "strategy",
             cl::value_desc("dp,fsdp,tp,sp=tp,hierarchical"),
             cl::desc("Parallelism of each mesh axis (default: by the names of the axes)"));
Strings shard(In(Program, needsMesh).onlyWith("mesh"), "shard",
              cl::value_desc("blocks.*.fc1.weight=[tp,_]"),
              cl::desc("Sharding of a parameter, input or op by name"));
One<std::string>
    commReport(In(Program, "--comm-report is about the program of each rank: add --mesh and "
                           "--emit, or run --report-communication on a per-device module"),
               "comm-report", cl::value_desc("file"),
               cl::desc("List the collectives of a step and the bytes a rank sends: '-' for the "
                        "terminal, JSON if the name ends in .json"));
One<std::string> target(In(Program, forProgram), "target", cl::init("cpu"),
                        cl::desc("Target to compile for (default: cpu)"));
One<std::string> cpu(In(EmitLlvm | EmitObj | EmitExe, "it is for --emit=llvm, obj or exe"), "cpu",
                     cl::init("native"),
                     cl::desc("CPU to generate code for (default: this machine's)"));
One<std::string> runtimeDir(In(EmitExe, "it is for --emit=exe"), "runtime-dir",
                            cl::value_desc("folder"),
                            cl::desc("Where the runtime's link-flags file is (default: "
                                     "lib/dchag beside the tool's folder)"));
One<std::string> dumpStages(In(Always), "dump-stages", cl::value_desc("folder"),
                            cl::desc("Write the IR after each pass into a folder"));
One<bool> showRemarks(In(Program, "remarks are shown anyway where no program is made"), "remarks",
                      cl::desc("Print choices of passes while a program is compiled"));

One<int64_t> batch(In(Always, forImport).onlyOnnx(), "batch",
                   cl::desc("Import: size of dynamic batch dimensions"));
Strings shapes(In(Always, forImport).onlyOnnx(), "shape", cl::value_desc("name=1x80x32x64"),
               cl::desc("Import: shape of an input"));
Strings bindings(In(Always, forImport).onlyOnnx(), "bind", cl::value_desc("name=file.npy"),
                 cl::desc("Import: fix an input to a value"));
One<std::string> weightsOut(In(Always), "weights-out", cl::value_desc("file.safetensors"),
                            cl::desc("Write the model's parameters to a file, as programs read "
                                     "them"));

Strings inputFiles(In(Run, forRun), "input", cl::value_desc("name=file"),
                   cl::desc("Run: value of an input (npy, npz or .pb), or all\n"
                            "arrays of an npz file by their names"));
Strings weightFiles(In(Run, forRun), "weights", cl::value_desc("file"),
                    cl::desc("Run: safetensors file with parameters"));
One<std::string> outputFolder(In(Run, forRun), "output", cl::value_desc("folder"),
                              cl::desc("Run: write each output to folder/NAME.npy"));
Strings expectFiles(In(Run, forRun), "expect", cl::value_desc("name=file"),
                    cl::desc("Run: fail unless an output equals a file"));
One<std::string> runFunction(In(Run, forRun), "run-function", cl::desc("Run: this function only"));
One<ExecMode> execMode(
    In(Run | Check, forValues), "exec-mode", cl::desc("Arithmetic of the interpreter:"),
    cl::init(ExecMode::Exact),
    cl::values(clEnumValN(ExecMode::Exact, "exact", "float64 whatever the type says (default)"),
               clEnumValN(ExecMode::Typed, "typed", "rounded to the type after each op")));
One<bool> poisonEmpty(In(Run, forRun), "poison-empty",
                      cl::desc("Run: tensor.empty holds NaN, to find reads of it"));

Strings checkEquals(In(Always), "check-equal", cl::value_desc("pipeline"),
                    cl::desc("Fail unless the module computes the same after these passes"));
Strings checkRanksOf(In(Always), "check-ranks", cl::value_desc("pipeline"),
                     cl::desc("Fail unless the per-device program of these passes computes the "
                              "same"));
One<std::string> inputKinds(In(Run | Check, forValues), "inputs", cl::value_desc("kinds"),
                            cl::desc("Values to generate: integers,normal"));
One<double> tolerance(In(Run | Check, "it is for --expect, --check-equal and --check-ranks")
                          .onlyWith("expect", Check),
                      "tolerance", cl::desc("Largest max|y-ref| / max|ref| that counts as equal"));
One<bool> allowUnchanged(In(Check, "it is for --check-equal and --check-ranks"), "allow-unchanged",
                         cl::desc("Do not fail a check whose passes rewrite nothing"));

} // namespace mlir::dchag::options

static cl::opt<bool> listModes("print-option-modes", cl::Hidden,
                               cl::desc("List the modes in which options have an effect"));

//===----------------------------------------------------------------------===//
// Modes
//===----------------------------------------------------------------------===//

namespace {
struct ModeName {
  unsigned mode;
  StringLiteral name;
};
/// How a mode is selected.
constexpr ModeName modeNames[] = {{Print, "no --emit"},
                                  {EmitMlir, "--emit=mlir"},
                                  {EmitLlvm, "--emit=llvm"},
                                  {EmitObj, "--emit=obj"},
                                  {EmitExe, "--emit=exe"},
                                  {Run, "--emit=run"},
                                  {Check, "--check-equal or --check-ranks"}};

/// Options of upstream's driver that ours does not support. If ours runs they would be ignored.
constexpr StringLiteral upstreamOnly[] = {
    "split-input-file",       "output-split-marker", "verify-diagnostics",
    "verify-roundtrip",       "emit-bytecode",       "emit-bytecode-version",
    "run-reproducer",         "no-implicit-module",  "elide-resource-data-from-bytecode",
    "dump-pass-pipeline",     "irdl-file",           "mlir-disable-diagnostic-notes",
    "log-actions-to",         "profile-actions-to",  "mlir-very-unsafe-disable-verifier-on-parsing",
    "log-mlir-actions-filter"};
} // namespace

static bool hasChecks() { return !options::checkEquals.empty() || !options::checkRanksOf.empty(); }

unsigned options::getModes() {
  unsigned check = hasChecks() ? Check : 0u;
  switch (emitKind) {
  case EmitKind::None:
    return check ? check : unsigned(Print);
  case EmitKind::Mlir:
    return check | EmitMlir;
  case EmitKind::Llvm:
    return check | EmitLlvm;
  case EmitKind::Obj:
    return check | EmitObj;
  case EmitKind::Exe:
    return check | EmitExe;
  case EmitKind::Run:
    return check | Run;
  }
  return Print;
}

bool options::isUpstreamEnough() {
  return getModes() == Print && dumpStages.empty() && weightsOut.empty();
}

static LogicalResult refuse(const Twine &text) {
  llvm::errs() << "dchag-opt: " << text << "\n";
  return failure();
}

/// The modes of this run in words.
static std::string describeModes() {
  std::string text;
  for (const ModeName &mode : modeNames)
    if (options::getModes() & mode.mode)
      text += (text.empty() ? "" : " and ") + mode.name.str();
  return text;
}

static bool isGiven(StringRef name) {
  auto &all = cl::getRegisteredOptions();
  auto it = all.find(name);
  return it != all.end() && it->second->getNumOccurrences() > 0;
}

/// Refuses options of upstream's driver where ours is needed.
static LogicalResult checkUpstream(bool isOnnx) {
  if (options::isUpstreamEnough() && !isOnnx)
    return success();
  for (StringRef name : upstreamOnly)
    if (isGiven(name))
      return refuse("--" + name + " has no effect with " +
                    (isOnnx                         ? "an ONNX model"
                     : options::getModes() != Print ? describeModes()
                                                    : "--dump-stages or --weights-out") +
                    ": it is for passes on MLIR that is printed");
  if (isGiven("o") && (options::getModes() & ~Check) == Run)
    return refuse("-o has no effect with --emit=run: outputs are written by --output=FOLDER");
  if (isGiven("o") && options::getModes() == Check)
    return refuse("-o has no effect with " + describeModes() + ": no module is written");
  return success();
}

/// Refuses empty names of files and folders.
static LogicalResult checkNames() {
  for (const options::One<std::string> *option :
       {&options::strategy, &options::machine, &options::weightsOut, &options::dumpStages,
        &options::commReport, &options::outputFolder, &options::runFunction, &options::cpu,
        &options::target})
    if (option->getNumOccurrences() && option->empty())
      return refuse("--" + option->ArgStr + " is empty: give it a value, or leave it out");
  return success();
}

LogicalResult options::checkEffects(bool isOnnx) {
  unsigned modes = getModes();
  if (failed(checkNames()))
    return failure();
  for (auto &entry : getTable()) {
    cl::Option *option = entry.first;
    const In &where = entry.second;
    if (!option->getNumOccurrences())
      continue;
    std::string name = "--" + option->ArgStr.str();
    auto refuseHere = [&](const Twine &here) {
      // Advice that names options is a separate sentence.
      return where.advice.starts_with("--")
                 ? refuse(where.advice)
                 : refuse(name + " has no effect with " + here + ": " + where.advice);
    };
    if (!(where.modes & modes))
      return refuseHere(describeModes());
    if (where.isForOnnx && !isOnnx)
      return refuseHere("MLIR");
    bool needsOther = !where.other.empty() && !(where.without & modes);
    if (needsOther && !isGiven(where.other)) {
      if (where.other == "mesh")
        return refuse(needsMesh);
      return refuseHere("no --" + where.other);
    }
  }
  return checkUpstream(isOnnx);
}

bool options::printModes() {
  if (!listModes)
    return false;
  for (auto &[option, where] : getTable()) {
    llvm::outs() << option->ArgStr;
    for (const ModeName &mode : modeNames) {
      StringRef value = mode.name;
      bool isEmit = value.consume_front("--emit=");
      if (where.modes & mode.mode)
        llvm::outs() << " " << (isEmit ? value : mode.mode == Print ? "none" : "check");
    }
    llvm::outs() << (where.isForOnnx ? " onnx" : "")
                 << (where.other.empty() ? "" : " with-" + where.other.str()) << "\n";
  }
  for (StringRef name : upstreamOnly)
    llvm::outs() << name << " upstream\n";
  return true;
}
