//===- BindBuffers.cpp - entry points on a table of buffers ----------------*- C++ -*-===//

#include "dchag/Codegen/Passes.h"
#include "dialects/dchag/Dchag.h"
#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Shard/IR/ShardOps.h"
#include "llvm/Support/FormatVariadic.h"

namespace mlir::dchag {
#define GEN_PASS_DEF_BINDBUFFERS
#include "dchag/Codegen/Passes.h.inc"
} // namespace mlir::dchag

using namespace mlir;
using namespace mlir::dchag;

namespace {
/// Entries of the table, and which of them each argument and result of a function is.
class BufferTable {
public:
  explicit BufferTable(ModuleOp module) : b(module.getContext()), mesh(MeshAttr::lookup(module)) {}

  /// Adds a buffer of a type, described by the attributes of an argument or result.
  unsigned add(Type type, DictionaryAttr attrs, StringRef role, const llvm::Twine &defaultName);
  /// Makes a loaded buffer one that step reads too.
  void makeParam(unsigned index, StringRef name);
  ArrayAttr getAttr();

  MeshAttr getMesh() const { return mesh; }

private:
  Attribute getAxes(DictionaryAttr attrs, int64_t rank);
  Attribute getReads(DictionaryAttr attrs, StringRef name, RankedTensorType type);

  Builder b;
  MeshAttr mesh;
  SmallVector<NamedAttrList> entries;
};

struct Binder {
  explicit Binder(ModuleOp module) : module(module), table(module) {}
  LogicalResult bindPrepare(func::FuncOp prepare);
  LogicalResult bindStep(func::FuncOp step);
  void rewrite(func::FuncOp function, StringRef name, ArrayRef<unsigned> arguments,
               ArrayRef<int64_t> results);

  ModuleOp module;
  BufferTable table;
  /// Buffers of the results of @prepare, by name.
  llvm::StringMap<unsigned> compiled;
};
} // namespace

static RankedTensorType asTensor(Type type) {
  auto memref = cast<MemRefType>(type);
  return RankedTensorType::get(memref.getShape(), memref.getElementType());
}

Attribute BufferTable::getAxes(DictionaryAttr attrs, int64_t rank) {
  SmallVector<Attribute> dims(rank, b.getArrayAttr({}));
  if (auto sharding = attrs.getAs<ShardingAttr>(ShardingAttr::attrName))
    for (auto [dim, split] : llvm::enumerate(sharding.getDims())) {
      SmallVector<int32_t> axes;
      for (StringAttr axis : split.getAxes())
        if (std::optional<unsigned> index = mesh.getAxisIndex(axis))
          axes.push_back(*index);
      dims[dim] = b.getI32ArrayAttr(axes);
    }
  return b.getArrayAttr(dims);
}

