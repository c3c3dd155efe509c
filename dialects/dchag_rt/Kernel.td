//===- Kernel.td - kernels and their launches -----------------------*- tablegen -*-===//
#ifndef DCHAG_RT_KERNEL
#define DCHAG_RT_KERNEL

include "dialects/dchag_rt/RuntimeDialect.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"

def Runtime_KernelOp : Runtime_Op<"kernel", [FunctionOpInterface, IsolatedFromAbove,
    AutomaticAllocationScope, HasParent<"::mlir::ModuleOp">]> {
  let summary = "Code that a device runs when it is launched";
  let description = [{
    A symbol that `dchag_rt.launch` names. Its arguments are the operands of the launch in order:
    those it reads, those it reads and writes, those it only writes. On tensors its body ends with
    the new values of the latter two; on buffers it writes into them.

    The ops of the body are `linalg` ops on the level that all targets share. The pipeline of a target
    (`TargetAttrInterface`) lowers it to what its devices run.

    - (K1) Arguments and results have static shapes or are scalars; on buffers there are no results.

    Created by `outline-kernels`, consumed by the target.
    ```mlir
    dchag_rt.kernel @kernel_0(%x: memref<2x3xf32>, %y: memref<2x3xf32>) {
      linalg.exp ins(%x : memref<2x3xf32>) outs(%y : memref<2x3xf32>)
      dchag_rt.return
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$function_type,
      OptionalAttr<DictArrayAttr>:$arg_attrs, OptionalAttr<DictArrayAttr>:$res_attrs);
  let regions = (region AnyRegion:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::FunctionType":$type)>];
  let extraClassDeclaration = [{
    ::llvm::ArrayRef<::mlir::Type> getArgumentTypes() { return getFunctionType().getInputs(); }
    ::llvm::ArrayRef<::mlir::Type> getResultTypes() { return getFunctionType().getResults(); }
    ::mlir::Region *getCallableRegion() { return &getBody(); }
  }];
}

def Runtime_ReturnOp : Runtime_Op<"return", [Pure, ReturnLike, Terminator,
    HasParent<"::mlir::dchag::rt::KernelOp">]> {
  let summary = "Ends a kernel";
  let description = [{
    - (R1) The operands are the results of the kernel.
  }];
  let arguments = (ins Variadic<AnyType>:$operands);
  let hasVerifier = 1;
  let assemblyFormat = "attr-dict ($operands^ `:` type($operands))?";
}

def Runtime_LaunchOp : Runtime_Op<"launch", [AttrSizedOperandSegments, DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Runs a kernel on a queue of the device";
  let description = [{
    Reads `ins` and `inouts`, writes `inouts` and `outs`, and has no other effects. `queue` is the
    number of the queue that runs it; launches of one queue run in order. On tensors, results are
    the new values of `inouts` and `outs`.

    - (L1) `kernel` is a `dchag_rt.kernel` with the types of the operands and results.
    - (L2) Results, if operands are tensors, have the types of `inouts` and `outs`; on buffers there
      are none.
    ```mlir
    dchag_rt.launch @kernel_0 ins(%x : memref<2x3xf32>) outs(%y : memref<2x3xf32>)
    %r = dchag_rt.launch @kernel_1 ins(%a : tensor<2x3xf32>) inouts(%s : tensor<2xf32>) -> tensor<2xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, Variadic<AnyType>:$ins,
      Variadic<Runtime_Shaped>:$inouts, Variadic<Runtime_Shaped>:$outs,
      DefaultValuedAttr<Runtime_Queue, "0">:$queue);
  let results = (outs Variadic<AnyStaticShapeTensor>:$results);
  let hasVerifier = 1;
  let assemblyFormat = [{
    $kernel (`ins` `(` $ins^ `:` type($ins) `)`)? (`inouts` `(` $inouts^ `:` type($inouts) `)`)?
    (`outs` `(` $outs^ `:` type($outs) `)`)? attr-dict (`->` type($results)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable();
    /// Whether operand `index` is read, and whether it is written.
    bool reads(unsigned index);
    bool writes(unsigned index);
  }];
}

#endif // DCHAG_RT_KERNEL
