// RUN: dchag-opt %s --split-input-file --verify-diagnostics

func.func @aggregate_partial_c1(%t: tensor<2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>, %bk: tensor<2x6xf32>, %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %m: tensor<1x2x3xi1>) {
  // expected-error @+1 {{(C1) tokens must be B x G x K x N x Dt: got 2x3x4x8, wanted ?x?x?x?x?}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk, %bk) values(%wv, %bv) mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<2x6xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>, tensor<1x2x3xi1>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c1_scalar(%t: tensor<f32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>, %bk: tensor<2x6xf32>, %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %m: tensor<1x2x3xi1>) {
  // expected-error @+1 {{(C1) tokens must be B x G x K x N x Dt: got a scalar, wanted ?x?x?x?x?}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk, %bk) values(%wv, %bv) mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<f32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<2x6xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>, tensor<1x2x3xi1>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c1_query(%t: tensor<1x2x3x4x8xf32>, %q: tensor<3x1x6xf32>, %wk: tensor<2x6x8xf32>, %bk: tensor<2x6xf32>, %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %m: tensor<1x2x3xi1>) {
  // expected-error @+1 {{(C1) query must be G x Q x A: got 3x1x6, wanted 2x?x?}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk, %bk) values(%wv, %bv) mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<3x1x6xf32>, tensor<2x6x8xf32>, tensor<2x6xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>, tensor<1x2x3xi1>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c1_max(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>, %bk: tensor<2x6xf32>, %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %m: tensor<1x2x3xi1>) {
  // expected-error @+1 {{(C1) max must be B x G x Q x N x h: got 1x2x1x4x3, wanted 1x2x1x4x2}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk, %bk) values(%wv, %bv) mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<2x6xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>, tensor<1x2x3xi1>) -> (tensor<1x2x1x4x3xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c1_sum(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>, %bk: tensor<2x6xf32>, %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %m: tensor<1x2x3xi1>) {
  // expected-error @+1 {{(C1) sum must be B x G x Q x N x h: got 1x2x4x2, wanted 1x2x1x4x2}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk, %bk) values(%wv, %bv) mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<2x6xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>, tensor<1x2x3xi1>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c1_acc(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>, %bk: tensor<2x6xf32>, %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %m: tensor<1x2x3xi1>) {
  // expected-error @+1 {{(C1) acc must be B x G x Q x N x V: got 1x2x1x4x8, wanted 1x2x1x4x4}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk, %bk) values(%wv, %bv) mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<2x6xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>, tensor<1x2x3xi1>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x8xf32>)
  return
}

// -----

