//===- Interpreter.cpp - executes programs at the global level -------------*- C++ -*-===//

#include "dchag/Interpreter/Interpreter.h"
#include "Execution.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/Program.h"
#include "dialects/interfaces/EvalCopy.h"

using namespace mlir;
using namespace mlir::dchag;

LogicalResult mlir::dchag::evaluateFunction(func::FuncOp function,
                                            SmallVector<EvalTensor> arguments,
                                            SmallVectorImpl<EvalTensor> &results,
                                            const InterpreterOptions &options) {
  if (failed(checkArguments(function, arguments)))
    return failure();
  if (!isa<func::ReturnOp>(function.getBody().front().back()))
    return function.emitOpError("cannot be executed: it does not end in func.return");
  if (options.mode == ExecMode::Typed)
    for (EvalTensor &argument : arguments)
      argument.roundToType();
  return evaluateBody(function.getBody(), std::move(arguments), results, options);
}

//===----------------------------------------------------------------------===//
// Ports
//===----------------------------------------------------------------------===//

static BorderValue getBorderValue(const Port &port) {
  BorderValue value;
  value.name = port.getName();
  value.type = port.getType();
  value.source = port.getSource();
  value.index = port.getIndex();
  value.range = port.getRange();
  value.isUnsigned = port.isUnsigned();
  return value;
}

/// Adds the parameters that a loaded value is read from.
static LogicalResult addReadValues(const Port &port, SmallVectorImpl<BorderValue> &params) {
  func::FuncOp function = port.getFunction();
  ArrayAttr reads = port.getReads();
  if (!reads)
    return function.emitOpError() << port << " has the role " << port.getRole() << " without "
                                  << contract::kReads;
  for (auto read : reads.getAsRange<ReadAttr>()) {
    auto isSame = [&](const BorderValue &value) {
      return value.name == read.getParam().getValue();
    };
    auto known = llvm::find_if(params, isSame);
    if (known != params.end() &&
        (known->type != read.getSignlessType() || known->isUnsigned != read.isUnsigned()))
      return function.emitOpError("reads the parameter '")
             << known->name << "' as " << known->type << " and as " << read.getType();
    if (known != params.end())
      continue;
    params.push_back(
        {read.getParam().str(), read.getSignlessType(), SourceAttr(), port.getIndex()});
    params.back().isUnsigned = read.isUnsigned();
  }
  return success();
}

/// Values of all ports can be made.
static LogicalResult checkTypes(func::FuncOp function, ArrayRef<BorderValue> ports,
                                StringRef kind) {
  for (const BorderValue &port : ports)
    if (!isEvaluableType(port.type))
      return function.emitError(kind)
             << " '" << port.name << "' of @" << function.getSymName() << " has the type "
             << port.type << ", wanted a number or a ranked tensor of numbers of "
             << "static shape";
  return success();
}

/// Parameters that `function`, @prepare or a @step before the preparation, takes from files.
static LogicalResult addParams(func::FuncOp function, SmallVectorImpl<BorderValue> &params) {
  for (const Port &port : getArguments(function)) {
    BufferRoleAttrInterface role = port.getRole();
    if (role.getFiller() != BufferFiller::File)
      continue;
    auto isSame = [&](const BorderValue &value) { return value.name == port.getName(); };
    if (role.getLifetime() != BufferLifetime::Load) {
      // What a step updates, @prepare may take as well.
      if (llvm::none_of(params, isSame))
        params.push_back(getBorderValue(port));
    } else if (failed(addReadValues(port, params))) {
      return failure();
    }
  }
  return checkTypes(function, params, "parameter");
}

FailureOr<ModulePorts> mlir::dchag::getFunctionPorts(func::FuncOp function) {
  ModulePorts ports;
  ports.step = function;
  for (const Port &port : getArguments(function))
    if (port.getRole().isInput())
      ports.inputs.push_back(getBorderValue(port));
  if (failed(addParams(function, ports.params)))
    return failure();
  for (const Port &port : getResults(function))
    ports.outputs.push_back(getBorderValue(port));
  if (failed(checkTypes(function, ports.inputs, "input")) ||
      failed(checkTypes(function, ports.outputs, "output")))
    return failure();
  return ports;
}

