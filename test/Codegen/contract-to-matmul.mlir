// RUN: dchag-opt %s --contract-to-matmul --split-input-file | FileCheck %s

#rows = affine_map<(i, j, k) -> (i, k)>
#columns = affine_map<(i, j, k) -> (k, j)>
#result = affine_map<(i, j, k) -> (i, j)>

// Factor, bias and GELU become part of the product.
// CHECK-LABEL: func.func @epilogue(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<2x3xf32>, %[[W:[a-z0-9]+]]: tensor<3x5xf32>, %[[B:[a-z0-9]+]]: tensor<5xf32>
func.func @epilogue(%x: tensor<2x3xf32>, %w: tensor<3x5xf32>, %b: tensor<5xf32>) -> tensor<2x5xf32> {
  %zero = arith.constant 0.0 : f32
  %half = arith.constant dense<0.5> : tensor<2x5xf32>
  %e = tensor.empty() : tensor<2x5xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x5xf32>) -> tensor<2x5xf32>
  %c = linalg.contract indexing_maps = [#rows, #columns, #result] ins(%x, %w : tensor<2x3xf32>, tensor<3x5xf32>) outs(%f : tensor<2x5xf32>) -> tensor<2x5xf32>
  %s = arith.mulf %c, %half : tensor<2x5xf32>
  %bb = linalg.broadcast ins(%b : tensor<5xf32>) outs(%e : tensor<2x5xf32>) dimensions = [0]
  %a = arith.addf %s, %bb : tensor<2x5xf32>
  %y = dchag.gelu %a : tensor<2x5xf32>
  // CHECK: %[[E:.+]] = tensor.empty() : tensor<2x5xf32>
  // CHECK: %[[Y:.+]] = dchag_rt.matmul(%[[X]], %[[W]]) bias(%[[B]]) outs(%[[E]]) {activation = #dchag_rt.activation<gelu_erf>, alpha = 5.000000e-01 : f64
  // CHECK: return %[[Y]]
  return %y : tensor<2x5xf32>
}

// -----

#rows = affine_map<(i, j, k) -> (i, k)>
#columns = affine_map<(i, j, k) -> (k, j)>
#result = affine_map<(i, j, k) -> (i, j)>

// The product is used twice, so its addition stays an op of its own.
// CHECK-LABEL: func.func @two_uses(
func.func @two_uses(%x: tensor<2x3xf32>, %w: tensor<3x5xf32>, %r: tensor<2x5xf32>) -> (tensor<2x5xf32>, tensor<2x5xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x5xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x5xf32>) -> tensor<2x5xf32>
  // CHECK: %[[C:.+]] = dchag_rt.matmul
  %c = linalg.contract indexing_maps = [#rows, #columns, #result] ins(%x, %w : tensor<2x3xf32>, tensor<3x5xf32>) outs(%f : tensor<2x5xf32>) -> tensor<2x5xf32>
  // CHECK: arith.addf %[[C]]
  %a = arith.addf %c, %r : tensor<2x5xf32>
  return %c, %a : tensor<2x5xf32>, tensor<2x5xf32>
}

// -----

// Integers stay loops.
// CHECK-LABEL: func.func @integers(
func.func @integers(%x: tensor<2x3xi32>, %w: tensor<3x5xi32>) -> tensor<2x5xi32> {
  %zero = arith.constant 0 : i32
  %e = tensor.empty() : tensor<2x5xi32>
  %f = linalg.fill ins(%zero : i32) outs(%e : tensor<2x5xi32>) -> tensor<2x5xi32>
  // CHECK: linalg.contract
  %c = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%x, %w : tensor<2x3xi32>, tensor<3x5xi32>) outs(%f : tensor<2x5xi32>) -> tensor<2x5xi32>
  return %c : tensor<2x5xi32>
}
