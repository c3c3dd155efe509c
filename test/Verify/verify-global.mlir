// RUN: dchag-opt %s --verify-global --split-input-file --verify-diagnostics --allow-unregistered-dialect

func.func @sum(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2xf32>) -> tensor<2xf32>
  %y = linalg.reduce { arith.addf } ins(%x : tensor<2x3xf32>) outs(%init : tensor<2xf32>) dimensions = [1]
  return %y : tensor<2xf32>
}

// -----

func.func @init_is_not_neutral(%x: tensor<2x3xf32>) -> tensor<2xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<2xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<2xf32>) -> tensor<2xf32>
  // expected-error @+1 {{must start from tensor.empty filled with the neutral element}}
  %y = linalg.reduce { arith.maximumf } ins(%x : tensor<2x3xf32>) outs(%init : tensor<2xf32>) dimensions = [1]
  return %y : tensor<2xf32>
}

// -----

func.func @argument_as_init(%a: tensor<2x3xf32>, %b: tensor<3x5xf32>, %c: tensor<2x5xf32>) -> tensor<2x5xf32> {
  // expected-error @+1 {{must start from tensor.empty filled with 0}}
  %y = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%a, %b : tensor<2x3xf32>, tensor<3x5xf32>) outs(%c : tensor<2x5xf32>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}

// -----

// expected-error @+1 {{has the dynamically shaped type 'tensor<?xf32>'}}
func.func @dynamic(%x: tensor<?xf32>) -> tensor<?xf32> {
  // expected-error @+1 {{has the dynamically shaped type 'tensor<?xf32>'}}
  %y = arith.negf %x : tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

func.func @generic_op(%x: tensor<2xf32>) -> tensor<2xf32> {
  %e = tensor.empty() : tensor<2xf32>
  // expected-error @+1 {{is not of the closed set}}
  %y = linalg.exp ins(%x : tensor<2xf32>) outs(%e : tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @unregistered(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{is not of the closed set of the global level}}
  %y = "other.op"(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @buffers(%x: memref<2x3xf32>, %w: memref<3x5xf32>, %y: memref<2x5xf32>) {
  // expected-error @+1 {{writes to buffers: the global level has tensors only}}
  linalg.contract indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (k, n)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%x, %w : memref<2x3xf32>, memref<3x5xf32>) outs(%y : memref<2x5xf32>)
  return
}
