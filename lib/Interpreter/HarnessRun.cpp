//===- HarnessRun.cpp - runs a module on files ------------------------------*- C++ -*-===//

#include "Compare.h"
#include "Execution.h"
#include "TensorFiles.h"
#include "dchag/Interpreter/Spmd.h"
#include "dialects/dchag/Dchag.h"
#include "runtime/src/PartialFiles.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

/// Tensors of at most so many elements are printed whole.
static constexpr int64_t kPrintedElements = 128;

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

/// Nested brackets, as in dense<...>.
static void printElements(const EvalTensor &tensor, unsigned dim, int64_t offset, int64_t stride,
                          llvm::raw_ostream &os) {
  if (dim == tensor.getRank()) {
    os << formatNumber(tensor, offset);
    return;
  }
  int64_t size = tensor.getDim(dim);
  stride = size ? stride / size : 0;
  os << "[";
  llvm::interleaveComma(llvm::seq<int64_t>(0, size), os, [&](int64_t i) {
    printElements(tensor, dim + 1, offset + i * stride, stride, os);
  });
  os << "]";
}

static void printSummary(const EvalTensor &tensor, llvm::raw_ostream &os) {
  double low = std::numeric_limits<double>::infinity(), high = -low, sum = 0;
  int64_t numNaN = 0;
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i) {
    double value = tensor.getAsDouble(i);
    if (std::isnan(value)) {
      ++numNaN;
      continue;
    }
    low = std::min(low, value);
    high = std::max(high, value);
    sum += value;
  }
  os << llvm::format("min %.6g, max %.6g, mean %.6g", low, high,
                     sum / static_cast<double>(tensor.getNumElements() - numNaN));
  if (numNaN)
    os << ", " << numNaN << " NaN";
}

