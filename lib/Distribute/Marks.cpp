//===- Marks.cpp - what strategies and users ask of values --------------------------*- C++ -*-===//

#include "Marks.h"
#include "dialects/dchag/Program.h"

using namespace mlir;
using namespace mlir::dchag;

/// The lists of marks of an op's results, empty ones if it has none.
static SmallVector<Attribute> getMarkLists(Operation *op) {
  if (auto lists = op->getAttrOfType<ArrayAttr>(MarkAttr::attrName))
    return SmallVector<Attribute>(lists.begin(), lists.end());
  return SmallVector<Attribute>(op->getNumResults(), ArrayAttr::get(op->getContext(), {}));
}

static ArrayAttr getMarkList(Value value) {
  if (auto result = dyn_cast<OpResult>(value)) {
    auto lists = result.getOwner()->getAttrOfType<ArrayAttr>(MarkAttr::attrName);
    return lists && lists.size() > result.getResultNumber()
               ? dyn_cast<ArrayAttr>(lists[result.getResultNumber()])
               : ArrayAttr();
  }
  auto argument = cast<BlockArgument>(value);
  auto function = cast<func::FuncOp>(argument.getOwner()->getParentOp());
  return function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), MarkAttr::attrName);
}

SmallVector<MarkAttr> mlir::dchag::getMarks(Value value) {
  SmallVector<MarkAttr> marks;
  if (ArrayAttr list = getMarkList(value))
    for (Attribute attr : list)
      if (auto mark = dyn_cast<MarkAttr>(attr))
        marks.push_back(mark);
  return marks;
}

bool mlir::dchag::isDecided(Value value, StringAttr axis) {
  if (llvm::any_of(getMarks(value), [&](MarkAttr mark) { return mark.decides(axis); }))
    return true;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    auto function = cast<func::FuncOp>(argument.getOwner()->getParentOp());
    return static_cast<bool>(function.getArgAttr(argument.getArgNumber(), ShardingAttr::attrName));
  }
  auto result = cast<OpResult>(value);
  auto list = result.getOwner()->getAttrOfType<ArrayAttr>(kResultShardings);
  return list && isa<ShardingAttr>(list[result.getResultNumber()]);
}

void mlir::dchag::addMark(Value value, MarkAttr mark) {
  MLIRContext *context = value.getContext();
  SmallVector<Attribute> list;
  if (ArrayAttr old = getMarkList(value))
    list.assign(old.begin(), old.end());
  list.push_back(mark);
  ArrayAttr marks = ArrayAttr::get(context, list);
  if (auto result = dyn_cast<OpResult>(value)) {
    SmallVector<Attribute> lists = getMarkLists(result.getOwner());
    lists[result.getResultNumber()] = marks;
    result.getOwner()->setAttr(MarkAttr::attrName, ArrayAttr::get(context, lists));
    return;
  }
  auto argument = cast<BlockArgument>(value);
  auto function = cast<func::FuncOp>(argument.getOwner()->getParentOp());
  function.setArgAttr(argument.getArgNumber(), MarkAttr::attrName, marks);
}

bool mlir::dchag::mark(Value value, ArrayRef<StringAttr> axes, MarkedDim where,
                       MarkPriority priority, StringRef by) {
  if (llvm::any_of(axes, [&](StringAttr axis) { return isDecided(value, axis); }))
    return false;
  MLIRContext *context = value.getContext();
  SmallVector<DimShardingAttr> dims(ShardingAttr::getReplicated(value.getType()).getDims());
  if (where.dim)
    dims[*where.dim] = DimShardingAttr::get(context, axes, where.blockSize);
  SmallVector<Attribute> names(axes.begin(), axes.end());
  addMark(value,
          MarkAttr::get(context, ShardingAttr::get(context, dims, ArrayRef<PartialAttr>()),
                        ArrayAttr::get(context, names), priority, StringAttr::get(context, by)));
  return true;
}

FailureOr<SmallVector<StringAttr>> mlir::dchag::resolveAxes(ModuleOp module,
                                                            const AxisNames &names) {
  MeshAttr mesh = getMeshOrError(module);
  if (!mesh)
    return failure();
  SmallVector<StringAttr> axes;
  for (StringRef name : names.names) {
    bool found = false;
    for (StringAttr axis : mesh.getNames())
      if (axis.getValue() == name || axis.getValue().starts_with((name + ".").str())) {
        found = true;
        // Samples and parameters may be split over the same axis: list it once.
        if (!llvm::is_contained(axes, axis))
          axes.push_back(axis);
      }
    if (!found)
      return module.emitError("mesh must have the axis '") << name << "': got " << mesh;
  }
  return axes;
}

FailureOr<MarkedProgram> mlir::dchag::getMarkedProgram(ModuleOp module, const AxisNames &axes) {
  MarkedProgram program;
  auto found = resolveAxes(module, axes);
  if (failed(found))
    return failure();
  program.axes = *found;
  program.mesh = getMeshOrError(module);
  auto functions = getDistributedFunctions(module);
  if (!program.mesh || failed(functions))
    return failure();
  for (func::FuncOp function : *functions) {
    if (failed(checkGlobal(function)))
      return failure();
    if (!Program::isPrepare(function))
      program.functions.push_back(function);
  }
  return program;
}
