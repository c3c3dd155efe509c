// RUN: dchag-opt %s --outline-kernels | FileCheck %s

// Equal ops are one kernel; constants move in; what is only written is no input.
// CHECK-LABEL: func.func @step(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<2x3xf32>, %[[Y:[a-z0-9]+]]: memref<2x3xf32>, %[[S:[a-z0-9]+]]: memref<2xf32>
func.func @step(%x: memref<2x3xf32>, %y: memref<2x3xf32>, %s: memref<2xf32>) {
  %zero = arith.constant 0.0 : f32
  // CHECK: dchag_rt.launch @kernel_0 ins(%[[X]] : memref<2x3xf32>) outs(%[[Y]] : memref<2x3xf32>)
  linalg.exp ins(%x : memref<2x3xf32>) outs(%y : memref<2x3xf32>)
  // CHECK-NEXT: dchag_rt.launch @kernel_0 ins(%[[Y]] : memref<2x3xf32>) outs(%[[X]] : memref<2x3xf32>)
  linalg.exp ins(%y : memref<2x3xf32>) outs(%x : memref<2x3xf32>)
  // CHECK-NEXT: dchag_rt.launch @kernel_1 outs(%[[S]] : memref<2xf32>)
  linalg.fill ins(%zero : f32) outs(%s : memref<2xf32>)
  // A sum adds to what is there.
  // CHECK-NEXT: dchag_rt.launch @kernel_2 ins(%[[X]] : memref<2x3xf32>) inouts(%[[S]] : memref<2xf32>)
  linalg.reduce {arith.addf} ins(%x : memref<2x3xf32>) outs(%s : memref<2xf32>) dimensions = [1]
  // An operand that is both, too.
  // CHECK-NEXT: dchag_rt.launch @kernel_3 inouts(%[[Y]] : memref<2x3xf32>)
  linalg.exp ins(%y : memref<2x3xf32>) outs(%y : memref<2x3xf32>)
  // CHECK-NEXT: return
  return
}

// CHECK: dchag_rt.kernel @kernel_0(%[[A:[a-z0-9]+]]: memref<2x3xf32>, %[[B:[a-z0-9]+]]: memref<2x3xf32>) {
// CHECK-NEXT: linalg.exp ins(%[[A]] : memref<2x3xf32>) outs(%[[B]] : memref<2x3xf32>)
// CHECK-NEXT: dchag_rt.return
// CHECK: dchag_rt.kernel @kernel_1(
// CHECK-NEXT: %[[ZERO:.+]] = arith.constant 0.000000e+00 : f32
// CHECK-NEXT: linalg.fill ins(%[[ZERO]] : f32)
