//===- Program.cpp - entry points of a module, their ports and roles -------*- C++ -*-===//

#include "dialects/dchag/Program.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;
using namespace mlir::dchag;

//===----------------------------------------------------------------------===//
// Roles
//===----------------------------------------------------------------------===//

/// The kind that a string names; verifiers refuse strings that name none.
static RoleKind getKind(Attribute attribute) {
  std::optional<RoleKind> kind = symbolizeRoleKind(cast<StringAttr>(attribute).getValue());
  return kind.value_or(RoleKind::Input);
}

namespace {
/// The roles that any program has.
struct StringRole : BufferRoleAttrInterface::ExternalModel<StringRole, StringAttr> {
  StringRef getRoleName(Attribute attribute) const {
    return cast<StringAttr>(attribute).getValue();
  }

  BufferFiller getFiller(Attribute attribute) const {
    switch (getKind(attribute)) {
    case RoleKind::Input:
      return BufferFiller::Caller;
    case RoleKind::Output:
    case RoleKind::Compiled:
      return BufferFiller::Program;
    case RoleKind::Param:
    case RoleKind::Loaded:
      return BufferFiller::File;
    }
    llvm_unreachable("all kinds are covered");
  }

  BufferLifetime getLifetime(Attribute attribute) const {
    switch (getKind(attribute)) {
    case RoleKind::Input:
    case RoleKind::Output:
      return BufferLifetime::Run;
    case RoleKind::Param:
    case RoleKind::Compiled:
      return BufferLifetime::Program;
    case RoleKind::Loaded:
      return BufferLifetime::Load;
    }
    llvm_unreachable("all kinds are covered");
  }
};
} // namespace

void dchag::attachRoles(MLIRContext *context) { StringAttr::attachInterface<StringRole>(*context); }

BufferRoleAttrInterface dchag::getRoleAttr(MLIRContext *context, RoleKind kind) {
  return cast<BufferRoleAttrInterface>(
      Attribute(StringAttr::get(context, stringifyRoleKind(kind))));
}

bool dchag::isRole(Attribute attribute) {
  if (auto name = dyn_cast<StringAttr>(attribute))
    return symbolizeRoleKind(name.getValue()).has_value();
  return isa<BufferRoleAttrInterface>(attribute);
}

//===----------------------------------------------------------------------===//
// Ports
//===----------------------------------------------------------------------===//

Port Port::of(BlockArgument argument) {
  return Port::argument(cast<func::FuncOp>(argument.getOwner()->getParentOp()),
                        argument.getArgNumber());
}

Type Port::getType() const {
  return isResult() ? function.getResultTypes()[index] : function.getArgumentTypes()[index];
}

Location Port::getLoc() const {
  return isResult() || function.isExternal() ? function.getLoc()
                                             : function.getArgument(index).getLoc();
}

Attribute Port::getAttr(StringRef name) const {
  return isResult() ? function.getResultAttr(index, name) : function.getArgAttr(index, name);
}

void Port::setAttr(StringRef name, Attribute value) const {
  auto attr = StringAttr::get(function.getContext(), name);
  if (isResult())
    value ? function.setResultAttr(index, attr, value)
          : (void)function.removeResultAttr(index, attr);
  else
    value ? function.setArgAttr(index, attr, value) : (void)function.removeArgAttr(index, attr);
}

BufferRoleAttrInterface Port::getRole() const {
  if (auto role = dyn_cast_or_null<BufferRoleAttrInterface>(getAttr(contract::kRole)))
    return role;
  return getRoleAttr(function.getContext(), isResult() ? RoleKind::Output : RoleKind::Input);
}

bool Port::hasRole(RoleKind kind) const {
  return getRole() == getRoleAttr(function.getContext(), kind);
}

StringAttr Port::getNameAttr() const {
  return dyn_cast_or_null<StringAttr>(getAttr(contract::kName));
}

std::string Port::getName() const {
  if (StringAttr name = getNameAttr())
    return name.str();
  return (isResult() ? "result" : "arg") + std::to_string(index);
}

