// RUN: dchag-opt %s --distribute=mesh=tp=2 2>/dev/null | FileCheck %s --implicit-check-not=shard.all_gather
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2}' --check-ranks='distribute{mesh=tp=3}' --inputs=integers,normal --tolerance=1e-12

// A parameter that one op wants split and another whole: every rank holds all of it and takes its
// part, which moves no data; split, it would have to be gathered.

// CHECK: func.func @step({{.*}}%[[V:[a-z0-9]+]]: tensor<4x6xf32> {dchag.global = tensor<4x6xf32>
// CHECK: %[[P:.+]] = shard.all_slice %[[V]] {{.*}} : tensor<4x6xf32> -> tensor<4x3xf32>
// CHECK: linalg.contract {{.*}} ins(%{{[^,]+}}, %[[P]] : tensor<2x4xf32>, tensor<4x3xf32>)
// CHECK: %[[Z:.+]] = tensor.extract_slice %[[V]][0, 1] [4, 5] [1, 1]
// CHECK: return %{{.+}}, %[[Z]]
func.func @step(%x: tensor<2x4xf32> {dchag.role = "input", dchag.name = "x"},
                %v: tensor<4x6xf32> {dchag.role = "param", dchag.name = "v"},
                %w: tensor<6x7xf32> {dchag.role = "param", dchag.name = "w"})
    -> (tensor<2x7xf32> {dchag.name = "y"}, tensor<4x5xf32> {dchag.name = "z"}) {
  %zero = arith.constant 0.0 : f32
  %e1 = tensor.empty() : tensor<2x6xf32>
  %z1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<2x6xf32>) -> tensor<2x6xf32>
  %h = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%x, %v : tensor<2x4xf32>, tensor<4x6xf32>) outs(%z1 : tensor<2x6xf32>) -> tensor<2x6xf32>
  %z = tensor.extract_slice %v[0, 1] [4, 5] [1, 1] : tensor<4x6xf32> to tensor<4x5xf32>
  %e2 = tensor.empty() : tensor<2x7xf32>
  %z2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<2x7xf32>) -> tensor<2x7xf32>
  %y = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%h, %w : tensor<2x6xf32>, tensor<6x7xf32>) outs(%z2 : tensor<2x7xf32>) -> tensor<2x7xf32>
  return %y, %z : tensor<2x7xf32>, tensor<4x5xf32>
}
