//===- Passes.td - fewer and cheaper collectives ---------------------*- tablegen -*-===//
#ifndef DCHAG_COLLECTIVES_PASSES
#define DCHAG_COLLECTIVES_PASSES

include "mlir/Pass/PassBase.td"

def SimplifyCollectives : Pass<"simplify-collectives", "::mlir::ModuleOp"> {
  let summary = "Removes and replaces collectives that are redundant";
  let description = [{
    A gather of the slices of a value is the value, and a slice of a gather is the part that was
    gathered; a slice of a sum is a reduce-scatter, and a gather of a reduce-scatter a sum; a maximum or
    minimum over ranks that hold equal values is that value. Which ranks hold equal values is
    found by a forward analysis: a value that no op on the way from the arguments makes different
    along an axis is equal along it.
    ```mlir
    %s = shard.all_reduce %x on @mesh grid_axes = [0] : tensor<4xf32> -> tensor<4xf32>           // before
    %y = shard.all_slice %s on @mesh grid_axes = [0] slice_axis = 0 : tensor<4xf32> -> tensor<2xf32>
    %y = shard.reduce_scatter %x on @mesh grid_axes = [0] scatter_axis = 0 : tensor<4xf32> -> tensor<2xf32>
    ```
    Leaves sums with other uses alone. Results are equal up to the order in which a library sums.
  }];
  let statistics = [Statistic<"numRemoved", "num-removed", "collectives removed">,
                    Statistic<"numScattered", "num-scattered", "slices of sums replaced by a reduce-scatter">];
}

def CombineCollectives : Pass<"combine-collectives", "::mlir::ModuleOp"> {
  let summary = "Merges small independent collectives of one kind";
  let description = [{
    Collectives on small operands cost latency, not bandwidth.
    Collectives of one kind over the same axes with operands of at most `max-bytes`, of which none
    depends on another, and which are at most `window` ops apart are merged in one bucket: their
    operands are concatenated in rows, one for each rank that data goes to or comes from, and
    separated again after it. The sums of an online-softmax merge become one sum, and the gathers of
    the biases and norms of a layer whose parameters are stored sharded one gather.
    ```mlir
    %a = shard.all_reduce %x ... : tensor<2x3xf32> -> tensor<2x3xf32>                              // before
    %b = shard.all_reduce %y ... : tensor<4xf32> -> tensor<4xf32>
    %s = shard.all_reduce %both ... : tensor<10xf32> -> tensor<10xf32>                             // after
    ```
    Results are equal bit for bit. Leaves large collectives alone: copies would cost more than they save.
  }];
  let options = [
    Option<"maxBytes", "max-bytes", "int64_t", "65536",
      "collectives with larger operands are left as they are (default 65536)">,
    Option<"window", "window", "int64_t", "64",
      "ops between the first and the last of a bucket (default 64)">];
  let statistics = [Statistic<"numCombined", "num-combined", "collectives merged with others">,
                    Statistic<"numBuckets", "num-buckets", "collectives that they were merged into">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect", "::mlir::shard::ShardDialect"];
}

def PrefetchParameters : Pass<"prefetch-parameters", "::mlir::ModuleOp"> {
  let summary = "Gathers parameters that are stored sharded ahead of their use";
  let description = [{
    Moves each `shard.all_gather` of an argument up to the gathers of the layer `distance` layers
    before it, so that it can overlap the ops that use those; no further, so that only
    that many layers of gathered parameters are in memory. Code generation starts collectives where they
    are and waits before their first use. The order of collectives stays the same on all ranks.
    ```mlir
    %ga = shard.all_gather %a on @mesh grid_axes = [0] gather_axis = 0 : tensor<2xf32> -> tensor<4xf32>  // before
    %0 = arith.addf %x, %ga : tensor<4xf32>
    %gb = shard.all_gather %b on @mesh grid_axes = [0] gather_axis = 0 : tensor<2xf32> -> tensor<4xf32>
    %1 = arith.mulf %0, %gb : tensor<4xf32>

    %ga = shard.all_gather %a on @mesh grid_axes = [0] gather_axis = 0 : tensor<2xf32> -> tensor<4xf32>  // after
    %gb = shard.all_gather %b on @mesh grid_axes = [0] gather_axis = 0 : tensor<2xf32> -> tensor<4xf32>
    %0 = arith.addf %x, %ga : tensor<4xf32>
    %1 = arith.mulf %0, %gb : tensor<4xf32>
    ```
    Leaves gathers of computed values alone.
  }];
  let options = [Option<"distance", "distance", "int64_t", "1",
    "layers of parameters that are gathered ahead (default 1)">];
  let statistics = [Statistic<"numMoved", "num-moved", "gathers moved up">];
}

def VerifyCollectives : Pass<"verify-collectives", "::mlir::ModuleOp"> {
  let summary = "Checks that all ranks of a group reach each collective";
  let description = [{
    A collective inside of an op with regions is reached by all ranks of its group only if the
    conditions and bounds of that op are the same on all of them. Fails if the analysis cannot prove
    it, and at ops with regions that are neither branches on an operand nor loops with bounds
    (RegionBranchOpInterface, LoopLikeOpInterface), such as `scf.if` and `scf.for`. Changes nothing.
    ```mlir
    // On the mesh ["dp" = 2, "tp" = 2].
    %r = shard.process_multi_index on @mesh axes = [1] : index
    %c = arith.cmpi eq, %r, %zero : index
    %y = scf.if %c -> tensor<4xf32> {
      %s = shard.all_reduce %x on @mesh grid_axes = [0] : tensor<4xf32> -> tensor<4xf32>   // accepted: along dp
      %t = shard.all_reduce %s on @mesh grid_axes = [1] : tensor<4xf32> -> tensor<4xf32>
      // error: 'shard.all_reduce' op stands in 'scf.if', whose condition may differ between the ranks of its group
    ```
  }];
}

def ReportCommunication : Pass<"report-communication", "::mlir::ModuleOp"> {
  let summary = "Lists the collectives of a per-device program with the bytes that a rank sends";
  let description = [{
    One line for each kind, axes, type and source of a collective with how often it is called in a
    step, and totals by axes and by kind. Bytes are those of bandwidth-optimal algorithms: a rank
    sends n - 1 times its operand in a gather of n ranks, (n - 1)/n of its operand in an
    all-to-all or a reduce-scatter, and twice that in an all-reduce. Local slices are free.
    Changes nothing.
    ```mlir
    // On the mesh ["dp" = 2, "tp" = 4].
    %s = shard.all_reduce %x on @mesh grid_axes = [1] : tensor<2x3xf32> -> tensor<2x3xf32>
    %g = shard.all_gather %s on @mesh grid_axes = [1] gather_axis = 1 : tensor<2x3xf32> -> tensor<2x12xf32>
    ```
    ```
    function  collective     axes       count     bytes sent  type, source
    @step     all_reduce     tp             1             36  tensor<2x3xf32> -> tensor<2x3xf32>, model.mlir:4
    @step     all_gather     tp             1             72  tensor<2x3xf32> -> tensor<2x12xf32>, model.mlir:5
    total over tp: 108 bytes sent a rank
    total by all_reduce: 36 bytes sent a rank
    total by all_gather: 72 bytes sent a rank
    total: 2 collectives, 108 bytes sent a rank
    ```
  }];
  let options = [Option<"output", "output", "std::string", [{"-"}],
    "file to write; JSON if its name ends in .json, '-' (default) for text on the standard output">];
}

#endif // DCHAG_COLLECTIVES_PASSES
