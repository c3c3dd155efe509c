//===- HarnessCheck.cpp - compares programs before and after passes --------*- C++ -*-===//

#include "Compare.h"
#include "Execution.h"
#include "dchag/Files/Text.h"
#include "dchag/Interpreter/Spmd.h"
#include "dchag/Support/PassPipeline.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/Format.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

static std::string printToString(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream os(text);
  module.print(os);
  return text;
}

static LogicalResult runPipeline(ModuleOp module, StringRef pipeline, StringRef check) {
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  StringRef passes = pipeline.trim();
  if (passes.consume_front("builtin.module(") && !passes.consume_back(")"))
    return module.emitError(check) << ": unbalanced pipeline '" << pipeline << "'";
  std::string message;
  llvm::raw_string_ostream errors(message);
  if (failed(addPassPipeline(manager, passes, errors)))
    return module.emitError(check)
           << ": cannot parse the pipeline '" << pipeline << "': " << StringRef(message).trim();
  if (failed(manager.run(module)))
    return module.emitError(check) << ": the pipeline '" << pipeline << "' failed";
  return success();
}

namespace {
/// One check of one module against what a pipeline makes of it.
class Check {
public:
  Check(ModuleOp module, const CheckOptions &options, StringRef name, bool onRanks,
        llvm::raw_ostream &os)
      : module(module), options(options), name(name), onRanks(onRanks), os(os) {}

  LogicalResult run();

private:
  LogicalResult rewrite();
  LogicalResult compareFunction(func::FuncOp function);
  LogicalResult compareOn(InputKind kind, const ModulePorts &before, const ModulePorts &after);
  LogicalResult checkPorts(const ModulePorts &before, const ModulePorts &after);
  LogicalResult evaluate(const ModulePorts &ports, bool isRewritten, InputKind kind,
                         const ModulePorts &before, SmallVectorImpl<EvalTensor> &outputs);

  ModuleOp module;
  const CheckOptions &options;
  StringRef name;
  bool onRanks;
  llvm::raw_ostream &os;
  OwningOpRef<ModuleOp> rewritten;
  bool isExact = false;
  double largest = 0;
};
} // namespace

LogicalResult Check::rewrite() {
  rewritten = module.clone();
  if (failed(runPipeline(*rewritten, options.pipeline, name)))
    return failure();
  if (options.allowUnchanged || printToString(module) != printToString(*rewritten))
    return success();
  return module.emitError(name) << ": the pipeline '" << options.pipeline
                                << "' rewrote nothing, so the check says nothing "
                                << "(--allow-unchanged if that is meant)";
}

/// Outputs must be the same ones, and nothing may be asked for that the original lacks.
LogicalResult Check::checkPorts(const ModulePorts &before, const ModulePorts &after) {
  func::FuncOp function = after.step;
  if (before.outputs.size() != after.outputs.size())
    return function.emitError(name)
           << ": got " << after.outputs.size() << " outputs, wanted " << before.outputs.size();
  for (auto [a, b] : llvm::zip_equal(after.outputs, before.outputs))
    if (a.name != b.name)
      return function.emitError(name)
             << ": got the output '" << a.name << "', wanted '" << b.name << "'";
  return success();
}

/// Runs one side; values are made up by the names and types of the original's ports.
LogicalResult Check::evaluate(const ModulePorts &ports, bool isRewritten, InputKind kind,
                              const ModulePorts &before, SmallVectorImpl<EvalTensor> &outputs) {
  func::FuncOp step = ports.step;
  auto make = [&](const BorderValue &port, ArrayRef<BorderValue> known) -> FailureOr<EvalTensor> {
    const BorderValue *original =
        llvm::find_if(known, [&](const BorderValue &p) { return p.name == port.name; });
    // Ports of per-device programs are asked for whole.
    if (original == known.end() || (original->type != port.type && !isPerDevice(before.step)))
      return step.emitError(name) << ": the rewritten program takes '" << port.name << "' of type "
                                  << port.type << ", which the original does not take";
    return makeInput(port.name, port.type, kind, original->range);
  };
  auto input = [&](const BorderValue &port) { return make(port, before.inputs); };
  auto param = [&](const BorderValue &port) { return make(port, before.params); };
  InterpreterOptions how;
  how.mode = options.mode;
  how.poisonEmpty = options.poisonEmpty;
  if (onRanks && (isRewritten || isPerDevice(step)))
    return evaluateModuleOnRanks(ports, input, param, outputs, how);
  return evaluateModule(ports, input, param, outputs, how);
}

