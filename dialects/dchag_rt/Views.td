//===- Views.td - buffers of the program ----------------------------*- tablegen -*-===//
#ifndef DCHAG_RT_VIEWS
#define DCHAG_RT_VIEWS

include "dialects/dchag_rt/RuntimeDialect.td"

def Runtime_BufferOp : Runtime_Op<"buffer", [Pure]> {
  let summary = "A buffer of the table that entry points get";
  let description = [{
    `table` has a pointer for each buffer of the module's `#dchag_rt.program`; `index` is its number
    there.

    ```mlir
    %x = dchag_rt.buffer %table[0] : !llvm.ptr -> memref<2x3xf32>
    ```
  }];
  let arguments = (ins AnyType:$table, ConfinedAttr<I32Attr, [IntNonNegative]>:$index);
  let results = (outs AnyStaticShapeMemRef:$result);
  let assemblyFormat = "$table `[` $index `]` attr-dict `:` type($table) `->` type($result)";
}

def Runtime_ViewOp : Runtime_Op<"view", [Pure,
    DeclareOpInterfaceMethods<ViewLikeOpInterface>]> {
  let summary = "Part of a buffer seen with another shape";
  let description = [{
    The result starts `bytes` (and `offset` elements of the result's type, where given) behind the
    start of `source`, which the layout of the source has no part in.

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

#endif // DCHAG_RT_VIEWS
