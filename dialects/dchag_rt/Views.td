//===- Views.td - buffers of the program ----------------------------*- tablegen -*-===//
#ifndef DCHAG_RT_VIEWS
#define DCHAG_RT_VIEWS

include "dialects/dchag_rt/RuntimeDialect.td"

def Runtime_ContextType : TypeDef<Runtime_Dialect, "Context"> {
  let mnemonic = "context";
  let summary = "The runtime state of a rank: the first argument of each entry point";
}

def Runtime_BuffersType : TypeDef<Runtime_Dialect, "Buffers"> {
  let mnemonic = "buffers";
  let summary = "The table of buffers: the second argument of each entry point";
}

def Runtime_BufferOp : Runtime_Op<"buffer", [Pure]> {
  let summary = "A buffer of the table that entry points get";
  let description = [{
    `table` has an entry for each buffer of the module's `#dchag_rt.program`; `index` is its number
    there.

    ```mlir
    %x = dchag_rt.buffer %table[0] : memref<2x3xf32>
    ```
  }];
  let arguments = (ins Runtime_BuffersType:$table, ConfinedAttr<I32Attr, [IntNonNegative]>:$index);
  let results = (outs AnyStaticShapeMemRef:$result);
  let assemblyFormat = "$table `[` $index `]` attr-dict `:` type($result)";
}

def Runtime_ViewOp : Runtime_Op<"view", [Pure,
    DeclareOpInterfaceMethods<ViewLikeOpInterface>]> {
  let summary = "Part of a buffer seen with another shape";
  let description = [{
    The result starts `bytes` (and `offset` elements of the result's type, if given) after the
    start of `source`, whatever the layout of the source.

    - (V1) Source and result have static shapes and strides and no offset.
    ```mlir
    %a = dchag_rt.view %arena[128] : memref<4096xi8> -> memref<2x3xf32>
    %b = dchag_rt.view %x[0] + %i : memref<4x6xf32> -> memref<4x3xf32, strided<[6, 1]>>
    ```
  }];
  let arguments = (ins AnyStaticShapeMemRef:$source, Optional<Index>:$offset,
      ConfinedAttr<I64Attr, [IntNonNegative]>:$bytes);
  let results = (outs AnyStaticShapeMemRef:$result);
  let hasVerifier = 1;
  let assemblyFormat = [{
    $source `[` $bytes `]` (`+` $offset^)? attr-dict `:` type($source) `->` type($result)
  }];
}

def Runtime_CopyOp : Runtime_DestinationOp<"copy"> {
  let summary = "Copies a buffer from one memory space to another";
  let description = [{
    The copy runs on `queue`, after its earlier work. Copies within one memory space are kernels.

    - (C1) Shapes and element types of `source` and `init` agree, both are contiguous.
    - (C2) Both are buffers, of different memory spaces.
    ```mlir
    dchag_rt.copy %x outs(%y) : (memref<2x3xf32>, memref<2x3xf32, 1>) -> ()
    ```
  }];
  let arguments = (ins Runtime_Shaped:$source, Runtime_Shaped:$init,
      DefaultValuedAttr<Runtime_Queue, "0">:$queue);
  let assemblyFormat = "$source `outs` `(` $init `)` attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

#endif // DCHAG_RT_VIEWS
