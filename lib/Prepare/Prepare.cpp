//===- Prepare.cpp - moves computations on parameters to @prepare ----------*- C++ -*-===//

#include "Names.h"
#include "dchag/Prepare/Passes.h"
#include "dchag/Views/IndexNotation.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag/Program.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_PREPARE
#include "dchag/Prepare/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {

/// Chooses the ops of an entry point that move.
class Partition {
public:
  explicit Partition(Block &block);
  bool moves(Operation *op) const { return moved.contains(op); }
  /// Values that the entry point uses and @prepare computes, and parameters used as they are.
  ArrayRef<Value> getFrontier() const { return frontier.getArrayRef(); }

private:
  bool isBroadcast(Operation *op) const;

  ParameterAnalysis parameters;
  /// Values that depend on a parameter.
  llvm::DenseSet<Value> dependent;
  llvm::SmallPtrSet<Operation *, 32> moved;
  llvm::SetVector<Value> frontier;
};

} // namespace

/// Views that repeat elements, and views of them: storing their result takes memory and saves no
/// work.
bool Partition::isBroadcast(Operation *op) const {
  Value value = getOnlySource(op);
  if (!value)
    return false;
  if (getView(op)->sources[0].repeats())
    return true;
  Operation *source = value.getDefiningOp();
  return source && isBroadcast(source);
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
    if (moved.contains(&op) && isBroadcast(&op) &&
        llvm::none_of(op.getUsers(), [&](Operation *user) { return moved.contains(user); }))
      moved.erase(&op);
  for (Operation &op : block) {
    if (moved.contains(&op))
      continue;
    for (Value operand : getUsedValues(&op)) {
      if (!dependent.contains(operand))
        continue;
      // What is updated in place is used where it is: prepared, it would exist twice.
      if (auto argument = dyn_cast<BlockArgument>(operand)) {
        if (!Port::of(argument).getRole().isUpdatedInPlace())
          frontier.insert(operand);
      } else if (moved.contains(operand.getDefiningOp())) {
        frontier.insert(operand);
      }
    }
  }
}

/// Copies the op and the constants, empty tensors and fills that it reads to `b`, in order.
static void cloneWithConstants(Operation *op, IRMapping &mapping, OpBuilder &b) {
  for (Value operand : getUsedValues(op))
    if (!mapping.contains(operand))
      cloneWithConstants(operand.getDefiningOp(), mapping, b);
  b.clone(*op, mapping);
}

namespace {
/// An entry point, the ops that move out of it, and the names of the values it gets back.
struct Split {
  explicit Split(func::FuncOp entry) : entry(entry), partition(entry.getBody().front()) {}

  func::FuncOp entry;
  Partition partition;
  SmallVector<std::string> names;
};

/// Builds @prepare from the ops that move out of all entry points. A parameter that several take is
/// one argument and, where they use it unchanged, one result.
class PrepareBuilder {
public:
  explicit PrepareBuilder(MutableArrayRef<Split> splits) : splits(splits) {}

  LogicalResult build();

private:
  void nameFrontiers();
  LogicalResult collectArguments();
  void cloneBodies(func::FuncOp prepare);

  MutableArrayRef<Split> splits;
  /// Parameters that ops in @prepare read, one for each name.
  SmallVector<Port> arguments;
  llvm::StringMap<unsigned> argumentOf;
};
} // namespace

/// Parameters that are passed through keep their names.
void PrepareBuilder::nameFrontiers() {
  UniqueNames unique;
  llvm::StringMap<std::string> passed;
  for (Split &split : splits) {
    split.names.resize(split.partition.getFrontier().size());
    for (auto [name, value] : llvm::zip(split.names, split.partition.getFrontier()))
      if (auto argument = dyn_cast<BlockArgument>(value)) {
        std::string &known = passed[getArgumentName(argument)];
        if (known.empty())
          known = unique.make(getArgumentName(argument));
        name = known;
      }
  }
  for (Split &split : splits)
    for (auto [name, value] : llvm::zip(split.names, split.partition.getFrontier()))
      if (name.empty())
        name = unique.make(joinNames(getSources(value)));
}

LogicalResult PrepareBuilder::collectArguments() {
  for (Split &split : splits) {
    llvm::SmallPtrSet<Value, 32> used(split.partition.getFrontier().begin(),
                                      split.partition.getFrontier().end());
    for (Operation &op : split.entry.getBody().front())
      if (split.partition.moves(&op))
        used.insert_range(getUsedValues(&op));
    for (const Port &port : getArguments(split.entry)) {
      if (!used.contains(split.entry.getArgument(port.getIndex())))
        continue;
      auto [it, isNew] = argumentOf.try_emplace(port.getName(), arguments.size());
      if (isNew) {
        arguments.push_back(port);
        continue;
      }
      const Port &known = arguments[it->second];
      if (known.getType() != port.getType() || known.getFunction() == port.getFunction())
        return split.entry.emitError()
               << port << " is the parameter '" << port.getName() << "' of type " << port.getType()
               << ", as is " << known << " of @" << known.getFunction().getName() << " of type "
               << known.getType() << ": a name is one parameter of one type";
    }
  }
  return success();
}

