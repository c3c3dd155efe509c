// RUN: dchag-opt %s --distribute=mesh=tp=2 | FileCheck %s --implicit-check-not=shard.all --implicit-check-not=dchag.shardings
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2}' --inputs=integers,normal --tolerance=1e-12 --allow-unchanged

// The width in the middle is returned, too: split, it would have to be gathered, and that costs
// more than the split of the second product saves. It stays whole.

// CHECK: shard.grid @mesh
// CHECK: func.func @step({{.*}}%[[V:[a-z0-9]+]]: tensor<3x6xf32>
// CHECK: %[[H:.+]] = linalg.contract {{.*}} -> tensor<2x6xf32>
// CHECK: %[[Y:.+]] = linalg.contract {{.*}} ins(%[[H]], %{{.+}} : tensor<2x6xf32>, tensor<6x7xf32>)
// CHECK: return %[[Y]], %[[H]]
func.func @step(%x: tensor<2x3xf32> {dchag.role = "input", dchag.name = "x"},
                %v: tensor<3x6xf32> {dchag.role = "param", dchag.name = "v"},
                %w: tensor<6x7xf32> {dchag.role = "param", dchag.name = "w"})
    -> (tensor<2x7xf32> {dchag.name = "y"}, tensor<2x6xf32> {dchag.name = "h"}) {
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<2x6xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<2x6xf32>) -> tensor<2x6xf32>
  %h = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%x, %v : tensor<2x3xf32>, tensor<3x6xf32>) outs(%z1 : tensor<2x6xf32>) -> tensor<2x6xf32>
  %e2 = tensor.empty() : tensor<2x7xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<2x7xf32>) -> tensor<2x7xf32>
  %y = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%h, %w : tensor<2x6xf32>, tensor<6x7xf32>) outs(%z2 : tensor<2x7xf32>) -> tensor<2x7xf32>
  return %y, %h : tensor<2x7xf32>, tensor<2x6xf32>
}
