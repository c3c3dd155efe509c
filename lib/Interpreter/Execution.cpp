//===- Execution.cpp - one op at a time -------------------------------------*- C++ -*-===//

#include "Execution.h"
#include "dialects/interfaces/EvalCopy.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/CallInterfaces.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::dchag;

//===----------------------------------------------------------------------===//
// Lifetimes and values
//===----------------------------------------------------------------------===//

Lifetimes::Lifetimes(Region &region) {
  region.walk([&](Block *block) {
    for (Value argument : block->getArguments())
      add(argument);
    for (Operation &op : *block)
      for (Value result : op.getResults())
        add(result);
  });
}

void Lifetimes::add(Value value) {
  Block *block = value.getParentBlock();
  // Without a use the value ends where it is made; an argument at the first op.
  Operation *last = value.getDefiningOp() ? value.getDefiningOp() : &block->front();
  for (Operation *user : value.getUsers()) {
    Operation *inBlock = block->findAncestorOpInBlock(*user);
    if (inBlock && last->isBeforeInBlock(inBlock))
      last = inBlock;
  }
  ending[last].push_back(value);
}

ArrayRef<Value> Lifetimes::endingAt(Operation *op) const {
  auto it = ending.find(op);
  return it == ending.end() ? ArrayRef<Value>() : ArrayRef<Value>(it->second);
}

SmallVector<EvalTensor> Environment::getOperands(Operation *op) const {
  SmallVector<EvalTensor> operands;
  for (Value operand : op->getOperands())
    operands.push_back(get(operand));
  return operands;
}

void Environment::erase(ArrayRef<Value> dead) {
  for (Value value : dead)
    values.erase(value);
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

bool mlir::dchag::isEvaluableType(Type type) {
  if (auto tensor = dyn_cast<RankedTensorType>(type)) {
    // More elements than an address space has could not even be counted.
    int64_t elements = 1;
    bool overflows = llvm::any_of(tensor.getShape(), [&](int64_t size) {
      return size > 0 && llvm::MulOverflow(elements, size, elements);
    });
    if (!tensor.hasStaticShape() || overflows || elements > (int64_t(1) << 48))
      return false;
    type = tensor.getElementType();
  }
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.getWidth() >= 1 && integer.getWidth() <= 64;
  return isa<FloatType, IndexType>(type);
}

LogicalResult mlir::dchag::checkResultTypes(Operation *op) {
  for (Type type : op->getResultTypes())
    if (!isEvaluableType(type))
      return op->emitOpError("cannot be executed: its result has the type ")
             << type
             << ", wanted a number or a ranked tensor of numbers of static shape and of at most "
                "2^48 elements";
  return success();
}

std::string mlir::dchag::describe(const EvalTensor &tensor) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << tensor.getElementType();
  if (tensor.getRank() == 0)
    os << " scalar";
  else
    llvm::interleave(tensor.getShape(), os << " tensor of shape ", "x");
  return text;
}

LogicalResult mlir::dchag::finishResults(Operation *op, SmallVectorImpl<EvalTensor> &results,
                                         const InterpreterOptions &options) {
  if (results.size() != op->getNumResults())
    return op->emitOpError("was evaluated to ")
           << results.size() << " results, wanted " << op->getNumResults();
  for (auto [result, type] : llvm::zip_equal(results, op->getResultTypes())) {
    auto shaped = dyn_cast<ShapedType>(type);
    ArrayRef<int64_t> shape = shaped ? shaped.getShape() : ArrayRef<int64_t>();
    Type elementType = getElementTypeOrSelf(type);
    if (!result || result.getShape() != shape || result.isFloat() != isa<FloatType>(elementType))
      return op->emitOpError("was evaluated to a ")
             << (result ? describe(result) : "nothing") << ", wanted " << type;
    if (result.getElementType() != elementType)
      result = result.withElementType(elementType);
    if (options.mode == ExecMode::Typed || !result.isFloat())
      result.roundToType();
  }
  return success();
}

LogicalResult mlir::dchag::evaluateBody(Region &body, SmallVector<EvalTensor> arguments,
                                        SmallVectorImpl<EvalTensor> &results,
                                        const InterpreterOptions &options) {
  Lifetimes lifetimes(body);
  Environment environment;
  for (auto [argument, tensor] : llvm::zip_equal(body.getArguments(), arguments))
    environment.set(argument, std::move(tensor));
  arguments.clear();
  for (Operation &op : body.front()) {
    SmallVector<EvalTensor> operands = environment.getOperands(&op);
    if (op.hasTrait<OpTrait::IsTerminator>()) {
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
  llvm_unreachable("a body ends in a terminator");
}

/// Executes the body of what an op calls.
static LogicalResult evaluateCall(CallOpInterface op, ArrayRef<EvalTensor> operands,
                                  SmallVectorImpl<EvalTensor> &results,
                                  const InterpreterOptions &options) {
  auto callee = dyn_cast_or_null<CallableOpInterface>(op.resolveCallable());
  Region *body = callee ? callee.getCallableRegion() : nullptr;
  if (!body || !body->hasOneBlock())
    return op->emitOpError("cannot be executed: it calls nothing that has a body of one block");
  return evaluateBody(*body, SmallVector<EvalTensor>(operands), results, options);
}

LogicalResult mlir::dchag::evaluateOp(Operation *op, ArrayRef<EvalTensor> operands,
                                      SmallVectorImpl<EvalTensor> &results,
                                      const InterpreterOptions &options) {
  if (auto call = dyn_cast<CallOpInterface>(op))
    return evaluateCall(call, operands, results, options);
  auto evaluable = dyn_cast<EvaluableOpInterface>(op);
  if (!evaluable)
    return op->emitOpError("cannot be executed: it does not implement EvaluableOpInterface");
  if (failed(checkResultTypes(op)) || failed(evaluable.evaluate(operands, results)) ||
      failed(finishResults(op, results, options)))
    return failure();
  if (options.poisonEmpty && isa<tensor::EmptyOp>(op))
    fillWithPoison(results[0]);
  return success();
}

LogicalResult mlir::dchag::checkArguments(func::FuncOp function, ArrayRef<EvalTensor> arguments) {
  if (!function.getBody().hasOneBlock())
    return function.emitOpError("cannot be executed: wanted a body of one block");
  if (arguments.size() != function.getNumArguments())
    return function.emitOpError("got ")
           << arguments.size() << " arguments, wanted " << function.getNumArguments();
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes())) {
    if (!isEvaluableType(type))
      return function.emitOpError("cannot be executed: argument ")
             << index << " has the type " << type
             << ", wanted a number or a ranked tensor of numbers of static shape and of at most "
                "2^48 elements";
    const EvalTensor &argument = arguments[index];
    auto shaped = dyn_cast<ShapedType>(type);
    ArrayRef<int64_t> shape = shaped ? shaped.getShape() : ArrayRef<int64_t>();
    if (!argument || argument.getShape() != shape ||
        argument.isFloat() != isa<FloatType>(getElementTypeOrSelf(type)))
      return function.emitOpError("argument ")
             << index << " is a " << (argument ? describe(argument) : "nothing") << ", wanted "
             << type;
  }
  return success();
}
