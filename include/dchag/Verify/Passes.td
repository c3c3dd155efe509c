//===- Passes.td - checks between phases ----------------------------*- tablegen -*-===//
#ifndef DCHAG_VERIFY_PASSES
#define DCHAG_VERIFY_PASSES

include "mlir/Pass/PassBase.td"

def VerifyGlobal : Pass<"verify-global", "::mlir::ModuleOp"> {
  let summary = "Checks that a module is at the global level: the closed set of ops, static shapes";
  let description = [{
    Fails at each op that is not in the closed set that every later pass and the interpreters
    support completely: `linalg.contract`, `reduce` (one combiner), `broadcast`,
    `transpose`, `fill`; element-wise `arith` and `math` on equal static shapes; `tensor.empty`,
    `expand_shape`, `collapse_shape`, `extract_slice`, `insert_slice`, `concat`, `pad`; ops of any
    dialect that implement `EvaluableOpInterface`. Also checks that every init of a reduction or
    contraction is `tensor.empty` filled with the neutral element of the combiner: any other value
    would be counted once for each rank that computes a part. Changes nothing.
    ```mlir
    %empty = tensor.empty() : tensor<2xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2xf32>) -> tensor<2xf32>
    %y = linalg.reduce { arith.addf } ins(%x : tensor<2x3xf32>) outs(%init : ...) dimensions = [1]   // accepted
    %m = linalg.reduce { arith.maximumf } ins(%x : tensor<2x3xf32>) outs(%init : ...) dimensions = [1]
    // error: 'linalg.reduce' op must start from tensor.empty filled with the neutral element 0xFF800000 : f32 of its combiner: ...
    %e = linalg.exp ins(%x : tensor<2x3xf32>) outs(%y : tensor<2x3xf32>) -> tensor<2x3xf32>
    // error: 'linalg.exp' op is not of the closed set of the global level and does not implement EvaluableOpInterface: ...
    ```
  }];
}

def VerifyAccumulators : Pass<"verify-accumulators", "::mlir::ModuleOp"> {
  let summary = "Checks that sums and products are kept in f32 at least";
  let description = [{
    Fails at each reduction whose accumulator is a float narrower than f32: `linalg` ops with reduction
    loops (contractions and generic ones included) and, between ranks, `shard.all_reduce` and
    `shard.reduce_scatter`, also as calls of the runtime. The interpreter computes in float64 and
    cannot see such sums. Maxima and minima are exact in any type and pass.
    ```mlir
    %y = shard.all_reduce %x on @mesh grid_axes = [0] : tensor<2xbf16> -> tensor<2xbf16>   // error
    ```
    The pipeline `schedule` runs it first, and once more when all ops are decomposed. `accumulate-in-f32`
    rewrites programs so that they pass. Changes nothing.
  }];
}

#endif // DCHAG_VERIFY_PASSES
