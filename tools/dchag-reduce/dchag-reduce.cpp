//===- dchag-reduce.cpp - makes a program that fails a check small ---------*- C++ -*-===//
//
// Removes what the failure does not depend on, as long as the check fails in the same way: results,
// ops (their results become arguments), marks and shardings, arguments. Upstream's mlir-reduce can
// only erase ops whose results are unused, and starts a process for each try.
//
//===----------------------------------------------------------------------===//

#include "dchag/Files/Text.h"
#include "dchag/InitAll.h"
#include "dchag/Interpreter/Harness.h"
#include "dchag/Support/OutputFile.h"
#include "dialects/dchag/Program.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Support/FileUtilities.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include <csignal>

using namespace mlir;
using namespace mlir::dchag;

static llvm::cl::opt<std::string> inputFile(llvm::cl::Positional, llvm::cl::init("-"),
                                            llvm::cl::desc("FILE"));
static llvm::cl::opt<std::string> outputFile("o", llvm::cl::init("-"),
                                             llvm::cl::desc("where the small program goes"));
static llvm::cl::opt<std::string> ranks("check-ranks", llvm::cl::init(""),
                                        llvm::cl::desc("as for dchag-opt"));
static llvm::cl::opt<std::string> equal("check-equal", llvm::cl::init(""),
                                        llvm::cl::desc("as for dchag-opt"));
static llvm::cl::opt<std::string> inputs("inputs", llvm::cl::init("integers,normal"),
                                         llvm::cl::desc("as for dchag-opt"));
static llvm::cl::opt<double> tolerance("tolerance", llvm::cl::desc("as for dchag-opt"));

/// The kind of failure of a message: without the parts that depend on the program.
static std::string getKind(StringRef message) {
  std::string kind;
  bool isQuoted = false;
  for (char c : message.take_front(message.find(" differs "))) {
    if (c == '\'')
      isQuoted = !isQuoted;
    else if (!isQuoted && (llvm::isAlpha(c) || c == ' '))
      kind += c;
  }
  return kind + (message.contains(" differs ") ? "differs" : "");
}

namespace {
class Reducer {
public:
  Reducer(OwningOpRef<ModuleOp> module, CheckOptions options)
      : best(std::move(module)), options(std::move(options)) {}

  /// False if the program passes the check.
  bool run();
  ModuleOp getModule() { return *best; }

private:
  using Change = llvm::function_ref<bool(func::FuncOp)>;

  std::string check(ModuleOp module);
  /// Applies a change to a copy and keeps it if that fails in the same way; the change returns
  /// false if there is nothing to change.
  bool tryChange(Change change);
  bool dropResults();
  bool dropOps();
  bool dropAttributes();
  bool dropArguments();
  func::FuncOp getFunction(ModuleOp module) { return *module.getOps<func::FuncOp>().begin(); }

  OwningOpRef<ModuleOp> best;
  CheckOptions options;
  std::string wanted;
  unsigned numNames = 0;
};
} // namespace

/// The kind of the first error; empty if there is none.
std::string Reducer::check(ModuleOp module) {
  std::string kind;
  ScopedDiagnosticHandler handler(module.getContext(), [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Error && kind.empty())
      kind = getKind(diagnostic.str());
    return success();
  });
  if (failed(verify(module)))
    return "";
  LogicalResult result = ranks.empty() ? checkEqual(module, options, llvm::nulls())
                                       : checkRanks(module, options, llvm::nulls());
  return succeeded(result) ? "" : kind;
}

bool Reducer::tryChange(Change change) {
  OwningOpRef<ModuleOp> copy = best->clone();
  if (!change(getFunction(*copy)) || check(*copy) != wanted)
    return false;
  best = std::move(copy);
  return true;
}

bool Reducer::dropResults() {
  bool changed = false;
  for (unsigned i = getFunction(*best).getNumResults(); i-- > 0;)
    changed |= tryChange([&](func::FuncOp function) {
      if (function.getNumResults() == 1)
        return false;
      function.front().getTerminator()->eraseOperand(i);
      return succeeded(function.eraseResult(i));
    });
  return changed;
}

