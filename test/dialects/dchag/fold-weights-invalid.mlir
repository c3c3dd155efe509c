// RUN: dchag-opt %s --split-input-file --verify-diagnostics

// Each function has the operands that its constraint is about, and one mistake.

func.func @patches_c1(%x: tensor<1x3x4xf32>) {
  // expected-error @+1 {{(C1) image must be B x C x I x S1 x .. x Sk with k from 1 to 3: got 1x3x4}}
  %y = dchag.channel_patches %x {patch = array<i64: 2>} : (tensor<1x3x4xf32>) -> tensor<1x3x2x2xf32>
  return
}

// -----

func.func @patches_c1_result(%x: tensor<1x3x1x4x6xf32>) {
  // expected-error @+1 {{(C1) result must be B x C x N x P: got 1x3x2x4, wanted 1x3x6x4}}
  %y = dchag.channel_patches %x {patch = array<i64: 2, 2>} : (tensor<1x3x1x4x6xf32>) -> tensor<1x3x2x4xf32>
  return
}

// -----

func.func @patches_c2(%x: tensor<1x3x1x4x6xf32>) {
  // expected-error @+1 {{(C2) patch must have an entry for each of the 2 spatial dimensions: got 1}}
  %y = dchag.channel_patches %x {patch = array<i64: 2>} : (tensor<1x3x1x4x6xf32>) -> tensor<1x3x6x4xf32>
  return
}

// -----

func.func @patches_c2_divides(%x: tensor<1x3x1x4x6xf32>) {
  // expected-error @+1 {{(C2) patch sizes must divide the space: got 4 for a dimension of size 6}}
  %y = dchag.channel_patches %x {patch = array<i64: 2, 4>} : (tensor<1x3x1x4x6xf32>) -> tensor<1x3x3x8xf32>
  return
}

// -----

func.func @patches_c2_zero(%x: tensor<1x3x1x4x6xf32>) {
  // expected-error @+1 {{(C2) patch sizes must divide the space: got 0 for a dimension of size 4}}
  %y = dchag.channel_patches %x {patch = array<i64: 0, 2>} : (tensor<1x3x1x4x6xf32>) -> tensor<1x3x3x8xf32>
  return
}

// -----

func.func @patches_c3(%x: tensor<1x3x1x4x6xf32>) {
  // expected-error @+1 {{(C3) image and result must have one element type: got 'f32' and 'f16'}}
  %y = dchag.channel_patches %x {patch = array<i64: 2, 2>} : (tensor<1x3x1x4x6xf32>) -> tensor<1x3x6x4xf16>
  return
}

// -----

func.func @query_c1(%q: tensor<2x1x6xf32>, %w: tensor<2x5x8xf32>) {
  // expected-error @+1 {{(C1) wk must be G x A x Dt: got 2x5x8, wanted 2x6x?}}
  %r = dchag.fold_query %q keys(%w) {heads = 2, scale = 0.5} : (tensor<2x1x6xf32>, tensor<2x5x8xf32>) -> tensor<2x2x8xf32>
  return
}

// -----

func.func @query_c1_result(%q: tensor<2x1x6xf32>) {
  // expected-error @+1 {{(C1) result must be G x (Q h) x Dt: got 2x2x8, wanted 2x2x6}}
  %r = dchag.fold_query %q {heads = 2, scale = 0.5} : (tensor<2x1x6xf32>) -> tensor<2x2x8xf32>
  return
}

// -----

func.func @query_c2(%q: tensor<2x1x6xf32>) {
  // expected-error @+1 {{(C2) heads must divide the width of the query: got 4 heads, width 6}}
  %r = dchag.fold_query %q {heads = 4, scale = 0.5} : (tensor<2x1x6xf32>) -> tensor<2x4x6xf32>
  return
}

// -----

func.func @query_c3(%q: tensor<2x1x6xf32>, %w: tensor<2x6x8xf16>) {
  // expected-error @+1 {{(C3) operand 1 must have the element type of operand 0: got 'f16', wanted 'f32'}}
  %r = dchag.fold_query %q keys(%w) {heads = 2, scale = 0.5} : (tensor<2x1x6xf32>, tensor<2x6x8xf16>) -> tensor<2x2x8xf32>
  return
}

// -----

func.func @projection_c1(%q: tensor<2x4x8xf32>, %w: tensor<2x3x7x6xf32>) {
  // expected-error @+1 {{(C1) tokenizer must be (G or 1) x (K or 1) x Dt x P: got 2x3x7x6, wanted ?x?x8x?}}
  %r = dchag.fold_projection %q of %w : (tensor<2x4x8xf32>, tensor<2x3x7x6xf32>) -> tensor<2x4x3x6xf32>
  return
}

