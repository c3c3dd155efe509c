//===- RandomFolds.cpp - folds aggregations made at random, and runs them --*- C++ -*-===//
//
// Each seed is a model whose channels are aggregated in some way. It must compute the same in every
// mode of fold-aggregate, also in the simpler ops that programs are made of and, folded for a mesh
// and prepared, on all ranks. What can be computed from pixels, must be. A program that fails is
// written to a file whose first line shows the failure.
//
//===----------------------------------------------------------------------===//

#include "bench/RandomFold.h"
#include "bench/RandomSeeds.h"
#include "dchag/Fold/Passes.h"
#include "dchag/Interpreter/Harness.h"
#include "mlir/Parser/Parser.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include <map>

using namespace mlir;
using namespace mlir::dchag;
using namespace mlir::dchag::bench;
using llvm::formatv;

static llvm::cl::opt<std::string> folder("output", llvm::cl::init("."),
                                         llvm::cl::desc("where programs that fail go (default .)"));

/// Largest relative error of a folded program, and of one on ranks, which adds in another order.
constexpr double kFolded = 1e-12, kOnRanks = 1e-11;
/// An output that is smaller is rounding alone.
constexpr double kZero = 1e-10;
/// From how many seeds on everything must have been met.
constexpr unsigned kManySeeds = 500;

static TypeOption floatKind;

static const StringRef kModes[] = {"keys", "full", "auto"};
static const StringRef kForms[] = {"pooled", "keys and values", "keys only", "as written",
                                   "linear"};
/// Strategies that do not apply: a part of the error, and what is refused.
static const std::pair<StringRef, StringRef> kRefusals[] = {
    {"has one group, so mode hierarchical has nothing to split", "hierarchical of one group"},
    {"groups, so its channels cannot be split over ranks by mode split-softmax",
     "split-softmax of several groups"},
    {"has no dchag.aggregate of tokens that a mode of the aggregation could split",
     "a mode without tokens of an image"},
    {"takes tokens that no tokenizer makes, so mode gather has nothing to split",
     "gather without a tokenizer"}};
static const StringRef kStrategies[] = {"replicate", "gather", "hierarchical", "split-softmax"};

namespace {
struct Statistics {
  unsigned passed = 0, unfoldable = 0, distributed = 0, cancelling = 0;
  std::map<std::string, unsigned> forms, variants, strategies, reasons, refusals;
};

/// What a program is distributed by.
struct Distribution {
  std::string mesh, strategy, pipeline;
  StringRef mode;
  bool decomposes;
};

class Trial {
public:
  Trial(MLIRContext *context, unsigned seed) : context(context), seed(seed), random(seed) {}
  bool run(Statistics &statistics);

private:
  bool fails(const Twine &why, StringRef check, double tolerance);
  bool cancels();
  bool checkMode(StringRef mode, Statistics &statistics);
  bool checkForms(ModuleOp folded, StringRef mode, Statistics &statistics);
  bool checkRefused(Statistics &statistics);
  bool checkDistributed(Statistics &statistics);
  CheckOptions getOptions(StringRef pipeline, double tolerance);
  void print();

  MLIRContext *context;
  unsigned seed;
  Random random;
  InputKind inputs;
  FoldProgram program;
  Distribution distribution;
  OwningOpRef<ModuleOp> module;
  std::string errors;
  SmallVector<std::string> remarks;
};
} // namespace

/// A mesh of up to eight ranks, and one of the modes of the aggregation.
static Distribution makeDistribution(Random &random) {
  Distribution result;
  bool splitsSamples = random.oneIn(2);
  result.mesh = formatv("{0}tp={1}", splitsSamples ? "dp=2," : "", random.from(2, 4));
  result.mode = random.pick(ArrayRef(kStrategies));
  result.strategy = formatv("{0}tp,{1}", splitsSamples ? "dp," : "", result.mode);
  result.decomposes = random.oneIn(2);
  std::string distribute =
      formatv("distribute{{mesh={0} strategy={1}}", result.mesh, result.strategy);
  // The same passes, with NaN in all padding that may hold anything.
  if (random.oneIn(2))
    distribute =
        formatv("set-mesh{{mesh={0}},{1}annotate-widths{{axis=tp},{2}propagate,insert-reshards,"
                "verify-shardings,partition{{poison-padding},verify-partition,"
                "reshards-to-collectives,cse,verify-partition",
                result.mesh,
                formatv("split-projections,annotate-aggregations{{axis=tp mode={0}},"
                        "split-aggregates,",
                        result.mode),
                splitsSamples ? "annotate-data{axis=dp}," : "");
  result.pipeline = formatv("fold-aggregate{{fold=FOLD mesh={0} strategy={1}},cse,prepare,"
                            "extract-reads,{2}{3}",
                            result.mesh, result.strategy, distribute,
                            result.decomposes ? ",decompose{evaluable}" : "");
  return result;
}