/// Names of the results of @prepare, which the compiled arguments of @step refer to.
static FailureOr<llvm::StringMap<unsigned>> getCompiledNames(func::FuncOp prepare) {
  llvm::StringMap<unsigned> names;
  for (const Port &port : getResults(prepare))
    if (!port.getNameAttr() || !names.try_emplace(port.getName(), port.getIndex()).second)
      return prepare.emitOpError()
             << port << " must have a " << contract::kName << " of its own: @step refers to it";
  return names;
}

static LogicalResult checkCompiled(func::FuncOp step, func::FuncOp prepare) {
  FailureOr<llvm::StringMap<unsigned>> names = getCompiledNames(prepare);
  if (failed(names))
    return failure();
  for (const Port &port : getArguments(step)) {
    if (!port.hasRole(RoleKind::Compiled))
      continue;
    auto result = names->find(port.getName());
    if (result == names->end())
      return step.emitOpError() << port << " takes the compiled parameter '" << port.getName()
                                << "', which @prepare lacks";
    if (prepare.getResultTypes()[result->second] != port.getType())
      return step.emitOpError() << port << " takes the compiled parameter '" << port.getName()
                                << "' as " << port.getType() << ", @prepare makes "
                                << prepare.getResultTypes()[result->second];
  }
  return success();
}

FailureOr<ModulePorts> mlir::dchag::getModulePorts(ModuleOp module, func::FuncOp entry) {
  Program program(module);
  func::FuncOp step = entry ? entry : program.getStep(), prepare = program.getPrepare();
  if (!step) {
    SmallVector<func::FuncOp> functions = program.getEntries();
    if (functions.size() != 1)
      return module.emitError("has ")
             << functions.size() << " public functions: wanted @step, or only one";
    return getFunctionPorts(functions.front());
  }
  FailureOr<ModulePorts> ports = getFunctionPorts(step);
  if (failed(ports) || !prepare || prepare == step)
    return ports;
  if (failed(checkCompiled(step, prepare)) || failed(addParams(prepare, ports->params)))
    return failure();
  ports->prepare = prepare;
  return ports;
}

//===----------------------------------------------------------------------===//
// Modules
//===----------------------------------------------------------------------===//

/// Whether every element that a read accesses is inside of its parameter and of the value.
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

FailureOr<EvalTensor> mlir::dchag::readLoadedValue(const Port &port, RankedTensorType type,
                                                   const llvm::StringMap<EvalTensor> &params) {
  EvalTensor value(type);
  for (auto read : port.getReads().getAsRange<ReadAttr>()) {
    const EvalTensor &param = params.find(read.getParam().getValue())->second;
    if (!isInBounds(read, type.getShape()) || param.isFloat() != value.isFloat())
      return port.getFunction().emitOpError()
             << port << " of type " << type << " cannot be read by " << read;
    StridedView from{read.getOffset(), SmallVector<int64_t>(read.getStrides().asArrayRef())};
    copyElements(read.getSizes().asArrayRef(), value, viewOf(value, read.getAt().asArrayRef()),
                 param, from);
  }
  return value;
}

bool mlir::dchag::readsParam(const Port &port, StringRef param) {
  ArrayAttr reads = port.getReads();
  return reads && llvm::any_of(reads.getAsRange<ReadAttr>(),
                               [&](ReadAttr read) { return read.getParam().getValue() == param; });
}

/// The value of a loaded argument in the whole program.
static FailureOr<EvalTensor> readLoaded(const Port &port,
                                        const llvm::StringMap<EvalTensor> &params) {
  auto type = dyn_cast<RankedTensorType>(port.getType());
  if (!type)
    return port.getFunction().emitOpError() << port << " is loaded and must be a tensor";
  return readLoadedValue(port, type, params);
}

using PortSource = llvm::function_ref<FailureOr<EvalTensor>(const Port &)>;

