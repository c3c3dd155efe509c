//===- Prepare.cpp - moves computations on parameters to @prepare ----------*- C++ -*-===//

#include "Names.h"
#include "dchag/Prepare/Passes.h"
#include "dchag/Raise/IndexNotation.h"
#include "dialects/dchag/Dchag.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_PREPARE
#include "dchag/Prepare/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {

/// Which ops of @step move.
class Partition {
public:
  explicit Partition(Block &block);
  bool moves(Operation *op) const { return moved.contains(op); }
  /// Values that @step uses and @prepare computes, or parameters used as they are.
  ArrayRef<Value> getFrontier() const { return frontier.getArrayRef(); }

private:
  bool isSpread(Operation *op) const;

  ParameterAnalysis parameters;
  /// Values with a parameter somewhere behind them.
  llvm::DenseSet<Value> dependent;
  llvm::SmallPtrSet<Operation *, 32> moved;
  llvm::SetVector<Value> frontier;
};

} // namespace

/// Broadcasts and views of them: they take memory and save nothing.
bool Partition::isSpread(Operation *op) const {
  if (isa<linalg::BroadcastOp>(op))
    return true;
  if (!isView(op) || isa<tensor::ConcatOp>(op))
    return false;
  Operation *source = op->getOperand(0).getDefiningOp();
  return source && isSpread(source);
}

Partition::Partition(Block &block) {
  for (BlockArgument argument : block.getArguments())
    if (parameters.isParameterOnly(argument))
      dependent.insert(argument);
  for (Operation &op : block.without_terminator()) {
    bool isDependent = llvm::any_of(getUsedValues(&op),
                                    [&](Value operand) { return dependent.contains(operand); });
    bool isMovable = isDependent && llvm::all_of(op.getResults(), [&](Value result) {
                       return parameters.isParameterOnly(result);
                     });
    if (!isMovable)
      continue;
    moved.insert(&op);
    dependent.insert_range(op.getResults());
  }
  for (Operation &op : llvm::reverse(block.without_terminator()))
    if (moved.contains(&op) && isSpread(&op) &&
        llvm::none_of(op.getUsers(), [&](Operation *user) { return moved.contains(user); }))
      moved.erase(&op);
  for (Operation &op : block) {
    if (moved.contains(&op))
      continue;
    for (Value operand : getUsedValues(&op)) {
      Operation *producer = operand.getDefiningOp();
      if (dependent.contains(operand) && (!producer || moved.contains(producer)))
        frontier.insert(operand);
    }
  }
}

/// The op and the constants, empty tensors and fills it reads, copied to `b` in order.
static void cloneWithConstants(Operation *op, IRMapping &mapping, OpBuilder &b) {
  for (Value operand : getUsedValues(op))
    if (!mapping.contains(operand))
      cloneWithConstants(operand.getDefiningOp(), mapping, b);
  b.clone(*op, mapping);
}

/// The names of the frontier; parameters that pass keep theirs.
static SmallVector<std::string> nameFrontier(ArrayRef<Value> frontier) {
  UniqueNames unique;
  SmallVector<std::string> names(frontier.size());
  for (auto [name, value] : llvm::zip(names, frontier))
    if (auto argument = dyn_cast<BlockArgument>(value))
      name = unique.make(getArgumentName(argument));
  for (auto [name, value] : llvm::zip(names, frontier))
    if (name.empty())
      name = unique.make(joinNames(getSources(value)));
  return names;
}

/// @prepare with the moved ops, in front of @step.
static func::FuncOp createPrepare(func::FuncOp step, const Partition &partition,
                                  ArrayRef<std::string> names) {
  Block &block = step.getBody().front();
  // Parameters that something in @prepare reads, in their order.
  llvm::SmallPtrSet<Value, 32> used(partition.getFrontier().begin(), partition.getFrontier().end());
  for (Operation &op : block)
    if (partition.moves(&op))
      used.insert_range(getUsedValues(&op));
  SmallVector<BlockArgument> arguments;
  for (BlockArgument argument : block.getArguments())
    if (used.contains(argument))
      arguments.push_back(argument);

  SmallVector<Type> argumentTypes, resultTypes;
  for (BlockArgument argument : arguments)
    argumentTypes.push_back(argument.getType());
  for (Value value : partition.getFrontier())
    resultTypes.push_back(value.getType());
  OpBuilder b(step);
  auto prepare = func::FuncOp::create(b, step.getLoc(), "prepare",
                                      b.getFunctionType(argumentTypes, resultTypes));
  Block *body = prepare.addEntryBlock();
  IRMapping mapping;
  for (auto [i, argument] : llvm::enumerate(arguments)) {
    mapping.map(argument, body->getArgument(i));
    body->getArgument(i).setLoc(argument.getLoc());
    prepare.setArgAttrs(i, step.getArgAttrDict(argument.getArgNumber()));
  }
  b.setInsertionPointToEnd(body);
  for (Operation &op : block)
    if (partition.moves(&op))
      cloneWithConstants(&op, mapping, b);
  SmallVector<Value> results;
  for (auto [i, value] : llvm::enumerate(partition.getFrontier())) {
    results.push_back(mapping.lookup(value));
    prepare.setResultAttr(i, "dchag.name", b.getStringAttr(names[i]));
  }
  func::ReturnOp::create(b, step.getLoc(), results);
  return prepare;
}

/// @step takes the frontier as arguments instead of parameters.
static void rewriteStep(func::FuncOp step, const Partition &partition,
                        ArrayRef<std::string> names) {
  Block &block = step.getBody().front();
  Builder b(step.getContext());
  for (auto [name, value] : llvm::zip(names, partition.getFrontier())) {
    unsigned index = block.getNumArguments();
    auto attributes =
        b.getDictionaryAttr({b.getNamedAttr("dchag.name", b.getStringAttr(name)),
                             b.getNamedAttr("dchag.role", b.getStringAttr("compiled"))});
    (void)step.insertArgument(index, value.getType(), attributes, value.getLoc());
    Value old = value;
    old.replaceUsesWithIf(block.getArgument(index), [&](OpOperand &use) {
      return !partition.moves(block.findAncestorOpInBlock(*use.getOwner()));
    });
  }
  eraseDeadOps(block);
  llvm::BitVector unused(block.getNumArguments());
  for (BlockArgument argument : block.getArguments()) {
    auto role = step.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "dchag.role");
    if (role && role == "param" && argument.use_empty())
      unused.set(argument.getArgNumber());
  }
  (void)step.eraseArguments(unused);
}

namespace {
struct Prepare : mlir::dchag::impl::PrepareBase<Prepare> {
  void runOnOperation() override {
    auto step = getOperation().lookupSymbol<func::FuncOp>("step");
    if (!step || !step.getBody().hasOneBlock()) {
      getOperation().emitError("has no function @step of one block to prepare: import a model, "
                               "or name the function of the model @step");
      return signalPassFailure();
    }
    if (auto prepare = getOperation().lookupSymbol<func::FuncOp>("prepare")) {
      prepare.emitError("is there already: the module was prepared before");
      return signalPassFailure();
    }
    if (!hasStaticShapes(step)) {
      step.emitError(
          "has dynamically shaped values: bind their sizes at import (--batch, --shape)");
      return signalPassFailure();
    }
    Block &block = step.getBody().front();
    eraseDeadOps(block);
    Partition partition(block);
    SmallVector<std::string> names = nameFrontier(partition.getFrontier());
    createPrepare(step, partition, names);
    rewriteStep(step, partition, names);
  }
};
} // namespace
