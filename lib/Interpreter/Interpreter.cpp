//===- Interpreter.cpp - executes programs at the global level -------------*- C++ -*-===//

#include "dchag/Interpreter/Interpreter.h"
#include "Execution.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/interfaces/EvalCopy.h"

using namespace mlir;
using namespace mlir::dchag;

LogicalResult mlir::dchag::evaluateFunction(func::FuncOp function,
                                            SmallVector<EvalTensor> arguments,
                                            SmallVectorImpl<EvalTensor> &results,
                                            const InterpreterOptions &options) {
  if (failed(checkArguments(function, arguments)))
    return failure();
  Lifetimes lifetimes(function);
  Environment environment;
  Block &body = function.getBody().front();
  for (auto [argument, tensor] : llvm::zip_equal(body.getArguments(), arguments)) {
    if (options.mode == ExecMode::Typed)
      tensor.roundToType();
    environment.set(argument, std::move(tensor));
  }
  arguments.clear();
  for (Operation &op : body) {
    SmallVector<EvalTensor> operands = environment.getOperands(&op);
    if (isa<func::ReturnOp>(op)) {
      results.append(operands.begin(), operands.end());
      return success();
    }
    SmallVector<EvalTensor> values;
    if (failed(evaluateOp(&op, operands, values, options)))
      return failure();
    for (auto [result, value] : llvm::zip_equal(op.getResults(), values))
      environment.set(result, std::move(value));
    environment.erase(lifetimes.endingAt(&op));
  }
  return function.emitOpError("cannot be executed: it does not end in func.return");
}

//===----------------------------------------------------------------------===//
// Ports
//===----------------------------------------------------------------------===//

static StringRef getRole(func::FuncOp function, unsigned argument) {
  auto role = function.getArgAttrOfType<StringAttr>(argument, "dchag.role");
  return role ? role.getValue() : "input";
}

static Port getArgumentPort(func::FuncOp function, unsigned argument) {
  Port port;
  port.type = function.getArgumentTypes()[argument];
  port.index = argument;
  port.source = function.getArgAttr(argument, "dchag.source");
  port.isUnsigned = bool(function.getArgAttr(argument, "dchag.unsigned"));
  if (auto range = function.getArgAttrOfType<DenseI64ArrayAttr>(argument, "dchag.range"))
    port.range = range.asArrayRef();
  if (auto name = function.getArgAttrOfType<StringAttr>(argument, "dchag.name"))
    port.name = name.str();
  else
    port.name = "arg" + std::to_string(argument);
  return port;
}

/// Adds the parameters that a loaded value is read from.
static LogicalResult addReadPorts(func::FuncOp function, unsigned argument,
                                  SmallVectorImpl<Port> &params) {
  auto reads = function.getArgAttrOfType<ArrayAttr>(argument, "dchag.reads");
  if (!reads)
    return function.emitOpError("argument ")
           << argument << " has the role \"loaded\" without dchag.reads";
  for (Attribute attribute : reads) {
    auto read = dyn_cast<ReadAttr>(attribute);
    if (!read)
      return function.emitOpError("argument ")
             << argument << " has " << attribute << " in dchag.reads, wanted #dchag.read";
    auto isSame = [&](const Port &port) { return port.name == read.getParam().getValue(); };
    auto known = llvm::find_if(params, isSame);
    if (known != params.end() &&
        (known->type != read.getSignlessType() || known->isUnsigned != read.isUnsigned()))
      return function.emitOpError("reads the parameter '")
             << known->name << "' as " << known->type << " and as " << read.getType();
    if (known != params.end())
      continue;
    params.push_back({read.getParam().str(), read.getSignlessType(), Attribute(), argument});
    params.back().isUnsigned = read.isUnsigned();
  }
  return success();
}

/// Values of all ports can be made.
static LogicalResult checkTypes(func::FuncOp function, ArrayRef<Port> ports, StringRef kind) {
  for (const Port &port : ports)
    if (!isEvaluableType(port.type))
      return function.emitError(kind)
             << " '" << port.name << "' of @" << function.getSymName() << " has the type "
             << port.type << ", wanted a number or a ranked tensor of numbers of "
             << "static shape";
  return success();
}

/// Parameters that `function`, @prepare or a @step before the preparation, takes from files.
static LogicalResult addParams(func::FuncOp function, SmallVectorImpl<Port> &params) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    StringRef role = getRole(function, i);
    if (role == "param")
      params.push_back(getArgumentPort(function, i));
    else if (role == "loaded" && failed(addReadPorts(function, i, params)))
      return failure();
  }
  return checkTypes(function, params, "parameter");
}