/// From the last op to the first, so that operands become unused.
bool Reducer::dropOps() {
  bool changed = false;
  for (size_t i = getFunction(*best).front().getOperations().size() - 1; i-- > 0;) {
    auto getOp = [&](func::FuncOp function) -> Operation * {
      auto ops = function.front().without_terminator();
      if (i >= static_cast<size_t>(std::distance(ops.begin(), ops.end())))
        return nullptr;
      return &*std::next(ops.begin(), i);
    };
    changed |= tryChange([&](func::FuncOp function) {
      Operation *op = getOp(function);
      if (!op || !op->use_empty())
        return false;
      op->erase();
      return true;
    });
    // Replaced by an operand of the same type, else by an argument.
    changed |= tryChange([&](func::FuncOp function) {
      Operation *op = getOp(function);
      if (!op || op->getNumResults() != 1)
        return false;
      for (Value operand : op->getOperands())
        if (operand.getType() == op->getResult(0).getType()) {
          op->replaceAllUsesWith(ValueRange(operand));
          op->erase();
          return true;
        }
      return false;
    });
    changed |= tryChange([&](func::FuncOp function) {
      Operation *op = getOp(function);
      // Constants and empty tensors are as simple as an argument.
      if (!op || op->getNumOperands() == 0 || op->use_empty() ||
          !llvm::all_of(op->getResultTypes(), llvm::IsaPred<RankedTensorType>))
        return false;
      for (Value result : op->getResults()) {
        if (result.use_empty())
          continue;
        unsigned index = function.getNumArguments();
        NamedAttrList attrs;
        attrs.set(contract::kName,
                  StringAttr::get(function.getContext(), "r" + std::to_string(numNames++)));
        if (failed(function.insertArgument(
                index, result.getType(), attrs.getDictionary(function.getContext()), op->getLoc())))
          return false;
        result.replaceAllUsesWith(function.getArgument(index));
      }
      op->erase();
      return true;
    });
  }
  return changed;
}

bool Reducer::dropAttributes() {
  static constexpr llvm::StringLiteral names[] = {ShardingAttr::attrName, MarkAttr::attrName,
                                                  "dchag.storage", contract::kRole,
                                                  "dchag.shardings"};
  bool changed = false;
  for (StringRef name : names) {
    for (unsigned i = 0; i < getFunction(*best).getNumArguments(); ++i)
      changed |= tryChange([&](func::FuncOp f) { return bool(f.removeArgAttr(i, name)); });
    for (unsigned i = 0; i < getFunction(*best).getNumResults(); ++i)
      changed |= tryChange([&](func::FuncOp f) {
        return bool(f.removeResultAttr(i, StringAttr::get(f.getContext(), name)));
      });
    size_t count = getFunction(*best).front().getOperations().size();
    for (size_t i = 0; i < count; ++i)
      changed |= tryChange([&](func::FuncOp f) {
        auto &ops = f.front().getOperations();
        return i < ops.size() && bool(std::next(ops.begin(), i)->removeAttr(name));
      });
  }
  return changed;
}

bool Reducer::dropArguments() {
  bool changed = false;
  for (unsigned i = getFunction(*best).getNumArguments(); i-- > 0;)
    changed |= tryChange([&](func::FuncOp function) {
      return function.getArgument(i).use_empty() && succeeded(function.eraseArgument(i));
    });
  return changed;
}

bool Reducer::run() {
  wanted = check(*best);
  if (wanted.empty())
    return false;
  for (bool changed = true; changed;) {
    changed = dropResults();
    changed |= dropOps();
    changed |= dropAttributes();
    changed |= dropArguments();
  }
  return true;
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  std::signal(SIGXFSZ, SIG_IGN);
  llvm::cl::ParseCommandLineOptions(argc, argv, "makes a program that fails a check small\n");
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllPasses();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  escapeDiagnostics(context);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(inputFile, &context);
  if (!module)
    return 1;
  if (ranks.empty() == equal.empty()) {
    llvm::errs() << "dchag-reduce: error: give one of --check-ranks and --check-equal\n";
    return 1;
  }
  if (!llvm::hasSingleElement(module->getOps<func::FuncOp>())) {
    llvm::errs() << "dchag-reduce: error: the module must have one function\n";
    return 1;
  }
  CheckOptions options;
  options.pipeline = ranks.empty() ? equal : ranks;
  options.allowUnchanged = true;
  auto kinds = parseInputKinds(inputs, module->getLoc());
  if (failed(kinds))
    return 1;
  options.inputs = *kinds;
  if (tolerance.getNumOccurrences())
    options.tolerance = tolerance;
  Reducer reducer(std::move(module), options);
  if (!reducer.run()) {
    llvm::errs() << "dchag-reduce: error: the program passes the check\n";
    return 1;
  }
  auto print = [&](llvm::raw_ostream &os) {
    reducer.getModule().print(os);
    os << "\n";
  };
  if (llvm::Error error = OutputFile::write(outputFile, print)) {
    llvm::errs() << "dchag-reduce: error: " << escapeText(llvm::toString(std::move(error))) << "\n";
    return 1;
  }
  return 0;
}
