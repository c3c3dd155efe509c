//===- Ranks.cpp - global values of per-device programs ---------------------*- C++ -*-===//

#include "Execution.h"
#include "dchag/Interpreter/Spmd.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/interfaces/EvalCopy.h"
#include "llvm/ADT/bit.h"
#include <cmath>
#include <map>

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// How an argument or result lies over the ranks.
struct Layout {
  ShardingAttr sharding;
  Type globalType;
  MeshAttr mesh;

  /// First element and number of elements of each dimension that `rank` holds.
  void getPart(int64_t rank, SmallVectorImpl<int64_t> &offsets,
               SmallVectorImpl<int64_t> &sizes) const {
    auto type = dyn_cast<RankedTensorType>(globalType);
    for (int64_t d = 0, e = type ? type.getRank() : 0; d < e; ++d) {
      offsets.push_back(sharding.getShardOffset(rank, d, type.getDimSize(d), mesh));
      sizes.push_back(sharding.getShardSize(rank, d, type.getDimSize(d), mesh));
    }
  }
};
} // namespace

static FailureOr<Layout> getLayout(func::FuncOp function, const Twine &what, Type localType,
                                   Attribute sharding, Attribute global, MeshAttr mesh) {
  Layout layout{dyn_cast_or_null<ShardingAttr>(sharding), localType, mesh};
  if (auto type = dyn_cast_or_null<TypeAttr>(global))
    layout.globalType = type.getValue();
  if (!layout.sharding)
    layout.sharding = ShardingAttr::getReplicated(layout.globalType);
  auto error = [&] { return function.emitOpError(what) << " cannot be cut or joined: "; };
  if (failed(layout.sharding.verifyFor(error, layout.globalType, mesh)))
    return failure();
  if (layout.sharding.isPartial())
    return error() << "it is a partial result, which no user of the program can combine";
  Type wanted = layout.sharding.getLocalType(layout.globalType, mesh);
  if (wanted != localType)
    return error() << "got the local type " << localType << ", wanted " << wanted << " for "
                   << layout.globalType << " by " << layout.sharding
                   << " (dchag.global names the type before the distribution)";
  return layout;
}

static FailureOr<Layout> getArgumentLayout(func::FuncOp function, unsigned index, MeshAttr mesh) {
  return getLayout(function, "argument " + Twine(index), function.getArgumentTypes()[index],
                   function.getArgAttr(index, ShardingAttr::attrName),
                   function.getArgAttr(index, ShardingAttr::globalTypeAttrName), mesh);
}

static FailureOr<Layout> getResultLayout(func::FuncOp function, unsigned index, MeshAttr mesh) {
  return getLayout(function, "result " + Twine(index), function.getResultTypes()[index],
                   function.getResultAttr(index, ShardingAttr::attrName),
                   function.getResultAttr(index, ShardingAttr::globalTypeAttrName), mesh);
}

/// The part of a rank; what lies behind the end of the value is poison or 0.
static EvalTensor cut(const EvalTensor &global, const Layout &layout, Type localType, int64_t rank,
                      bool poisonPadding) {
  if (layout.sharding.isReplicated())
    return global;
  SmallVector<int64_t> offsets, sizes;
  layout.getPart(rank, offsets, sizes);
  EvalTensor local(localType);
  if (poisonPadding)
    fillWithPoison(local);
  if (!llvm::is_contained(sizes, 0))
    copyElements(sizes, local, viewOf(local), global, viewOf(global, offsets));
  return local;
}

static bool isSame(const EvalTensor &a, const EvalTensor &b, int64_t index) {
  if (!a.isFloat())
    return a.ints()[index] == b.ints()[index];
  double x = a.floats()[index], y = b.floats()[index];
  return std::isnan(x) ? std::isnan(y) : llvm::bit_cast<uint64_t>(x) == llvm::bit_cast<uint64_t>(y);
}

/// The global value of parts; fails where two ranks hold the same part with other elements.
static FailureOr<EvalTensor> join(func::FuncOp function, const Port &output, const Layout &layout,
                                  ArrayRef<SmallVector<EvalTensor>> parts) {
  EvalTensor global(layout.globalType);
  std::map<std::vector<int64_t>, int64_t> owners;
  for (int64_t rank = 0, e = parts.size(); rank < e; ++rank) {
    SmallVector<int64_t> offsets, sizes;
    layout.getPart(rank, offsets, sizes);
    if (llvm::is_contained(sizes, 0))
      continue;
    const EvalTensor &local = parts[rank][output.index];
    EvalTensor part(sizes, local.getElementType());
    copyElements(sizes, part, viewOf(part), local, viewOf(local));
    auto [owner, isNew] = owners.try_emplace({offsets.begin(), offsets.end()}, rank);
    if (isNew) {
      copyElements(sizes, global, viewOf(global, offsets), part, viewOf(part));
      continue;
    }
    EvalTensor first(sizes, part.getElementType());
    copyElements(sizes, first, viewOf(first), global, viewOf(global, offsets));
    for (int64_t i = 0; i < part.getNumElements(); ++i)
      if (!isSame(part, first, i))
        return function.emitOpError("output '")
               << output.name << "' differs between ranks that hold the same part: element " << i
               << " of it (row-major) is " << std::to_string(first.getAsDouble(i)) << " on rank "
               << owner->second << " and " << std::to_string(part.getAsDouble(i)) << " on rank "
               << rank;
  }
  return global;
}

namespace {
/// Values of the arguments of one function on all ranks.
class RankArguments {
public:
  RankArguments(func::FuncOp function, MeshAttr mesh, int64_t numRanks)
      : function(function), mesh(mesh), arguments(numRanks) {}

