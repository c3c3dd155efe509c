// RUN: dchag-opt %s --contract-to-matmul --decompose --contract-to-matmul --canonicalize --cse --form-kernels | FileCheck %s
// RUN: dchag-opt %s --check-equal='decompose,contract-to-matmul,canonicalize,cse,form-kernels' --inputs=normal --tolerance=1e-12

// Attention is one kernel, which stores no scores; equal ones are one.
// CHECK-LABEL: func.func @step(
// CHECK-COUNT-2: dchag_rt.launch @chain_0 ins(
// CHECK-NOT:     dchag_rt.launch
// CHECK:         return
// CHECK:       dchag_rt.kernel @chain_0(
// CHECK:         linalg.contract
// CHECK:         linalg.reduce
// CHECK:         linalg.contract
// CHECK-NOT:   dchag_rt.kernel
func.func @step(%q: tensor<2x4x196x32xf32> {dchag.name = "q"}, %k: tensor<2x4x196x32xf32> {dchag.name = "k"}, %v: tensor<2x4x196x32xf32> {dchag.name = "v"}) -> (tensor<2x4x196x32xf32> {dchag.name = "y"}) {
  %t = dchag.attention %q, %k, %v {scale = 0.25 : f64} : (tensor<2x4x196x32xf32>, tensor<2x4x196x32xf32>, tensor<2x4x196x32xf32>) -> tensor<2x4x196x32xf32>
  %y = dchag.attention %q, %t, %v {scale = 0.25 : f64} : (tensor<2x4x196x32xf32>, tensor<2x4x196x32xf32>, tensor<2x4x196x32xf32>) -> tensor<2x4x196x32xf32>
  return %y : tensor<2x4x196x32xf32>
}