/// The value of an argument that is from files or 0 at the start; `others` gives the rest.
static FailureOr<EvalTensor> getArgument(const Port &port, llvm::StringMap<EvalTensor> &params,
                                         PortSource others) {
  BufferRoleAttrInterface role = port.getRole();
  switch (role.getFiller()) {
  case BufferFiller::File:
    return role.getLifetime() == BufferLifetime::Load ? readLoaded(port, params)
                                                      : params.lookup(port.getName());
  case BufferFiller::Zero:
    return EvalTensor(port.getType());
  case BufferFiller::Caller:
  case BufferFiller::Program:
    return others(port);
  }
  llvm_unreachable("all fillers are covered");
}

/// Arguments of a function from its parameters by name; `others` gives what is neither from files
/// nor 0.
static LogicalResult gatherArguments(func::FuncOp function, llvm::StringMap<EvalTensor> &params,
                                     PortSource others, SmallVectorImpl<EvalTensor> &arguments) {
  for (const Port &port : getArguments(function)) {
    FailureOr<EvalTensor> value = getArgument(port, params, others);
    if (failed(value))
      return failure();
    arguments.push_back(std::move(*value));
  }
  return success();
}

static FailureOr<llvm::StringMap<EvalTensor>> readParams(const ModulePorts &ports,
                                                         ValueSource source) {
  llvm::StringMap<EvalTensor> params;
  for (const BorderValue &port : ports.params) {
    FailureOr<EvalTensor> value = source(port);
    if (failed(value))
      return failure();
    params[port.name] = std::move(*value);
  }
  return params;
}

/// Frees parameters that `entry` does not take; all of them without one.
static void dropUnused(llvm::StringMap<EvalTensor> &params, func::FuncOp entry) {
  llvm::StringMap<EvalTensor> used;
  for (const Port &port : entry ? getArguments(entry) : SmallVector<Port>())
    if (port.getRole().getFiller() == BufferFiller::File)
      if (auto it = params.find(port.getName()); it != params.end())
        used[port.getName()] = std::move(it->second);
  params = std::move(used);
}

/// Runs @prepare in front of `next`, if there is one; gives its results by name.
static LogicalResult runPrepare(func::FuncOp prepare, func::FuncOp next,
                                llvm::StringMap<EvalTensor> &params,
                                SmallVectorImpl<EvalTensor> &compiled,
                                const InterpreterOptions &options) {
  SmallVector<EvalTensor> arguments;
  auto refuse = [&](const Port &port) -> FailureOr<EvalTensor> {
    return prepare.emitOpError("argument '")
           << port.getName() << "' has the role " << port.getRole() << ", wanted one that the "
           << "weights file fills";
  };
  if (failed(gatherArguments(prepare, params, refuse, arguments)))
    return failure();
  dropUnused(params, next);
  return evaluateFunction(prepare, std::move(arguments), compiled, options);
}

LogicalResult mlir::dchag::evaluatePrepare(const ModulePorts &ports, ValueSource source,
                                           SmallVectorImpl<EvalTensor> &compiled,
                                           const InterpreterOptions &options) {
  FailureOr<llvm::StringMap<EvalTensor>> params = readParams(ports, source);
  if (failed(params))
    return failure();
  func::FuncOp prepare = ports.prepare;
  return runPrepare(prepare, func::FuncOp(), *params, compiled, options);
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
    if (failed(names) || failed(runPrepare(prepare, step, *params, values, options)))
      return failure();
    for (auto &entry : *names)
      compiled[entry.getKey()] = values[entry.getValue()];
  }
  auto others = [&](const Port &port) -> FailureOr<EvalTensor> {
    if (port.getRole().isInput())
      return inputs(getBorderValue(port));
    if (port.hasRole(RoleKind::Compiled) && prepare)
      return compiled.lookup(port.getName());
    return step.emitOpError("argument '") << port.getName() << "' has the role " << port.getRole()
                                          << ", which has a value beside @prepare only";
  };
  SmallVector<EvalTensor> arguments;
  if (failed(gatherArguments(step, *params, others, arguments)))
    return failure();
  params->clear();
  compiled.clear();
  return evaluateFunction(step, std::move(arguments), outputs, options);
}