  LogicalResult addGlobal(unsigned index, ValueSource source, Port port, bool poisonPadding) {
    FailureOr<Layout> layout = getArgumentLayout(function, index, mesh);
    if (failed(layout))
      return failure();
    port.type = layout->globalType;
    FailureOr<EvalTensor> value = source(port);
    if (failed(value))
      return failure();
    for (int64_t rank = 0, e = arguments.size(); rank < e; ++rank)
      arguments[rank].push_back(
          cut(*value, *layout, function.getArgumentTypes()[index], rank, poisonPadding));
    return success();
  }
  void addLocal(ArrayRef<SmallVector<EvalTensor>> values, unsigned result) {
    for (auto [rank, argument] : llvm::enumerate(arguments))
      argument.push_back(values[rank][result]);
  }
  std::vector<SmallVector<EvalTensor>> take() { return std::move(arguments); }

private:
  func::FuncOp function;
  MeshAttr mesh;
  std::vector<SmallVector<EvalTensor>> arguments;
};

/// Runs the two functions of a module on all ranks.
class ModuleOnRanks {
public:
  ModuleOnRanks(const ModulePorts &ports, ValueSource inputs, ValueSource params, MeshAttr mesh,
                const InterpreterOptions &options)
      : ports(ports), inputs(inputs), params(params), mesh(mesh), options(options) {}

  LogicalResult runPrepare();
  LogicalResult runStep(std::vector<SmallVector<EvalTensor>> &results);

private:
  LogicalResult run(func::FuncOp function, std::vector<SmallVector<EvalTensor>> &results);
  LogicalResult addArgument(func::FuncOp function, unsigned index, RankArguments &arguments);

  const ModulePorts &ports;
  ValueSource inputs, params;
  MeshAttr mesh;
  const InterpreterOptions &options;
  std::vector<SmallVector<EvalTensor>> compiled;
};
} // namespace

LogicalResult ModuleOnRanks::addArgument(func::FuncOp function, unsigned index,
                                         RankArguments &arguments) {
  auto roleAttr = function.getArgAttrOfType<StringAttr>(index, "dchag.role");
  StringRef role = roleAttr ? roleAttr.getValue() : "input";
  auto name = function.getArgAttrOfType<StringAttr>(index, "dchag.name");
  auto isThis = [&](const Port &port) { return port.index == index; };
  // Inputs are those of @step: an argument of @prepare that lost its role is none.
  const auto *input = llvm::find_if(ports.inputs, isThis);
  if (role == "input" && function != ports.prepare && input != ports.inputs.end())
    return arguments.addGlobal(index, inputs, *input, true);
  if (role == "param") {
    auto isParam = [&](const Port &port) {
      return name ? port.name == name.getValue() : port.index == index;
    };
    const auto *port = llvm::find_if(ports.params, isParam);
    if (port != ports.params.end())
      return arguments.addGlobal(index, params, *port, false);
  }
  if (role == "loaded") {
    // The reads say where the elements of the global value are in the files.
    auto readGlobal = [&](const Port &port) -> FailureOr<EvalTensor> {
      llvm::StringMap<EvalTensor> files;
      for (const Port &param : ports.params)
        if (readsParam(function, index, param.name)) {
          FailureOr<EvalTensor> value = params(param);
          if (failed(value))
            return failure();
          files[param.name] = std::move(*value);
        }
      return readLoadedValue(function, index, cast<RankedTensorType>(port.type), files);
    };
    Port port;
    port.name = name ? name.str() : "arg" + std::to_string(index);
    return arguments.addGlobal(index, readGlobal, port, false);
  }
  func::FuncOp prepare = ports.prepare;
  for (unsigned i = 0; role == "compiled" && prepare && i < prepare.getNumResults(); ++i)
    if (name && prepare.getResultAttr(i, "dchag.name") == name) {
      arguments.addLocal(compiled, i);
      return success();
    }
  return function.emitOpError("argument ") << index << " has no value: its role is \"" << role
                                           << "\", wanted \"input\", \"param\", \"loaded\", or "
                                              "\"compiled\" with the name of a result "
                                           << "of @prepare";
}

LogicalResult ModuleOnRanks::run(func::FuncOp function,
                                 std::vector<SmallVector<EvalTensor>> &results) {
  RankArguments arguments(function, mesh, mesh.getNumRanks());
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (failed(addArgument(function, i, arguments)))
      return failure();
  return evaluateSpmd(function, mesh.getSizes(), arguments.take(), results, options);
}

LogicalResult ModuleOnRanks::runPrepare() {
  func::FuncOp prepare = ports.prepare;
  return prepare ? run(prepare, compiled) : success();
}

LogicalResult ModuleOnRanks::runStep(std::vector<SmallVector<EvalTensor>> &results) {
  return run(ports.step, results);
}

LogicalResult mlir::dchag::evaluateModuleOnRanks(const ModulePorts &ports, ValueSource inputs,
                                                 ValueSource params,
                                                 SmallVectorImpl<EvalTensor> &outputs,
                                                 const InterpreterOptions &options) {
  func::FuncOp step = ports.step;
  MeshAttr mesh = MeshAttr::lookup(step);
  if (!mesh)
    return step.emitOpError("cannot be executed on ranks: its module has no dchag.mesh");
  ModuleOnRanks program(ports, inputs, params, mesh, options);
  std::vector<SmallVector<EvalTensor>> results;
  if (failed(program.runPrepare()) || failed(program.runStep(results)))
    return failure();
  for (const Port &output : ports.outputs) {
    FailureOr<Layout> layout = getResultLayout(step, output.index, mesh);
    if (failed(layout))
      return failure();
    FailureOr<EvalTensor> value = join(step, output, *layout, results);
    if (failed(value))
      return failure();
    outputs.push_back(std::move(*value));
  }
  return success();
}
