//===- Passes.td - placement of buffers in memory -------------------*- tablegen -*-===//
#ifndef DCHAG_MEMORY_PASSES
#define DCHAG_MEMORY_PASSES

include "mlir/Pass/PassBase.td"

def PlanMemory : Pass<"plan-memory", "::mlir::ModuleOp"> {
  let summary = "Assigns every buffer of an entry point a fixed offset in one arena";
  let description = [{
    Each `memref.alloc` of an entry point (`#dchag_rt.entry`) becomes a view at
    a fixed, 64-byte aligned offset of the arena, a new last argument. A buffer is live from
    its first to its last use, uses of its views included; buffers that are live at the same time
    never overlap. Buffers are placed from the largest to the smallest, each at the lowest free
    offset. Sizes of the arenas go into the entry points of `dchag_rt.program`.
    ```mlir
    %a = memref.alloc() : memref<2x3xf32>                                       // before
    %a = dchag_rt.view %arena[64] : memref<128xi8> -> memref<2x3xf32>           // after
    ```
    Needs flat functions after `fold-views`. Fails if an allocation is left.
  }];
  let dependentDialects = ["::mlir::dchag::rt::RuntimeDialect"];
  let statistics = [
    Statistic<"numBuffers", "num-buffers", "buffers placed">,
    Statistic<"arenaBytes", "arena-bytes", "bytes of the arenas">,
    Statistic<"totalBytes", "total-bytes", "bytes of all buffers together">,
    Statistic<"liveBytes", "live-bytes", "maximum of bytes live at one time: a lower bound for any plan">];
}

#endif // DCHAG_MEMORY_PASSES
