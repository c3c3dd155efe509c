// RUN: dchag-opt %s --split-input-file --verify-diagnostics

func.func @all_gather_g1(%x: tensor<2x3xf32>, %e: tensor<2x7xf32>) -> tensor<2x7xf32> {
  // expected-error @+1 {{(G1) needs shapes that agree but for a multiple in dimension 1}}
  %y = dchag_rt.all_gather %x outs(%e) {axes = array<i32: 0>, dim = 1 : i64, site = 0 : i32} : (tensor<2x3xf32>, tensor<2x7xf32>) -> tensor<2x7xf32>
  return %y : tensor<2x7xf32>
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
