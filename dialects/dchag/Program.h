//===- Program.h - entry points of a module, their ports and roles ---------*- C++ -*-===//
//
// The contract of a program, from the import to the runtime's table of buffers. A module is a
// program by its entry points, which are public functions with bodies: `@prepare` runs as soon as
// the weights are loaded, and again before a further step if a step updates what it reads; `@step`
// runs for each batch, any other when the user asks for it. Arguments and results of entry points
// are ports. A port has a name and a role (`BufferRoleAttrInterface`); ports of one name and role
// are one buffer, whatever entry points they belong to.
//
// Only this file has the names of those functions and attributes.
//
//===----------------------------------------------------------------------===//
#ifndef DCHAG_PROGRAM_H
#define DCHAG_PROGRAM_H

#include "dialects/dchag/DchagAttrs.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::dchag {

namespace contract {
inline constexpr llvm::StringLiteral kStep = "step";
inline constexpr llvm::StringLiteral kPrepare = "prepare";
// Attributes of arguments and results.
inline constexpr llvm::StringLiteral kName = "dchag.name";
inline constexpr llvm::StringLiteral kRole = "dchag.role";
inline constexpr llvm::StringLiteral kUnsigned = "dchag.unsigned";
// Attributes of arguments.
inline constexpr llvm::StringLiteral kSource = "dchag.source";
inline constexpr llvm::StringLiteral kReads = "dchag.reads";
inline constexpr llvm::StringLiteral kRange = "dchag.range";
// Attribute of modules.
inline constexpr llvm::StringLiteral kModel = "dchag.model";
} // namespace contract

/// The role of a kind, as an attribute: a string with the role's name, which has the interface.
///
/// | role | filled by | needed |
/// |---|---|---|
/// | "input" | the caller | during a run |
/// | "output" | the program | during a run |
/// | "param" | the weights file, under the name of the port | as long as the program runs |
/// | "compiled" | the program: a result of @prepare | as long as the program runs |
/// | "loaded" | the weights file, by the reads of the port | until parameters are prepared |
///
/// Other dialects can add roles: attributes that implement the interface.
BufferRoleAttrInterface getRoleAttr(MLIRContext *context, RoleKind kind);
/// Whether an attribute is one of these strings or a role of another dialect.
bool isRole(Attribute attribute);
/// Attaches the interface to strings; called by the dialect.
void attachRoles(MLIRContext *context);

/// An argument or a result of a function, with access to its attributes.
class Port {
public:
  static Port argument(func::FuncOp function, unsigned index) { return {function, index, false}; }
  static Port result(func::FuncOp function, unsigned index) { return {function, index, true}; }
  /// The port of an argument of a function's entry block.
  static Port of(BlockArgument argument);

  func::FuncOp getFunction() const { return function; }
  unsigned getIndex() const { return index; }
  bool isResult() const { return resultKind; }
  Type getType() const;
  Location getLoc() const;

  /// An argument without the attribute is an input, a result an output.
  BufferRoleAttrInterface getRole() const;
  /// Whether the role is this one.
  bool hasRole(RoleKind kind) const;
  /// Null if it has no name.
  StringAttr getNameAttr() const;
  /// The name, or `argN` or `resultN` without the attribute.
  std::string getName() const;
  /// Whether its integers are unsigned in files; types of the IR are signless.
  bool isUnsigned() const;
  /// Where the elements of a parameter are in the model's files, or null.
  SourceAttr getSource() const;
  /// The parts of file parameters that fill it, or null.
  ArrayAttr getReads() const;
  /// Smallest and largest value of an integer, or empty.
  ArrayRef<int64_t> getRange() const;
  /// Null if it is not distributed.
  ShardingAttr getSharding() const;
  /// The type before distribution.
  Type getGlobalType() const;

  void setSharding(ShardingAttr sharding) const;
  Attribute getAttr(StringRef name) const;
  void setAttr(StringRef name, Attribute value) const;

private:
  Port(func::FuncOp function, unsigned index, bool resultKind)
      : function(function), index(index), resultKind(resultKind) {}

  // Functions are handles: using them does not change the port.
  mutable func::FuncOp function;
  unsigned index;
  bool resultKind;
};

/// The attributes of a new port. All are given at once: each change of an attribute of one port
/// makes the list of those of all ports anew.
struct PortAttrs {
  std::string name = {};
  /// None: no attribute.
  std::optional<RoleKind> role = {};
  bool isUnsigned = false;
  SourceAttr source = {};
  ArrayAttr reads = {};

  DictionaryAttr get(MLIRContext *context) const;
};
/// Appends arguments of the types and at the locations of `values`.
void appendArguments(func::FuncOp function, ValueRange values, ArrayRef<PortAttrs> attrs);

/// "argument 2", "result 0": for messages.
Diagnostic &operator<<(Diagnostic &diagnostic, const Port &port);

SmallVector<Port> getArguments(func::FuncOp function);
SmallVector<Port> getResults(func::FuncOp function);
/// The first of `ports` with this name and role, or nullopt.
std::optional<Port> findPort(ArrayRef<Port> ports, StringRef name, RoleKind role);

/// Whether a function is the program of a rank: one of its ports has a type before distribution.
bool isPerDevice(func::FuncOp function);

/// A view of a module as a program.
class Program {
public:
  explicit Program(ModuleOp module) : module(module) {}

  /// Null if the module has none.
  func::FuncOp getStep() const { return lookup(contract::kStep); }
  func::FuncOp getPrepare() const { return lookup(contract::kPrepare); }
  /// Public functions with bodies: `@prepare`, `@step`, then the others in their order.
  SmallVector<func::FuncOp> getEntries() const;
  /// Entries except `@prepare`.
  SmallVector<func::FuncOp> getRunEntries() const;

  static bool isStep(func::FuncOp function) { return function.getName() == contract::kStep; }
  static bool isPrepare(func::FuncOp function) { return function.getName() == contract::kPrepare; }
  /// Creates an empty function `@prepare` before `before`.
  static func::FuncOp createPrepare(OpBuilder &b, func::FuncOp before, FunctionType type);
  static func::FuncOp createStep(OpBuilder &b, Location loc);

  /// Name of the model: that of its file, the symbol of the module, or "model".
  StringAttr getModelName() const;
  void setModelName(StringRef name) const;

private:
  func::FuncOp lookup(StringRef name) const;

  mutable ModuleOp module;
};

/// Operands of an op, and outer values that its regions use.
SmallVector<Value> getUsedValues(Operation *op);

/// Whether a value depends only on parameters (`isParameter` of roles), computed lazily and cached:
/// constants count as parameters, ops with side effects do not.
class ParameterAnalysis {
public:
  bool isParameterOnly(Value value);

private:
  llvm::DenseMap<Value, bool> cache;
};

/// Checks that an attribute of the contract at an argument or result has the right kind and fits
/// the type; `where` names the port. Other attributes are accepted.
LogicalResult verifyPortAttribute(Operation *op, NamedAttribute attribute, Type type,
                                  const Twine &where);

} // namespace mlir::dchag

#endif // DCHAG_PROGRAM_H
