//===- Execution.h - one op at a time ---------------------------------------*- C++ -*-===//
//
// What the two interpreters share.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_LIB_INTERPRETER_EXECUTION_H
#define DCHAG_LIB_INTERPRETER_EXECUTION_H

#include "dchag/Interpreter/Interpreter.h"
#include "dialects/dchag/Program.h"
#include "dialects/interfaces/Interfaces.h"

namespace mlir::dchag {

/// For each op the values that nothing reads after it, so that they can be freed.
class Lifetimes {
public:
  explicit Lifetimes(Region &region);
  ArrayRef<Value> endingAt(Operation *op) const;

private:
  void add(Value value);
  llvm::DenseMap<Operation *, SmallVector<Value, 2>> ending;
};

/// Values at one point of the execution.
class Environment {
public:
  bool has(Value value) const { return values.count(value); }
  void set(Value value, EvalTensor tensor) { values[value] = std::move(tensor); }
  const EvalTensor &get(Value value) const { return values.find(value)->second; }
  /// Values of all operands of an op, each defined before it.
  SmallVector<EvalTensor> getOperands(Operation *op) const;
  void erase(ArrayRef<Value> dead);

private:
  llvm::DenseMap<Value, EvalTensor> values;
};

/// Whether values of a type can be made: numbers, and tensors of numbers of static shape.
bool isEvaluableType(Type type);

/// Fails with an error at `op` that names a result which has no static shape or is no number.
LogicalResult checkResultTypes(Operation *op);

/// Checks what an op computed against its types, and rounds it as `options` say.
LogicalResult finishResults(Operation *op, SmallVectorImpl<EvalTensor> &results,
                            const InterpreterOptions &options);

/// Executes an op by its interface.
LogicalResult evaluateOp(Operation *op, ArrayRef<EvalTensor> operands,
                         SmallVectorImpl<EvalTensor> &results, const InterpreterOptions &options);

/// Executes the only block of `body`, which ends in a terminator; the results are its operands.
LogicalResult evaluateBody(Region &body, SmallVector<EvalTensor> arguments,
                           SmallVectorImpl<EvalTensor> &results, const InterpreterOptions &options);

/// Fails unless the function has one block and arguments like `arguments`.
LogicalResult checkArguments(func::FuncOp function, ArrayRef<EvalTensor> arguments);

/// The value of a loaded argument by its `dchag.reads`; `type` is that of the whole value.
FailureOr<EvalTensor> readLoadedValue(const Port &port, RankedTensorType type,
                                      const llvm::StringMap<EvalTensor> &params);

/// Whether a loaded argument has elements of a parameter.
bool readsParam(const Port &port, StringRef param);

/// "f32 tensor of shape 2x3", for messages.
std::string describe(const EvalTensor &tensor);

} // namespace mlir::dchag

#endif // DCHAG_LIB_INTERPRETER_EXECUTION_H
