//===- Passes.td - from the per-device level to kernels on buffers -*- tablegen -*-===//
#ifndef DCHAG_SCHEDULE_PASSES
#define DCHAG_SCHEDULE_PASSES

include "mlir/Pass/PassBase.td"

def Decompose : Pass<"decompose", "::mlir::ModuleOp"> {
  let summary = "Replaces domain ops by simpler ones";
  let description = [{
    Every op that implements upstream's `AggregatedOpInterface` is replaced by its decomposition into
    simpler ops (the closed set, linalg.generic); also decomposes `tensor.pad`. A decomposition may
    compute in a wider float than the result has: its value is rounded to the type of the result,
    once. An op of a dialect that later passes do not handle is an error.
    ```mlir
    %y = dchag.gelu %x : tensor<2x3xf32>      // before
    %1 = math.erf %0 : tensor<2x3xf32>        // after, among others
    ```
    With `evaluable` it leaves ops whose decomposition the interpreter could not execute, so that
    `--check-equal` and `--check-ranks` can compare an op with its decomposition.
  }];
  let options = [Option<"evaluable", "evaluable", "bool", "false",
      "leave ops whose parts the interpreter cannot execute, and pads: for checks (default false)">];
  let dependentDialects = ["::mlir::linalg::LinalgDialect", "::mlir::arith::ArithDialect",
      "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def DropEmpty : Pass<"drop-empty", "::mlir::ModuleOp"> {
  let summary = "Removes ops on tensors without elements";
  let description = [{
    An op whose results have no elements computes nothing, and an op that reduces, inserts or
    concatenates an operand without elements has the same result without it:
    ```mlir
    %s = linalg.reduce ins(%x : tensor<3x0xf32>) outs(%zeros : tensor<3xf32>) ...     // is %zeros
    %y = tensor.concat dim(0) %x, %e : (tensor<4x3xf32>, tensor<0x3xf32>) -> ...      // is %x
    ```
    They become `tensor.empty` ops.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
      "::mlir::tensor::TensorDialect"];
  let statistics = [Statistic<"numDropped", "num-dropped", "ops removed">];
}

def ContractToMatmul : Pass<"contract-to-matmul", "::mlir::ModuleOp"> {
  let summary = "Turns contractions into matrix products of the runtime, with fused epilogues";
  let description = [{
    `linalg.contract` of two floating-point operands becomes `dchag_rt.matmul` if the target has
    such products. Transposes of operands and results fold into its maps. A factor, a broadcast bias,
    an addition and a GELU on its only use become part of it if the target's products support them.
    ```mlir
    %c = linalg.contract ... ins(%x, %w) ... ; %b = linalg.broadcast ... ; %y = arith.addf %c, %b   // before
    %y = dchag_rt.matmul(%x, %w) bias(%bias) outs(%e) ...                                           // after
    ```
    Leaves to kernels: integer contractions, sums over a dimension of only one operand, and a few results
    of long sums if the target prefers that.
  }];
  let dependentDialects = ["::mlir::dchag::rt::RuntimeDialect", "::mlir::tensor::TensorDialect"];
  let statistics = [Statistic<"numMatmuls", "num-matmuls", "matrix products created">];
}

def FormKernels : Pass<"form-kernels", "::mlir::ModuleOp"> {
  let summary = "Outlines groups of ops on tensors into kernels";
  let description = [{
    A kernel is a group of ops with common outer loops, so that values between them exist for a tile at a
    time (include/dchag/Schedule/KernelSpace.h): element-wise ops (`map`), with reductions over the same
    dimensions (`row`), products with what comes before and after (`product`), products with reductions
    between them (`chain`). Loops follow from sharding rules, no op is handled by name. Beginning with
    a group for each op, two are joined while that saves time by the cost model: bytes that are
    neither written nor read, against products that the library computes faster. Equal kernels are one.

    Products of the library alone, collectives and views stay as they are.
    ```mlir
    %e = math.exp %x : tensor<64x1000xf32>                                           // before
    %z = linalg.fill ins(%c0 : f32) outs(%s : tensor<64xf32>) -> tensor<64xf32>
    %y = linalg.reduce { arith.addf } ins(%e : tensor<64x1000xf32>) outs(%z : tensor<64xf32>) dimensions = [1]

    %y = dchag_rt.launch @row_0 ins(%x : tensor<64x1000xf32>) outs(%t : tensor<64xf32>) -> tensor<64xf32>   // after
    dchag_rt.kernel @row_0(%x: tensor<64x1000xf32>, %out: tensor<64xf32>) -> tensor<64xf32> { ... }
    ```
  }];
  let dependentDialects = ["::mlir::dchag::rt::RuntimeDialect", "::mlir::tensor::TensorDialect"];
  let statistics = [Statistic<"numLaunches", "num-launches", "launches of kernels">,
                    Statistic<"numKernels", "num-kernels", "different kernels">];
}

def AssignTiles : Pass<"assign-tiles", "::mlir::ModuleOp"> {
  let summary = "Gives kernels sizes of tiles";
  let description = [{
    Sets `dchag_rt.tiles` of each kernel on tensors that has none, by the rule of the target.
    ```mlir
    dchag_rt.kernel @row_0(...) -> tensor<64xf32> attributes {dchag_rt.tiles = #dchag_rt.tiles<[4]>} { ... }   // after
    ```
  }];
  let dependentDialects = ["::mlir::dchag::rt::RuntimeDialect"];
}

def TileKernels : Pass<"tile-kernels", "::mlir::ModuleOp"> {
  let summary = "Turns kernels into loops over tiles";
  let description = [{
    The body of a kernel with `dchag_rt.tiles` becomes an `scf.forall` whose body has the ops on the parts of one
    tile, made by their sharding rules as for a rank of a distributed program. Tiles at the end of a
    dimension that are smaller than the others have a loop of their own, so that all shapes are static.
    Products become `linalg.contract` and element-wise ops.
    ```mlir
    %r = scf.forall (%i) in (16) shared_outs(%o = %out) -> (tensor<64xf32>) {                 // after
      %0 = arith.muli %i, %c4 : index
      %t = tensor.extract_slice %x[%0, 0] [4, 1000] [1, 1] : tensor<64x1000xf32> to tensor<4x1000xf32>
      %e = math.exp %t : tensor<4x1000xf32>
      ...
      scf.forall.in_parallel { tensor.parallel_insert_slice %s into %o[%0] [4] [1] : tensor<4xf32> into tensor<64xf32> }
    }
    ```
    Fails at tiles whose number or sizes do not fit the outer dimensions of the kernel.
  }];
  let dependentDialects = ["::mlir::dchag::rt::RuntimeDialect", "::mlir::scf::SCFDialect",
      "::mlir::tensor::TensorDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect",
      "::mlir::linalg::LinalgDialect", "::mlir::dchag::DchagDialect"];
}

def BufferizeKernels : Pass<"bufferize-kernels", "::mlir::ModuleOp"> {
  let summary = "Makes kernels on buffers of those on tensors";
  let description = [{
    For each launch on buffers of a kernel on tensors a kernel for buffers of these layouts, shared by equal
    launches. Results of a tile are written where they belong; values between ops of the tile are
    `memref.alloc`s, which `plan-memory` places in the memory of a thread.
    ```mlir
    scf.forall (%i) in (16) {                                                            // after
      %t = memref.subview %x[%0, 0] [4, 1000] [1, 1] : memref<64x1000xf32> to memref<4x1000xf32, strided<[1000, 1], offset: ?>>
      %e = memref.alloc() : memref<4x1000xf32>
      linalg.generic ... ins(%t : ...) outs(%e : memref<4x1000xf32>) { ... math.exp ... }
      ...
    }
    ```
    Fails at an op that is neither a linalg op nor a slice, a reshape or a loop.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
      "::mlir::linalg::LinalgDialect", "::mlir::dchag::rt::RuntimeDialect"];
}

def DropUnitDims : Pass<"drop-unit-dims", "::mlir::ModuleOp"> {
  let summary = "Drops dimensions of size 1 from linalg ops on buffers";
  let description = [{
    A loop of one iteration is no loop, and a dimension of size 1 hides that the one before it is contiguous:
    operands become views without it.
    ```mlir
    linalg.generic {iterator_types = ["parallel", "parallel"], ...} outs(%y : memref<7x1xf32>) { ... }       // before
    %v = dchag_rt.view %y[0] : memref<7x1xf32> -> memref<7xf32>                                              // after
    linalg.generic {iterator_types = ["parallel"], ...} outs(%v : memref<7xf32>) { ... }
    ```
  }];
  let dependentDialects = ["::mlir::dchag::rt::RuntimeDialect"];
  let statistics = [Statistic<"numOps", "num-ops", "ops rewritten">];
}

def FuseElementwise : Pass<"fuse-elementwise", "::mlir::ModuleOp"> {
  let summary = "Fuses element-wise linalg.generic ops into their users";
  let description = [{
    A producer with one user is fused into it; one that only moves, adds or multiplies is first
    copied for each of a few users. A producer with a division or a function of `math` is not
    fused if it would be computed more than once for each element.
    ```mlir
    %sum = linalg.generic {indexing_maps = [#same, #columns, #same], ...}                       // before
      ins(%x, %b : tensor<2x3xf32>, tensor<3xf32>) outs(%e : tensor<2x3xf32>) { arith.addf ... }
    %y = linalg.generic {indexing_maps = [#same, #same], ...} ins(%sum : ...) outs(%e : ...) { math.exp ... }

    %y = linalg.generic {indexing_maps = [#same, #columns, #same], ...}                         // after
      ins(%x, %b : tensor<2x3xf32>, tensor<3xf32>) outs(%e : tensor<2x3xf32>) {
    ^bb0(%in: f32, %in_0: f32, %out: f32):
      %2 = arith.addf %in, %in_0 : f32
      %3 = math.exp %2 : f32
      linalg.yield %3 : f32
    }
    ```
    Leaves alone a producer with more than four users or with two inputs as large as its result and
    several users, and every reduction, which may be fused into as a consumer.
  }];
  let dependentDialects = ["::mlir::linalg::LinalgDialect"];
}

def CollectivesToRuntime : Pass<"collectives-to-runtime", "::mlir::ModuleOp"> {
  let summary = "Turns collectives into runtime ops";
  let description = [{
    `shard.all_gather`, `all_reduce`, `reduce_scatter` and `all_to_all` become ops of `dchag_rt`
    with a destination and an effect on the communicators, in program order; `all_slice` becomes a slice
    at an offset that depends on the rank; process indices `dchag_rt.axis_index`. Texts of the
    collectives are put into the module attribute `dchag_rt.sites`.

    Communicators concatenate the parts of ranks along a leading dimension. If they are to be joined
    along a dimension that is not the first, a transposition is inserted before or after the
    collective, which is planned, fused and compiled like any other op; one after the collective is
    as late as its result allows, so that other work fits in between.
    ```mlir
    %y = shard.all_gather %x on @mesh grid_axes = [0] gather_axis = 1 : tensor<3x5xf32> -> tensor<3x10xf32>   // before
    %g = dchag_rt.all_gather %x outs(%e) {axes = array<i32: 0>, site = 0 : i32} : ... -> tensor<2x3x5xf32>    // after
    %t = linalg.transpose ins(%g : tensor<2x3x5xf32>) outs(%f : tensor<3x2x5xf32>) permutation = [1, 0, 2]
    %y = tensor.collapse_shape %t [[0], [1, 2]] : tensor<3x2x5xf32> into tensor<3x10xf32>
    ```
  }];
  let dependentDialects = ["::mlir::dchag::rt::RuntimeDialect", "::mlir::tensor::TensorDialect",
      "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect"];
  let statistics = [Statistic<"numCollectives", "num-collectives", "collectives created">];
}

def BufferizeProgram : Pass<"bufferize-program", "::mlir::ModuleOp"> {
  let summary = "Bufferizes the program";
  let description = [{
    Upstream's one-shot bufferization across functions, with row-major buffers at the boundary of
    functions and arguments that are never written. A splat constant of more than 1 MiB
    is computed by a loop, so that the program does not contain it.
    ```mlir
    %z = arith.constant dense<0.0> : tensor<1024x1024xf32>                  // before
    %z = memref.alloc() : memref<1024x1024xf32>                             // after
    linalg.generic ... outs(%z) { linalg.yield %zero }
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::linalg::LinalgDialect",
      "::mlir::tensor::TensorDialect", "::mlir::arith::ArithDialect",
      "::mlir::bufferization::BufferizationDialect"];
}

def BindBuffers : Pass<"bind-buffers", "::mlir::ModuleOp"> {
  let summary = "Turns functions into entry points on one table of buffers";
  let description = [{
    Arguments and results of entry points become buffers of one table, described with the entry
    points by the module attribute `dchag_rt.program`; ports of the same name and role are one buffer.
    So is a parameter that `@prepare` passes through. Results are computed in their
    buffer if they are a separate allocation, else copied. State, which is updated in place, gets
    its new elements at the end of a run.
    ```mlir
    func.func @step(%x: memref<2x3xf32> {dchag.name = "x", dchag.role = "input"}) -> memref<2x3xf32>   // before
    func.func @dchag_model_step(%context: !dchag_rt.context, %buffers: !dchag_rt.buffers)              // after
      %x = dchag_rt.buffer %buffers[0] : memref<2x3xf32>
    ```
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::dchag::rt::RuntimeDialect"];
}

def FoldViews : Pass<"fold-views", "::mlir::ModuleOp"> {
  let summary = "Turns subviews and reshapes into views without an offset";
  let description = [{
    `memref.subview`, `expand_shape`, `collapse_shape`, `cast` and `reinterpret_cast` of static
    shape become a `dchag_rt.view` of their source: its start is a number of bytes and not part of
    the type, so that kernels on equal shapes are equal wherever their operands are.
    ```mlir
    %p = memref.subview %x[1, 2] [2, 3] [1, 1] : memref<4x5xf32> to memref<2x3xf32, strided<[5, 1], offset: 7>>       // before
    %q = memref.subview %z[%i, %j] [2, 3] [1, 1] : memref<4x6xf32> to memref<2x3xf32, strided<[6, 1], offset: ?>>

    %p = dchag_rt.view %x[28] : memref<4x5xf32> -> memref<2x3xf32, strided<[5, 1]>>                                   // after
    ...                                                           // %o: i * 6 + j, in elements
    %q = dchag_rt.view %z[0] + %o : memref<4x6xf32> -> memref<2x3xf32, strided<[6, 1]>>
    ```
    Fails at a view of dynamic shape or strides.
  }];
  let dependentDialects = ["::mlir::dchag::rt::RuntimeDialect", "::mlir::arith::ArithDialect"];
}

def LegalizeRuntimeOperands : Pass<"legalize-runtime-operands", "::mlir::ModuleOp"> {
  let summary = "Copies operands of runtime calls into layouts that the calls support";
  let description = [{
    A matrix product takes at most as many batch dimensions as the target's products support, one
    stride for each of m, n and k, and, if the target requires it, operands that are contiguous
    along one of their dimensions; a collective takes contiguous data. Operands in other layouts are
    copied before, results after, operands that are reduced in place both. Copies within a memory
    space become linalg.generic, to be compiled like any other kernel, those between two memory
    spaces `dchag_rt.copy`.
    ```mlir
    dchag_rt.all_reduce outs(%z) {axes = array<i32: 0>, site = 0 : i32} : (memref<2x3xf32, strided<[5, 1]>>) -> ()   // before
    memref.copy %x, %y : memref<2x3xf32> to memref<2x3xf32, 1>

    %b = memref.alloc() : memref<2x3xf32>                                                                            // after
    linalg.generic ... ins(%z : ...) outs(%b : memref<2x3xf32>) { linalg.yield %in }
    dchag_rt.all_reduce outs(%b) {axes = array<i32: 0>, site = 0 : i32} : (memref<2x3xf32>) -> ()
    linalg.generic ... ins(%b : memref<2x3xf32>) outs(%z : ...) { linalg.yield %in }
    dchag_rt.copy %x outs(%y) : (memref<2x3xf32>, memref<2x3xf32, 1>) -> ()
    ```
    Fails at a product whose result has more batch dimensions that do not follow each other than the
    target's products take.
  }];
  let dependentDialects = ["::mlir::memref::MemRefDialect", "::mlir::linalg::LinalgDialect",
      "::mlir::dchag::rt::RuntimeDialect"];
  let statistics = [Statistic<"numCopies", "num-copies", "operands copied">];
}

def OutlineKernels : Pass<"outline-kernels", "::mlir::ModuleOp"> {
  let summary = "Outlines each linalg op on buffers into a kernel, one for equal ops";
  let description = [{
    The cost of compiling then depends on the number of different kernels, not on the depth of
    the model. A launch distinguishes operands that the kernel reads, writes or both.
    ```mlir
    linalg.exp ins(%x : memref<2x3xf32>) outs(%y : memref<2x3xf32>)                       // before
    linalg.exp ins(%y : memref<2x3xf32>) outs(%z : memref<2x3xf32>)
    dchag_rt.launch @kernel_0 ins(%x : memref<2x3xf32>) outs(%y : memref<2x3xf32>)        // after
    dchag_rt.launch @kernel_0 ins(%y : memref<2x3xf32>) outs(%z : memref<2x3xf32>)
    dchag_rt.kernel @kernel_0(%a: memref<2x3xf32>, %b: memref<2x3xf32>) {
      linalg.exp ins(%a : memref<2x3xf32>) outs(%b : memref<2x3xf32>)
      dchag_rt.return
    }
    ```
  }];
  let dependentDialects = ["::mlir::dchag::rt::RuntimeDialect"];
  let statistics = [Statistic<"numCalls", "num-calls", "launches of kernels">,
                    Statistic<"numKernels", "num-kernels", "different kernels">];
}

def OverlapCollectives : Pass<"overlap-collectives", "::mlir::ModuleOp"> {
  let summary = "Starts collectives early and waits for them late";
  let description = [{
    A collective that can overlap other work (a kernel, a product, another collective) becomes
    a `dchag_rt.start` right after the ops that it depends on and a `dchag_rt.wait` right before the
    first op that depends on it. The start stays after earlier collectives, so that all ranks keep
    one order.
    ```mlir
    dchag_rt.all_gather %x outs(%y) ...                                            // before
    dchag_rt.launch @kernel_0 outs(%z) ... ; dchag_rt.launch @kernel_1 ins(%y) ...
    %r = dchag_rt.start { dchag_rt.all_gather %x outs(%y) ... }                    // after
    dchag_rt.launch @kernel_0 outs(%z) ...
    dchag_rt.wait %r source(%x) outs(%y) ... ; dchag_rt.launch @kernel_1 ins(%y) ...
    ```
    Needs buffers. What ops read and write follows from their memory effects. An op whose effects are
    unknown is a barrier. Runs before `plan-memory`, which sees from
    the wait that buffers live longer.
  }];
  let dependentDialects = ["::mlir::dchag::rt::RuntimeDialect"];
  let statistics = [
    Statistic<"numOverlapped", "num-overlapped", "collectives that overlap other work">,
    Statistic<"numBlocking", "num-blocking", "collectives left blocking">];
}

#endif // DCHAG_SCHEDULE_PASSES
