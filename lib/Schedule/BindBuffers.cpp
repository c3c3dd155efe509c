//===- BindBuffers.cpp - entry points on a table of buffers ----------------*- C++ -*-===//

#include "BufferTable.h"
#include "dchag/Schedule/Passes.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_BINDBUFFERS
#include "dchag/Schedule/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// What buffer each argument and result of an entry point is.
struct Binding {
  /// Negative where an entry point does not read it: `@prepare` only passes it on.
  SmallVector<int64_t> arguments;
  /// Negative where a result needs nothing: it is an argument that `@prepare` passes on.
  SmallVector<int64_t> results;
};

class Binder {
public:
  explicit Binder(ModuleOp module) : module(module), table(module) {}
  LogicalResult bindPrepare(func::FuncOp prepare);
  LogicalResult bindRun(func::FuncOp entry);
  rt::ProgramAttr getProgram(ArrayAttr axes, ArrayAttr groups, ArrayAttr sites, StringAttr name);

private:
  FailureOr<unsigned> bindArgument(const Port &port);
  FailureOr<unsigned> bindResult(const Port &port);
  void addEntry(func::FuncOp entry, rt::EntryTime time, const Binding &binding);

  ModuleOp module;
  BufferTable table;
  SmallVector<Attribute> entries;
  /// Buffers of the results of @prepare, by name.
  llvm::StringMap<unsigned> compiled;
};

/// Moves the body of a function into an entry point on the context and the table.
class EntryRewriter {
public:
  EntryRewriter(func::FuncOp function, const BufferTable &table)
      : function(function), body(function.getBody().front()), table(table),
        b(function.getContext()) {}

  void rewrite(const Binding &binding, StringRef symbol);

private:
  Value getBuffer(Type type, unsigned index);
  Value getArgument(Type type, unsigned index);
  void bindResult(Value value, unsigned index);
  void bindState(ArrayRef<std::pair<Value, unsigned>> states);
  void copy(Value from, Value to);
  Value copyAside(Value value);

  func::FuncOp function;
  Block &body;
  const BufferTable &table;
  OpBuilder b;
  Value tableValue;
  func::ReturnOp ret;
  llvm::SmallPtrSet<Operation *, 8> bound;
};
} // namespace

/// The buffer, whose type is `type` but for the memory space of its role.
Value EntryRewriter::getBuffer(Type type, unsigned index) {
  if (Attribute space = table.getRole(index).getMemorySpace()) {
    auto memref = cast<MemRefType>(type);
    type = MemRefType::get(memref.getShape(), memref.getElementType(), memref.getLayout(), space);
  }
  return rt::BufferOp::create(b, function.getLoc(), type, tableValue, b.getI32IntegerAttr(index));
}

/// What code reads: the buffer, or a copy of it in the memory that kernels work on.
Value EntryRewriter::getArgument(Type type, unsigned index) {
  Value buffer = getBuffer(type, index);
  if (buffer.getType() == type)
    return buffer;
  Value here = memref::AllocOp::create(b, function.getLoc(), cast<MemRefType>(type));
  copy(buffer, here);
  return here;
}

void EntryRewriter::copy(Value from, Value to) {
  // A buffer without elements need not be copied.
  if (cast<MemRefType>(from.getType()).getNumElements() != 0)
    memref::CopyOp::create(b, ret.getLoc(), from, to);
}

/// A result is computed in its buffer if it is a separate allocation, else copied there.
void EntryRewriter::bindResult(Value value, unsigned index) {
  auto alloc = value.getDefiningOp<memref::AllocOp>();
  if (alloc && !table.getRole(index).getMemorySpace() && bound.insert(alloc).second) {
    b.setInsertionPointToStart(&body);
    Value buffer = getBuffer(value.getType(), index);
    alloc.getResult().replaceAllUsesWith(buffer);
    bound.insert(buffer.getDefiningOp());
    return;
  }
  b.setInsertionPoint(ret);
  copy(value, getBuffer(value.getType(), index));
}

/// The buffer behind a value and its views.
static Operation *getSource(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  return value.getDefiningOp();
}

Value EntryRewriter::copyAside(Value value) {
  auto type = cast<MemRefType>(value.getType());
  auto contiguous = MemRefType::get(type.getShape(), type.getElementType());
  Value aside = memref::AllocOp::create(b, ret.getLoc(), contiguous);
  copy(value, aside);
  return aside;
}

/// State gets its new elements when nothing reads the old ones any more, including the new elements
/// of other state.
void EntryRewriter::bindState(ArrayRef<std::pair<Value, unsigned>> states) {
  b.setInsertionPoint(ret);
  SmallVector<Value> values;
  for (auto [value, index] : states)
    values.push_back(isa_and_nonnull<rt::BufferOp>(getSource(value)) ? copyAside(value) : value);
  for (auto [value, state] : llvm::zip_equal(values, states))
    copy(value, getBuffer(MemRefType::get(cast<MemRefType>(value.getType()).getShape(),
                                          getElementTypeOrSelf(value.getType())),
                          state.second));
}