static void printTensor(StringRef name, const EvalTensor &tensor, llvm::raw_ostream &os) {
  os << name << ": ";
  for (int64_t size : tensor.getShape())
    os << size << "x";
  os << tensor.getElementType() << " = ";
  if (tensor.getNumElements() <= kPrintedElements)
    printElements(tensor, 0, 0, tensor.getNumElements(), os);
  else
    printSummary(tensor, os);
  os << "\n";
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

namespace {
class Run {
public:
  Run(ModuleOp module, const RunOptions &options, llvm::raw_ostream &os)
      : module(module), options(options), os(os) {}

  LogicalResult run();

private:
  LogicalResult open();
  LogicalResult parsePairs(ArrayRef<std::string> pairs, StringRef option,
                           llvm::StringMap<std::string> &files);
  LogicalResult runFunction(func::FuncOp function);
  LogicalResult runOnEachRank(const ModulePorts &ports, shard::GridOp grid);
  LogicalResult handleOutputs(const ModulePorts &ports, ArrayRef<EvalTensor> outputs);
  FailureOr<EvalTensor> getInput(const Port &port);
  FailureOr<EvalTensor> getParam(const Port &port);
  FailureOr<EvalTensor> readSource(const Port &port, SourceAttr source);
  LogicalResult checkNames(const ModulePorts &ports);
  InterpreterOptions getInterpreterOptions() const {
    InterpreterOptions how;
    how.mode = options.mode;
    how.poisonEmpty = options.poisonEmpty;
    return how;
  }

  ModuleOp module;
  const RunOptions &options;
  llvm::raw_ostream &os;
  llvm::StringMap<std::string> inputFiles, expectFiles;
  std::vector<SafetensorsFile> weights;
};
} // namespace

LogicalResult Run::parsePairs(ArrayRef<std::string> pairs, StringRef option,
                              llvm::StringMap<std::string> &files) {
  for (StringRef pair : pairs) {
    auto [name, file] = pair.split('=');
    if (name.empty() || file.empty())
      return module.emitError("--") << option << " '" << pair << "': wanted NAME=FILE";
    if (!files.try_emplace(name, file.str()).second)
      return module.emitError("--") << option << " names '" << name << "' twice";
  }
  return success();
}

LogicalResult Run::open() {
  if (failed(parsePairs(options.inputs, "input", inputFiles)) ||
      failed(parsePairs(options.expects, "expect", expectFiles)))
    return failure();
  for (const std::string &path : options.weights) {
    FailureOr<SafetensorsFile> file = SafetensorsFile::open(path, module.getLoc());
    if (failed(file))
      return failure();
    weights.push_back(std::move(*file));
  }
  if (!options.outputFolder.empty())
    if (std::error_code error = llvm::sys::fs::create_directories(options.outputFolder))
      return module.emitError("cannot make the folder '")
             << options.outputFolder << "': " << error.message();
  return success();
}

/// A file for a name that the program lacks is a mistake of the user.
LogicalResult Run::checkNames(const ModulePorts &ports) {
  auto check = [&](const llvm::StringMap<std::string> &files, ArrayRef<Port> known,
                   StringRef kind) -> LogicalResult {
    for (const auto &file : files)
      if (llvm::none_of(known, [&](const Port &port) { return port.name == file.getKey(); })) {
        InFlightDiagnostic diagnostic = module.emitError("has no ") << kind << " '" << file.getKey()
                                                                    << "': its " << kind << "s are";
        for (const Port &port : known)
          diagnostic << " '" << port.name << "'";
        return diagnostic;
      }
    return success();
  };
  return failure(failed(check(inputFiles, ports.inputs, "input")) ||
                 failed(check(expectFiles, ports.outputs, "output")));
}

FailureOr<EvalTensor> Run::getInput(const Port &port) {
  auto file = inputFiles.find(port.name);
  if (file != inputFiles.end()) {
    FailureOr<EvalTensor> value = readTensorFromFile(file->second, module.getLoc());
    if (failed(value))
      return failure();
    return convertTo(port.type, std::move(*value),
                     "input '" + port.name + "' in '" + file->second + "'", module.getLoc());
  }
  if (options.missing)
    return makeInput(port.name, port.type, *options.missing, port.range);
  return module.emitError("input '") << port.name << "' of type " << port.type
                                     << " has no value: give --input " << port.name << "=FILE.npy";
}

FailureOr<EvalTensor> Run::readSource(const Port &port, SourceAttr source) {
  SmallString<256> path(source.getFile().getValue());
  if (llvm::sys::path::is_relative(path)) {
    path = options.modelFolder;
    llvm::sys::path::append(path, source.getFile().getValue());
  }
  auto buffer = mapFile(path, module.getLoc());
  if (failed(buffer))
    return failure();
  StringRef bytes = (*buffer)->getBuffer();
  uint64_t begin = source.getOffset(), size = source.getBytes();
  EvalTensor value(port.type);
  if (source.getOffset() < 0 || source.getBytes() < 0 || begin > bytes.size() ||
      size > bytes.size() - begin || failed(decodeElements(bytes.substr(begin, size), value)))
    return module.emitError("parameter '")
           << port.name << "' of type " << port.type << " cannot be read from bytes " << begin
           << " to " << begin + size << " of '" << path << "', which has " << bytes.size();
  return value;
}

FailureOr<EvalTensor> Run::getParam(const Port &port) {
  for (const SafetensorsFile &file : weights)
    if (file.has(port.name)) {
      FailureOr<EvalTensor> value = file.read(port.name, module.getLoc());
      if (failed(value))
        return failure();
      return convertTo(port.type, std::move(*value), "parameter '" + port.name + "'",
                       module.getLoc());
    }
  if (auto source = dyn_cast_or_null<SourceAttr>(port.source))
    return readSource(port, source);
  if (options.missing)
    return makeInput(port.name, port.type, *options.missing, port.range);
  return module.emitError("parameter '")
         << port.name << "' of type " << port.type
         << " is in none of the weights and has no dchag.source: give --weights FILE.safetensors";
}

/// Without shardings nothing says how values join: each rank shows its own.
LogicalResult Run::runOnEachRank(const ModulePorts &ports, shard::GridOp grid) {
  if (!expectFiles.empty() || !options.outputFolder.empty())
    return module.emitError("runs on a grid without dchag.sharding on its results: they cannot "
                            "be joined to be written or compared");
  int64_t numRanks = 1;
  for (int64_t size : grid.getShape())
    numRanks *= size;
  SmallVector<EvalTensor> arguments;
  for (const Port &port : ports.inputs) {
    FailureOr<EvalTensor> value = getInput(port);
    if (failed(value))
      return failure();
    arguments.push_back(std::move(*value));
  }
  std::vector<SmallVector<EvalTensor>> results;
  if (failed(evaluateSpmd(
          ports.step, grid.getShape(),
          std::vector<SmallVector<EvalTensor>>(std::max<int64_t>(numRanks, 0), arguments), results,
          getInterpreterOptions())))
    return failure();
  for (auto [rank, values] : llvm::enumerate(results))
    for (const Port &port : ports.outputs)
      printTensor("rank " + std::to_string(rank) + ": " + port.name, values[port.index], os);
  return success();
}

LogicalResult Run::handleOutputs(const ModulePorts &ports, ArrayRef<EvalTensor> outputs) {
  std::optional<::dchag::rt::FolderTurn> turn;
  if (!options.outputFolder.empty())
    turn.emplace(options.outputFolder);
  for (const Port &port : ports.outputs) {
    const EvalTensor &value = outputs[port.index];
    printTensor(port.name, value, os);
    if (!options.outputFolder.empty()) {
      SmallString<256> path(options.outputFolder);
      llvm::sys::path::append(path, port.name + ".npy");
      if (failed(writeNpy(path, value, module.getLoc())))
        return failure();
    }
    auto file = expectFiles.find(port.name);
    if (file == expectFiles.end())
      continue;
    FailureOr<EvalTensor> wanted = readTensorFromFile(file->second, module.getLoc());
    if (failed(wanted))
      return failure();
    // Integers of the program are signless: 255 and -1 are the same i8.
    wanted =
        convertTo(port.type, std::move(*wanted),
                  "expected output '" + port.name + "' in '" + file->second + "'", module.getLoc());
    if (failed(wanted))
      return failure();
    FailureOr<double> difference = compareTensors(value, *wanted, options.tolerance.value_or(1e-12),
                                                  "output '" + port.name + "'", module.getLoc());
    if (failed(difference))
      return failure();
    os << port.name << llvm::format(": as expected (max relative error %.2g)\n", *difference);
  }
  return success();
}

LogicalResult Run::runFunction(func::FuncOp function) {
  FailureOr<ModulePorts> ports = getEntryPorts(module, function);
  if (failed(ports) || failed(checkNames(*ports)))
    return failure();
  auto input = [&](const Port &port) { return getInput(port); };
  auto param = [&](const Port &port) { return getParam(port); };
  SmallVector<EvalTensor> outputs;
  shard::GridOp grid = getProgramGrid(module);
  if (grid && MeshAttr::lookup(module)) {
    if (failed(evaluateModuleOnRanks(*ports, input, param, outputs, getInterpreterOptions())))
      return failure();
  } else if (grid) {
    return runOnEachRank(*ports, grid);
  } else if (failed(evaluateModule(*ports, input, param, outputs, getInterpreterOptions()))) {
    return failure();
  }
  return handleOutputs(*ports, outputs);
}

LogicalResult Run::run() {
  if (failed(open()))
    return failure();
  if (!options.function.empty()) {
    auto function = module.lookupSymbol<func::FuncOp>(options.function);
    if (!function || function.isExternal())
      return module.emitError("has no function @") << options.function << " to run";
    return runFunction(function);
  }
  SmallVector<func::FuncOp> functions = getEntryFunctions(module);
  if (functions.empty())
    return module.emitError("has no public function to run");
  for (func::FuncOp function : functions) {
    if (functions.size() > 1)
      os << "@" << function.getSymName() << "\n";
    if (failed(runFunction(function)))
      return failure();
  }
  return success();
}

LogicalResult mlir::dchag::runModule(ModuleOp module, const RunOptions &options,
                                     llvm::raw_ostream &os) {
  return Run(module, options, os).run();
}
