//===- RuntimeDialect.td - the dialect and its base classes ------*- tablegen -*-===//
#ifndef DCHAG_RT_RUNTIMEDIALECT
#define DCHAG_RT_RUNTIMEDIALECT

include "dialects/interfaces/Collective.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/ViewLikeInterface.td"

def Runtime_Dialect : Dialect {
  let name = "dchag_rt";
  let cppNamespace = "::mlir::dchag::rt";
  let summary = "Calls of the runtime in a scheduled program";
  let description = [{
    The calls of `runtime/include/dchag_rt.h` as ops, in destination-passing style: on tensors
    until bufferization, on buffers after it, where they become calls. A collective has an effect
    on the communicators, so that nothing removes, duplicates or reorders it: that would break
    the one order of collectives that all ranks must keep.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
    void registerTypes();
  }];
  // Attributes of buffers contain roles and reads of the dchag dialect.
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::dchag::DchagDialect"];
}

class Runtime_Op<string mnemonic, list<Trait> traits = []>
    : Op<Runtime_Dialect, mnemonic, traits>;

/// Statically shaped tensors before bufferization, buffers after it.
def Runtime_Shaped : AnyTypeOf<[AnyStaticShapeTensor, AnyStaticShapeMemRef]>;

/// Number of a queue of the device: work in one queue is done in order, and only `start` and `wait`
/// order the work of different queues. 0 is the queue of kernels and products.
def Runtime_Queue : ConfinedAttr<I32Attr, [IntNonNegative]>;

/// Ops that write `init`: all effects and bufferization follow from that.
class Runtime_DestinationOp<string mnemonic, list<Trait> traits = []>
    : Runtime_Op<mnemonic, !listconcat([DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>], traits)> {
  let results = (outs Optional<AnyStaticShapeTensor>:$result);
  let hasVerifier = 1;
}

/// A collective of a kind of CollectiveKind; `methods` are those of CollectiveOpInterface that
/// depend on the op.
class Runtime_CollectiveOp<string mnemonic, string kind, string methods = "">
    : Runtime_DestinationOp<mnemonic, [CollectiveOpInterface]> {
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    ::mlir::dchag::CollectiveKind getCollectiveKind() {
      return ::mlir::dchag::CollectiveKind::}] # kind # [{;
    }
    ::llvm::SmallVector<int32_t> getMeshAxes() { return ::llvm::SmallVector<int32_t>(getAxes()); }
    ::mlir::Value getOutput() {
      return getResult() ? ::mlir::Value(getResult()) : ::mlir::Value(getInit());
    }
    ::std::optional<int32_t> getSiteIndex() { return getSite(); }
  }] # methods;
}

#endif // DCHAG_RT_RUNTIMEDIALECT
