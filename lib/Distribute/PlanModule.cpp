//===- PlanModule.cpp - plans of all functions of a module -----------------*- C++ -*-===//

#include "Propagation.h"
#include "dialects/dchag/Program.h"

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// A port of an entry point whose sharding is decided.
struct DecidedPort {
  Port port;
  ShardingAttr sharding;
};

/// Plans the functions in order: what one decides for a port holds for the next.
class Planner {
public:
  Planner(ModuleOp module, ReshardPlanner &planner, Propagation::Options options)
      : program(module), mesh(MeshAttr::lookup(module)), planner(planner), options(options) {}

  FailureOr<ShardingPlan> plan(func::FuncOp function) {
    SmallVector<Port> arguments = getArguments(function), results = getResults(function);
    auto given = [&](ArrayRef<Port> ports) {
      return llvm::map_to_vector(ports, [&](const Port &port) { return getSharding(port); });
    };
    SmallVector<ShardingAttr> argumentShardings = given(arguments),
                              resultShardings = given(results);
    if (Program::isPrepare(function))
      for (auto [port, sharding] : llvm::zip_equal(results, resultShardings))
        if (ShardingAttr used = getUse(port))
          sharding = used;
    auto plan =
        Propagation(function, mesh, planner, options).decide(argumentShardings, resultShardings);
    if (failed(plan) || Program::isPrepare(function))
      return plan;
    for (auto [index, port] : llvm::enumerate(arguments))
      decided[port.getNameAttr()].push_back({port, plan->getArgument(index)});
    for (auto [port, sharding] : llvm::zip_equal(results, plan->results))
      decided[port.getNameAttr()].push_back({port, sharding});
    return plan;
  }

private:
  /// Ports with the same name and role are one buffer: they take the sharding that an earlier entry
  /// point decided. State without a request is replicated, both as argument and as result.
  ShardingAttr getSharding(const Port &port) {
    bool isPrepared = Program::isPrepare(port.getFunction()) && !port.getRole().isUpdatedInPlace();
    if (port.getSharding() || !program.getStep() || isPrepared)
      return port.getSharding();
    BufferRoleAttrInterface role = port.getRole();
    for (const DecidedPort &known : decided.lookup(port.getNameAttr()))
      if (known.port.isResult() == port.isResult() && known.port.getRole() == role)
        return known.sharding;
    return role.isUpdatedInPlace() ? ShardingAttr::getReplicated(port.getType()) : ShardingAttr();
  }

  /// Results of @prepare take the sharding of the arguments of entry points with their names.
  ShardingAttr getUse(const Port &result) {
    ShardingAttr sharding;
    StringAttr name = result.getNameAttr();
    for (const DecidedPort &known : name ? decided.lookup(name) : SmallVector<DecidedPort, 1>())
      if (!known.port.isResult() && known.port.hasRole(RoleKind::Compiled))
        sharding = known.sharding;
    return sharding;
  }

  Program program;
  MeshAttr mesh;
  ReshardPlanner &planner;
  Propagation::Options options;
  /// By name.
  llvm::DenseMap<StringAttr, SmallVector<DecidedPort, 1>> decided;
};
} // namespace

FailureOr<SmallVector<ShardingPlan, 0>>
mlir::dchag::planModule(ModuleOp module, ReshardPlanner &planner, Propagation::Options options) {
  auto functions = getDistributedFunctions(module);
  if (failed(functions))
    return failure();
  Planner planOf(module, planner, options);
  SmallVector<ShardingPlan, 0> plans;
  for (func::FuncOp function : *functions) {
    if (failed(checkGlobal(function)))
      return failure();
    auto plan = planOf.plan(function);
    if (failed(plan))
      return failure();
    plans.push_back(std::move(*plan));
  }
  return plans;
}
