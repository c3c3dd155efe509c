// RUN: split-file %s %t
// RUN: not dchag-opt %t/role.mlir --emit=llvm 2>&1 | FileCheck %s --check-prefix=ROLE
// RUN: not dchag-opt %t/step.mlir --emit=llvm 2>&1 | FileCheck %s --check-prefix=STEP
// RUN: not dchag-opt %t/step.mlir --emit=llvm --cpu=pdp11 2>&1 | FileCheck %s --check-prefix=CPU
// RUN: not dchag-opt %t/step.mlir --emit=obj 2>&1 | FileCheck %s --check-prefix=NOFILE

//--- role.mlir
// ROLE: error: buffer "x" has the unknown role "guest"
module attributes {dchag.program = {name = "m", axes = [], groups = [], sites = [], buffers = [
    {name = "x", role = "guest", type = tensor<f32>, local = tensor<f32>, axes = []}], step_arena = 0 : i64, prepare_arena = 0 : i64}} {}

//--- step.mlir
// STEP: error: has no function dchag_model_step
// CPU: error: unknown CPU 'pdp11'
// NOFILE: error: name the file to write by -o
module attributes {dchag.program = {name = "m", axes = [], groups = [], sites = [], buffers = [], step_arena = 0 : i64, prepare_arena = 0 : i64}} {}
