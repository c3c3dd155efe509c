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

// What @prepare only passes on to the step is no buffer that it reads, unless it is needed twice.
// CHECK: module attributes {
// CHECK-SAME: buffers = [#dchag_rt.buffer<"a", "loaded", {{.+}}>, #dchag_rt.buffer<"b2", "param", {{.+}}>, #dchag_rt.buffer<"c2", "param", {{.+}}>, #dchag_rt.buffer<"a2", "compiled", {{.+}}>, #dchag_rt.buffer<"c3", "compiled", {{.+}}>, #dchag_rt.buffer<"y", "output",
// CHECK-SAME: entries = [#dchag_rt.entry<"prepare", @dchag_model_prepare, load, buffers = [0, 2, 3, 4], arena = 0>, #dchag_rt.entry<"step", @dchag_model_step, step, buffers = [1, 2, 3, 4, 5], arena = 0>]
// CHECK-LABEL: func.func @dchag_model_prepare(
// CHECK-DAG: %[[A:.+]] = dchag_rt.buffer %{{.+}}[0] : memref<5xf32>
// CHECK-DAG: %[[C:.+]] = dchag_rt.buffer %{{.+}}[2] : memref<5xf32>
// CHECK-DAG: %[[A2:.+]] = dchag_rt.buffer %{{.+}}[3] : memref<5xf32>
// CHECK-DAG: %[[C3:.+]] = dchag_rt.buffer %{{.+}}[4] : memref<5xf32>
// CHECK-DAG: linalg.add ins(%[[A]], %[[A]] : {{.+}}) outs(%[[A2]] :
// CHECK-DAG: memref.copy %[[C]], %[[C3]]
// CHECK-NOT: dchag_rt.buffer %{{.+}}[1]
// CHECK: return
func.func @prepare(%a: memref<5xf32> {dchag.name = "a", dchag.role = "param"},
                   %b: memref<5xf32> {dchag.name = "b", dchag.role = "param"},
                   %c: memref<5xf32> {dchag.name = "c", dchag.role = "param"})
    -> (memref<5xf32> {dchag.name = "a2"}, memref<5xf32> {dchag.name = "b2"},
        memref<5xf32> {dchag.name = "c2"}, memref<5xf32> {dchag.name = "c3"}) {
  %a2 = memref.alloc() : memref<5xf32>
  linalg.add ins(%a, %a : memref<5xf32>, memref<5xf32>) outs(%a2 : memref<5xf32>)
  return %a2, %b, %c, %c : memref<5xf32>, memref<5xf32>, memref<5xf32>, memref<5xf32>
}
func.func @step(%a: memref<5xf32> {dchag.name = "a2", dchag.role = "compiled"},
                %b: memref<5xf32> {dchag.name = "b2", dchag.role = "compiled"},
                %c: memref<5xf32> {dchag.name = "c2", dchag.role = "compiled"},
                %d: memref<5xf32> {dchag.name = "c3", dchag.role = "compiled"})
    -> (memref<5xf32> {dchag.name = "y"}) {
  %y = memref.alloc() : memref<5xf32>
  linalg.add ins(%a, %b : memref<5xf32>, memref<5xf32>) outs(%y : memref<5xf32>)
  linalg.add ins(%c, %d : memref<5xf32>, memref<5xf32>) outs(%y : memref<5xf32>)
  return %y : memref<5xf32>
}

// -----

// expected-error @+1 {{has no function @step: a model is compiled from @step and, where parameters are prepared, @prepare}}
module {
  func.func private @helper(%x: memref<5xf32>)
}
