// RUN: dchag-opt %s --split-input-file --verify-diagnostics

func.func @attention_c1(%q: tensor<4x3x5xf32>, %k: tensor<2x2x7x5xf32>, %v: tensor<2x2x7x6xf32>, %b: tensor<1x4x1x7xf32>, %m: tensor<2x1x3x7xi1>) {
  // expected-error @+1 {{(C1) query must be B x h x N x d: got 4x3x5, wanted ?x?x?x?}}
  %y = dchag.attention %q, %k, %v bias(%b) mask(%m) {scale = 0.5 : f64}
    : (tensor<4x3x5xf32>, tensor<2x2x7x5xf32>, tensor<2x2x7x6xf32>, tensor<1x4x1x7xf32>, tensor<2x1x3x7xi1>) -> tensor<2x4x3x6xf32>
  return
}

// -----

func.func @attention_c1_scalar(%q: tensor<2x4x3x5xf32>, %k: tensor<f32>, %v: tensor<2x2x7x6xf32>, %b: tensor<1x4x1x7xf32>, %m: tensor<2x1x3x7xi1>) {
  // expected-error @+1 {{(C1) key must be B x hk x M x d: got a scalar, wanted 2x?x?x5}}
  %y = dchag.attention %q, %k, %v bias(%b) mask(%m) {scale = 0.5 : f64}
    : (tensor<2x4x3x5xf32>, tensor<f32>, tensor<2x2x7x6xf32>, tensor<1x4x1x7xf32>, tensor<2x1x3x7xi1>) -> tensor<2x4x3x6xf32>
  return
}

// -----

func.func @attention_c1_key(%q: tensor<2x4x3x5xf32>, %k: tensor<2x2x7x4xf32>, %v: tensor<2x2x7x6xf32>, %b: tensor<1x4x1x7xf32>, %m: tensor<2x1x3x7xi1>) {
  // expected-error @+1 {{(C1) key must be B x hk x M x d: got 2x2x7x4, wanted 2x?x?x5}}
  %y = dchag.attention %q, %k, %v bias(%b) mask(%m) {scale = 0.5 : f64}
    : (tensor<2x4x3x5xf32>, tensor<2x2x7x4xf32>, tensor<2x2x7x6xf32>, tensor<1x4x1x7xf32>, tensor<2x1x3x7xi1>) -> tensor<2x4x3x6xf32>
  return
}

// -----

func.func @attention_c1_value(%q: tensor<2x4x3x5xf32>, %k: tensor<2x2x7x5xf32>, %v: tensor<2x2x8x6xf32>, %b: tensor<1x4x1x7xf32>, %m: tensor<2x1x3x7xi1>) {
  // expected-error @+1 {{(C1) value must be B x hk x M x e: got 2x2x8x6, wanted 2x2x7x?}}
  %y = dchag.attention %q, %k, %v bias(%b) mask(%m) {scale = 0.5 : f64}
    : (tensor<2x4x3x5xf32>, tensor<2x2x7x5xf32>, tensor<2x2x8x6xf32>, tensor<1x4x1x7xf32>, tensor<2x1x3x7xi1>) -> tensor<2x4x3x6xf32>
  return
}

// -----

func.func @attention_c1_result(%q: tensor<2x4x3x5xf32>, %k: tensor<2x2x7x5xf32>, %v: tensor<2x2x7x6xf32>, %b: tensor<1x4x1x7xf32>, %m: tensor<2x1x3x7xi1>) {
  // expected-error @+1 {{(C1) result must be B x h x N x e: got 2x4x3x5, wanted 2x4x3x6}}
  %y = dchag.attention %q, %k, %v bias(%b) mask(%m) {scale = 0.5 : f64}
    : (tensor<2x4x3x5xf32>, tensor<2x2x7x5xf32>, tensor<2x2x7x6xf32>, tensor<1x4x1x7xf32>, tensor<2x1x3x7xi1>) -> tensor<2x4x3x5xf32>
  return
}

