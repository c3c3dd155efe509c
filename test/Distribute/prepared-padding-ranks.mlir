// RUN: dchag-opt %s --distribute=mesh=tp=3 | FileCheck %s
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2}' --check-ranks='distribute{mesh=tp=3}' --check-ranks='distribute{mesh=tp=4}' --inputs=normal --tolerance=1e-12

// What @prepare makes of padding (the reciprocal of 0) must not reach @step, which takes the
// padding of parameters for 0: an infinity times a masked 0 would be NaN.

// CHECK-LABEL: func.func @prepare(
// CHECK: %[[R:.+]] = arith.divf
// CHECK: %[[M:.+]] = dchag.mask_shard %[[R]] {axes = ["tp"], dim = 0 : i64, size = 5 : i64, value = 0.000000e+00 : f32}
// CHECK: return %{{.+}}, %[[M]]
func.func @prepare(%u: tensor<3x5xf32> {dchag.role = "param", dchag.name = "u"},
                   %w: tensor<5x7xf32> {dchag.role = "param", dchag.name = "w"})
    -> (tensor<3x5xf32> {dchag.name = "v"}, tensor<5x7xf32> {dchag.name = "r"}) {
  %two = arith.constant dense<2.0> : tensor<5x7xf32>
  %r = arith.divf %two, %w : tensor<5x7xf32>
  return %u, %r : tensor<3x5xf32>, tensor<5x7xf32>
}

// CHECK-LABEL: func.func @step(
func.func @step(%x: tensor<2x3xf32> {dchag.role = "input", dchag.name = "x"},
                %v: tensor<3x5xf32> {dchag.role = "compiled", dchag.name = "v"},
                %r: tensor<5x7xf32> {dchag.role = "compiled", dchag.name = "r"}) -> (tensor<2x7xf32> {dchag.name = "y"}) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant dense<1.0> : tensor<2x5xf32>
  %e1 = tensor.empty() : tensor<2x5xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<2x5xf32>) -> tensor<2x5xf32>
  %h = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%x, %v : tensor<2x3xf32>, tensor<3x5xf32>) outs(%z1 : tensor<2x5xf32>) -> tensor<2x5xf32>
  %a = arith.addf %h, %one : tensor<2x5xf32>
  %e2 = tensor.empty() : tensor<2x7xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<2x7xf32>) -> tensor<2x7xf32>
  %y = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%a, %r : tensor<2x5xf32>, tensor<5x7xf32>) outs(%z2 : tensor<2x7xf32>) -> tensor<2x7xf32>
  return %y : tensor<2x7xf32>
}
