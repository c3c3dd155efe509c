// RUN: split-file %s %t
// RUN: not dchag-opt %t/space.mlir --emit=llvm 2>&1 | FileCheck %s --check-prefix=RANK
// RUN: not dchag-opt %t/step.mlir --emit=llvm 2>&1 | FileCheck %s --check-prefix=STEP
// RUN: not dchag-opt %t/step.mlir --emit=llvm --cpu=pdp11 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: not dchag-opt %t/step.mlir --emit=obj 2>&1 | FileCheck %s --check-prefix=NOFILE

//--- space.mlir
// RANK: error: buffer "x" has rank 13: at most 12 is supported
module attributes {dchag_rt.program = #dchag_rt.program<"m", axes = [], groups = [], sites = [], buffers = [
    #dchag_rt.buffer<"x", "input", tensor<1x1x1x1x1x1x1x1x1x1x1x1x1xf32>, local = tensor<1x1x1x1x1x1x1x1x1x1x1x1x1xf32>,
      axes = [array<i32>, array<i32>, array<i32>, array<i32>, array<i32>, array<i32>, array<i32>, array<i32>, array<i32>, array<i32>, array<i32>, array<i32>, array<i32>]>], entries = []>} {}

//--- step.mlir
// STEP: error: has no function @dchag_model_step for #dchag_rt.entry<"step", @dchag_model_step, step, buffers = [], arena = 0>
// CPU: error: unknown CPU 'pdp11'
// NOFILE: error: name the file to write by -o
module attributes {dchag_rt.program = #dchag_rt.program<"m", axes = [], groups = [], sites = [], buffers = [], entries = [#dchag_rt.entry<"step", @dchag_model_step, step, buffers = [], arena = 0>]>} {}
