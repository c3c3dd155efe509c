// RUN: dchag-opt %s --emit=run | FileCheck %s

// CHECK-LABEL: @product
// CHECK-NEXT: result0: 2x2xf32 = {{\[}}[22, 28], [49, 64]]
func.func @product() -> tensor<2x2xf32> {
  %a = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %b = arith.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<2x2xf32>) -> tensor<2x2xf32>
  %0 = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%a, %b : tensor<2x3xf32>, tensor<3x2xf32>) outs(%init : tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0 : tensor<2x2xf32>
}

// y[j, b, i] = sum_k a[b, k, i] c[k, j, b], a batch loop and permuted maps.
// CHECK-LABEL: @batched
// CHECK-NEXT: result0: 3x2x1xi32 = {{\[}}{{\[}}[13], [30]], {{\[}}[19], [44]], {{\[}}[25], [58]]]
func.func @batched() -> tensor<3x2x1xi32> {
  %a = arith.constant dense<[[[1], [2]], [[3], [4]]]> : tensor<2x2x1xi32>
  %c = arith.constant dense<[[[1, 2], [3, 4], [5, 6]], [[6, 6], [8, 8], [10, 10]]]> : tensor<2x3x2xi32>
  %zero = arith.constant 0 : i32
  %e = tensor.empty() : tensor<3x2x1xi32>
  %init = linalg.fill ins(%zero : i32) outs(%e : tensor<3x2x1xi32>) -> tensor<3x2x1xi32>
  %0 = linalg.contract indexing_maps = [affine_map<(b, i, j, k) -> (b, k, i)>, affine_map<(b, i, j, k) -> (k, j, b)>, affine_map<(b, i, j, k) -> (j, b, i)>]
    ins(%a, %c : tensor<2x2x1xi32>, tensor<2x3x2xi32>) outs(%init : tensor<3x2x1xi32>) -> tensor<3x2x1xi32>
  return %0 : tensor<3x2x1xi32>
}

// CHECK-LABEL: @reductions
// CHECK-NEXT: result0: 2xf32 = [6, 15]
// CHECK-NEXT: result1: 3xf32 = [4, 5, 6]
// CHECK-NEXT: result2: f32 = 720
func.func @reductions() -> (tensor<2xf32>, tensor<3xf32>, tensor<f32>) {
  %a = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %zero = arith.constant dense<0.0> : tensor<2xf32>
  %least = arith.constant dense<0xFF800000> : tensor<3xf32>
  %one = arith.constant dense<1.0> : tensor<f32>
  %0 = linalg.reduce { arith.addf } ins(%a : tensor<2x3xf32>) outs(%zero : tensor<2xf32>) dimensions = [1]
  %1 = linalg.reduce { arith.maximumf } ins(%a : tensor<2x3xf32>) outs(%least : tensor<3xf32>) dimensions = [0]
  %2 = linalg.reduce { arith.mulf } ins(%a : tensor<2x3xf32>) outs(%one : tensor<f32>) dimensions = [0, 1]
  return %0, %1, %2 : tensor<2xf32>, tensor<3xf32>, tensor<f32>
}

// CHECK-LABEL: @moves
// CHECK-NEXT: result0: 3x2xi32 = {{\[}}[1, 4], [2, 5], [3, 6]]
// CHECK-NEXT: result1: 2x2x3xi32 = {{\[}}{{\[}}[1, 2, 3], [1, 2, 3]], {{\[}}[4, 5, 6], [4, 5, 6]]]
func.func @moves() -> (tensor<3x2xi32>, tensor<2x2x3xi32>) {
  %a = arith.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %e0 = tensor.empty() : tensor<3x2xi32>
  %0 = linalg.transpose ins(%a : tensor<2x3xi32>) outs(%e0 : tensor<3x2xi32>) permutation = [1, 0]
  %e1 = tensor.empty() : tensor<2x2x3xi32>
  %1 = linalg.broadcast ins(%a : tensor<2x3xi32>) outs(%e1 : tensor<2x2x3xi32>) dimensions = [1]
  return %0, %1 : tensor<3x2xi32>, tensor<2x2x3xi32>
}