FailureOr<ModulePorts> mlir::dchag::getFunctionPorts(func::FuncOp function) {
  ModulePorts ports;
  ports.step = function;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (getRole(function, i) == "input")
      ports.inputs.push_back(getArgumentPort(function, i));
  if (failed(addParams(function, ports.params)))
    return failure();
  for (unsigned i = 0; i < function.getNumResults(); ++i) {
    auto name = function.getResultAttrOfType<StringAttr>(i, "dchag.name");
    ports.outputs.push_back({name ? name.str() : "result" + std::to_string(i),
                             function.getResultTypes()[i], Attribute(), i});
    ports.outputs.back().isUnsigned = bool(function.getResultAttr(i, "dchag.unsigned"));
  }
  if (failed(checkTypes(function, ports.inputs, "input")) ||
      failed(checkTypes(function, ports.outputs, "output")))
    return failure();
  return ports;
}

/// Names of the results of @prepare, which the compiled arguments of @step refer to.
static FailureOr<llvm::StringMap<unsigned>> getCompiledNames(func::FuncOp prepare) {
  llvm::StringMap<unsigned> names;
  for (unsigned i = 0; i < prepare.getNumResults(); ++i) {
    auto name = prepare.getResultAttrOfType<StringAttr>(i, "dchag.name");
    if (!name || !names.try_emplace(name.getValue(), i).second)
      return prepare.emitOpError("result ")
             << i << " must have a dchag.name of its own: @step refers to it";
  }
  return names;
}

static LogicalResult checkCompiled(func::FuncOp step, func::FuncOp prepare) {
  FailureOr<llvm::StringMap<unsigned>> names = getCompiledNames(prepare);
  if (failed(names))
    return failure();
  for (unsigned i = 0; i < step.getNumArguments(); ++i) {
    if (getRole(step, i) != "compiled")
      continue;
    Port port = getArgumentPort(step, i);
    auto result = names->find(port.name);
    if (result == names->end())
      return step.emitOpError("argument ")
             << i << " takes the compiled parameter '" << port.name << "', which @prepare lacks";
    if (prepare.getResultTypes()[result->second] != port.type)
      return step.emitOpError("argument ")
             << i << " takes the compiled parameter '" << port.name << "' as " << port.type
             << ", @prepare makes " << prepare.getResultTypes()[result->second];
  }
  return success();
}

FailureOr<ModulePorts> mlir::dchag::getModulePorts(ModuleOp module) {
  auto step = module.lookupSymbol<func::FuncOp>("step");
  auto prepare = module.lookupSymbol<func::FuncOp>("prepare");
  if (!step) {
    auto functions =
        llvm::filter_to_vector(module.getOps<func::FuncOp>(), [](func::FuncOp function) {
          return function.isPublic() && !function.isExternal();
        });
    if (functions.size() != 1)
      return module.emitError("has ")
             << functions.size() << " public functions: wanted @step, or only one";
    return getFunctionPorts(functions.front());
  }
  FailureOr<ModulePorts> ports = getFunctionPorts(step);
  if (failed(ports) || !prepare)
    return ports;
  if (failed(checkCompiled(step, prepare)) || failed(addParams(prepare, ports->params)))
    return failure();
  ports->prepare = prepare;
  return ports;
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

/// Whether each element that a read touches lies in its parameter and in the value.
static bool isInBounds(ReadAttr read, ArrayRef<int64_t> shape) {
  ArrayRef<int64_t> sizes = read.getSizes().asArrayRef(), at = read.getAt().asArrayRef();
  ArrayRef<int64_t> strides = read.getStrides().asArrayRef();
  if (sizes.size() != shape.size() || at.size() != shape.size() || strides.size() != shape.size())
    return false;
  int64_t low = read.getOffset(), high = read.getOffset();
  for (size_t d = 0; d < shape.size(); ++d) {
    if (sizes[d] < 0 || at[d] < 0 || at[d] + sizes[d] > shape[d])
      return false;
    if (sizes[d] == 0)
      return true;
    (strides[d] < 0 ? low : high) += (sizes[d] - 1) * strides[d];
  }
  return low >= 0 && high < read.getType().getNumElements();
}

FailureOr<EvalTensor> mlir::dchag::readLoadedValue(func::FuncOp prepare, unsigned argument,
                                                   RankedTensorType type,
                                                   const llvm::StringMap<EvalTensor> &params) {
  EvalTensor value(type);
  for (Attribute attribute : prepare.getArgAttrOfType<ArrayAttr>(argument, "dchag.reads")) {
    auto read = cast<ReadAttr>(attribute);
    const EvalTensor &param = params.find(read.getParam().getValue())->second;
    if (!isInBounds(read, type.getShape()) || param.isFloat() != value.isFloat())
      return prepare.emitOpError("argument ")
             << argument << " of type " << type << " cannot be read by " << read;
    StridedView from{read.getOffset(), SmallVector<int64_t>(read.getStrides().asArrayRef())};
    copyElements(read.getSizes().asArrayRef(), value, viewOf(value, read.getAt().asArrayRef()),
                 param, from);
  }
  return value;
}

bool mlir::dchag::readsParam(func::FuncOp prepare, unsigned argument, StringRef param) {
  auto reads = prepare.getArgAttrOfType<ArrayAttr>(argument, "dchag.reads");
  return reads && llvm::any_of(reads, [&](Attribute attribute) {
           auto read = dyn_cast<ReadAttr>(attribute);
           return read && read.getParam().getValue() == param;
         });
}

/// The value of a loaded argument in the whole program.
static FailureOr<EvalTensor> readLoaded(func::FuncOp prepare, unsigned argument,
                                        const llvm::StringMap<EvalTensor> &params) {
  auto type = dyn_cast<RankedTensorType>(prepare.getArgumentTypes()[argument]);
  if (!type)
    return prepare.emitOpError("argument ") << argument << " is loaded and must be a tensor";
  return readLoadedValue(prepare, argument, type, params);
}

/// Arguments of a function from its parameters by name; `others` gives what is neither a
/// parameter nor a loaded value.
static LogicalResult
gatherArguments(func::FuncOp function, llvm::StringMap<EvalTensor> &params,
                llvm::function_ref<FailureOr<EvalTensor>(const Port &, StringRef)> others,
                SmallVectorImpl<EvalTensor> &arguments) {
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    StringRef role = getRole(function, i);
    Port port = getArgumentPort(function, i);
    FailureOr<EvalTensor> value = role == "param"    ? params.lookup(port.name)
                                  : role == "loaded" ? readLoaded(function, i, params)
                                                     : others(port, role);
    if (failed(value))
      return failure();
    arguments.push_back(std::move(*value));
  }
  return success();
}