void EntryRewriter::rewrite(const Binding &binding, StringRef symbol) {
  MLIRContext *context = function.getContext();
  Type contextType = rt::ContextType::get(context), tableType = rt::BuffersType::get(context);
  SmallVector<Value> old(body.getArguments());
  body.insertArgument(0u, contextType, function.getLoc());
  tableValue = body.insertArgument(1u, tableType, function.getLoc());
  ret = cast<func::ReturnOp>(body.getTerminator());
  b.setInsertionPointToStart(&body);
  for (auto [argument, index] : llvm::zip_equal(old, binding.arguments))
    if (index >= 0)
      argument.replaceAllUsesWith(getArgument(argument.getType(), index));
  SmallVector<std::pair<Value, unsigned>> states;
  for (auto [value, index] : llvm::zip_equal(ret.getOperands(), binding.results)) {
    if (index >= 0 && table.getRole(index).isUpdatedInPlace())
      states.push_back({value, index});
    else if (index >= 0)
      bindResult(value, index);
  }
  bindState(states);
  for (Operation &op : llvm::make_early_inc_range(body))
    if (isa<memref::AllocOp>(op) && op.use_empty())
      op.erase();
  ret.getOperandsMutable().clear();
  body.eraseArguments(2, old.size());
  function.removeArgAttrsAttr();
  function.removeResAttrsAttr();
  function.setFunctionType(FunctionType::get(context, {contextType, tableType}, {}));
  function.setName(symbol);
  function.setPublic();
}

void Binder::addEntry(func::FuncOp entry, rt::EntryTime time, const Binding &binding) {
  MLIRContext *context = module.getContext();
  SmallVector<int32_t> buffers;
  for (int64_t index : llvm::concat<const int64_t>(binding.arguments, binding.results))
    if (index >= 0)
      buffers.push_back(index);
  llvm::sort(buffers);
  buffers.erase(llvm::unique(buffers), buffers.end());
  StringAttr name = entry.getSymNameAttr();
  std::string symbol = (rt::EntryAttr::symbolPrefix + name.getValue()).str();
  entries.push_back(rt::EntryAttr::get(context, name, FlatSymbolRefAttr::get(context, symbol), time,
                                       DenseI32ArrayAttr::get(context, buffers), /*arena=*/0,
                                       /*thread=*/0));
  EntryRewriter(entry, table).rewrite(binding, symbol);
}

LogicalResult Binder::bindPrepare(func::FuncOp prepare) {
  Binding binding;
  for (const Port &port : getArguments(prepare)) {
    // A parameter as a whole goes, like its parts, once nothing needs it.
    BufferRoleAttrInterface role = port.getRole();
    if (!role.isUpdatedInPlace())
      role = getRoleAttr(module.getContext(), RoleKind::Loaded);
    FailureOr<unsigned> index = table.add(port, role);
    if (failed(index))
      return failure();
    binding.arguments.push_back(*index);
  }
  auto ret = cast<func::ReturnOp>(prepare.getBody().front().getTerminator());
  auto role = getRoleAttr(module.getContext(), RoleKind::Compiled);
  llvm::SmallDenseSet<unsigned> passed;
  for (const Port &port : getResults(prepare)) {
    if (!port.getNameAttr())
      return prepare.emitOpError() << port << " needs the attribute " << contract::kName
                                   << ", which says what argument of @step it is";
    // A value that is only passed through is one buffer.
    auto argument = dyn_cast<BlockArgument>(ret.getOperand(port.getIndex()));
    bool isPassed = argument && passed.insert(argument.getArgNumber()).second;
    FailureOr<unsigned> index =
        isPassed ? FailureOr<unsigned>(binding.arguments[argument.getArgNumber()])
                 : table.add(port, role);
    if (failed(index))
      return failure();
    if (isPassed)
      table.keepAsParameter(*index, port.getName());
    if (!compiled.insert({port.getName(), *index}).second)
      return prepare.emitOpError() << port << " has the name '" << port.getName()
                                   << "' of another result: rename one of them";
    binding.results.push_back(isPassed ? -1 : int64_t(*index));
  }
  for (unsigned i : passed)
    if (prepare.getArgument(i).hasOneUse())
      binding.arguments[i] = -1;
  bool isNeeded = llvm::any_of(binding.results, [](int64_t index) { return index >= 0; });
  if (isNeeded)
    addEntry(prepare, rt::EntryTime::Load, binding);
  else
    prepare.erase();
  return success();
}

