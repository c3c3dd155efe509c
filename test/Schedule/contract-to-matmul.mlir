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

// -----

#rows = affine_map<(i, j, k) -> (i, k)>
#columns = affine_map<(i, j, k) -> (k, j)>
#result = affine_map<(i, j, k) -> (i, j)>

// Sums of f32 of narrow factors are rounded once, by the runtime.
// CHECK-LABEL: func.func @rounded(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<2x3xbf16>, %[[W:[a-z0-9]+]]: tensor<3x5xbf16>
// CHECK: %[[Y:.+]] = dchag_rt.matmul(%[[X]], %[[W]]) outs(%{{.+}} : (tensor<2x3xbf16>, tensor<3x5xbf16>, tensor<2x5xbf16>)
// CHECK: return %[[Y]]
func.func @rounded(%x: tensor<2x3xbf16>, %w: tensor<3x5xbf16>) -> tensor<2x5xbf16> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x5xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x5xf32>) -> tensor<2x5xf32>
  %c = linalg.contract indexing_maps = [#rows, #columns, #result] ins(%x, %w : tensor<2x3xbf16>, tensor<3x5xbf16>) outs(%f : tensor<2x5xf32>) -> tensor<2x5xf32>
  %y = arith.truncf %c : tensor<2x5xf32> to tensor<2x5xbf16>
  return %y : tensor<2x5xbf16>
}

// -----

#rows = affine_map<(i, j, k) -> (i, k)>
#columns = affine_map<(i, j, k) -> (k, j)>
#result = affine_map<(i, j, k) -> (i, j)>

// Products of f16 are exact in f32: the factors are taken as they are stored.
// CHECK-LABEL: func.func @widened(
// CHECK-SAME: %[[X:[a-z0-9]+]]: tensor<2x3xf16>, %[[W:[a-z0-9]+]]: tensor<3x5xf16>
// CHECK: dchag_rt.matmul(%[[X]], %[[W]])
func.func @widened(%x: tensor<2x3xf16>, %w: tensor<3x5xf16>) -> tensor<2x5xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x5xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x5xf32>) -> tensor<2x5xf32>
  %xw = arith.extf %x : tensor<2x3xf16> to tensor<2x3xf32>
  %ww = arith.extf %w : tensor<3x5xf16> to tensor<3x5xf32>
  %c = linalg.contract indexing_maps = [#rows, #columns, #result] ins(%xw, %ww : tensor<2x3xf32>, tensor<3x5xf32>) outs(%f : tensor<2x5xf32>) -> tensor<2x5xf32>
  return %c : tensor<2x5xf32>
}

// -----

#rows = affine_map<(i, j, k) -> (i, k)>
#columns = affine_map<(i, j, k) -> (k, j)>
#result = affine_map<(i, j, k) -> (i, j)>

// A few long sums are left to loops, which take them in blocks.
// CHECK-LABEL: func.func @long_sums(
// CHECK-NOT: dchag_rt.matmul
// CHECK: linalg.contract
func.func @long_sums(%x: tensor<2x512xf32>, %w: tensor<512x5xf32>) -> tensor<2x5xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<2x5xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<2x5xf32>) -> tensor<2x5xf32>
  %c = linalg.contract indexing_maps = [#rows, #columns, #result] ins(%x, %w : tensor<2x512xf32>, tensor<512x5xf32>) outs(%f : tensor<2x5xf32>) -> tensor<2x5xf32>
  return %c : tensor<2x5xf32>
}