static FailureOr<llvm::StringMap<EvalTensor>> readParams(const ModulePorts &ports,
                                                         ValueSource source) {
  llvm::StringMap<EvalTensor> params;
  for (const Port &port : ports.params) {
    FailureOr<EvalTensor> value = source(port);
    if (failed(value))
      return failure();
    params[port.name] = std::move(*value);
  }
  return params;
}

/// Runs @prepare; gives its results by name.
static LogicalResult runPrepare(func::FuncOp prepare, llvm::StringMap<EvalTensor> &params,
                                SmallVectorImpl<EvalTensor> &compiled,
                                const InterpreterOptions &options) {
  SmallVector<EvalTensor> arguments;
  auto refuse = [&](const Port &port, StringRef role) -> FailureOr<EvalTensor> {
    return prepare.emitOpError("argument '")
           << port.name << "' has the role \"" << role << "\", wanted \"param\" or \"loaded\"";
  };
  if (failed(gatherArguments(prepare, params, refuse, arguments)))
    return failure();
  params.clear();
  return evaluateFunction(prepare, std::move(arguments), compiled, options);
}

LogicalResult mlir::dchag::evaluatePrepare(const ModulePorts &ports, ValueSource source,
                                           SmallVectorImpl<EvalTensor> &compiled,
                                           const InterpreterOptions &options) {
  FailureOr<llvm::StringMap<EvalTensor>> params = readParams(ports, source);
  if (failed(params))
    return failure();
  func::FuncOp prepare = ports.prepare;
  return runPrepare(prepare, *params, compiled, options);
}

LogicalResult mlir::dchag::evaluateModule(const ModulePorts &ports, ValueSource inputs,
                                          ValueSource source, SmallVectorImpl<EvalTensor> &outputs,
                                          const InterpreterOptions &options) {
  FailureOr<llvm::StringMap<EvalTensor>> params = readParams(ports, source);
  if (failed(params))
    return failure();
  func::FuncOp step = ports.step, prepare = ports.prepare;
  llvm::StringMap<EvalTensor> compiled;
  if (prepare) {
    SmallVector<EvalTensor> values;
    FailureOr<llvm::StringMap<unsigned>> names = getCompiledNames(prepare);
    if (failed(names) || failed(runPrepare(prepare, *params, values, options)))
      return failure();
    for (auto &entry : *names)
      compiled[entry.getKey()] = values[entry.getValue()];
  }
  auto others = [&](const Port &port, StringRef role) -> FailureOr<EvalTensor> {
    if (role == "input")
      return inputs(port);
    if (role == "compiled" && prepare)
      return compiled.lookup(port.name);
    return step.emitOpError("argument '")
           << port.name << "' has the role \"" << role
           << "\", wanted \"input\", \"param\", or \"compiled\" beside @prepare";
  };
  SmallVector<EvalTensor> arguments;
  if (failed(gatherArguments(step, *params, others, arguments)))
    return failure();
  params->clear();
  compiled.clear();
  return evaluateFunction(step, std::move(arguments), outputs, options);
}