FailureOr<unsigned> Binder::bindArgument(const Port &port) {
  BufferRoleAttrInterface role = port.getRole();
  switch (role.getFiller()) {
  case BufferFiller::Program: {
    auto found = compiled.find(port.getName());
    if (found == compiled.end())
      return port.getFunction().emitOpError()
             << port << " has the role " << role << ", but no result of @prepare has its "
             << contract::kName;
    return found->second;
  }
  case BufferFiller::File:
    // It is not prepared by anything, so it stays.
    if (role.getLifetime() == BufferLifetime::Load)
      role = getRoleAttr(module.getContext(), RoleKind::Param);
    return table.add(port, role);
  case BufferFiller::Caller:
  case BufferFiller::Zero:
    return table.add(port, role);
  }
  llvm_unreachable("all fillers are covered");
}

/// A result is an output, or gives state its new elements.
FailureOr<unsigned> Binder::bindResult(const Port &port) {
  BufferRoleAttrInterface role = port.getRole();
  if (role.isUpdatedInPlace()) {
    std::optional<unsigned> state = table.find(role, port.getName());
    if (!state)
      return port.getFunction().emitOpError()
             << port << " updates the state '" << port.getName() << "' of the role " << role
             << ", which no argument of an entry point is";
    return table.add(port, role);
  }
  if (role.getFiller() != BufferFiller::Program || role.getLifetime() != BufferLifetime::Run)
    return port.getFunction().emitOpError()
           << port << " has the role " << role << ": a result is an output, or updates state";
  return table.add(port, role);
}

LogicalResult Binder::bindRun(func::FuncOp entry) {
  Binding binding;
  for (const Port &port : getArguments(entry)) {
    FailureOr<unsigned> index = bindArgument(port);
    if (failed(index))
      return failure();
    binding.arguments.push_back(*index);
  }
  llvm::DenseSet<unsigned> written;
  for (const Port &port : getResults(entry)) {
    FailureOr<unsigned> index = bindResult(port);
    if (failed(index))
      return failure();
    if (!written.insert(*index).second)
      return entry.emitOpError() << port << " has the name '" << port.getName()
                                 << "' of another result: rename one of them";
    binding.results.push_back(*index);
  }
  addEntry(entry, Program::isStep(entry) ? rt::EntryTime::Step : rt::EntryTime::Request, binding);
  return success();
}

rt::ProgramAttr Binder::getProgram(ArrayAttr axes, ArrayAttr groups, ArrayAttr sites,
                                   StringAttr name) {
  MLIRContext *context = module.getContext();
  return rt::ProgramAttr::getChecked([&] { return module.emitError(); }, context, name, axes,
                                     groups, sites, table.getAttr(),
                                     ArrayAttr::get(context, entries));
}

/// The mesh as axes of the program; a grid without names has axis0, axis1, ...
static ArrayAttr getAxes(ModuleOp module) {
  Builder b(module.getContext());
  SmallVector<Attribute> axes;
  auto add = [&](StringAttr name, int64_t size) {
    axes.push_back(rt::AxisAttr::get(module.getContext(), name, size));
  };
  if (auto mesh = MeshAttr::lookup(module)) {
    for (auto [name, size] : llvm::zip_equal(mesh.getNames(), mesh.getSizes()))
      add(name, size);
  } else if (!module.getOps<shard::GridOp>().empty()) {
    for (auto [i, size] : llvm::enumerate((*module.getOps<shard::GridOp>().begin()).getShape()))
      add(b.getStringAttr(llvm::formatv("axis{0}", i).str()), size);
  }
  return b.getArrayAttr(axes);
}

/// The distinct sets of axes of the collectives, in order of appearance.
static ArrayAttr getGroups(ModuleOp module) {
  SetVector<Attribute> groups;
  module.walk([&](CollectiveOpInterface op) {
    if (!op.getGridSymbol())
      groups.insert(DenseI32ArrayAttr::get(module.getContext(), op.getMeshAxes()));
  });
  return ArrayAttr::get(module.getContext(), groups.getArrayRef());
}

namespace {
struct BindBuffers : mlir::dchag::impl::BindBuffersBase<BindBuffers> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    Program program(module);
    func::FuncOp prepare = program.getPrepare();
    if (!program.getStep()) {
      module.emitError("has no function @step: a model is compiled from @step and, where "
                       "parameters are prepared, @prepare");
      return signalPassFailure();
    }
    SmallVector<func::FuncOp> runs = program.getRunEntries();
    ArrayAttr axes = getAxes(module), groups = getGroups(module);
    auto sites = dyn_cast_or_null<ArrayAttr>(module->removeAttr(rt::kSitesAttr));
    Binder binder(module);
    if (prepare && failed(binder.bindPrepare(prepare)))
      return signalPassFailure();
    for (func::FuncOp run : runs)
      if (failed(binder.bindRun(run)))
        return signalPassFailure();
    rt::ProgramAttr attr = binder.getProgram(
        axes, groups, sites ? sites : ArrayAttr::get(&getContext(), {}), program.getModelName());
    if (!attr)
      return signalPassFailure();
    module->setAttr(rt::ProgramAttr::attrName, attr);
    for (auto grid : llvm::make_early_inc_range(module.getOps<shard::GridOp>()))
      grid.erase();
  }
};
} // namespace
