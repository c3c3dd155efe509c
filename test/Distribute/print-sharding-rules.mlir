// RUN: dchag-opt %s --print-sharding-rules | FileCheck %s

// CHECK-LABEL: func.func @product(
// CHECK: tensor.empty() {dchag.rule = #dchag.rule<[#dchag.factor<2, parallel>, #dchag.factor<5, parallel>], [], {{\[\[}}array<i64: 0>, array<i64: 1>]]>}
// CHECK: linalg.contract {{.*}} {dchag.rule = #dchag.rule<[#dchag.factor<2, parallel>, #dchag.factor<5, parallel>, #dchag.factor<3, sum>], {{\[\[}}array<i64: 0>, array<i64: 2>], [array<i64: 2>, array<i64: 1>], [array<i64: 0>, array<i64: 1>]], {{\[\[}}array<i64: 0>, array<i64: 1>]], linear = [array<i64: 0>, array<i64: 1>]>}
// CHECK: tensor.expand_shape {{.*}} {dchag.rule = #dchag.rule<[#dchag.factor<2, parallel>, #dchag.factor<1, parallel>, #dchag.factor<5, parallel>], {{\[\[}}array<i64: 0>, array<i64: 1, 2>]], {{\[\[}}array<i64: 0>, array<i64: 1>, array<i64: 2>]], linear = [array<i64: 0>]>}
// CHECK: tensor.extract_slice {{.+}} {dchag.rule = #dchag.rule<[#dchag.factor<2, whole>, #dchag.factor<1, whole>, #dchag.factor<1, parallel>, #dchag.factor<5, parallel>]
// CHECK: arith.constant {dchag.rule = #dchag.rule<[#dchag.factor<5, parallel>], []
// CHECK: arith.constant {dchag.rule = #dchag.rule<[#dchag.factor<2, whole>], []
// CHECK: linalg.exp {dchag.rule = "none"}
func.func @product(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>) -> tensor<1x1x5xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x5xf32>
  %z = linalg.fill ins(%zero : f32) outs(%e : tensor<2x5xf32>) -> tensor<2x5xf32>
  %y = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%a, %b : tensor<2x3xf32>, tensor<3x5xf32>) outs(%z : tensor<2x5xf32>) -> tensor<2x5xf32>
  %x = tensor.expand_shape %y [[0], [1, 2]] output_shape [2, 1, 5] : tensor<2x5xf32> into tensor<2x1x5xf32>
  %s = tensor.extract_slice %x[1, 0, 0] [1, 1, 5] [1, 1, 1] : tensor<2x1x5xf32> to tensor<1x1x5xf32>
  %splat = arith.constant dense<1> : tensor<5xi32>
  %list = arith.constant dense<[1, 2]> : tensor<2xi32>
  %n = linalg.exp ins(%e : tensor<2x5xf32>) outs(%e : tensor<2x5xf32>) -> tensor<2x5xf32>
  return %s : tensor<1x1x5xf32>
}
