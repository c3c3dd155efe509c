//===- Kernel.cpp - kernels and their launches -----------------------------*- C++ -*-===//

#include "dialects/dchag_rt/Runtime.h"
#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace mlir::dchag::rt;

//===----------------------------------------------------------------------===//
// kernel, return
//===----------------------------------------------------------------------===//

void KernelOp::build(OpBuilder &b, OperationState &state, StringRef name, FunctionType type) {
  state.addAttribute(SymbolTable::getSymbolAttrName(), b.getStringAttr(name));
  state.addAttribute(getFunctionTypeAttrName(state.name), TypeAttr::get(type));
  Block &body = state.addRegion()->emplaceBlock();
  for (Type input : type.getInputs())
    body.addArgument(input, state.location);
}

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildType = [](Builder &b, ArrayRef<Type> inputs, ArrayRef<Type> results,
                      function_interface_impl::VariadicFlag,
                      std::string &) { return b.getFunctionType(inputs, results); };
  return function_interface_impl::parseFunctionOp(
      parser, result, /*allowVariadic=*/false, getFunctionTypeAttrName(result.name), buildType,
      getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void KernelOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(printer, *this, /*isVariadic=*/false,
                                           getFunctionTypeAttrName(), getArgAttrsAttrName(),
                                           getResAttrsAttrName());
}

LogicalResult KernelOp::verify() {
  if (getBody().empty())
    return emitOpError("has no body: what a kernel computes must be known");
  for (Type type : getArgumentTypes())
    if (auto shaped = dyn_cast<ShapedType>(type); shaped && !shaped.hasStaticShape())
      return emitOpError("(K1) has an argument of the type ") << type << ": sizes must be static";
  bool onBuffers = llvm::any_of(getArgumentTypes(), llvm::IsaPred<MemRefType>);
  if (onBuffers && !getResultTypes().empty())
    return emitOpError("(K1) has arguments in memory and ")
           << getResultTypes().size() << " results: it writes into its last arguments instead";
  return success();
}

LogicalResult ReturnOp::verify() {
  auto kernel = cast<KernelOp>((*this)->getParentOp());
  if (getOperandTypes() == kernel.getResultTypes())
    return success();
  return emitOpError("(R1) has operands of the types (")
         << getOperandTypes() << "), but kernel @" << kernel.getName() << " has the results ("
         << kernel.getResultTypes() << ")";
}

//===----------------------------------------------------------------------===//
// launch
//===----------------------------------------------------------------------===//

MutableOperandRange LaunchOp::getDpsInitsMutable() {
  // The two groups follow each other.
  unsigned first = getIns().size();
  return MutableOperandRange(*this, first, getNumOperands() - first);
}

CallInterfaceCallable LaunchOp::getCallableForCallee() { return getKernelAttr(); }
void LaunchOp::setCalleeFromCallable(CallInterfaceCallable callee) {
  setKernelAttr(cast<FlatSymbolRefAttr>(cast<SymbolRefAttr>(callee)));
}
Operation::operand_range LaunchOp::getArgOperands() { return getOperands(); }
MutableOperandRange LaunchOp::getArgOperandsMutable() { return MutableOperandRange(*this); }

bool LaunchOp::reads(unsigned index) { return index < getIns().size() + getInouts().size(); }
bool LaunchOp::writes(unsigned index) { return index >= getIns().size(); }

void LaunchOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  for (OpOperand &operand : getOperation()->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    if (reads(operand.getOperandNumber()))
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
    if (writes(operand.getOperandNumber()))
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
  }
}

LogicalResult LaunchOp::verify() {
  SmallVector<Type> expected;
  for (Value init : getDpsInits())
    if (isa<TensorType>(init.getType()))
      expected.push_back(init.getType());
  if (!expected.empty() && expected.size() != getDpsInits().size())
    return emitOpError("(L2) writes tensors and buffers: it must be one or the other");
  if (TypeRange(getResults()) != TypeRange(expected))
    return emitOpError("(L2) has results of the types (")
           << getResultTypes() << "), wanted those of what it writes (" << expected << ")";
  return success();
}

/// Whether buffers may be given for `wanted`: the same, or tensors of their shapes.
static bool areCompatible(TypeRange given, TypeRange wanted) {
  return given.size() == wanted.size() &&
         llvm::all_of(llvm::zip_equal(given, wanted), [](auto pair) {
           auto [from, to] = pair;
           auto buffer = dyn_cast<MemRefType>(from);
           auto tensor = dyn_cast<RankedTensorType>(to);
           return from == to || (buffer && tensor && buffer.getShape() == tensor.getShape() &&
                                 buffer.getElementType() == tensor.getElementType());
         });
}

bool LaunchOp::isOnBuffers() { return llvm::any_of(getOperandTypes(), llvm::IsaPred<MemRefType>); }

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto kernel = symbols.lookupNearestSymbolFrom<KernelOp>(*this, getKernelAttr());
  if (!kernel)
    return emitOpError("(L1) launches ") << getKernelAttr() << ", which is no dchag_rt.kernel";
  if (!areCompatible(getOperandTypes(), kernel.getArgumentTypes()))
    return emitOpError("(L1) has operands of the types (")
           << getOperandTypes() << "), but kernel " << getKernelAttr() << " takes ("
           << kernel.getArgumentTypes() << ")";
  // A launch on buffers has none, whatever the kernel is on.
  if (!isOnBuffers() && getResultTypes() != kernel.getResultTypes())
    return emitOpError("(L1) has results of the types (")
           << getResultTypes() << "), but kernel " << getKernelAttr() << " gives ("
           << kernel.getResultTypes() << ")";
  return success();
}
