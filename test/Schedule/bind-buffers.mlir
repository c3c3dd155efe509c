// RUN: dchag-opt %s --bind-buffers --split-input-file --verify-diagnostics | FileCheck %s

// An input, a parameter as the file has it, and a result, which is computed in its buffer.
// CHECK: module attributes {
// CHECK-SAME: buffers = [#dchag_rt.buffer<"x", "input", tensor<2x3xf32>, local = tensor<2x3xf32>, axes = {{.+}}>, #dchag_rt.buffer<"w", "param", tensor<2x3xf32>, {{.+}}reads = [#dchag.read<"w", tensor<2x3xf32>, {{.+}}>]>, #dchag_rt.buffer<"y", "output", tensor<2x3xf32>,
// CHECK-SAME: entries = [#dchag_rt.entry<"step", @dchag_model_step, step, buffers = [0, 1, 2], arena = 0>]
// CHECK-LABEL: func.func @dchag_model_step(
// CHECK-SAME: %{{.+}}: !dchag_rt.context, %[[TABLE:.+]]: !dchag_rt.buffers) {
// CHECK-DAG: %[[X:.+]] = dchag_rt.buffer %[[TABLE]][0] : memref<2x3xf32>
// CHECK-DAG: %[[W:.+]] = dchag_rt.buffer %[[TABLE]][1] : memref<2x3xf32>
// CHECK-DAG: %[[Y:.+]] = dchag_rt.buffer %[[TABLE]][2] : memref<2x3xf32>
// CHECK: linalg.add ins(%[[X]], %[[W]] : {{.+}}) outs(%[[Y]] :
// CHECK-NEXT: return
func.func @step(%x: memref<2x3xf32> {dchag.name = "x", dchag.role = "input"},
                %w: memref<2x3xf32> {dchag.name = "w", dchag.role = "param"})
    -> (memref<2x3xf32> {dchag.name = "y"}) {
  %y = memref.alloc() : memref<2x3xf32>
  linalg.add ins(%x, %w : memref<2x3xf32>, memref<2x3xf32>) outs(%y : memref<2x3xf32>)
  return %y : memref<2x3xf32>
}

// -----

// A result that is an input has a buffer of its own, and so has one that is given twice.
// CHECK-LABEL: func.func @dchag_model_step(
// CHECK-DAG: %[[X:.+]] = dchag_rt.buffer %{{.+}}[0] : memref<5xf32>
// CHECK-DAG: %[[Y:.+]] = dchag_rt.buffer %{{.+}}[1] : memref<5xf32>
// CHECK: memref.copy %[[X]], %[[Y]]
func.func @step(%x: memref<5xf32> {dchag.name = "x", dchag.role = "input"})
    -> (memref<5xf32> {dchag.name = "y"}) {
  return %x : memref<5xf32>
}

// -----

// expected-error @+1 {{has no function @step: a model is compiled from @step and, where parameters are prepared, @prepare}}
module {
  func.func private @helper(%x: memref<5xf32>)
}
