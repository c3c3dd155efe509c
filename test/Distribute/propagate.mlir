// RUN: dchag-opt %s --propagate --split-input-file --verify-diagnostics

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @without_rule(%x: tensor<4x3xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) -> tensor<4x3xf32> {
    %e = tensor.empty() : tensor<4x3xf32>
    // expected-warning @+1 {{'linalg.exp' op has no sharding rule, so operand 0 is gathered (48 bytes a rank and step)}}
    %y = linalg.exp ins(%x : tensor<4x3xf32>) outs(%e : tensor<4x3xf32>) -> tensor<4x3xf32>
    return %y : tensor<4x3xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @one_axis_two_factors(%x: tensor<4x3xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>},
      %w: tensor<3x6xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) -> tensor<4x6xf32> {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<4x6xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<4x6xf32>) -> tensor<4x6xf32>
    // expected-remark @+1 {{splits factor 1 (parallel of 6) over "tp" for the user (the program), which costs 24 bytes sent a rank; factor 0 (parallel of 4) over "tp" for the user (the program) would cost 84}}
    %y = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
      ins(%x, %w : tensor<4x3xf32>, tensor<3x6xf32>) outs(%z : tensor<4x6xf32>) -> tensor<4x6xf32>
    return %y : tensor<4x6xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  // expected-error @+1 {{(S1) sharding must use axes of #dchag.mesh<["tp" = 2]>: got "dp"}}
  func.func @unknown_axis(%x: tensor<4x3xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>}) {
    return
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  // expected-error @+1 {{(S3) sharding must have an entry for each dimension: got 3 entries}}
  func.func @rank(%x: tensor<4x3xf32> {dchag.sharding = #dchag.sharding<[["tp"], [], []]>}) {
    return
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  // expected-error @+1 {{partial results are made by ops, they cannot be asked for}}
  func.func @partial(%x: tensor<4x3xf32> {dchag.sharding = #dchag.sharding<[[], []], partial = ["tp" = sum]>}) {
    return
  }
}

// -----

// expected-error @+1 {{has no mesh to distribute over}}
module {
  func.func @no_mesh() {
    return
  }
}
