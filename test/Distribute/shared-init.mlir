// RUN: dchag-opt %s --distribute=mesh=tp=2 | FileCheck %s --implicit-check-not=shard.
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2}' --check-ranks='distribute{mesh=tp=3}'

// All products start from the same zeros. That the middle ones are split must not split
// the last one: its sum is the only collective.

// CHECK: shard.grid @mesh(shape = 2)
// CHECK-LABEL: func.func @step(
// CHECK: linalg.contract {{.*}} -> tensor<2x2xf32>
// CHECK: math.exp {{.*}} : tensor<2x2xf32>
// CHECK: %[[Y:.+]] = linalg.contract {{.*}} -> tensor<2x4xf32>
// CHECK: %[[R:.+]] = shard.all_reduce %[[Y]] on @mesh grid_axes = [0] : tensor<2x4xf32> -> tensor<2x4xf32>
// CHECK: return %[[R]]
func.func @step(%x: tensor<2x4xf32>, %v: tensor<4x4xf32> {dchag.role = "param", dchag.name = "v"},
                %w: tensor<4x4xf32> {dchag.role = "param", dchag.name = "w"}) -> tensor<2x4xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x4xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2x4xf32>) -> tensor<2x4xf32>
  %h = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%x, %v : tensor<2x4xf32>, tensor<4x4xf32>) outs(%z : tensor<2x4xf32>) -> tensor<2x4xf32>
  %a = math.exp %h : tensor<2x4xf32>
  %y = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%a, %w : tensor<2x4xf32>, tensor<4x4xf32>) outs(%z : tensor<2x4xf32>) -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}