CheckOptions Trial::getOptions(StringRef pipeline, double tolerance) {
  CheckOptions options;
  options.pipeline = pipeline.str();
  options.tolerance = tolerance;
  options.allowUnchanged = true;
  options.inputs = {inputs};
  return options;
}

/// Writes the program with a line that shows the failure. Returns false.
bool Trial::fails(const Twine &why, StringRef check, double tolerance) {
  std::string path = formatv("{0}/fold-{1}.mlir", folder, seed);
  std::error_code error;
  llvm::raw_fd_ostream file(path, error);
  if (!error)
    file << "// RUN: dchag-opt %s --inputs="
         << (inputs == InputKind::Integers ? "integers" : "normal") << " --allow-unchanged"
         << (tolerance ? formatv(" --tolerance={0:E0}", tolerance).str() : "") << " --" << check
         << "\n"
         << program.text;
  llvm::outs() << "seed " << seed << " fails, written to " << path << ": " << why << "\n" << errors;
  llvm::outs().flush();
  return false;
}

/// Largest relative error of a program in the simpler ops, whose constants have the type of the
/// values.
static double getDecomposedTolerance() {
  switch (floatKind) {
  case FloatKind::F32:
    return 1e-6;
  case FloatKind::BF16:
    return 2e-2;
  case FloatKind::F16:
    return 2e-3;
  }
  llvm_unreachable("unknown type");
}

/// Whether an output is zero but for rounding, on integers, which may cancel: it has no relative
/// error.
bool Trial::cancels() {
  FailureOr<ModulePorts> ports = getModulePorts(*module);
  auto make = [](const BorderValue &port) -> FailureOr<EvalTensor> {
    return makeInput(port.name, port.type, InputKind::Integers, port.range);
  };
  SmallVector<EvalTensor> outputs;
  if (failed(ports) || failed(evaluateModule(*ports, make, make, outputs)))
    return false;
  // NaN is that of a sample without channels.
  return llvm::any_of(outputs, [](const EvalTensor &output) {
    return llvm::all_of(llvm::seq<int64_t>(0, output.getNumElements()),
                        [&](int64_t i) { return !(std::fabs(output.getAsDouble(i)) >= kZero); });
  });
}

/// Counts the forms of a folded program. With fold=full none that is fed by an image may have
/// tokens.
bool Trial::checkForms(ModuleOp folded, StringRef mode, Statistics &statistics) {
  std::map<std::string, unsigned> forms;
  unsigned keptLinear = 0;
  for (StringRef remark : remarks) {
    keptLinear += remark.contains("is not folded: ");
    if (remark.contains("is folded into weights of pixels"))
      ++forms["linear"];
    else if (remark.contains("is computed in the form '"))
      ++forms[remark.split("is computed in the form '").second.split("'").first.str()];
  }
  for (const auto &[form, count] : forms)
    statistics.forms[form] += count;
  if (mode != "full")
    return true;
  bool hasTokens =
      folded->walk([](TokenizeOp) { return WalkResult::interrupt(); }).wasInterrupted();
  return forms["keys only"] + forms["as written"] == program.laterAttention &&
         keptLinear == program.laterLinear && (program.returnsTokens || !hasTokens);
}

/// The pass has failed: only with fold=full, and only where something cannot be folded.
bool Trial::checkRefused(Statistics &statistics) {
  auto [before, reason] = StringRef(errors).split("cannot be folded into weights of pixels: ");
  if (program.isFoldable || reason.empty())
    return false;
  ++statistics.unfoldable;
  ++statistics.reasons[reason.split("; use --fold").first.str()];
  return true;
}

bool Trial::checkMode(StringRef mode, Statistics &statistics) {
  std::string pass = formatv("fold-aggregate{{fold={0}}", mode);
  std::string shown = formatv("pass-pipeline='builtin.module({0})'", pass);
  errors.clear(), remarks.clear();
  OwningOpRef<ModuleOp> folded = module->clone();
  if (!runPasses(*folded, pass))
    return (mode == "full" && checkRefused(statistics)) || fails("is refused", shown, 0);
  if (mode == "full" && !program.isFoldable)
    return fails("is folded, which the rules here exclude", shown, 0);
  if (!checkForms(*folded, mode, statistics))
    return fails("can be folded and is not", shown, 0);
  for (bool decomposes : {false, true}) {
    std::string pipeline = pass + (decomposes ? ",decompose{evaluable}" : "");
    double tolerance = decomposes ? getDecomposedTolerance() : kFolded;
    if (failed(checkEqual(*module, getOptions(pipeline, tolerance), llvm::nulls())))
      return fails("computes something else", formatv("check-equal='{0}'", pipeline).str(),
                   tolerance);
  }
  return true;
}

