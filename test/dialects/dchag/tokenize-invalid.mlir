// RUN: dchag-opt %s --split-input-file --verify-diagnostics

func.func @tokenize_c1(%x: tensor<3x4x6xf32>, %w: tensor<3x8x1x2x2xf32>, %b: tensor<3x8xf32>, %e: tensor<3x8xf32>) {
  // expected-error @+1 {{(C1) image must be B x C x I x S1 x .. x Sk with k from 1 to 3: got 3x4x6}}
  %y = dchag.tokenize %x weight(%w) bias(%b) embedding(%e)
    : (tensor<3x4x6xf32>, tensor<3x8x1x2x2xf32>, tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<1x3x6x8xf32>
  return
}

// -----

func.func @tokenize_c1_scalar(%x: tensor<f32>, %w: tensor<3x8x1x2x2xf32>, %b: tensor<3x8xf32>, %e: tensor<3x8xf32>) {
  // expected-error @+1 {{(C1) image must be B x C x I x S1 x .. x Sk with k from 1 to 3: got a scalar}}
  %y = dchag.tokenize %x weight(%w) bias(%b) embedding(%e)
    : (tensor<f32>, tensor<3x8x1x2x2xf32>, tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<1x3x6x8xf32>
  return
}

// -----

func.func @tokenize_c1_weight_rank(%x: tensor<1x3x1x4x6xf32>, %w: tensor<3x8x2x2xf32>, %b: tensor<3x8xf32>, %e: tensor<3x8xf32>) {
  // expected-error @+1 {{(C1) weight must be (C or 1) x D x I x p1 x .. x pk with the k = 2 of the image: got 3x8x2x2}}
  %y = dchag.tokenize %x weight(%w) bias(%b) embedding(%e)
    : (tensor<1x3x1x4x6xf32>, tensor<3x8x2x2xf32>, tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<1x3x6x8xf32>
  return
}

// -----

func.func @tokenize_c1_channels(%x: tensor<1x3x1x4x6xf32>, %w: tensor<2x8x1x2x2xf32>, %b: tensor<3x8xf32>, %e: tensor<3x8xf32>) {
  // expected-error @+1 {{(C1) weight must have one entry for each of the 3 channels or one for all: got 2}}
  %y = dchag.tokenize %x weight(%w) bias(%b) embedding(%e)
    : (tensor<1x3x1x4x6xf32>, tensor<2x8x1x2x2xf32>, tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<1x3x6x8xf32>
  return
}

// -----

func.func @tokenize_c1_inputs(%x: tensor<1x3x1x4x6xf32>, %w: tensor<3x8x2x2x2xf32>, %b: tensor<3x8xf32>, %e: tensor<3x8xf32>) {
  // expected-error @+1 {{(C1) weight must have the inputs I of the image: got 2, wanted 1}}
  %y = dchag.tokenize %x weight(%w) bias(%b) embedding(%e)
    : (tensor<1x3x1x4x6xf32>, tensor<3x8x2x2x2xf32>, tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<1x3x6x8xf32>
  return
}

// -----

func.func @tokenize_c1_result(%x: tensor<1x3x1x4x6xf32>, %w: tensor<3x8x1x2x2xf32>, %b: tensor<3x8xf32>, %e: tensor<3x8xf32>) {
  // expected-error @+1 {{(C1) result must be B x C x N x D: got 1x3x8x6, wanted 1x3x6x8}}
  %y = dchag.tokenize %x weight(%w) bias(%b) embedding(%e)
    : (tensor<1x3x1x4x6xf32>, tensor<3x8x1x2x2xf32>, tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<1x3x8x6xf32>
  return
}

// -----

func.func @tokenize_c2(%x: tensor<1x3x1x4x6xf32>, %w: tensor<3x8x1x2x4xf32>, %b: tensor<3x8xf32>, %e: tensor<3x8xf32>) {
  // expected-error @+1 {{(C2) patch sizes must divide the space: got 4 for dimension 4 of size 6}}
  %y = dchag.tokenize %x weight(%w) bias(%b) embedding(%e)
    : (tensor<1x3x1x4x6xf32>, tensor<3x8x1x2x4xf32>, tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<1x3x6x8xf32>
  return
}

// -----

func.func @tokenize_c2_zero(%x: tensor<1x3x1x4x6xf32>, %w: tensor<3x8x1x0x2xf32>, %b: tensor<3x8xf32>, %e: tensor<3x8xf32>) {
  // expected-error @+1 {{(C2) patch sizes must divide the space: got 0 for dimension 3 of size 4}}
  %y = dchag.tokenize %x weight(%w) bias(%b) embedding(%e)
    : (tensor<1x3x1x4x6xf32>, tensor<3x8x1x0x2xf32>, tensor<3x8xf32>, tensor<3x8xf32>) -> tensor<1x3x6x8xf32>
  return
}

// -----

func.func @tokenize_c3(%x: tensor<1x3x1x4x6xf32>, %w: tensor<3x8x1x2x2xf32>, %b: tensor<1x8xf32>, %e: tensor<3x8xf32>) {
  // expected-error @+1 {{(C3) bias must be (C or 1, as the weight) x D: got 1x8, wanted 3x8}}
  %y = dchag.tokenize %x weight(%w) bias(%b) embedding(%e)
    : (tensor<1x3x1x4x6xf32>, tensor<3x8x1x2x2xf32>, tensor<1x8xf32>, tensor<3x8xf32>) -> tensor<1x3x6x8xf32>
  return
}

// -----

func.func @tokenize_c3_embedding(%x: tensor<1x3x1x4x6xf32>, %w: tensor<3x8x1x2x2xf32>, %b: tensor<3x8xf32>, %e: tensor<3x7xf32>) {
  // expected-error @+1 {{(C3) embedding must be C x D: got 3x7, wanted 3x8}}
  %y = dchag.tokenize %x weight(%w) bias(%b) embedding(%e)
    : (tensor<1x3x1x4x6xf32>, tensor<3x8x1x2x2xf32>, tensor<3x8xf32>, tensor<3x7xf32>) -> tensor<1x3x6x8xf32>
  return
}

// -----

func.func @tokenize_c4(%x: tensor<1x3x1x4x6xf32>, %w: tensor<3x8x1x2x2xf32>, %b: tensor<3x8xf64>, %e: tensor<3x8xf32>) {
  // expected-error @+1 {{(C4) operand 2 must have the element type of operand 0: got 'f64', wanted 'f32'}}
  %y = dchag.tokenize %x weight(%w) bias(%b) embedding(%e)
    : (tensor<1x3x1x4x6xf32>, tensor<3x8x1x2x2xf32>, tensor<3x8xf64>, tensor<3x8xf32>) -> tensor<1x3x6x8xf32>
  return
}