/// The moved ops in the order of the entry points, and their results.
void PrepareBuilder::cloneBodies(func::FuncOp prepare) {
  Block &body = prepare.front();
  OpBuilder b(prepare.getContext());
  b.setInsertionPointToEnd(&body);
  SmallVector<Value> results;
  SmallVector<std::string> names;
  llvm::StringSet<> given;
  for (Split &split : splits) {
    IRMapping mapping;
    for (const Port &port : getArguments(split.entry))
      if (auto known = argumentOf.find(port.getName()); known != argumentOf.end())
        mapping.map(split.entry.getArgument(port.getIndex()), body.getArgument(known->second));
    for (Operation &op : split.entry.getBody().front())
      if (split.partition.moves(&op))
        cloneWithConstants(&op, mapping, b);
    for (auto [name, value] : llvm::zip(split.names, split.partition.getFrontier()))
      if (given.insert(name).second) {
        results.push_back(mapping.lookup(value));
        names.push_back(name);
      }
  }
  func::ReturnOp::create(b, prepare.getLoc(), results);
  SmallVector<Type> inputs(body.getArgumentTypes()), outputs(ValueRange(results).getTypes());
  prepare.setFunctionType(b.getFunctionType(inputs, outputs));
  SmallVector<DictionaryAttr> attrs;
  for (const std::string &name : names)
    attrs.push_back(PortAttrs{name}.get(b.getContext()));
  prepare.setAllResultAttrs(attrs);
}

LogicalResult PrepareBuilder::build() {
  nameFrontiers();
  if (failed(collectArguments()))
    return failure();
  func::FuncOp step = splits.front().entry;
  OpBuilder b(step);
  SmallVector<Type> types;
  for (const Port &port : arguments)
    types.push_back(port.getType());
  func::FuncOp prepare = Program::createPrepare(b, step, b.getFunctionType(types, {}));
  SmallVector<DictionaryAttr> attrs;
  for (auto [i, port] : llvm::enumerate(arguments)) {
    prepare.getArgument(i).setLoc(port.getLoc());
    func::FuncOp function = port.getFunction();
    DictionaryAttr attr = function.getArgAttrDict(port.getIndex());
    attrs.push_back(attr ? attr : b.getDictionaryAttr({}));
  }
  prepare.setAllArgAttrs(attrs);
  cloneBodies(prepare);
  return success();
}

/// Makes the frontier arguments of the entry point, instead of the parameters.
static void rewriteEntry(const Split &split) {
  func::FuncOp entry = split.entry;
  const Partition &partition = split.partition;
  Block &block = entry.getBody().front();
  SmallVector<PortAttrs> attrs;
  for (const std::string &name : split.names)
    attrs.push_back({name, RoleKind::Compiled});
  unsigned next = block.getNumArguments();
  appendArguments(entry, partition.getFrontier(), attrs);
  for (Value old : partition.getFrontier()) {
    old.replaceUsesWithIf(block.getArgument(next++), [&](OpOperand &use) {
      return !partition.moves(block.findAncestorOpInBlock(*use.getOwner()));
    });
  }
  eraseDeadOps(block);
  llvm::BitVector unused(block.getNumArguments());
  for (BlockArgument argument : block.getArguments())
    if (Port::of(argument).hasRole(RoleKind::Param) && argument.use_empty())
      unused.set(argument.getArgNumber());
  (void)entry.eraseArguments(unused);
}

namespace {
struct Prepare : mlir::dchag::impl::PrepareBase<Prepare> {
  void runOnOperation() override {
    Program program(getOperation());
    func::FuncOp step = program.getStep();
    if (!step) {
      getOperation().emitError("has no function @step to prepare: import a model, or name the "
                               "function of the model @step");
      return signalPassFailure();
    }
    if (func::FuncOp prepare = program.getPrepare()) {
      prepare.emitError("is there already: the module was prepared before");
      return signalPassFailure();
    }
    std::vector<Split> splits;
    for (func::FuncOp entry : program.getRunEntries()) {
      if (failed(check(entry)))
        return signalPassFailure();
      eraseDeadOps(entry.getBody().front());
      splits.emplace_back(entry);
    }
    if (failed(PrepareBuilder(splits).build()))
      return signalPassFailure();
    for (const Split &split : splits)
      rewriteEntry(split);
  }

  static LogicalResult check(func::FuncOp entry) {
    if (!entry.getBody().hasOneBlock())
      return entry.emitError("has several blocks: inline control flow");
    if (!hasStaticShapes(entry))
      return entry.emitError(
          "has dynamically shaped values: bind their sizes at import (--batch, --shape)");
    return success();
  }
};
} // namespace
