//===- Kernel.td - kernels and their launches -----------------------*- tablegen -*-===//
#ifndef DCHAG_RT_KERNEL
#define DCHAG_RT_KERNEL

include "dialects/dchag_rt/RuntimeDialect.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/FunctionInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Interfaces/CallInterfaces.td"

def Runtime_TilesAttr : AttrDef<Runtime_Dialect, "Tiles"> {
  let mnemonic = "tiles";
  let summary = "Sizes of the tiles of a kernel";
  let description = [{
    One size for each outer dimension of the kernel: a loop that all its ops share
    (include/dchag/Schedule/KernelSpace.h), in the order of the dimensions of the last op's first result.
    The attribute `dchag_rt.tiles` of a kernel, set by `assign-tiles` or by the user, applied by
    `tile-kernels`.

    ```mlir
    #dchag_rt.tiles<[1, 64]>
    ```
  }];
  let parameters = (ins OptionalArrayRefParameter<"int64_t">:$sizes);
  let assemblyFormat = "(`<` `[` $sizes^ `]` `>`)?";
  let extraClassDeclaration = [{
    /// Attribute of kernels.
    static constexpr ::llvm::StringLiteral attrName = "dchag_rt.tiles";
  }];
}

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

    Created by `form-kernels` on tensors and by `outline-kernels` on buffers, consumed by the target.
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
    /// Whether its operands are buffers.
    bool isOnBuffers() {
      return ::llvm::any_of(getArgumentTypes(), ::llvm::IsaPred<::mlir::MemRefType>);
    }
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
    DeclareOpInterfaceMethods<SymbolUserOpInterface>,
    DeclareOpInterfaceMethods<CallOpInterface>]> {
  let summary = "Runs a kernel on a queue of the device";
  let description = [{
    Reads `ins` and `inouts`, writes `inouts` and `outs`, and has no other effects. `queue` is the
    number of the queue that runs it; launches of one queue run in order. On tensors, results are
    the new values of `inouts` and `outs`.

    - (L1) `kernel` is a `dchag_rt.kernel` with the types of the operands and results. A launch on
      buffers may name a kernel on tensors of the same shapes, from which `bufferize-kernels` makes one for
      the layouts of the buffers.
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
    bool isOnBuffers();
    /// Results have no attributes, nor do operands.
    ::mlir::ArrayAttr getArgAttrsAttr() { return {}; }
    ::mlir::ArrayAttr getResAttrsAttr() { return {}; }
    void setArgAttrsAttr(::mlir::ArrayAttr) {}
    void setResAttrsAttr(::mlir::ArrayAttr) {}
    ::mlir::Attribute removeArgAttrsAttr() { return {}; }
    ::mlir::Attribute removeResAttrsAttr() { return {}; }
  }];
}

def Runtime_ThreadIndexOp : Runtime_Op<"thread_index", [MemoryEffects<[MemRead]>]> {
  let summary = "Number of the thread that runs this part of a kernel";
  let description = [{
    At least 0 and less than the number of threads that run the kernel; reads what no op writes, so that it
    stays in the loop that it is in. Created by `kernels-to-functions`, lowered to a call of OpenMP's
    `omp_get_thread_num`.
    ```mlir
    %i = dchag_rt.thread_index
    ```
  }];
  let results = (outs Index:$result);
  let assemblyFormat = "attr-dict";
}

def Runtime_ThreadMemoryOp : Runtime_Op<"thread_memory", [MemoryEffects<[MemRead]>]> {
  let summary = "Memory of the thread that computes a tile";
  let description = [{
    A buffer for values that exist within a tile. Each thread has its own; what it holds does not outlive the
    tile. Created by `plan-memory`.
    ```mlir
    %m = dchag_rt.thread_memory : memref<4096xi8>
    ```
  }];
  let results = (outs AnyStaticShapeMemRef:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

#endif // DCHAG_RT_KERNEL
