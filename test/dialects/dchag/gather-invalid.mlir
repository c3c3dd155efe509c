// RUN: dchag-opt %s --split-input-file --verify-diagnostics

func.func @gather_c1(%x: tensor<2x5x3xf32>, %i: tensor<4xi64>) {
  // expected-error @+1 {{(C1) dim must be at least 0 and below the rank of the input: got 3, rank 3}}
  %y = dchag.gather %x[%i] {dim = 3 : i64} : (tensor<2x5x3xf32>, tensor<4xi64>) -> tensor<2x4x3xf32>
  return
}

// -----

func.func @gather_c1_scalar(%x: tensor<f32>, %i: tensor<4xi64>) {
  // expected-error @+1 {{(C1) dim must be at least 0 and below the rank of the input: got 0, rank 0}}
  %y = dchag.gather %x[%i] {dim = 0 : i64} : (tensor<f32>, tensor<4xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @gather_c2(%x: tensor<2x5x3xf32>, %i: tensor<4xi64>) {
  // expected-error @+1 {{(C2) result must be as the input with `dim` replaced by the shape of the indices: got 2x5x3, wanted 2x4x3}}
  %y = dchag.gather %x[%i] {dim = 1 : i64} : (tensor<2x5x3xf32>, tensor<4xi64>) -> tensor<2x5x3xf32>
  return
}

// -----

func.func @gather_c2_scalar_index(%x: tensor<2x5x3xf32>, %i: tensor<i64>) {
  // expected-error @+1 {{(C2) result must be as the input with `dim` replaced by the shape of the indices: got 2x1x3, wanted 2x3}}
  %y = dchag.gather %x[%i] {dim = 1 : i64} : (tensor<2x5x3xf32>, tensor<i64>) -> tensor<2x1x3xf32>
  return
}

// -----

func.func @gather_c3(%x: tensor<2x5x3xf32>, %i: tensor<4xi64>) {
  // expected-error @+1 {{(C3) result must have the element type of the input: got 'f64', wanted 'f32'}}
  %y = dchag.gather %x[%i] {dim = 1 : i64} : (tensor<2x5x3xf32>, tensor<4xi64>) -> tensor<2x4x3xf64>
  return
}

// -----

func.func @scatter_c1(%x: tensor<2x5x3xf32>, %i: tensor<4xi64>, %u: tensor<2x4x3xf32>) {
  // expected-error @+1 {{(C1) dim must be at least 0 and below the rank of the input: got 5, rank 3}}
  %y = dchag.scatter %x[%i], %u {dim = 5 : i64}
    : (tensor<2x5x3xf32>, tensor<4xi64>, tensor<2x4x3xf32>) -> tensor<2x5x3xf32>
  return
}

// -----

func.func @scatter_c1_indices(%x: tensor<2x5x3xf32>, %i: tensor<2x2xi64>, %u: tensor<2x4x3xf32>) {
  // expected-error @+1 {{(C1) indices must be of rank `batch` + 1: got 2x2, wanted ?}}
  %y = dchag.scatter %x[%i], %u {dim = 1 : i64}
    : (tensor<2x5x3xf32>, tensor<2x2xi64>, tensor<2x4x3xf32>) -> tensor<2x5x3xf32>
  return
}

// -----

func.func @scatter_c1_scalar_index(%x: tensor<2x5x3xf32>, %i: tensor<i64>, %u: tensor<2x4x3xf32>) {
  // expected-error @+1 {{(C1) indices must be of rank `batch` + 1: got a scalar, wanted ?}}
  %y = dchag.scatter %x[%i], %u {dim = 1 : i64}
    : (tensor<2x5x3xf32>, tensor<i64>, tensor<2x4x3xf32>) -> tensor<2x5x3xf32>
  return
}

// -----

func.func @scatter_c2(%x: tensor<2x5x3xf32>, %i: tensor<4xi64>, %u: tensor<2x3x3xf32>) {
  // expected-error @+1 {{(C2) updates must be as the input with `dim` replaced by the number of indices: got 2x3x3, wanted 2x4x3}}
  %y = dchag.scatter %x[%i], %u {dim = 1 : i64}
    : (tensor<2x5x3xf32>, tensor<4xi64>, tensor<2x3x3xf32>) -> tensor<2x5x3xf32>
  return
}

// -----

func.func @scatter_c3(%x: tensor<2x5x3xf32>, %i: tensor<4xi64>, %u: tensor<2x4x3xf64>) {
  // expected-error @+1 {{(C3) updates must have the element type of the input: got 'f64', wanted 'f32'}}
  %y = dchag.scatter %x[%i], %u {dim = 1 : i64}
    : (tensor<2x5x3xf32>, tensor<4xi64>, tensor<2x4x3xf64>) -> tensor<2x5x3xf32>
  return
}

// -----

func.func @scatter_c3_result(%x: tensor<2x5x3xf32>, %i: tensor<4xi64>, %u: tensor<2x4x3xf32>) {
  // expected-error @+1 {{(C3) result must be as the input: got 2x4x3, wanted 2x5x3}}
  %y = dchag.scatter %x[%i], %u {dim = 1 : i64}
    : (tensor<2x5x3xf32>, tensor<4xi64>, tensor<2x4x3xf32>) -> tensor<2x4x3xf32>
  return
}

// -----

func.func @scatter_c3_result_type(%x: tensor<2x5x3xf32>, %i: tensor<4xi64>, %u: tensor<2x4x3xf32>) {
  // expected-error @+1 {{(C3) result must have the element type of the input: got 'f64', wanted 'f32'}}
  %y = dchag.scatter %x[%i], %u {dim = 1 : i64}
    : (tensor<2x5x3xf32>, tensor<4xi64>, tensor<2x4x3xf32>) -> tensor<2x5x3xf64>
  return
}

// -----

func.func @gather_c4(%x: tensor<2x5x3xf32>, %i: tensor<2x4xi64>) {
  // expected-error @+1 {{(C4) batch must be at least 0 and at most dim and the rank of the indices: got 2, dim 1, rank 2}}
  %y = dchag.gather %x[%i] {batch = 2 : i64, dim = 1 : i64} : (tensor<2x5x3xf32>, tensor<2x4xi64>) -> tensor<2x4x3xf32>
  return
}

// -----

func.func @gather_c4_rank(%x: tensor<2x5x3xf32>, %i: tensor<2xi64>) {
  // expected-error @+1 {{(C4) batch must be at least 0 and at most dim and the rank of the indices: got 2, dim 2, rank 1}}
  %y = dchag.gather %x[%i] {batch = 2 : i64, dim = 2 : i64} : (tensor<2x5x3xf32>, tensor<2xi64>) -> tensor<2x5xf32>
  return
}

// -----

func.func @gather_c4_sizes(%x: tensor<2x5x3xf32>, %i: tensor<3x4xi64>) {
  // expected-error @+1 {{(C4) batch dimensions of the indices must be those of the input: got 3, wanted 2}}
  %y = dchag.gather %x[%i] {batch = 1 : i64, dim = 1 : i64} : (tensor<2x5x3xf32>, tensor<3x4xi64>) -> tensor<2x4x3xf32>
  return
}

// -----

func.func @scatter_c4(%x: tensor<2x5x3xf32>, %i: tensor<2x4xi64>, %u: tensor<4x5x3xf32>) {
  // expected-error @+1 {{(C4) batch must be at least 0 and at most dim and the rank of the indices: got 1, dim 0, rank 2}}
  %y = dchag.scatter %x[%i], %u {batch = 1 : i64, dim = 0 : i64}
    : (tensor<2x5x3xf32>, tensor<2x4xi64>, tensor<4x5x3xf32>) -> tensor<2x5x3xf32>
  return
}

// -----

func.func @scatter_c4_sizes(%x: tensor<2x5x3xf32>, %i: tensor<3x4xi64>, %u: tensor<2x4x3xf32>) {
  // expected-error @+1 {{(C4) batch dimensions of the indices must be those of the input: got 3, wanted 2}}
  %y = dchag.scatter %x[%i], %u {batch = 1 : i64, dim = 1 : i64}
    : (tensor<2x5x3xf32>, tensor<3x4xi64>, tensor<2x4x3xf32>) -> tensor<2x5x3xf32>
  return
}

// -----

func.func @scatter_c5(%x: tensor<5xi1>, %i: tensor<4xi64>, %u: tensor<4xi1>) {
  // expected-error @+1 {{(C5) booleans must be scattered by kind set: got max}}
  %y = dchag.scatter %x[%i], %u {dim = 0 : i64, kind = #dchag.scatter_kind<max>}
    : (tensor<5xi1>, tensor<4xi64>, tensor<4xi1>) -> tensor<5xi1>
  return
}