bool Port::isUnsigned() const { return bool(getAttr(contract::kUnsigned)); }

SourceAttr Port::getSource() const {
  return dyn_cast_or_null<SourceAttr>(getAttr(contract::kSource));
}

ArrayAttr Port::getReads() const { return dyn_cast_or_null<ArrayAttr>(getAttr(contract::kReads)); }

ArrayRef<int64_t> Port::getRange() const {
  auto range = dyn_cast_or_null<DenseI64ArrayAttr>(getAttr(contract::kRange));
  return range ? range.asArrayRef() : ArrayRef<int64_t>();
}

ShardingAttr Port::getSharding() const {
  return dyn_cast_or_null<ShardingAttr>(getAttr(ShardingAttr::attrName));
}

Type Port::getGlobalType() const {
  auto type = dyn_cast_or_null<TypeAttr>(getAttr(ShardingAttr::globalTypeAttrName));
  return type ? type.getValue() : getType();
}

void Port::setSharding(ShardingAttr sharding) const { setAttr(ShardingAttr::attrName, sharding); }

DictionaryAttr PortAttrs::get(MLIRContext *context) const {
  NamedAttrList list;
  list.set(contract::kName, StringAttr::get(context, name));
  if (role)
    list.set(contract::kRole, getRoleAttr(context, *role));
  if (isUnsigned)
    list.set(contract::kUnsigned, UnitAttr::get(context));
  if (source)
    list.set(contract::kSource, source);
  if (reads)
    list.set(contract::kReads, reads);
  return list.getDictionary(context);
}

void dchag::appendArguments(func::FuncOp function, ValueRange values, ArrayRef<PortAttrs> attrs) {
  SmallVector<unsigned> indices(values.size(), function.getNumArguments());
  SmallVector<DictionaryAttr> dictionaries;
  for (const PortAttrs &port : attrs)
    dictionaries.push_back(port.get(function.getContext()));
  SmallVector<Location> locations;
  for (Value value : values)
    locations.push_back(value.getLoc());
  (void)function.insertArguments(indices, values.getTypes(), dictionaries, locations);
}

Diagnostic &dchag::operator<<(Diagnostic &diagnostic, const Port &port) {
  return diagnostic << (port.isResult() ? "result " : "argument ") << port.getIndex();
}

SmallVector<Port> dchag::getArguments(func::FuncOp function) {
  SmallVector<Port> ports;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    ports.push_back(Port::argument(function, i));
  return ports;
}

SmallVector<Port> dchag::getResults(func::FuncOp function) {
  SmallVector<Port> ports;
  for (unsigned i = 0; i < function.getNumResults(); ++i)
    ports.push_back(Port::result(function, i));
  return ports;
}

std::optional<Port> dchag::findPort(ArrayRef<Port> ports, StringRef name, RoleKind role) {
  for (const Port &port : ports)
    if (port.hasRole(role) && port.getName() == name)
      return port;
  return std::nullopt;
}

bool dchag::isPerDevice(func::FuncOp function) {
  auto isDistributed = [](const Port &port) {
    return bool(port.getAttr(ShardingAttr::globalTypeAttrName));
  };
  return llvm::any_of(getArguments(function), isDistributed) ||
         llvm::any_of(getResults(function), isDistributed);
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

func::FuncOp Program::lookup(StringRef name) const {
  return module.lookupSymbol<func::FuncOp>(name);
}

SmallVector<func::FuncOp> Program::getEntries() const {
  SmallVector<func::FuncOp> entries = getRunEntries();
  if (func::FuncOp prepare = getPrepare())
    entries.insert(entries.begin(), prepare);
  return entries;
}

SmallVector<func::FuncOp> Program::getRunEntries() const {
  SmallVector<func::FuncOp> entries;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (function.isExternal() || !function.isPublic() || isPrepare(function))
      continue;
    entries.insert(isStep(function) ? entries.begin() : entries.end(), function);
  }
  return entries;
}

