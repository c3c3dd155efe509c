// RUN: dchag-opt %s --split-input-file --verify-diagnostics

// Each function has the operands that its constraint is about, and one mistake.

func.func @folded_c1(%x: tensor<1x2x3x6xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>) {
  // expected-error @+1 {{(C1) pixels must be B x G x K x N x P: got 1x2x3x6, wanted ?x?x?x?x?}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) {heads = 2} : (tensor<1x2x3x6xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c1_result(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>) {
  // expected-error @+1 {{(C1) result must be B x G x Q x N x V: got 1x2x1x6x7, wanted 1x2x1x6x8}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) {heads = 2} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xf32>) -> tensor<1x2x1x6x7xf32>
  return
}

// -----

func.func @folded_c2(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x2x4xf32>, %m: tensor<2x8x3x4xf32>) {
  // expected-error @+1 {{(C2) score_weight must be G x Q x h x (K or 1) x P: got 2x1x2x2x4, wanted 2x?x2x3x4}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) {heads = 2} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x2x4xf32>, tensor<2x8x3x4xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c2_bias(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>, %s: tensor<1x2x1x1x2xf32>) {
  // expected-error @+1 {{(C2) score_bias must be (B or 1) x G x K x Q x h: got 1x2x1x1x2, wanted 1x2x3x1x2}}
  %y = dchag.folded_aggregate %x scores(%g) score_bias(%s) values(%m) {heads = 2} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<1x2x1x1x2xf32>, tensor<2x8x3x4xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c3(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x5xf32>) {
  // expected-error @+1 {{(C3) value_weight must be G x V x (K or 1) x F: got 2x8x3x5, wanted 2x?x3x4}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) {heads = 2} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x5xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c3_features(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>, %f: tensor<1x2x3x5x4xf32>) {
  // expected-error @+1 {{(C3) features must be B x G x K x N x F: got 1x2x3x5x4, wanted 1x2x3x6x?}}
  %y = dchag.folded_aggregate %x scores(%g) features(%f) values(%m) {heads = 2} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<1x2x3x5x4xf32>, tensor<2x8x3x4xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c3_neither(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>) {
  // expected-error @+1 {{(C3) without value_weight the values are features: got neither}}
  %y = dchag.folded_aggregate %x scores(%g) {heads = 2} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c3_bias(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>, %v: tensor<1x2x2x8xf32>) {
  // expected-error @+1 {{(C3) value_bias must be (B or 1) x G x (K or 1) x V: got 1x2x2x8, wanted 1x2x3x8}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) value_bias(%v) {heads = 2} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xf32>, tensor<1x2x2x8xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c4(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>, %a: tensor<2x3x3x4x4xf32>) {
  // expected-error @+1 {{(C4) norm_factor must be G x (K or 1) x (h or 1) x P x P: got 2x3x3x4x4, wanted 2x3x2x4x4}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) norm_factor(%a) {heads = 2, epsilon = 1.0} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xf32>, tensor<2x3x3x4x4xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c4_linear(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>, %a: tensor<2x3x2x4x4xf32>, %l: tensor<1x2x3x1x4xf32>) {
  // expected-error @+1 {{(C4) norm_linear must be (B or 1) x G x K x (h or 1, as norm_factor) x P: got 1x2x3x1x4, wanted 1x2x3x2x4}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) norm_factor(%a) norm_linear(%l) {heads = 2, epsilon = 1.0} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xf32>, tensor<2x3x2x4x4xf32>, tensor<1x2x3x1x4xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c4_constant(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>, %a: tensor<2x3x2x4x4xf32>, %l: tensor<1x2x2x2xf32>) {
  // expected-error @+1 {{(C4) norm_constant must be (B or 1) x G x K x (h or 1, as norm_factor): got 1x2x2x2, wanted 1x2x3x2}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) norm_factor(%a) norm_constant(%l) {heads = 2, epsilon = 1.0} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xf32>, tensor<2x3x2x4x4xf32>, tensor<1x2x2x2xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c5(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>, %s: tensor<1x2x3x1x2xf32>) {
  // expected-error @+1 {{(C5) score_offset needs norm_factor}}
  %y = dchag.folded_aggregate %x scores(%g) score_offset(%s) values(%m) {heads = 2} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<1x2x3x1x2xf32>, tensor<2x8x3x4xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c5_epsilon(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>) {
  // expected-error @+1 {{(C5) epsilon needs norm_factor}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) {heads = 2, epsilon = 1.0} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c5_negative(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>, %a: tensor<2x3x1x4x4xf32>) {
  // expected-error @+1 {{(C5) epsilon must be a finite number that is not negative: got -1}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) norm_factor(%a) {heads = 2, epsilon = -1.0} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xf32>, tensor<2x3x1x4x4xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c5_heads(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>, %a: tensor<2x3x2x4x4xf32>) {
  // expected-error @+1 {{(C5) norm_values needs one norm_factor for all heads: got 2}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) norm_factor(%a) {heads = 2, epsilon = 1.0, norm_values} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xf32>, tensor<2x3x2x4x4xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c5_offset(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>, %v: tensor<1x2x1x8xf32>, %a: tensor<2x3x1x4x4xf32>) {
  // expected-error @+1 {{(C5) value_offset needs norm_values: use value_bias}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) value_offset(%v) norm_factor(%a) {heads = 2, epsilon = 1.0} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xf32>, tensor<1x2x1x8xf32>, tensor<2x3x1x4x4xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c6(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>, %k: tensor<1x2x4xi1>) {
  // expected-error @+1 {{(C6) mask must be (B or 1) x G x K: got 1x2x4, wanted 1x2x3}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) mask(%k) {heads = 2} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xf32>, tensor<1x2x4xi1>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c7(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x7x3x4xf32>) {
  // expected-error @+1 {{(C7) heads must divide the width of the values: got 2 heads, width 7}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) {heads = 2} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x7x3x4xf32>) -> tensor<1x2x1x6x7xf32>
  return
}

// -----

func.func @folded_c8(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf64>) {
  // expected-error @+1 {{(C8) operand 2 must have the element type of operand 0: got 'f64', wanted 'f32'}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) {heads = 2} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xf64>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c8_narrow(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xbf16>, %s: tensor<1x2x3x1x2xf16>, %m: tensor<2x8x3x4xf32>) {
  // expected-error @+1 {{(C8) operand 2 must have the element type of operand 1: got 'f16', wanted 'bf16' or 'f32'}}
  %y = dchag.folded_aggregate %x scores(%g) score_bias(%s) values(%m) {heads = 2} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xbf16>, tensor<1x2x3x1x2xf16>, tensor<2x8x3x4xf32>) -> tensor<1x2x1x6x8xf32>
  return
}

// -----

func.func @folded_c8_result(%x: tensor<1x2x3x6x4xbf16>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xbf16>) {
  // expected-error @+1 {{(C8) result 0 must have the element type of operand 0: got 'f16', wanted 'bf16' or 'f32'}}
  %y = dchag.folded_aggregate %x scores(%g) values(%m) {heads = 2} : (tensor<1x2x3x6x4xbf16>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xbf16>) -> tensor<1x2x1x6x8xf16>
  return
}

// -----

func.func @partial_c1(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>) {
  // expected-error @+1 {{(C1) max must be B x G x Q x N x h: got 1x2x1x6x1, wanted 1x2x1x6x2}}
  %y:3 = dchag.folded_aggregate_partial %x scores(%g) values(%m) {heads = 2} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xf32>) -> (tensor<1x2x1x6x1xf32>, tensor<1x2x1x6x2xf32>, tensor<1x2x1x6x8xf32>)
  return
}

// -----

func.func @partial_c1_acc(%x: tensor<1x2x3x6x4xf32>, %g: tensor<2x1x2x3x4xf32>, %m: tensor<2x8x3x4xf32>) {
  // expected-error @+1 {{(C1) acc must be B x G x Q x N x V: got 1x2x1x6x6, wanted 1x2x1x6x8}}
  %y:3 = dchag.folded_aggregate_partial %x scores(%g) values(%m) {heads = 2} : (tensor<1x2x3x6x4xf32>, tensor<2x1x2x3x4xf32>, tensor<2x8x3x4xf32>) -> (tensor<1x2x1x6x2xf32>, tensor<1x2x1x6x2xf32>, tensor<1x2x1x6x6xf32>)
  return
}
