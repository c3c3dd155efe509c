//===- Requests.td - collectives under way ------------------------*- tablegen -*-===//
#ifndef DCHAG_RT_REQUESTS
#define DCHAG_RT_REQUESTS

include "dialects/dchag_rt/RuntimeDialect.td"

def Runtime_RequestType : TypeDef<Runtime_Dialect, "Request"> {
  let mnemonic = "request";
  let summary = "A collective that was started and is waited for once";
}

def Runtime_StartOp : Runtime_Op<"start", [SingleBlock, NoTerminator, RecursiveMemoryEffects]> {
  let summary = "Begins a collective that `dchag_rt.wait` ends";
  let description = [{
    The collective is inside, unchanged, and everything that holds for
    it outside holds here: its effects, its site, its group. From here to the `wait` the program does not
    write its source and does not read or write its destination. Several may be under way; all
    ranks start, and wait for, the same ones in the same order.

    - (S1) Inside is one collective on buffers, and nothing else.
    - (S2) The op is directly in the body of a function, as (G3) requires of a collective.
    - (S3) The request has one use, a `dchag_rt.wait` after the op in the same block.

    Created by `overlap-collectives`, lowered to a call of `dchag_rt_start_...`.
    ```mlir
    %r = dchag_rt.start {
      dchag_rt.all_gather %x outs(%y) {axes = array<i32: 0>, site = 0 : i32} : (memref<3x5xf32>, memref<2x3x5xf32>) -> ()
    }
    dchag_rt.wait %r source(%x : memref<3x5xf32>) outs(%y : memref<2x3x5xf32>)
    ```
  }];
  let regions = (region SizedRegion<1>:$body);
  let results = (outs Runtime_RequestType:$request);
  let hasRegionVerifier = 1;
  let assemblyFormat = "$body attr-dict";
  let extraClassDeclaration = [{
    /// The collective inside.
    ::mlir::DestinationStyleOpInterface getCollective() {
      return ::llvm::cast<::mlir::DestinationStyleOpInterface>(getBody().front().front());
    }
  }];
}

def Runtime_WaitOp : Runtime_Op<"wait", [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Ends a collective that was started";
  let description = [{
    Has the buffers of the collective as operands, so that they live until here: memory planning looks
    at uses.

    - (W1) `request` comes from a `dchag_rt.start`.
    - (W2) `source` and `init` are those of the collective; an all-reduce has no source.
    ```mlir
    dchag_rt.wait %r outs(%sum : memref<2x3xf32>)
    ```
  }];
  let arguments = (ins Runtime_RequestType:$request, Optional<AnyStaticShapeMemRef>:$source,
      AnyStaticShapeMemRef:$init);
  let hasVerifier = 1;
  let assemblyFormat = [{
    $request (`source` `(` $source^ `:` type($source) `)`)? `outs` `(` $init `:` type($init) `)`
    attr-dict
  }];
}

#endif // DCHAG_RT_REQUESTS
