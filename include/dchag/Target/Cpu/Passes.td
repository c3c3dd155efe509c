//===- Passes.td - from kernels on buffers to the LLVM dialect ------*- tablegen -*-===//
#ifndef DCHAG_TARGET_CPU_PASSES
#define DCHAG_TARGET_CPU_PASSES

include "mlir/Pass/PassBase.td"

def KernelsToFunctions : Pass<"kernels-to-functions", "::mlir::ModuleOp"> {
  let summary = "Turns kernels into functions and launches into calls";
  let description = [{
    A CPU runs a kernel by calling it: a kernel becomes a private function that is not visible
    outside of the object, a launch becomes a call. The only queue of the CPU is the thread of the
    rank.
    ```mlir
    dchag_rt.launch @kernel_0 ins(%x : memref<2x3xf32>) outs(%y : memref<2x3xf32>)   // before
    call @kernel_0(%x, %y) : (memref<2x3xf32>, memref<2x3xf32>) -> ()               // after
    ```
    Needs kernels on buffers.
  }];
  let dependentDialects = ["::mlir::func::FuncDialect", "::mlir::LLVM::LLVMDialect"];
}

def LowerKernels : Pass<"lower-kernels", "::mlir::ModuleOp"> {
  let summary = "Lowers kernels to loops, parallel outside, vectorised inside";
  let description = [{
    The innermost loop runs over a dimension that is contiguous in the operands. Outer parallel
    loops become one `scf.parallel` if the work is worth starting threads.

    Reductions are vectors of up to 64 lanes, which are neighbours in the result or along the
    summed dimension. A sum of f32 is taken in blocks of at most 16 addends a lane, blocks are
    added up in f64: its relative error does not grow with its length, and its order depends on
    sizes alone. Products are taken in f64.
    ```mlir
    linalg.generic {indexing_maps = [#same, #same], ...} ins(%x : memref<2x30xf32>) outs(%y : memref<2x30xf32>) { math.absf ... }   // before
    scf.for %i = %c0 to %c2 step %c1 { scf.for %j = %c0 to %c30 step %c1 {                                                   // after
      %a = memref.load %x[%i, %j] : memref<2x30xf32> ; %b = math.absf %a : f32 ; memref.store %b, %y[%i, %j] : memref<2x30xf32>
    } }
    ```
  }];
  let dependentDialects = ["::mlir::dchag::DchagDialect", "::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect",
      "::mlir::arith::ArithDialect", "::mlir::affine::AffineDialect",
      "::mlir::vector::VectorDialect"];
  let options = [Option<"threshold", "threshold", "int64_t", "32768",
      "minimum number of element operations for a kernel to run in parallel (default 32768)">];
}

def ExpandMath : Pass<"expand-math", "::mlir::ModuleOp"> {
  let summary = "Turns functions of f32 into calls of a vector library; narrower floats in f32";
  let description = [{
    Functions of f32 become calls of functions `dchag_math_NAME`, which are SLEEF's once the CPU
    is known: errors of about 1 unit in the last place over the whole range, vector forms with the
    same results as those for one number. sinh, cosh, asinh and acosh of f32 are computed in f64.
    Functions of narrower floats are computed in f32 and rounded once. f64 keeps the C library's
    functions. Divisions of integers by -1 wrap.
    ```mlir
    %y = math.exp %x : bf16                                                // before
    %0 = arith.extf %x : bf16 to f32                                       // after
    %1 = call @dchag_math_exp(%0) : (f32) -> f32
    %y = arith.truncf %1 : f32 to bf16
    ```
  }];
  let dependentDialects = ["::mlir::math::MathDialect", "::mlir::vector::VectorDialect",
      "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect"];
}

def ExpandBFloat16 : Pass<"expand-bfloat16", "::mlir::ModuleOp"> {
  let summary = "Computes bf16 in f32 and rounds by integer arithmetic";
  let description = [{
    Each operation on bf16 becomes one on f32 between conversions, and the conversions integer
    operations that round once, to even, and keep subnormal numbers and NaN: the same on every CPU.
    f64 is first rounded to odd in f32, so that it is rounded once as well.
    ```mlir
    %y = arith.mulf %a, %b : bf16                                          // before
    %0 = arith.mulf %a32, %b32 : f32                                       // after
    %1 = arith.bitcast %0 : f32 to i32                                     // and so on
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::vector::VectorDialect"];
}

def ProgramToLLVM : Pass<"program-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Converts entry points, kernels and runtime calls to the LLVM dialect";
  let description = [{
    Entry points become functions of three pointers (`dchag_entry` of runtime/include/dchag_rt.h: the
    context, the table of buffers, the arena), buffers of static shape their pointers, and ops of
    `dchag_rt` calls of the runtime's functions, which are declared where they are needed. A product
    gets a constant `dchag_matmul` that describes it.
    ```mlir
    %x = dchag_rt.buffer %table[1] : memref<2x3xf32>                                          // before
    dchag_rt.all_reduce outs(%x) {axes = array<i32: 0>, site = 4 : i32} : (memref<2x3xf32>) -> ()
    %p = llvm.getelementptr %table[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr                   // after
    %x = llvm.load %p : !llvm.ptr -> !llvm.ptr
    llvm.call @dchag_rt_all_reduce(%context, %queue, %site, %group, %f32, %sum, %six, %x, %x) : ...
    ```
    Needs loops instead of `linalg` and no structured control flow; the numbers of groups of axes
    are those of `dchag_rt.program`.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // DCHAG_TARGET_CPU_PASSES