// -----

func.func @projection_c1_groups(%q: tensor<2x4x8xf32>, %w: tensor<3x3x8x6xf32>) {
  // expected-error @+1 {{(C1) tokenizer must have one entry for each of the 2 groups or one for all: got 3}}
  %r = dchag.fold_projection %q of %w : (tensor<2x4x8xf32>, tensor<3x3x8x6xf32>) -> tensor<2x4x3x6xf32>
  return
}

// -----

func.func @projection_c1_result(%q: tensor<2x4x8xf32>, %w: tensor<2x3x8x6xf32>) {
  // expected-error @+1 {{(C1) result must be G x R x (K or 1) x P: got 2x4x3x5, wanted 2x4x3x6}}
  %r = dchag.fold_projection %q of %w : (tensor<2x4x8xf32>, tensor<2x3x8x6xf32>) -> tensor<2x4x3x5xf32>
  return
}

// -----

func.func @projection_c2(%q: tensor<2x4x8xf32>, %w: tensor<2x3x8x6xf16>) {
  // expected-error @+1 {{(C2) operand 1 must have the element type of operand 0: got 'f16', wanted 'f32'}}
  %r = dchag.fold_projection %q of %w : (tensor<2x4x8xf32>, tensor<2x3x8x6xf16>) -> tensor<2x4x3x6xf32>
  return
}

// -----

func.func @norm_c1(%w: tensor<1x3x8x4xf32>) {
  // expected-error @+1 {{(C1) parts must divide the width: got 3 parts, width 8}}
  %b, %f = dchag.fold_norm %w {parts = 3} : (tensor<1x3x8x4xf32>) -> (tensor<1x3x3x2x4xf32>, tensor<1x3x3x4x4xf32>)
  return
}

// -----

func.func @norm_c1_basis(%w: tensor<1x3x8x4xf32>) {
  // expected-error @+1 {{(C1) basis must be G x (K or 1) x S x A x P: got 1x3x2x8x4, wanted 1x3x2x4x4}}
  %b, %f = dchag.fold_norm %w {parts = 2} : (tensor<1x3x8x4xf32>) -> (tensor<1x3x2x8x4xf32>, tensor<1x3x2x4x4xf32>)
  return
}

// -----

func.func @norm_c1_factor(%w: tensor<1x3x8x4xf32>) {
  // expected-error @+1 {{(C1) factor must be G x (K or 1) x S x P x P: got 1x3x1x4x4, wanted 1x3x2x4x4}}
  %b, %f = dchag.fold_norm %w {parts = 2} : (tensor<1x3x8x4xf32>) -> (tensor<1x3x2x4x4xf32>, tensor<1x3x1x4x4xf32>)
  return
}

// -----

func.func @norm_c2(%w: tensor<1x3x8x4xf32>) {
  // expected-error @+1 {{(C2) result 1 must have the element type of operand 0: got 'f16', wanted 'f32'}}
  %b, %f = dchag.fold_norm %w {parts = 2} : (tensor<1x3x8x4xf32>) -> (tensor<1x3x2x4x4xf32>, tensor<1x3x2x4x4xf16>)
  return
}

// -----

func.func @linear_c1(%x: tensor<1x2x3x6x4xf32>, %w: tensor<2x1x8x2x4xf32>) {
  // expected-error @+1 {{(C1) weight must be G x Q x D x K x P: got 2x1x8x2x4, wanted 2x?x?x3x4}}
  %y = dchag.folded_linear %x weight(%w) : (tensor<1x2x3x6x4xf32>, tensor<2x1x8x2x4xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @linear_c1_result(%x: tensor<1x2x3x6x4xf32>, %w: tensor<2x1x8x3x4xf32>) {
  // expected-error @+1 {{(C1) result must be B x G x Q x N x D: got 1x2x1x6x7, wanted 1x2x1x6x8}}
  %y = dchag.folded_linear %x weight(%w) : (tensor<1x2x3x6x4xf32>, tensor<2x1x8x3x4xf32>) -> tensor<1x2x1x6x7xf32>
  return
}

// -----

func.func @linear_c2(%x: tensor<1x2x3x6x4xf32>, %w: tensor<2x1x8x3x4xf64>) {
  // expected-error @+1 {{(C2) operand 1 must have the element type of operand 0: got 'f64', wanted 'f32'}}
  %y = dchag.folded_linear %x weight(%w) : (tensor<1x2x3x6x4xf32>, tensor<2x1x8x3x4xf64>) -> tensor<1x2x1x6x8xf32>
  return
}