LogicalResult Check::compareOn(InputKind kind, const ModulePorts &before,
                               const ModulePorts &after) {
  SmallVector<EvalTensor> expected, actual;
  if (failed(evaluate(before, false, kind, before, expected)) ||
      failed(evaluate(after, true, kind, before, actual)))
    return failure();
  func::FuncOp function = before.step;
  for (auto [index, port] : llvm::enumerate(before.outputs)) {
    const EvalTensor &wanted = expected[index];
    auto isNaN = [&](int64_t i) { return std::isnan(wanted.getAsDouble(i)); };
    if (wanted.getNumElements() &&
        llvm::all_of(llvm::seq<int64_t>(0, wanted.getNumElements()), isNaN))
      return function.emitError(name)
             << ": output '" << port.name << "' of @" << function.getSymName()
             << " is NaN everywhere, so that it compares with anything";
    double tolerance = getTolerance(options, kind, isExact, wanted);
    FailureOr<double> difference =
        compareTensors(actual[index], wanted, tolerance,
                       name + ": output '" + port.name + "' of @" + function.getSymName() +
                           " after '" + options.pipeline + "' on " +
                           (kind == InputKind::Integers ? "integers" : "normal numbers"),
                       function.getLoc());
    if (failed(difference))
      return failure();
    largest = std::max(largest, *difference);
  }
  return success();
}

LogicalResult Check::compareFunction(func::FuncOp function) {
  auto counterpart = rewritten->lookupSymbol<func::FuncOp>(function.getSymName());
  if (!counterpart || counterpart.isExternal())
    return function.emitError(name) << ": the pipeline '" << options.pipeline << "' leaves no @"
                                    << function.getSymName() << " to compare with";
  FailureOr<ModulePorts> before = getEntryPorts(module, function);
  FailureOr<ModulePorts> after = getEntryPorts(*rewritten, counterpart);
  if (failed(before) || failed(after) || failed(checkPorts(*before, *after)))
    return failure();
  largest = 0;
  for (InputKind kind : options.inputs)
    if (failed(compareOn(kind, *before, *after)))
      return failure();
  size_t count = before->outputs.size();
  os << name << ": @" << escapeText(function.getSymName()) << ": " << count
     << (count == 1 ? " output equal" : " outputs equal");
  if (onRanks) {
    int64_t ranks = 1;
    if (shard::GridOp grid = getProgramGrid(*rewritten))
      for (int64_t size : grid.getShape())
        ranks *= size;
    os << " on " << ranks << (ranks == 1 ? " rank" : " ranks");
  }
  os << llvm::format(" (max relative error %.2g)\n", largest);
  return success();
}

LogicalResult Check::run() {
  if (options.inputs.empty())
    return module.emitError(name) << ": no kind of inputs to compare on";
  if (failed(rewrite()))
    return failure();
  Program program(module);
  SmallVector<func::FuncOp> functions =
      program.getStep() ? program.getRunEntries() : getEntryFunctions(module);
  if (functions.empty())
    return module.emitError(name) << ": no public function to compare";
  isExact = computesExactly(module) && computesExactly(*rewritten);
  for (func::FuncOp function : functions)
    if (failed(compareFunction(function)))
      return failure();
  return success();
}

LogicalResult mlir::dchag::checkEqual(ModuleOp module, const CheckOptions &options,
                                      llvm::raw_ostream &os) {
  return Check(module, options, "check-equal", /*onRanks=*/false, os).run();
}

LogicalResult mlir::dchag::checkRanks(ModuleOp module, const CheckOptions &options,
                                      llvm::raw_ostream &os) {
  return Check(module, options, "check-ranks", /*onRanks=*/true, os).run();
}
