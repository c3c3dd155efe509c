// RUN: dchag-opt %s --split-input-file --verify-diagnostics

func.func @merge_partials_c1(%m: tensor<2x1x1x6x2xf32>, %l: tensor<2x1x1x1x6x2xf32>, %u: tensor<2x1x1x1x6x8xf32>) {
  // expected-error @+1 {{(C1) max must be R x B x G x Q x N x h: got 2x1x1x6x2, wanted ?x?x?x?x?x?}}
  %y = dchag.merge_partials %m, %l, %u
    : (tensor<2x1x1x6x2xf32>, tensor<2x1x1x1x6x2xf32>, tensor<2x1x1x1x6x8xf32>) -> tensor<1x1x1x6x8xf32>
  return
}

// -----

func.func @merge_partials_c1_scalar(%m: tensor<f32>, %l: tensor<2x1x1x1x6x2xf32>, %u: tensor<2x1x1x1x6x8xf32>) {
  // expected-error @+1 {{(C1) max must be R x B x G x Q x N x h: got a scalar, wanted ?x?x?x?x?x?}}
  %y = dchag.merge_partials %m, %l, %u
    : (tensor<f32>, tensor<2x1x1x1x6x2xf32>, tensor<2x1x1x1x6x8xf32>) -> tensor<1x1x1x6x8xf32>
  return
}

// -----

func.func @merge_partials_c1_sum(%m: tensor<2x1x1x1x6x2xf32>, %l: tensor<2x1x1x1x6x8xf32>, %u: tensor<2x1x1x1x6x8xf32>) {
  // expected-error @+1 {{(C1) sum must be R x B x G x Q x N x h: got 2x1x1x1x6x8, wanted 2x1x1x1x6x2}}
  %y = dchag.merge_partials %m, %l, %u
    : (tensor<2x1x1x1x6x2xf32>, tensor<2x1x1x1x6x8xf32>, tensor<2x1x1x1x6x8xf32>) -> tensor<1x1x1x6x8xf32>
  return
}

// -----

func.func @merge_partials_c1_acc(%m: tensor<2x1x1x1x6x2xf32>, %l: tensor<2x1x1x1x6x2xf32>, %u: tensor<3x1x1x1x6x8xf32>) {
  // expected-error @+1 {{(C1) acc must be R x B x G x Q x N x V: got 3x1x1x1x6x8, wanted 2x1x1x1x6x?}}
  %y = dchag.merge_partials %m, %l, %u
    : (tensor<2x1x1x1x6x2xf32>, tensor<2x1x1x1x6x2xf32>, tensor<3x1x1x1x6x8xf32>) -> tensor<1x1x1x6x8xf32>
  return
}

// -----

func.func @merge_partials_c1_result(%m: tensor<2x1x1x1x6x2xf32>, %l: tensor<2x1x1x1x6x2xf32>, %u: tensor<2x1x1x1x6x8xf32>) {
  // expected-error @+1 {{(C1) result must be B x G x Q x N x V: got 2x1x1x1x6x8, wanted 1x1x1x6x8}}
  %y = dchag.merge_partials %m, %l, %u
    : (tensor<2x1x1x1x6x2xf32>, tensor<2x1x1x1x6x2xf32>, tensor<2x1x1x1x6x8xf32>) -> tensor<2x1x1x1x6x8xf32>
  return
}

// -----

func.func @merge_partials_c2(%m: tensor<2x1x1x1x6x3xf32>, %l: tensor<2x1x1x1x6x3xf32>, %u: tensor<2x1x1x1x6x8xf32>) {
  // expected-error @+1 {{(C2) heads must divide the width of the values: got 3 heads, width 8}}
  %y = dchag.merge_partials %m, %l, %u
    : (tensor<2x1x1x1x6x3xf32>, tensor<2x1x1x1x6x3xf32>, tensor<2x1x1x1x6x8xf32>) -> tensor<1x1x1x6x8xf32>
  return
}

// -----

func.func @merge_partials_c2_none(%m: tensor<2x1x1x1x6x0xf32>, %l: tensor<2x1x1x1x6x0xf32>, %u: tensor<2x1x1x1x6x8xf32>) {
  // expected-error @+1 {{(C2) heads must divide the width of the values: got 0 heads, width 8}}
  %y = dchag.merge_partials %m, %l, %u
    : (tensor<2x1x1x1x6x0xf32>, tensor<2x1x1x1x6x0xf32>, tensor<2x1x1x1x6x8xf32>) -> tensor<1x1x1x6x8xf32>
  return
}

// -----

func.func @merge_partials_c3(%m: tensor<2x1x1x1x6x2xf32>, %l: tensor<2x1x1x1x6x2xf64>, %u: tensor<2x1x1x1x6x8xf32>) {
  // expected-error @+1 {{(C3) operand 1 must have the element type of operand 0: got 'f64', wanted 'f32'}}
  %y = dchag.merge_partials %m, %l, %u
    : (tensor<2x1x1x1x6x2xf32>, tensor<2x1x1x1x6x2xf64>, tensor<2x1x1x1x6x8xf32>) -> tensor<1x1x1x6x8xf32>
  return
}