// -----

func.func @attention_c2(%q: tensor<2x4x3x5xf32>, %k: tensor<2x3x7x5xf32>, %v: tensor<2x3x7x6xf32>, %b: tensor<1x4x1x7xf32>, %m: tensor<2x1x3x7xi1>) {
  // expected-error @+1 {{(C2) heads of the keys must divide the heads of the queries: got 3 and 4}}
  %y = dchag.attention %q, %k, %v bias(%b) mask(%m) {scale = 0.5 : f64}
    : (tensor<2x4x3x5xf32>, tensor<2x3x7x5xf32>, tensor<2x3x7x6xf32>, tensor<1x4x1x7xf32>, tensor<2x1x3x7xi1>) -> tensor<2x4x3x6xf32>
  return
}

// -----

func.func @attention_c2_none(%q: tensor<2x4x3x5xf32>, %k: tensor<2x0x7x5xf32>, %v: tensor<2x0x7x6xf32>, %b: tensor<1x4x1x7xf32>, %m: tensor<2x1x3x7xi1>) {
  // expected-error @+1 {{(C2) heads of the keys must divide the heads of the queries: got 0 and 4}}
  %y = dchag.attention %q, %k, %v bias(%b) mask(%m) {scale = 0.5 : f64}
    : (tensor<2x4x3x5xf32>, tensor<2x0x7x5xf32>, tensor<2x0x7x6xf32>, tensor<1x4x1x7xf32>, tensor<2x1x3x7xi1>) -> tensor<2x4x3x6xf32>
  return
}

// -----

func.func @attention_c3(%q: tensor<2x4x3x5xf32>, %k: tensor<2x2x7x5xf32>, %v: tensor<2x2x7x6xf32>, %b: tensor<1x2x1x7xf32>, %m: tensor<2x1x3x7xi1>) {
  // expected-error @+1 {{(C3) bias must be (B or 1) x (h or 1) x (N or 1) x (M or 1): got 1x2x1x7, scores are 2x4x3x7}}
  %y = dchag.attention %q, %k, %v bias(%b) mask(%m) {scale = 0.5 : f64}
    : (tensor<2x4x3x5xf32>, tensor<2x2x7x5xf32>, tensor<2x2x7x6xf32>, tensor<1x2x1x7xf32>, tensor<2x1x3x7xi1>) -> tensor<2x4x3x6xf32>
  return
}

// -----

func.func @attention_c3_mask(%q: tensor<2x4x3x5xf32>, %k: tensor<2x2x7x5xf32>, %v: tensor<2x2x7x6xf32>, %b: tensor<1x4x1x7xf32>, %m: tensor<3x7xi1>) {
  // expected-error @+1 {{(C3) mask must be (B or 1) x (h or 1) x (N or 1) x (M or 1): got 3x7, scores are 2x4x3x7}}
  %y = dchag.attention %q, %k, %v bias(%b) mask(%m) {scale = 0.5 : f64}
    : (tensor<2x4x3x5xf32>, tensor<2x2x7x5xf32>, tensor<2x2x7x6xf32>, tensor<1x4x1x7xf32>, tensor<3x7xi1>) -> tensor<2x4x3x6xf32>
  return
}

// -----

func.func @attention_c4(%q: tensor<2x4x3x5xf32>, %k: tensor<2x2x7x5xf32>, %v: tensor<2x2x7x6xf64>, %b: tensor<1x4x1x7xf32>, %m: tensor<2x1x3x7xi1>) {
  // expected-error @+1 {{(C4) operand 2 must have the element type of operand 0: got 'f64', wanted 'f32'}}
  %y = dchag.attention %q, %k, %v bias(%b) mask(%m) {scale = 0.5 : f64}
    : (tensor<2x4x3x5xf32>, tensor<2x2x7x5xf32>, tensor<2x2x7x6xf64>, tensor<1x4x1x7xf32>, tensor<2x1x3x7xi1>) -> tensor<2x4x3x6xf32>
  return
}
