//===- HarnessRun.cpp - runs a module on files ------------------------------*- C++ -*-===//

#include "Compare.h"
#include "Execution.h"
#include "dchag/Files/TensorFiles.h"
#include "dchag/Files/Text.h"
#include "dchag/Interpreter/Spmd.h"
#include "dialects/dchag/Dchag.h"
#include "runtime/src/PartialFiles.h"
#include "llvm/ADT/Sequence.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <cmath>

using namespace mlir;
using namespace mlir::dchag;

/// Tensors of at most so many elements are printed whole.
static constexpr int64_t kPrintedElements = 128;

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

/// Integers without a sign as what they are, in 64 bits.
static EvalTensor widen(EvalTensor tensor, bool isUnsigned) {
  auto type = dyn_cast<IntegerType>(tensor.getElementType());
  if (!type || !isUnsigned || type.getWidth() >= 64)
    return tensor;
  tensor = tensor.withElementType(IntegerType::get(type.getContext(), 64));
  int64_t *ints = tensor.mutableInts();
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i)
    ints[i] &= (int64_t(1) << type.getWidth()) - 1;
  return tensor;
}

namespace {
/// Prints a line about a value. Names come from files: they are printed escaped.
class Printer {
public:
  Printer(const EvalTensor &tensor, bool isUnsigned, llvm::raw_ostream &os)
      : type(tensor.getElementType()), tensor(widen(tensor, isUnsigned)),
        isUnsigned(isUnsigned && !tensor.isFloat()), os(os) {}

  void print(StringRef name);

private:
  void printElements(unsigned dim, int64_t offset, int64_t stride);
  void printSummary();
  double getNumber(int64_t i) const {
    return isUnsigned ? static_cast<double>(static_cast<uint64_t>(tensor.ints()[i]))
                      : tensor.getAsDouble(i);
  }

  Type type;
  EvalTensor tensor;
  bool isUnsigned;
  llvm::raw_ostream &os;
};
} // namespace

/// Nested brackets, as in dense<...>.
void Printer::printElements(unsigned dim, int64_t offset, int64_t stride) {
  if (dim == tensor.getRank()) {
    os << (isUnsigned ? std::to_string(static_cast<uint64_t>(tensor.ints()[offset]))
                      : formatNumber(tensor, offset));
    return;
  }
  int64_t size = tensor.getDim(dim);
  stride = size ? stride / size : 0;
  os << "[";
  llvm::interleaveComma(llvm::seq<int64_t>(0, size), os,
                        [&](int64_t i) { printElements(dim + 1, offset + i * stride, stride); });
  os << "]";
}

