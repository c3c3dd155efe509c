// RUN: dchag-opt %s --split-input-file --verify-diagnostics

// Each function has the operands that its constraint is about, and one mistake.

func.func @aggregate_c1(%t: tensor<2x3x4x8xf32>, %q: tensor<2x1x8xf32>) {
  // expected-error @+1 {{(C1) tokens must be B x G x K x N x Dt: got 2x3x4x8, wanted ?x?x?x?x?}}
  %y = dchag.aggregate %t, %q {heads = 2 : i64, scale = 0.5 : f64} : (tensor<2x3x4x8xf32>, tensor<2x1x8xf32>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

func.func @aggregate_c1_scalar(%t: tensor<f32>, %q: tensor<2x1x8xf32>) {
  // expected-error @+1 {{(C1) tokens must be B x G x K x N x Dt: got a scalar, wanted ?x?x?x?x?}}
  %y = dchag.aggregate %t, %q {heads = 2 : i64, scale = 0.5 : f64} : (tensor<f32>, tensor<2x1x8xf32>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

func.func @aggregate_c1_query(%t: tensor<1x2x3x4x8xf32>, %q: tensor<3x1x8xf32>) {
  // expected-error @+1 {{(C1) query must be G x Q x A: got 3x1x8, wanted 2x?x?}}
  %y = dchag.aggregate %t, %q {heads = 2 : i64, scale = 0.5 : f64} : (tensor<1x2x3x4x8xf32>, tensor<3x1x8xf32>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

func.func @aggregate_c1_result(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>, %wo: tensor<2x5x8xf32>) {
  // expected-error @+1 {{(C1) result must be B x G x Q x N x Do: got 1x2x1x4x6, wanted 1x2x1x4x5}}
  %y = dchag.aggregate %t, %q output(%wo) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>, tensor<2x5x8xf32>) -> tensor<1x2x1x4x6xf32>
  return
}

// -----

func.func @aggregate_c1_result_rank(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>, %wo: tensor<2x5x8xf32>) {
  // expected-error @+1 {{(C1) result must be B x G x Q x N x Do: got 2x4x5, wanted 1x2x1x4x5}}
  %y = dchag.aggregate %t, %q output(%wo) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>, tensor<2x5x8xf32>) -> tensor<2x4x5xf32>
  return
}

// -----

func.func @aggregate_c2(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>) {
  // expected-error @+1 {{(C2) heads must divide the width of the keys: got 4 heads, width 6}}
  %y = dchag.aggregate %t, %q keys(%wk) {heads = 4 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

func.func @aggregate_c2_values(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>, %wv: tensor<2x6x8xf32>) {
  // expected-error @+1 {{(C2) heads must divide the width of the values: got 4 heads, width 6}}
  %y = dchag.aggregate %t, %q values(%wv) {heads = 4 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>, tensor<2x6x8xf32>) -> tensor<1x2x1x4x6xf32>
  return
}

// -----

func.func @aggregate_c3(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x7xf32>) {
  // expected-error @+1 {{(C3) wk must be G x A x Dt: got 2x6x7, wanted 2x?x8}}
  %y = dchag.aggregate %t, %q keys(%wk) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x7xf32>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

func.func @aggregate_c3_query(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x4x8xf32>) {
  // expected-error @+1 {{(C3) wk must be G x A x Dt with the width A of the query: got 4, wanted 6}}
  %y = dchag.aggregate %t, %q keys(%wk) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x4x8xf32>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

func.func @aggregate_c3_bias(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>, %bk: tensor<6xf32>) {
  // expected-error @+1 {{(C3) bk must be G x A: got 6, wanted 2x6}}
  %y = dchag.aggregate %t, %q keys(%wk, %bk) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<6xf32>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

func.func @aggregate_c3_values(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>, %wv: tensor<4x8xf32>) {
  // expected-error @+1 {{(C3) wv must be G x V x Dt: got 4x8, wanted 2x?x8}}
  %y = dchag.aggregate %t, %q values(%wv) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>, tensor<4x8xf32>) -> tensor<1x2x1x4x4xf32>
  return
}

// -----

func.func @aggregate_c3_output(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>, %wo: tensor<2x5x3xf32>) {
  // expected-error @+1 {{(C3) wo must be G x Do x V: got 2x5x3, wanted 2x?x8}}
  %y = dchag.aggregate %t, %q output(%wo) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>, tensor<2x5x3xf32>) -> tensor<1x2x1x4x5xf32>
  return
}

// -----

func.func @aggregate_c3_output_bias(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>, %wo: tensor<2x5x8xf32>, %bo: tensor<2x4xf32>) {
  // expected-error @+1 {{(C3) bo must be G x Do: got 2x4, wanted 2x5}}
  %y = dchag.aggregate %t, %q output(%wo, %bo) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>, tensor<2x5x8xf32>, tensor<2x4xf32>) -> tensor<1x2x1x4x5xf32>
  return
}

// -----

func.func @aggregate_c4(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>, %m: tensor<2x2x3xi1>) {
  // expected-error @+1 {{(C4) mask must be (B or 1) x G x K: got 2x2x3, wanted 1x2x3}}
  %y = dchag.aggregate %t, %q mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>, tensor<2x2x3xi1>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

func.func @aggregate_c4_rank(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>, %m: tensor<i1>) {
  // expected-error @+1 {{(C4) mask must be (B or 1) x G x K: got a scalar, wanted 1x2x3}}
  %y = dchag.aggregate %t, %q mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>, tensor<i1>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

func.func @aggregate_c5(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>) {
  // expected-error @+1 {{(C5) without wk the query must have the width of the tokens: got 6, wanted 8}}
  %y = dchag.aggregate %t, %q {heads = 2 : i64, scale = 0.5 : f64} : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

func.func @aggregate_c5_result(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>, %wv: tensor<2x4x8xf32>) {
  // expected-error @+1 {{(C5) result must be B x G x Q x N x V without wo: got 1x2x1x4x5, wanted 1x2x1x4x4}}
  %y = dchag.aggregate %t, %q values(%wv) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>, tensor<2x4x8xf32>) -> tensor<1x2x1x4x5xf32>
  return
}

// -----

func.func @aggregate_c5_values(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>) {
  // expected-error @+1 {{(C5) result must be B x G x Q x N x V without wo: got 1x2x1x4x5, wanted 1x2x1x4x8}}
  %y = dchag.aggregate %t, %q {heads = 2 : i64, scale = 0.5 : f64} : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>) -> tensor<1x2x1x4x5xf32>
  return
}

// -----

// The assembly format has no bias without its weight. Segments: tokens, query, wk, bk, wv, bv, wo, bo, mask.
func.func @aggregate_c6(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>, %b: tensor<2x8xf32>) {
  // expected-error @+1 {{(C6) a bias needs its weight: got bk without wk}}
  %y = "dchag.aggregate"(%t, %q, %b) {heads = 2 : i64, scale = 0.5 : f64, operandSegmentSizes = array<i32: 1, 1, 0, 1, 0, 0, 0, 0, 0>}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>, tensor<2x8xf32>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

func.func @aggregate_c6_values(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>, %b: tensor<2x8xf32>) {
  // expected-error @+1 {{(C6) a bias needs its weight: got bv without wv}}
  %y = "dchag.aggregate"(%t, %q, %b) {heads = 2 : i64, scale = 0.5 : f64, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 1, 0, 0, 0>}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>, tensor<2x8xf32>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

func.func @aggregate_c6_output(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>, %b: tensor<2x8xf32>) {
  // expected-error @+1 {{(C6) a bias needs its weight: got bo without wo}}
  %y = "dchag.aggregate"(%t, %q, %b) {heads = 2 : i64, scale = 0.5 : f64, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 0, 0, 1, 0>}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>, tensor<2x8xf32>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

func.func @aggregate_c7(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf64>) {
  // expected-error @+1 {{(C7) operand 2 must have the element type of operand 0: got 'f64', wanted 'f32'}}
  %y = dchag.aggregate %t, %q keys(%wk) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf64>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

func.func @aggregate_c7_result(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>) {
  // expected-error @+1 {{(C7) result 0 must have the element type of operand 0: got 'bf16', wanted 'f32'}}
  %y = dchag.aggregate %t, %q {heads = 2 : i64, scale = 0.5 : f64} : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>) -> tensor<1x2x1x4x8xbf16>
  return
}

// -----

func.func @aggregate_c8(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>) {
  // expected-error @+1 {{(C8) epsilon of key_norm must be a finite number that is not negative: got -1.0}}
  %y = dchag.aggregate %t, %q {heads = 2 : i64, key_norm = #dchag.key_norm<rms, all_heads, epsilon = -1.0e-5>, scale = 0.5 : f64} : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

func.func @aggregate_no_heads(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>) {
  // expected-error @+1 {{attribute 'heads' failed to satisfy constraint: 64-bit signless integer attribute whose value is positive}}
  %y = dchag.aggregate %t, %q {heads = 0 : i64, scale = 0.5 : f64} : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>) -> tensor<1x2x1x4x8xf32>
  return
}

// -----

// Every operand at once, and no channel at all: not an error.
func.func @aggregate_of_nothing(%t: tensor<1x2x0x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>, %bk: tensor<2x6xf32>,
    %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %wo: tensor<2x5x4xf32>, %bo: tensor<2x5xf32>, %m: tensor<1x2x0xi1>) {
  %y = dchag.aggregate %t, %q keys(%wk, %bk) values(%wv, %bv) output(%wo, %bo) mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x0x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<2x6xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>,
       tensor<2x5x4xf32>, tensor<2x5xf32>, tensor<1x2x0xi1>) -> tensor<1x2x1x4x5xf32>
  return
}