/// The reads of a loaded value; of a parameter as the file has it, one of everything.
Attribute BufferTable::getReads(DictionaryAttr attrs, StringRef name, RankedTensorType type) {
  if (Attribute reads = attrs.get("dchag.reads"))
    return reads;
  SmallVector<int64_t> strides(type.getRank(), 1), at(type.getRank(), 0);
  for (int64_t i = type.getRank() - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * type.getDimSize(i + 1);
  auto read =
      ReadAttr::get(b.getContext(), b.getStringAttr(name), type, 0, b.getDenseI64ArrayAttr(strides),
                    b.getDenseI64ArrayAttr(at), b.getDenseI64ArrayAttr(type.getShape()));
  return b.getArrayAttr({read});
}

unsigned BufferTable::add(Type type, DictionaryAttr attrs, StringRef role,
                          const llvm::Twine &defaultName) {
  if (!attrs)
    attrs = b.getDictionaryAttr({});
  auto name = attrs.getAs<StringAttr>("dchag.name");
  if (!name)
    name = b.getStringAttr(defaultName);
  RankedTensorType local = asTensor(type), global = local;
  if (auto attr = attrs.getAs<TypeAttr>(ShardingAttr::globalTypeAttrName))
    global = cast<RankedTensorType>(attr.getValue());
  // Whoever fills or reads the buffer sees integers with the sign that files have.
  global = ReadAttr::withSign(global, bool(attrs.get("dchag.unsigned")));
  NamedAttrList entry;
  entry.set("name", name);
  entry.set("role", b.getStringAttr(role));
  entry.set("type", TypeAttr::get(global));
  entry.set("local", TypeAttr::get(local));
  entry.set("axes", getAxes(attrs, local.getRank()));
  if (role == "loaded" || (role == "param" && !attrs.get("dchag.compiled")))
    entry.set("reads", getReads(attrs, name.getValue(), global));
  entries.push_back(entry);
  return entries.size() - 1;
}

void BufferTable::makeParam(unsigned index, StringRef name) {
  entries[index].set("role", b.getStringAttr("param"));
  entries[index].set("name", b.getStringAttr(name));
}

ArrayAttr BufferTable::getAttr() {
  SmallVector<Attribute> attrs;
  for (NamedAttrList &entry : entries)
    attrs.push_back(entry.getDictionary(b.getContext()));
  return b.getArrayAttr(attrs);
}

/// Moves the body of `function` into an entry point: arguments are buffers, and result i is
/// left in the buffer `results[i]`, or needs nothing if that is negative.
void Binder::rewrite(func::FuncOp function, StringRef name, ArrayRef<unsigned> arguments,
                     ArrayRef<int64_t> results) {
  MLIRContext *context = module.getContext();
  OpBuilder b(context);
  Block &body = function.getBody().front();
  auto pointer = LLVM::LLVMPointerType::get(context);
  SmallVector<Value> old(body.getArguments());
  Value table = body.insertArgument(0u, pointer, function.getLoc());
  body.insertArgument(0u, pointer, function.getLoc()); // the context
  table = body.getArgument(1);
  b.setInsertionPointToStart(&body);
  for (auto [argument, index] : llvm::zip_equal(old, arguments))
    argument.replaceAllUsesWith(rt::BufferOp::create(b, argument.getLoc(), argument.getType(),
                                                     table, b.getI32IntegerAttr(index)));
  auto ret = cast<func::ReturnOp>(body.getTerminator());
  llvm::SmallPtrSet<Operation *, 8> bound;
  for (auto [value, index] : llvm::zip_equal(ret.getOperands(), results)) {
    if (index < 0)
      continue;
    auto alloc = value.getDefiningOp<memref::AllocOp>();
    if (alloc && bound.insert(alloc).second) {
      b.setInsertionPointToStart(&body);
      Value buffer = rt::BufferOp::create(b, alloc.getLoc(), value.getType(), table,
                                          b.getI32IntegerAttr(index));
      alloc.getResult().replaceAllUsesWith(buffer);
      bound.insert(buffer.getDefiningOp());
      continue;
    }
    // Of nothing there is nothing to copy.
    if (cast<MemRefType>(value.getType()).getNumElements() == 0)
      continue;
    b.setInsertionPoint(ret);
    Value buffer =
        rt::BufferOp::create(b, ret.getLoc(), value.getType(), table, b.getI32IntegerAttr(index));
    memref::CopyOp::create(b, ret.getLoc(), value, buffer);
  }
  for (Operation &op : llvm::make_early_inc_range(body))
    if (isa<memref::AllocOp>(op) && op.use_empty())
      op.erase();
  ret.getOperandsMutable().clear();
  body.eraseArguments(2, old.size());
  function.removeArgAttrsAttr();
  function.removeResAttrsAttr();
  function.setFunctionType(FunctionType::get(context, {pointer, pointer}, {}));
  function.setName(name);
  function.setPublic();
}

LogicalResult Binder::bindPrepare(func::FuncOp prepare) {
  SmallVector<unsigned> arguments;
  SmallVector<int64_t> results;
  for (auto [i, type] : llvm::enumerate(prepare.getArgumentTypes()))
    arguments.push_back(
        table.add(type, prepare.getArgAttrDict(i), "loaded", llvm::formatv("loaded{0}", i).str()));
  auto ret = cast<func::ReturnOp>(prepare.getBody().front().getTerminator());
  llvm::SmallDenseSet<unsigned> passed;
  for (auto [i, value] : llvm::enumerate(ret.getOperands())) {
    auto name = prepare.getResultAttrOfType<StringAttr>(i, "dchag.name");
    if (!name)
      return prepare.emitOpError("result ") << i
                                            << " needs the attribute dchag.name, which says "
                                               "what argument of @step it is";
    // What is only passed through is one buffer.
    auto argument = dyn_cast<BlockArgument>(value);
    if (argument && passed.insert(argument.getArgNumber()).second) {
      unsigned index = arguments[argument.getArgNumber()];
      table.makeParam(index, name.getValue());
      compiled[name.getValue()] = index;
      results.push_back(-1);
      continue;
    }
    Builder b(module.getContext());
    NamedAttrList attrs(prepare.getResultAttrDict(i));
    attrs.set("dchag.compiled", b.getUnitAttr());
    unsigned index = table.add(value.getType(), attrs.getDictionary(module.getContext()), "param",
                               name.getValue());
    compiled[name.getValue()] = index;
    results.push_back(index);
  }
  bool isNeeded = llvm::any_of(results, [](int64_t index) { return index >= 0; });
  rewrite(prepare, "dchag_model_prepare", arguments, results);
  if (!isNeeded)
    prepare.erase();
  return success();
}

LogicalResult Binder::bindStep(func::FuncOp step) {
  SmallVector<unsigned> arguments;
  SmallVector<int64_t> results;
  for (auto [i, type] : llvm::enumerate(step.getArgumentTypes())) {
    auto roleAttr = step.getArgAttrOfType<StringAttr>(i, "dchag.role");
    StringRef role = roleAttr ? roleAttr.getValue() : "input";
    auto name = step.getArgAttrOfType<StringAttr>(i, "dchag.name");
    if (role == "compiled") {
      auto found = name ? compiled.find(name.getValue()) : compiled.end();
      if (found == compiled.end())
        return step.emitOpError("argument ")
               << i << " is a compiled parameter, but no result of @prepare has its dchag.name";
      arguments.push_back(found->second);
      continue;
    }
    if (role != "input" && role != "param" && role != "loaded")
      return step.emitOpError("argument ")
             << i << " has the role '" << role << "': wanted input, param, loaded or compiled";
    arguments.push_back(table.add(type, step.getArgAttrDict(i), role == "input" ? role : "param",
                                  llvm::formatv("arg{0}", i).str()));
  }
  for (auto [i, type] : llvm::enumerate(step.getResultTypes()))
    results.push_back(
        table.add(type, step.getResultAttrDict(i), "output", llvm::formatv("result{0}", i).str()));
  rewrite(step, "dchag_model_step", arguments, results);
  return success();
}

/// The mesh as axes of the program; a grid without names has axis0, axis1, ...
static ArrayAttr getAxes(ModuleOp module, MeshAttr mesh) {
  Builder b(module.getContext());
  SmallVector<Attribute> axes;
  auto add = [&](Attribute name, int64_t size) {
    axes.push_back(b.getDictionaryAttr(
        {b.getNamedAttr("name", name), b.getNamedAttr("size", b.getI64IntegerAttr(size))}));
  };
  if (mesh) {
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
  module.walk([&](Operation *op) {
    if (isa_and_nonnull<rt::RuntimeDialect>(op->getDialect()))
      if (auto axes = op->getAttrOfType<DenseI32ArrayAttr>("axes"))
        groups.insert(axes);
  });
  return ArrayAttr::get(module.getContext(), groups.getArrayRef());
}

namespace {
struct BindBuffers : mlir::dchag::impl::BindBuffersBase<BindBuffers> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto step = module.lookupSymbol<func::FuncOp>("step");
    auto prepare = module.lookupSymbol<func::FuncOp>("prepare");
    if (!step) {
      module.emitError("has no function @step: a model is compiled from @step and, where "
                       "parameters are prepared, @prepare");
      return signalPassFailure();
    }
    Builder b(&getContext());
    Binder binder(module);
    NamedAttrList program;
    program.set("axes", getAxes(module, binder.table.getMesh()));
    program.set("groups", getGroups(module));
    Attribute sites = module->removeAttr("dchag_rt.sites");
    program.set("sites", sites ? sites : b.getArrayAttr({}));
    if ((prepare && failed(binder.bindPrepare(prepare))) || failed(binder.bindStep(step)))
      return signalPassFailure();
    auto name = module->getAttrOfType<StringAttr>("dchag.model");
    if (!name)
      name = module.getSymName() ? module.getSymNameAttr() : b.getStringAttr("model");
    program.set("name", name);
    program.set("buffers", binder.table.getAttr());
    program.set("step_arena", b.getI64IntegerAttr(0));
    program.set("prepare_arena", b.getI64IntegerAttr(0));
    module->setAttr("dchag.program", program.getDictionary(&getContext()));
    for (auto grid : llvm::make_early_inc_range(module.getOps<shard::GridOp>()))
      grid.erase();
  }
};
} // namespace
