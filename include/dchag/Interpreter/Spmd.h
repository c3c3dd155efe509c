//===- Spmd.h - executes per-device programs --------------------------------*- C++ -*-===//
#ifndef DCHAG_INTERPRETER_SPMD_H
#define DCHAG_INTERPRETER_SPMD_H

#include "dchag/Interpreter/Interpreter.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"

namespace mlir::dchag {

/// The grid a per-device program runs on: `shard.grid @mesh`, or the only one of the module.
/// Null, without an error, when there is none.
shard::GridOp getProgramGrid(ModuleOp module);

/// Runs a function on all ranks of a grid in one process: arguments and results of each rank.
/// Each rank has its own place in the program, runs up to its next collective and waits
/// there for the ranks of its group. Ranks that wait for each other for ever are reported at
/// once, each with its op.
LogicalResult evaluateSpmd(func::FuncOp function, ArrayRef<int64_t> gridShape,
                           std::vector<SmallVector<EvalTensor>> arguments,
                           std::vector<SmallVector<EvalTensor>> &results,
                           const InterpreterOptions &options = {});

/// Runs a module of per-device functions that came from global ones: cuts the global values
/// by `dchag.sharding` of the arguments, runs `@prepare` and `@step` on all ranks, and joins
/// the outputs. Padding of inputs is poison, of parameters 0. Where ranks hold the same
/// elements of an output, they must agree bit for bit.
LogicalResult evaluateModuleOnRanks(const ModulePorts &ports, ValueSource inputs,
                                    ValueSource params, SmallVectorImpl<EvalTensor> &outputs,
                                    const InterpreterOptions &options = {});

} // namespace mlir::dchag

#endif // DCHAG_INTERPRETER_SPMD_H
