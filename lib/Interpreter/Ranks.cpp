//===- Ranks.cpp - global values of per-device programs ---------------------*- C++ -*-===//

#include "Execution.h"
#include "dchag/Interpreter/Spmd.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/Program.h"
#include "dialects/interfaces/EvalCopy.h"
#include "llvm/ADT/bit.h"
#include <cmath>
#include <map>

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// How an argument or result is sharded over the ranks.
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

static FailureOr<Layout> getLayout(const Port &port, MeshAttr mesh) {
  Layout layout{port.getSharding(), port.getGlobalType(), mesh};
  Type localType = port.getType();
  if (!layout.sharding)
    layout.sharding = ShardingAttr::getReplicated(layout.globalType);
  auto error = [&] {
    return port.getFunction().emitOpError() << port << " cannot be cut or joined: ";
  };
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

/// The shard of a rank; elements past the end of the value are poison or 0.
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

/// Joins the shards of a value; fails if two ranks hold the same elements with different values.
static FailureOr<EvalTensor> join(func::FuncOp function, const BorderValue &output,
                                  const Layout &layout, ArrayRef<SmallVector<EvalTensor>> parts) {
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
  RankArguments(MeshAttr mesh, int64_t numRanks) : mesh(mesh), arguments(numRanks) {}

  /// Gets the global value that `border` describes from `source`, and shards it.
  LogicalResult addGlobal(const Port &port, ValueSource source, BorderValue border,
                          bool poisonPadding) {
    FailureOr<Layout> layout = getLayout(port, mesh);
    if (failed(layout))
      return failure();
    border.type = layout->globalType;
    FailureOr<EvalTensor> value = source(border);
    if (failed(value))
      return failure();
    for (int64_t rank = 0, e = arguments.size(); rank < e; ++rank)
      arguments[rank].push_back(cut(*value, *layout, port.getType(), rank, poisonPadding));
    return success();
  }
  void addLocal(ArrayRef<SmallVector<EvalTensor>> values, unsigned result) {
    for (auto [rank, argument] : llvm::enumerate(arguments))
      argument.push_back(values[rank][result]);
  }
  std::vector<SmallVector<EvalTensor>> take() { return std::move(arguments); }

private:
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
  LogicalResult addArgument(const Port &port, RankArguments &arguments);
  LogicalResult addFromFile(const Port &port, RankArguments &arguments);

  const ModulePorts &ports;
  ValueSource inputs, params;
  MeshAttr mesh;
  const InterpreterOptions &options;
  std::vector<SmallVector<EvalTensor>> compiled;
};
} // namespace

/// A parameter as a whole, or the values that reads of parameters give.
LogicalResult ModuleOnRanks::addFromFile(const Port &port, RankArguments &arguments) {
  BorderValue border;
  border.name = port.getName();
  if (port.getRole().getLifetime() == BufferLifetime::Load) {
    // The reads say where the elements of the global value are in the files.
    auto readGlobal = [&](const BorderValue &value) -> FailureOr<EvalTensor> {
      llvm::StringMap<EvalTensor> files;
      for (const BorderValue &param : ports.params)
        if (readsParam(port, param.name)) {
          FailureOr<EvalTensor> file = params(param);
          if (failed(file))
            return failure();
          files[param.name] = std::move(*file);
        }
      return readLoadedValue(port, cast<RankedTensorType>(value.type), files);
    };
    return arguments.addGlobal(port, readGlobal, border, false);
  }
  const auto *param = llvm::find_if(
      ports.params, [&](const BorderValue &value) { return value.name == border.name; });
  return arguments.addGlobal(port, params, *param, false);
}

LogicalResult ModuleOnRanks::addArgument(const Port &port, RankArguments &arguments) {
  func::FuncOp function = port.getFunction();
  BufferRoleAttrInterface role = port.getRole();
  auto isThis = [&](const BorderValue &value) { return value.index == port.getIndex(); };
  if (role.isInput() && function == ports.prepare)
    return function.emitOpError() << port << " has the role " << role
                                  << ", but @prepare runs before there are inputs";
  if (role.isInput())
    return arguments.addGlobal(port, inputs, *llvm::find_if(ports.inputs, isThis), true);
  if (role.getFiller() == BufferFiller::File)
    return addFromFile(port, arguments);
  if (role.getFiller() == BufferFiller::Zero) {
    auto zero = [](const BorderValue &value) {
      return FailureOr<EvalTensor>(EvalTensor(value.type));
    };
    return arguments.addGlobal(port, zero, BorderValue(), true);
  }
  func::FuncOp prepare = ports.prepare;
  if (port.hasRole(RoleKind::Compiled) && prepare)
    for (const Port &result : getResults(prepare))
      if (result.getNameAttr() && result.getNameAttr() == port.getNameAttr()) {
        arguments.addLocal(compiled, result.getIndex());
        return success();
      }
  return function.emitOpError() << port << " has no value: its role is " << role
                                << ", which no input, file or result of @prepare gives";
}

LogicalResult ModuleOnRanks::run(func::FuncOp function,
                                 std::vector<SmallVector<EvalTensor>> &results) {
  RankArguments arguments(mesh, mesh.getNumRanks());
  for (const Port &port : getArguments(function))
    if (failed(addArgument(port, arguments)))
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
  for (const BorderValue &output : ports.outputs) {
    FailureOr<Layout> layout = getLayout(Port::result(step, output.index), mesh);
    if (failed(layout))
      return failure();
    FailureOr<EvalTensor> value = join(step, output, *layout, results);
    if (failed(value))
      return failure();
    outputs.push_back(std::move(*value));
  }
  return success();
}
