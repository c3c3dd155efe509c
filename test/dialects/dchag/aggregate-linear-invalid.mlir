// RUN: dchag-opt %s --split-input-file --verify-diagnostics

func.func @aggregate_linear_c1(%t: tensor<1x2x3x4xf32>, %w: tensor<2x1x3xf32>, %b: tensor<2x1xf32>) {
  // expected-error @+1 {{(C1) tokens must be B x G x K x N x D: got 1x2x3x4, wanted ?x?x?x?x?}}
  %y = dchag.aggregate_linear %t weight(%w) bias(%b)
    : (tensor<1x2x3x4xf32>, tensor<2x1x3xf32>, tensor<2x1xf32>) -> tensor<1x2x1x4x5xf32>
  return
}

// -----

func.func @aggregate_linear_c1_weight(%t: tensor<1x2x3x4x5xf32>, %w: tensor<2x1x4xf32>, %b: tensor<2x1xf32>) {
  // expected-error @+1 {{(C1) weight must be G x Q x K: got 2x1x4, wanted 2x?x3}}
  %y = dchag.aggregate_linear %t weight(%w) bias(%b)
    : (tensor<1x2x3x4x5xf32>, tensor<2x1x4xf32>, tensor<2x1xf32>) -> tensor<1x2x1x4x5xf32>
  return
}

// -----

func.func @aggregate_linear_c1_scalar(%t: tensor<1x2x3x4x5xf32>, %w: tensor<f32>, %b: tensor<2x1xf32>) {
  // expected-error @+1 {{(C1) weight must be G x Q x K: got a scalar, wanted 2x?x3}}
  %y = dchag.aggregate_linear %t weight(%w) bias(%b)
    : (tensor<1x2x3x4x5xf32>, tensor<f32>, tensor<2x1xf32>) -> tensor<1x2x1x4x5xf32>
  return
}

// -----

func.func @aggregate_linear_c1_result(%t: tensor<1x2x3x4x5xf32>, %w: tensor<2x1x3xf32>, %b: tensor<2x1xf32>) {
  // expected-error @+1 {{(C1) result must be B x G x Q x N x D: got 1x2x4x5, wanted 1x2x1x4x5}}
  %y = dchag.aggregate_linear %t weight(%w) bias(%b)
    : (tensor<1x2x3x4x5xf32>, tensor<2x1x3xf32>, tensor<2x1xf32>) -> tensor<1x2x4x5xf32>
  return
}

// -----

func.func @aggregate_linear_c2(%t: tensor<1x2x3x4x5xf32>, %w: tensor<2x1x3xf32>, %b: tensor<2xf32>) {
  // expected-error @+1 {{(C2) bias must be G x Q: got 2, wanted 2x1}}
  %y = dchag.aggregate_linear %t weight(%w) bias(%b)
    : (tensor<1x2x3x4x5xf32>, tensor<2x1x3xf32>, tensor<2xf32>) -> tensor<1x2x1x4x5xf32>
  return
}

// -----

func.func @aggregate_linear_c3(%t: tensor<1x2x3x4x5xf32>, %w: tensor<2x1x3xf32>, %b: tensor<2x1xf16>) {
  // expected-error @+1 {{(C3) operand 2 must have the element type of operand 0: got 'f16', wanted 'f32'}}
  %y = dchag.aggregate_linear %t weight(%w) bias(%b)
    : (tensor<1x2x3x4x5xf32>, tensor<2x1x3xf32>, tensor<2x1xf16>) -> tensor<1x2x1x4x5xf32>
  return
}
