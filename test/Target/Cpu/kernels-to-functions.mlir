// RUN: dchag-opt %s --kernels-to-functions --split-input-file --verify-diagnostics | FileCheck %s --implicit-check-not=dchag_rt.

// CHECK-LABEL: func.func @step(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<2x3xf32>, %[[Y:[a-z0-9]+]]: memref<2x3xf32>
func.func @step(%x: memref<2x3xf32>, %y: memref<2x3xf32>) {
  // CHECK: call @kernel_0(%[[X]], %[[Y]]) : (memref<2x3xf32>, memref<2x3xf32>) -> ()
  dchag_rt.launch @kernel_0 ins(%x : memref<2x3xf32>) outs(%y : memref<2x3xf32>)
  return
}
// CHECK: func.func private @kernel_0(%[[A:.+]]: memref<2x3xf32>, %[[B:.+]]: memref<2x3xf32>) attributes {llvm.linkage = #llvm.linkage<internal>} {
// CHECK-NEXT: linalg.exp ins(%[[A]] : memref<2x3xf32>) outs(%[[B]] : memref<2x3xf32>)
// CHECK-NEXT: return
dchag_rt.kernel @kernel_0(%a: memref<2x3xf32>, %b: memref<2x3xf32>) {
  linalg.exp ins(%a : memref<2x3xf32>) outs(%b : memref<2x3xf32>)
  dchag_rt.return
}

// -----

// expected-error @+1 {{is not on buffers: bufferize first}}
dchag_rt.kernel @on_tensors(%a: tensor<2xf32>) -> tensor<2xf32> {
  dchag_rt.return %a : tensor<2xf32>
}