func.func @aggregate_partial_c2(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>, %bk: tensor<2x6xf32>, %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %m: tensor<1x2x3xi1>) {
  // expected-error @+1 {{(C2) heads must divide the width of the keys: got 4 heads, width 6}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk, %bk) values(%wv, %bv) mask(%m) {heads = 4 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<2x6xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>, tensor<1x2x3xi1>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c2_values(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>, %bk: tensor<2x6xf32>, %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %m: tensor<1x2x3xi1>) {
  // expected-error @+1 {{(C2) heads must divide the width of the values: got 3 heads, width 4}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk, %bk) values(%wv, %bv) mask(%m) {heads = 3 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<2x6xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>, tensor<1x2x3xi1>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c3(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x7xf32>, %bk: tensor<2x6xf32>, %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %m: tensor<1x2x3xi1>) {
  // expected-error @+1 {{(C3) wk must be G x A x Dt: got 2x6x7, wanted 2x?x8}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk, %bk) values(%wv, %bv) mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x7xf32>, tensor<2x6xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>, tensor<1x2x3xi1>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c3_query(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x4x8xf32>, %bk: tensor<2x4xf32>, %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %m: tensor<1x2x3xi1>) {
  // expected-error @+1 {{(C3) wk must be G x A x Dt with the width A of the query: got 4, wanted 6}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk, %bk) values(%wv, %bv) mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>, tensor<1x2x3xi1>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c3_bias(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>, %bk: tensor<6xf32>, %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %m: tensor<1x2x3xi1>) {
  // expected-error @+1 {{(C3) bk must be G x A: got 6, wanted 2x6}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk, %bk) values(%wv, %bv) mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<6xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>, tensor<1x2x3xi1>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c3_values(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>, %bk: tensor<2x6xf32>, %wv: tensor<4x8xf32>, %bv: tensor<2x4xf32>, %m: tensor<1x2x3xi1>) {
  // expected-error @+1 {{(C3) wv must be G x V x Dt: got 4x8, wanted 2x?x8}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk, %bk) values(%wv, %bv) mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<2x6xf32>, tensor<4x8xf32>, tensor<2x4xf32>, tensor<1x2x3xi1>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c4(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>, %bk: tensor<2x6xf32>, %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %m: tensor<2x2x3xi1>) {
  // expected-error @+1 {{(C4) mask must be (B or 1) x G x K: got 2x2x3, wanted 1x2x3}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk, %bk) values(%wv, %bv) mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<2x6xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>, tensor<2x2x3xi1>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c4_rank(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>, %bk: tensor<2x6xf32>, %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %m: tensor<i1>) {
  // expected-error @+1 {{(C4) mask must be (B or 1) x G x K: got a scalar, wanted 1x2x3}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk, %bk) values(%wv, %bv) mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<2x6xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>, tensor<i1>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c5(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wv: tensor<2x4x8xf32>) {
  // expected-error @+1 {{(C5) without wk the query must have the width of the tokens: got 6, wanted 8}}
  %y:3 = dchag.aggregate_partial %t, %q values(%wv) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x4x8xf32>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c5_values(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>) {
  // expected-error @+1 {{(C1) acc must be B x G x Q x N x V: got 1x2x1x4x4, wanted 1x2x1x4x8}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c6(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>, %b: tensor<2x8xf32>) {
  // expected-error @+1 {{(C6) a bias needs its weight: got bk without wk}}
  %y:3 = "dchag.aggregate_partial"(%t, %q, %b) {heads = 2 : i64, scale = 0.5 : f64, operandSegmentSizes = array<i32: 1, 1, 0, 1, 0, 0, 0>}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>, tensor<2x8xf32>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x8xf32>)
  return
}

// -----

func.func @aggregate_partial_c6_values(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>, %b: tensor<2x8xf32>) {
  // expected-error @+1 {{(C6) a bias needs its weight: got bv without wv}}
  %y:3 = "dchag.aggregate_partial"(%t, %q, %b) {heads = 2 : i64, scale = 0.5 : f64, operandSegmentSizes = array<i32: 1, 1, 0, 0, 0, 1, 0>}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>, tensor<2x8xf32>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x8xf32>)
  return
}

// -----

func.func @aggregate_partial_c7(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf64>, %bk: tensor<2x6xf32>, %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %m: tensor<1x2x3xi1>) {
  // expected-error @+1 {{(C7) operand 2 must have the element type of operand 0: got 'f64', wanted 'f32'}}
  %y:3 = dchag.aggregate_partial %t, %q keys(%wk, %bk) values(%wv, %bv) mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf64>, tensor<2x6xf32>, tensor<2x4x8xf32>, tensor<2x4xf32>, tensor<1x2x3xi1>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x4xf32>)
  return
}

// -----

func.func @aggregate_partial_c8(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x8xf32>) {
  // expected-error @+1 {{(C8) epsilon of key_norm must be a finite number that is not negative: got -5.0}}
  %y:3 = dchag.aggregate_partial %t, %q {heads = 2 : i64, key_norm = #dchag.key_norm<layer, per_head, epsilon = -5.0>, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x8xf32>) -> (tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x2xf32>, tensor<1x2x1x4x8xf32>)
  return
}
