// RUN: dchag-opt %s --distribute='mesh=tp=2 defer-sums' | FileCheck %s
// RUN: dchag-opt %s --distribute='mesh=tp=2' | FileCheck %s --check-prefix=OFF
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 defer-sums}' --check-ranks='distribute{mesh=tp=3 defer-sums}' --inputs=integers,normal --tolerance=1e-12

// Two products over split widths are added, scaled and transposed as partial sums, and combined
// once. What comes behind the bias, which is no partial sum, is whole.
// CHECK-COUNT-2: linalg.contract
// CHECK: arith.addf
// CHECK: arith.mulf
// CHECK: linalg.transpose
// CHECK: shard.all_reduce
// CHECK: arith.addf
// CHECK-NOT: shard.
// OFF-COUNT-2: shard.all_reduce
func.func @step(%x: tensor<2x6xf32>, %v: tensor<6x3xf32> {dchag.role = "param", dchag.name = "v"},
                %w: tensor<6x3xf32> {dchag.role = "param", dchag.name = "w"},
                %bias: tensor<3x2xf32> {dchag.role = "param", dchag.name = "bias"}) -> tensor<3x2xf32> {
  %zero = arith.constant 0.0 : f32
  %two = arith.constant dense<2.0> : tensor<2x3xf32>
  %h = math.absf %x {dchag.marks = [[#dchag.mark<<[[], ["tp"]]>, axes = ["tp"], weights, by "test">]]} : tensor<2x6xf32>
  %e = tensor.empty() : tensor<2x3xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2x3xf32>) -> tensor<2x3xf32>
  %a = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%h, %v : tensor<2x6xf32>, tensor<6x3xf32>) outs(%z : tensor<2x3xf32>) -> tensor<2x3xf32>
  %b = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%h, %w : tensor<2x6xf32>, tensor<6x3xf32>) outs(%z : tensor<2x3xf32>) -> tensor<2x3xf32>
  %s = arith.addf %a, %b : tensor<2x3xf32>
  %m = arith.mulf %s, %two : tensor<2x3xf32>
  %te = tensor.empty() : tensor<3x2xf32>
  %t = linalg.transpose ins(%m : tensor<2x3xf32>) outs(%te : tensor<3x2xf32>) permutation = [1, 0]
  %y = arith.addf %t, %bias : tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}