void Printer::printSummary() {
  double low = std::numeric_limits<double>::infinity(), high = -low, sum = 0;
  int64_t numNaN = 0;
  for (int64_t i = 0, e = tensor.getNumElements(); i < e; ++i) {
    double value = getNumber(i);
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

void Printer::print(StringRef name) {
  os << escapeText(name) << ": ";
  for (int64_t size : tensor.getShape())
    os << size << "x";
  os << (isUnsigned ? "u" : "") << type << " = ";
  if (tensor.getNumElements() <= kPrintedElements)
    printElements(0, 0, tensor.getNumElements());
  else
    printSummary();
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
  LogicalResult addArchive(StringRef path, llvm::StringMap<std::string> &files);
  LogicalResult openWeights();
  LogicalResult runFunction(func::FuncOp function);
  LogicalResult runOnEachRank(const ModulePorts &ports, shard::GridOp grid);
  LogicalResult handleOutputs(const ModulePorts &ports, ArrayRef<EvalTensor> outputs);
  FailureOr<EvalTensor> readFile(const BorderValue &port, StringRef kind, StringRef path);
  FailureOr<EvalTensor> getInput(const BorderValue &port);
  FailureOr<EvalTensor> getParam(const BorderValue &port);
  FailureOr<EvalTensor> readSource(const BorderValue &port, SourceAttr source);
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
    if (option == "input" && file.empty() && pair.ends_with(".npz")) {
      if (failed(addArchive(pair, files)))
        return failure();
      continue;
    }
    if (name.empty() || file.empty())
      return module.emitError("--") << option << " '" << pair << "': wanted NAME=FILE"
                                    << (option == "input" ? " or FILE.npz" : "");
    if (!files.try_emplace(name, file.str()).second)
      return module.emitError("--") << option << " names '" << name << "' twice";
  }
  return success();
}

/// All arrays of an archive, by their names.
LogicalResult Run::addArchive(StringRef path, llvm::StringMap<std::string> &files) {
  llvm::Expected<std::vector<std::string>> names = listArrays(path);
  if (!names)
    return module.emitError("input '") << path << "' " << llvm::toString(names.takeError());
  for (const std::string &name : *names)
    if (!files.try_emplace(name, path.str()).second)
      return module.emitError("--input names '") << name << "' twice";
  return success();
}

LogicalResult Run::openWeights() {
  for (StringRef path : options.weights) {
    for (const SafetensorsFile &file : weights)
      if (file.getPath() == path)
        return module.emitError("weights '") << path << "' are given twice: give each file once";
    llvm::Expected<SafetensorsFile> file = SafetensorsFile::open(path);
    if (!file)
      return module.emitError("weights '") << path << "': " << llvm::toString(file.takeError());
    weights.push_back(std::move(*file));
  }
  return success();
}

LogicalResult Run::open() {
  if (failed(parsePairs(options.inputs, "input", inputFiles)) ||
      failed(parsePairs(options.expects, "expect", expectFiles)) || failed(openWeights()))
    return failure();
  if (!options.outputFolder.empty())
    if (std::error_code error = llvm::sys::fs::create_directories(options.outputFolder))
      return module.emitError("cannot make the folder '")
             << options.outputFolder << "': " << error.message();
  return success();
}

/// The value of a port from a file; `kind` is for messages.
FailureOr<EvalTensor> Run::readFile(const BorderValue &port, StringRef kind, StringRef path) {
  llvm::Expected<FileTensor> tensor = readTensor(path, port.name, module.getContext());
  llvm::Expected<EvalTensor> value =
      tensor ? convertTo(port.type, port.isUnsigned, std::move(*tensor)) : tensor.takeError();
  if (!value)
    return module.emitError(kind) << " '" << port.name << "' in '" << path << "' "
                                  << llvm::toString(value.takeError());
  return std::move(*value);
}

/// A file for a name that the program lacks is a mistake of the user.
LogicalResult Run::checkNames(const ModulePorts &ports) {
  auto check = [&](const llvm::StringMap<std::string> &files, ArrayRef<BorderValue> known,
                   StringRef kind) -> LogicalResult {
    for (const auto &file : files)
      if (llvm::none_of(known,
                        [&](const BorderValue &port) { return port.name == file.getKey(); })) {
        InFlightDiagnostic diagnostic = module.emitError("has no ") << kind << " '" << file.getKey()
                                                                    << "': its " << kind << "s are";
        for (const BorderValue &port : known)
          diagnostic << " '" << port.name << "'";
        return diagnostic;
      }
    return success();
  };
  return failure(failed(check(inputFiles, ports.inputs, "input")) ||
                 failed(check(expectFiles, ports.outputs, "output")));
}

FailureOr<EvalTensor> Run::getInput(const BorderValue &port) {
  auto file = inputFiles.find(port.name);
  if (file != inputFiles.end())
    return readFile(port, "input", file->second);
  if (options.missing)
    return makeInput(port.name, port.type, *options.missing, port.range);
  return module.emitError("input '") << port.name << "' of type " << port.type
                                     << " has no value: give --input " << port.name << "=FILE.npy";
}

FailureOr<EvalTensor> Run::readSource(const BorderValue &port, SourceAttr source) {
  SmallString<256> path(source.getFile().getValue());
  if (llvm::sys::path::is_relative(path)) {
    path = options.modelFolder;
    llvm::sys::path::append(path, source.getFile().getValue());
  }
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (std::error_code error = buffer.getError())
    return module.emitError("cannot read '") << path << "': " << error.message();
  StringRef bytes = (*buffer)->getBuffer();
  uint64_t begin = source.getOffset(), size = source.getBytes();
  // Before anything of that size is allocated.
  bool fits = source.getOffset() >= 0 && source.getBytes() >= 0 && begin <= bytes.size() &&
              size <= bytes.size() - begin;
  auto fail = [&]() {
    return module.emitError("parameter '")
           << port.name << "' of type " << port.type << " cannot be read from bytes " << begin
           << " to " << begin + size << " of '" << path << "', which has " << bytes.size();
  };
  if (!fits)
    return fail();
  EvalTensor value(port.type);
  if (failed(decodeElements(bytes.substr(begin, size), value)))
    return fail();
  return value;
}

FailureOr<EvalTensor> Run::getParam(const BorderValue &port) {
  const SafetensorsFile *holder = nullptr;
  for (const SafetensorsFile &file : weights) {
    if (!file.has(port.name))
      continue;
    if (holder)
      return module.emitError("weights '")
             << file.getPath() << "': tensor '" << port.name << "' is in '" << holder->getPath()
             << "' too: give each tensor once";
    holder = &file;
  }
  if (holder) {
    llvm::Expected<FileTensor> tensor = holder->read(port.name, module.getContext());
    llvm::Expected<EvalTensor> value =
        tensor ? convertTo(port.type, port.isUnsigned, std::move(*tensor)) : tensor.takeError();
    if (!value)
      return module.emitError("parameter '") << port.name << "' in '" << holder->getPath() << "' "
                                             << llvm::toString(value.takeError());
    return std::move(*value);
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
  for (const BorderValue &port : ports.inputs) {
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
    for (const BorderValue &port : ports.outputs)
      Printer(values[port.index], port.isUnsigned, os)
          .print("rank " + std::to_string(rank) + ": " + port.name);
  return success();
}

LogicalResult Run::handleOutputs(const ModulePorts &ports, ArrayRef<EvalTensor> outputs) {
  std::optional<::dchag::rt::FolderTurn> turn;
  if (!options.outputFolder.empty())
    turn.emplace(options.outputFolder);
  for (const BorderValue &port : ports.outputs) {
    const EvalTensor &value = outputs[port.index];
    Printer(value, port.isUnsigned, os).print(port.name);
    if (!options.outputFolder.empty()) {
      SmallString<256> path(options.outputFolder);
      llvm::sys::path::append(path, getOutputFile(port.name));
      if (llvm::Error error = writeNpy(path, {value, port.isUnsigned}))
        return module.emitError(llvm::toString(std::move(error)));
    }
    auto file = expectFiles.find(port.name);
    if (file == expectFiles.end())
      continue;
    FailureOr<EvalTensor> wanted = readFile(port, "expected output", file->second);
    if (failed(wanted))
      return failure();
    FailureOr<double> difference = compareTensors(
        widen(value, port.isUnsigned), widen(*wanted, port.isUnsigned),
        options.tolerance.value_or(1e-12), "output '" + port.name + "'", module.getLoc());
    if (failed(difference))
      return failure();
    os << escapeText(port.name)
       << llvm::format(": as expected (max relative error %.2g)\n", *difference);
  }
  return success();
}

LogicalResult Run::runFunction(func::FuncOp function) {
  FailureOr<ModulePorts> ports = getEntryPorts(module, function);
  if (failed(ports) || failed(checkNames(*ports)))
    return failure();
  auto input = [&](const BorderValue &port) { return getInput(port); };
  auto param = [&](const BorderValue &port) { return getParam(port); };
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
      os << "@" << escapeText(function.getSymName()) << "\n";
    if (failed(runFunction(function)))
      return failure();
  }
  return success();
}

LogicalResult mlir::dchag::runModule(ModuleOp module, const RunOptions &options,
                                     llvm::raw_ostream &os) {
  return Run(module, options, os).run();
}
