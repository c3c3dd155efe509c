// RUN: dchag-opt %s --verify-roundtrip | FileCheck %s
// RUN: dchag-opt %s --cse --canonicalize | FileCheck %s --check-prefix=EFFECTS

// CHECK: dchag_rt.kernel @exp(%{{.+}}: memref<2x3xf32>, %{{.+}}: memref<2x3xf32>) {
dchag_rt.kernel @exp(%x: memref<2x3xf32>, %y: memref<2x3xf32>) {
  linalg.exp ins(%x : memref<2x3xf32>) outs(%y : memref<2x3xf32>)
  // CHECK: dchag_rt.return
  dchag_rt.return
}

// CHECK: dchag_rt.kernel @sum(%{{.+}}: tensor<2x3xf32>, %{{.+}}: tensor<2xf32>) -> tensor<2xf32> {
dchag_rt.kernel @sum(%x: tensor<2x3xf32>, %s: tensor<2xf32>) -> tensor<2xf32> {
  %r = linalg.reduce {arith.addf} ins(%x : tensor<2x3xf32>) outs(%s : tensor<2xf32>) dimensions = [1]
  dchag_rt.return %r : tensor<2xf32>
}

// CHECK-LABEL: func.func @on_buffers(
func.func @on_buffers(%x: memref<2x3xf32>, %y: memref<2x3xf32>) {
  // CHECK: dchag_rt.launch @exp ins(%{{.+}} : memref<2x3xf32>) outs(%{{.+}} : memref<2x3xf32>) {queue = 1 : i32}
  dchag_rt.launch @exp ins(%x : memref<2x3xf32>) outs(%y : memref<2x3xf32>) {queue = 1 : i32}
  return
}

// CHECK-LABEL: func.func @on_tensors(
func.func @on_tensors(%x: tensor<2x3xf32>, %s: tensor<2xf32>) -> tensor<2xf32> {
  // CHECK: %[[R:.+]] = dchag_rt.launch @sum ins(%{{.+}} : tensor<2x3xf32>) inouts(%{{.+}} : tensor<2xf32>) -> tensor<2xf32>
  %r = dchag_rt.launch @sum ins(%x : tensor<2x3xf32>) inouts(%s : tensor<2xf32>) -> tensor<2xf32>
  return %r : tensor<2xf32>
}

// On tensors a launch has no effects and goes when nothing uses it; on buffers it writes.
// EFFECTS-LABEL: func.func @unused(
// EFFECTS-SAME: %{{.+}}: tensor<2x3xf32>, %{{.+}}: tensor<2xf32>, %[[Y:[a-z0-9]+]]: memref<2x3xf32>
func.func @unused(%x: tensor<2x3xf32>, %s: tensor<2xf32>, %y: memref<2x3xf32>) {
  // EFFECTS-NOT: launch @sum
  %r = dchag_rt.launch @sum ins(%x : tensor<2x3xf32>) inouts(%s : tensor<2xf32>) -> tensor<2xf32>
  // EFFECTS: dchag_rt.launch @exp ins(%[[Y]] : memref<2x3xf32>) outs(%[[Y]] : memref<2x3xf32>)
  dchag_rt.launch @exp ins(%y : memref<2x3xf32>) outs(%y : memref<2x3xf32>)
  return
}