func::FuncOp Program::createPrepare(OpBuilder &b, func::FuncOp before, FunctionType type) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(before);
  auto prepare = func::FuncOp::create(b, before.getLoc(), contract::kPrepare, type);
  prepare.addEntryBlock();
  return prepare;
}

func::FuncOp Program::createStep(OpBuilder &b, Location loc) {
  return func::FuncOp::create(b, loc, contract::kStep, b.getFunctionType({}, {}));
}

StringAttr Program::getModelName() const {
  if (auto name = module->getAttrOfType<StringAttr>(contract::kModel))
    return name;
  return module.getSymName() ? module.getSymNameAttr()
                             : StringAttr::get(module.getContext(), "model");
}

void Program::setModelName(StringRef name) const {
  module->setAttr(contract::kModel, StringAttr::get(module.getContext(), name));
}

SmallVector<Value> dchag::getUsedValues(Operation *op) {
  llvm::SetVector<Value> values(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), values);
  return values.takeVector();
}

bool ParameterAnalysis::isParameterOnly(Value value) {
  if (auto it = cache.find(value); it != cache.end())
    return it->second;
  bool result = false;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    result = isa<func::FuncOp>(argument.getOwner()->getParentOp()) &&
             Port::of(argument).getRole().isParameter();
  } else {
    Operation *op = value.getDefiningOp();
    result = isMemoryEffectFree(op) && llvm::all_of(getUsedValues(op), [&](Value operand) {
               return isParameterOnly(operand);
             });
  }
  cache[value] = result;
  return result;
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

namespace {
/// The kind that an attribute of a port must have.
struct PortAttribute {
  StringRef name;
  StringRef wanted;
  bool (*accepts)(Attribute attribute, Type type);
};
} // namespace

static bool isIntegers(Type type) {
  auto integer = dyn_cast<IntegerType>(getElementTypeOrSelf(type));
  return integer && integer.getWidth() > 1;
}

static ArrayRef<PortAttribute> getPortAttributes() {
  static const PortAttribute attributes[] = {
      {contract::kName, "a string", [](Attribute a, Type) { return isa<StringAttr>(a); }},
      {contract::kRole,
       "\"input\", \"output\", \"param\", \"compiled\", \"loaded\" or another dialect's role",
       [](Attribute a, Type) { return isRole(a); }},
      {contract::kUnsigned, "a unit attribute of integers",
       [](Attribute a, Type type) { return isa<UnitAttr>(a) && isIntegers(type); }},
      {contract::kSource, "#dchag.source", [](Attribute a, Type) { return isa<SourceAttr>(a); }},
      {contract::kReads, "a list of #dchag.read",
       [](Attribute a, Type) {
         auto list = dyn_cast<ArrayAttr>(a);
         return list && llvm::all_of(list, llvm::IsaPred<ReadAttr>);
       }},
      {contract::kRange, "array<i64: smallest, largest> of integers",
       [](Attribute a, Type type) {
         auto range = dyn_cast<DenseI64ArrayAttr>(a);
         return range && range.size() == 2 && range[0] <= range[1] &&
                (isIntegers(type) || getElementTypeOrSelf(type).isIndex());
       }},
      {ShardingAttr::attrName, "#dchag.sharding",
       [](Attribute a, Type) { return isa<ShardingAttr>(a); }},
      {ShardingAttr::globalTypeAttrName, "a type",
       [](Attribute a, Type) { return isa<TypeAttr>(a); }},
  };
  return attributes;
}

LogicalResult dchag::verifyPortAttribute(Operation *op, NamedAttribute attribute, Type type,
                                         const Twine &where) {
  StringRef name = attribute.getName().getValue();
  for (const PortAttribute &known : getPortAttributes())
    if (known.name == name && !known.accepts(attribute.getValue(), type))
      return op->emitOpError(where) << " of type " << type << " has " << attribute.getName()
                                    << " = " << attribute.getValue() << ", wanted " << known.wanted;
  return success();
}
