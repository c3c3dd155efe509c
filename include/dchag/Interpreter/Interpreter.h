//===- Interpreter.h - executes programs at the global level ---------------*- C++ -*-===//
//
// The reference meaning of a program: each op is executed by its EvaluableOpInterface, one
// after the other, on dense tensors. Nothing here depends on single ops.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_INTERPRETER_INTERPRETER_H
#define DCHAG_INTERPRETER_INTERPRETER_H

#include "dialects/dchag/Program.h"
#include "dialects/interfaces/EvalTensor.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringMap.h"

namespace mlir::dchag {

enum class ExecMode {
  /// Float64 arithmetic whatever the types say.
  Exact,
  /// Results of each op are rounded to their element types.
  Typed
};

struct InterpreterOptions {
  ExecMode mode = ExecMode::Exact;
  /// Fills `tensor.empty` with NaN (integers: a large number) instead of zeros, so that a
  /// program that reads what it never wrote shows.
  bool poisonEmpty = false;
};

/// Runs a function of one block. Values are freed after their last use: move `arguments`
/// in when they shall be freed as well. Emits an error at the op that cannot be executed.
LogicalResult evaluateFunction(func::FuncOp function, SmallVector<EvalTensor> arguments,
                               SmallVectorImpl<EvalTensor> &results,
                               const InterpreterOptions &options = {});

/// A named value at the border of a module.
struct BorderValue {
  std::string name;
  Type type;
  /// Where the file has the bytes of this parameter, or null.
  SourceAttr source;
  /// Arguments of the function that are this port, or the result number of an output.
  unsigned index = 0;
  /// Smallest and largest value of an integer argument.
  ArrayRef<int64_t> range = {};
  /// Whether its integers have no sign in files (types of the IR are signless).
  bool isUnsigned = false;
};

/// What a user of a module sees, whatever the stage: after import `@step(inputs, params)`,
/// after the preparation `@prepare(params) -> compiled` and `@step(inputs, compiled)`, with
/// extracted reads `@prepare(loaded)`. File parameters are `params` in each of them. Names and
/// roles are those of dialects/dchag/Program.h.
struct ModulePorts {
  func::FuncOp step;
  /// Null before the preparation.
  func::FuncOp prepare;
  SmallVector<BorderValue> inputs, params, outputs;
};

/// Ports of a module with `@step`, or of its only public function. Emits an error when there
/// is no such function, or a name of a compiled value is missing.
/// With `entry`, those of that entry point instead of `@step`.
FailureOr<ModulePorts> getModulePorts(ModuleOp module, func::FuncOp entry = {});

/// Ports of one function on its own.
FailureOr<ModulePorts> getFunctionPorts(func::FuncOp function);

/// Gives the value of an input or parameter of a name and type; emits its own errors.
using ValueSource = llvm::function_ref<FailureOr<EvalTensor>(const BorderValue &)>;

/// Runs `@prepare`, if there is one, and `@step`. Each parameter is asked for once.
/// `outputs` has the order of `ports.outputs`.
LogicalResult evaluateModule(const ModulePorts &ports, ValueSource inputs, ValueSource params,
                             SmallVectorImpl<EvalTensor> &outputs,
                             const InterpreterOptions &options = {});

/// Runs `@prepare` alone: values of all results, in order.
LogicalResult evaluatePrepare(const ModulePorts &ports, ValueSource params,
                              SmallVectorImpl<EvalTensor> &compiled,
                              const InterpreterOptions &options = {});

} // namespace mlir::dchag

#endif // DCHAG_INTERPRETER_INTERPRETER_H
