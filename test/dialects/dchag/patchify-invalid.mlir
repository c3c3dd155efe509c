// RUN: dchag-opt %s --split-input-file --verify-diagnostics

func.func @patchify_c1(%x: tensor<3x4xf32>) {
  // expected-error @+1 {{(C1) input must be B x C x S1 x .. x Sk with k at least 1: got 3x4}}
  %y = dchag.patchify %x {patch = array<i64: 2, 2>} : (tensor<3x4xf32>) -> tensor<1x6x12xf32>
  return
}

// -----

func.func @patchify_c1_scalar(%x: tensor<f32>) {
  // expected-error @+1 {{(C1) input must be B x C x S1 x .. x Sk with k at least 1: got a scalar}}
  %y = dchag.patchify %x {patch = array<i64: 2, 2>} : (tensor<f32>) -> tensor<1x6x12xf32>
  return
}

// -----

func.func @patchify_c1_patches(%x: tensor<1x3x4x6xf32>) {
  // expected-error @+1 {{(C1) result must be B x N x (C P): got 1x12x6, wanted 1x6x12}}
  %y = dchag.patchify %x {patch = array<i64: 2, 2>} : (tensor<1x3x4x6xf32>) -> tensor<1x12x6xf32>
  return
}

// -----

func.func @patchify_c2(%x: tensor<1x3x4x6xf32>) {
  // expected-error @+1 {{(C2) patch must have an entry for each of the 2 spatial dimensions: got 1}}
  %y = dchag.patchify %x {patch = array<i64: 2>} : (tensor<1x3x4x6xf32>) -> tensor<1x6x12xf32>
  return
}

// -----

func.func @patchify_c2_empty(%x: tensor<1x3x4x6xf32>) {
  // expected-error @+1 {{(C2) patch must have an entry for each of the 2 spatial dimensions: got 0}}
  %y = dchag.patchify %x {patch = array<i64>} : (tensor<1x3x4x6xf32>) -> tensor<1x6x12xf32>
  return
}

// -----

func.func @patchify_c2_divides(%x: tensor<1x3x4x6xf32>) {
  // expected-error @+1 {{(C2) patch sizes must be positive and divide the space: got 4 for dimension 3 of size 6}}
  %y = dchag.patchify %x {patch = array<i64: 2, 4>} : (tensor<1x3x4x6xf32>) -> tensor<1x6x12xf32>
  return
}

// -----

func.func @patchify_c2_zero(%x: tensor<1x3x4x6xf32>) {
  // expected-error @+1 {{(C2) patch sizes must be positive and divide the space: got 0 for dimension 2 of size 4}}
  %y = dchag.patchify %x {patch = array<i64: 0, 2>} : (tensor<1x3x4x6xf32>) -> tensor<1x6x12xf32>
  return
}

// -----

func.func @patchify_c3(%x: tensor<1x3x4x6xf32>) {
  // expected-error @+1 {{(C3) result must have the element type of the input: got 'f64', wanted 'f32'}}
  %y = dchag.patchify %x {patch = array<i64: 2, 2>} : (tensor<1x3x4x6xf32>) -> tensor<1x6x12xf64>
  return
}

// -----

func.func @unpatchify_c1(%x: tensor<1x6x12xf32>) {
  // expected-error @+1 {{(C1) result must be B x C x S1 x .. x Sk with k at least 1: got 3x4}}
  %y = dchag.unpatchify %x {patch = array<i64: 2, 2>} : (tensor<1x6x12xf32>) -> tensor<3x4xf32>
  return
}

// -----

func.func @unpatchify_c1_scalar(%x: tensor<1x6x12xf32>) {
  // expected-error @+1 {{(C1) result must be B x C x S1 x .. x Sk with k at least 1: got a scalar}}
  %y = dchag.unpatchify %x {patch = array<i64: 2, 2>} : (tensor<1x6x12xf32>) -> tensor<f32>
  return
}

// -----

func.func @unpatchify_c1_patches(%x: tensor<1x12x6xf32>) {
  // expected-error @+1 {{(C1) input must be B x N x (C P): got 1x12x6, wanted 1x6x12}}
  %y = dchag.unpatchify %x {patch = array<i64: 2, 2>} : (tensor<1x12x6xf32>) -> tensor<1x3x4x6xf32>
  return
}

// -----

func.func @unpatchify_c2(%x: tensor<1x6x12xf32>) {
  // expected-error @+1 {{(C2) patch must have an entry for each of the 2 spatial dimensions: got 1}}
  %y = dchag.unpatchify %x {patch = array<i64: 2>} : (tensor<1x6x12xf32>) -> tensor<1x3x4x6xf32>
  return
}

// -----

func.func @unpatchify_c2_empty(%x: tensor<1x6x12xf32>) {
  // expected-error @+1 {{(C2) patch must have an entry for each of the 2 spatial dimensions: got 0}}
  %y = dchag.unpatchify %x {patch = array<i64>} : (tensor<1x6x12xf32>) -> tensor<1x3x4x6xf32>
  return
}

// -----

func.func @unpatchify_c2_divides(%x: tensor<1x6x12xf32>) {
  // expected-error @+1 {{(C2) patch sizes must be positive and divide the space: got 4 for dimension 3 of size 6}}
  %y = dchag.unpatchify %x {patch = array<i64: 2, 4>} : (tensor<1x6x12xf32>) -> tensor<1x3x4x6xf32>
  return
}

// -----

func.func @unpatchify_c2_zero(%x: tensor<1x6x12xf32>) {
  // expected-error @+1 {{(C2) patch sizes must be positive and divide the space: got 0 for dimension 2 of size 4}}
  %y = dchag.unpatchify %x {patch = array<i64: 0, 2>} : (tensor<1x6x12xf32>) -> tensor<1x3x4x6xf32>
  return
}

// -----

func.func @unpatchify_c3(%x: tensor<1x6x12xf32>) {
  // expected-error @+1 {{(C3) result must have the element type of the input: got 'f64', wanted 'f32'}}
  %y = dchag.unpatchify %x {patch = array<i64: 2, 2>} : (tensor<1x6x12xf32>) -> tensor<1x3x4x6xf64>
  return
}