bool Trial::checkDistributed(Statistics &statistics) {
  StringRef mode = random.pick(ArrayRef(kModes));
  if (mode == "full" && !program.isFoldable)
    mode = "auto";
  std::string pipeline = distribution.pipeline;
  pipeline.replace(pipeline.find("FOLD"), 4, mode);
  double tolerance = distribution.decomposes ? getDecomposedTolerance() : kOnRanks;
  errors.clear();
  if (succeeded(checkRanks(*module, getOptions(pipeline, tolerance), llvm::nulls()))) {
    ++statistics.distributed;
    ++statistics.strategies[distribution.mode.str()];
    return true;
  }
  for (auto [text, what] : kRefusals)
    if (distribution.mode != "replicate" && StringRef(errors).contains(text)) {
      ++statistics.refusals[what.str()];
      return true;
    }
  return fails("computes something else on ranks", formatv("check-ranks='{0}'", pipeline).str(),
               tolerance);
}

/// For those who compile it: the mesh is that of two ranks.
void Trial::print() {
  llvm::outs() << "// seed " << seed << (program.isFoldable ? " (foldable) " : " (unfoldable) ")
               << distribution.mode << "\n"
               << program.text;
}

bool Trial::run(Statistics &statistics) {
  program = FoldWriter(random, seed, floatKind).write();
  distribution = makeDistribution(random);
  inputs = seed % 2 ? InputKind::Integers : InputKind::Normal;
  if (printsAll)
    return print(), true;
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
      errors += "  " + diagnostic.str() + "\n";
    else if (diagnostic.getSeverity() == DiagnosticSeverity::Remark)
      remarks.push_back(diagnostic.str());
    return success();
  });
  module = parseSourceString<ModuleOp>(program.text, context);
  if (!module)
    return fails("is not a program", "verify-each", 0);
  if (inputs == InputKind::Integers && cancels()) {
    inputs = InputKind::Normal;
    ++statistics.cancelling;
  }
  bool agrees = true;
  for (StringRef mode : kModes)
    agrees &= checkMode(mode, statistics);
  agrees &= checkDistributed(statistics);
  for (StringRef variant : program.variants.keys())
    ++statistics.variants[variant.str()];
  statistics.passed += agrees;
  return agrees;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

static void printCounts(StringRef what, const std::map<std::string, unsigned> &counts) {
  llvm::outs() << what << ":\n";
  for (const auto &[name, count] : counts)
    llvm::outs() << formatv("  {0,6} {1}\n", count, name);
}

/// Whether all names were met; those that were not are printed.
static bool checkMet(StringRef what, ArrayRef<StringRef> names,
                     const std::map<std::string, unsigned> &counts) {
  bool allMet = true;
  for (StringRef name : names)
    if (!counts.count(name.str())) {
      llvm::outs() << "error: no program has the " << what << " '" << name << "'\n";
      allMet = false;
    }
  for (const auto &[name, count] : counts)
    if (!llvm::is_contained(names, name)) {
      llvm::outs() << "error: the " << what << " '" << name << "' is not among those to be met\n";
      allMet = false;
    }
  return allMet;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  llvm::cl::ParseCommandLineOptions(argc, argv, "folds aggregations made at random\n");
  if (!makeFolder(folder))
    return 1;
  Statistics statistics;
  forEachSeed([&](MLIRContext *context, unsigned seed) { Trial(context, seed).run(statistics); });
  if (printsAll)
    return 0;
  printCounts("variants", statistics.variants);
  printCounts("forms, in all modes", statistics.forms);
  printCounts("refused with fold=full", statistics.reasons);
  printCounts("distributed", statistics.strategies);
  printCounts("refused strategies", statistics.refusals);
  llvm::outs() << describeSeeds(statistics.passed) << "; " << statistics.unfoldable
               << " cannot be folded, " << statistics.distributed << " ran on ranks, "
               << statistics.cancelling << " are 0 on integers and ran on normal numbers\n";
  if (seedCount >= kManySeeds && (!checkMet("variant", getFoldVariants(), statistics.variants) ||
                                  !checkMet("form", kForms, statistics.forms) ||
                                  !checkMet("strategy", kStrategies, statistics.strategies)))
    return 1;
  return statistics.passed == seedCount ? 0 : 1;
}
