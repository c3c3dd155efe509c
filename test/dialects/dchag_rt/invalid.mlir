// RUN: dchag-opt %s --split-input-file --verify-diagnostics

func.func @all_gather_g1(%x: tensor<3x5xf32>, %e: tensor<3x10xf32>) -> tensor<3x10xf32> {
  // expected-error @+1 {{(G1) needs one shape after a leading dimension of all ranks: got 'tensor<3x10xf32>' and 'tensor<3x5xf32>'}}
  %y = dchag_rt.all_gather %x outs(%e) {axes = array<i32: 0>, site = 0 : i32} : (tensor<3x5xf32>, tensor<3x10xf32>) -> tensor<3x10xf32>
  return %y : tensor<3x10xf32>
}

// -----

func.func @all_to_all_g1(%x: tensor<2x3xf32>, %e: tensor<3x2xf32>) -> tensor<3x2xf32> {
  // expected-error @+1 {{(G1) needs one shape with a leading dimension of all ranks: got 'tensor<2x3xf32>' and 'tensor<3x2xf32>'}}
  %y = dchag_rt.all_to_all %x outs(%e) {axes = array<i32: 0>, site = 0 : i32} : (tensor<2x3xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  return %y : tensor<3x2xf32>
}

// -----

func.func @copy_c1(%x: memref<2x3xf32>, %y: memref<3x2xf32, 1>) {
  // expected-error @+1 {{(C1) needs contiguous operands of one shape and element type}}
  dchag_rt.copy %x outs(%y) : (memref<2x3xf32>, memref<3x2xf32, 1>) -> ()
  return
}

// -----

func.func @copy_c2(%x: memref<2x3xf32>, %y: memref<2x3xf32>) {
  // expected-error @+1 {{(C2) needs buffers of different memory spaces}}
  dchag_rt.copy %x outs(%y) : (memref<2x3xf32>, memref<2x3xf32>) -> ()
  return
}

// -----

func.func @all_reduce_g3(%x: memref<2x3xf32>, %c: i1) {
  scf.if %c {
    // expected-error @+1 {{(G3) stands inside 'scf.if'}}
    dchag_rt.all_reduce outs(%x) {axes = array<i32: 0>, site = 0 : i32} : (memref<2x3xf32>) -> ()
  }
  return
}

// -----

func.func @matmul_m2(%x: tensor<2x3xf32>, %w: tensor<5xf32>, %e: tensor<2x5xf32>) -> tensor<2x5xf32> {
  // expected-error @+1 {{(M2) dimension d2 is summed over}}
  %y = dchag_rt.matmul(%x, %w) outs(%e) {indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (j)>, affine_map<(i, j, k) -> (i, j)>]}
    : (tensor<2x3xf32>, tensor<5xf32>, tensor<2x5xf32>) -> tensor<2x5xf32>
  return %y : tensor<2x5xf32>
}
