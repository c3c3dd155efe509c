// RUN: dchag-opt %s --split-input-file --verify-diagnostics

func.func @layer_norm_c1(%x: tensor<2x3x8xf32>, %s: tensor<8xf32>, %b: tensor<8xf32>) {
  // expected-error @+1 {{(C1) dims must be from 1 to the rank of the input: got 4, rank 3}}
  %y = dchag.layer_norm %x scale(%s) bias(%b) {dims = 4 : i64, epsilon = 1.0e-5 : f64}
    : (tensor<2x3x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @layer_norm_c1_scalar(%x: tensor<f32>, %s: tensor<8xf32>, %b: tensor<8xf32>) {
  // expected-error @+1 {{(C1) dims must be from 1 to the rank of the input: got 1, rank 0}}
  %y = dchag.layer_norm %x scale(%s) bias(%b) {dims = 1 : i64, epsilon = 1.0e-5 : f64}
    : (tensor<f32>, tensor<8xf32>, tensor<8xf32>) -> tensor<f32>
  return
}

// -----

func.func @layer_norm_c1_result(%x: tensor<2x3x8xf32>, %s: tensor<8xf32>, %b: tensor<8xf32>) {
  // expected-error @+1 {{(C1) result must be as the input: got 2x8, wanted 2x3x8}}
  %y = dchag.layer_norm %x scale(%s) bias(%b) {dims = 1 : i64, epsilon = 1.0e-5 : f64}
    : (tensor<2x3x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @layer_norm_c2(%x: tensor<2x3x8xf32>, %s: tensor<8xf32>, %b: tensor<8xf32>) {
  // expected-error @+1 {{(C2) scale must be the last `dims` sizes of the input: got 8, wanted 3x8}}
  %y = dchag.layer_norm %x scale(%s) bias(%b) {dims = 2 : i64, epsilon = 1.0e-5 : f64}
    : (tensor<2x3x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @layer_norm_c2_bias(%x: tensor<2x3x8xf32>, %s: tensor<8xf32>, %b: tensor<f32>) {
  // expected-error @+1 {{(C2) bias must be the last `dims` sizes of the input: got a scalar, wanted 8}}
  %y = dchag.layer_norm %x scale(%s) bias(%b) {dims = 1 : i64, epsilon = 1.0e-5 : f64}
    : (tensor<2x3x8xf32>, tensor<8xf32>, tensor<f32>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @layer_norm_c3(%x: tensor<2x3x8xf32>, %s: tensor<8xf64>, %b: tensor<8xf32>) {
  // expected-error @+1 {{(C3) operand 1 must have the element type of operand 0: got 'f64', wanted 'f32'}}
  %y = dchag.layer_norm %x scale(%s) bias(%b) {dims = 1 : i64, epsilon = 1.0e-5 : f64}
    : (tensor<2x3x8xf32>, tensor<8xf64>, tensor<8xf32>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @layer_norm_c4(%x: tensor<2x3x8xf32>, %s: tensor<8xf32>, %b: tensor<8xf32>) {
  // expected-error @+1 {{(C4) epsilon must be a finite number that is not negative: got -1}}
  %y = dchag.layer_norm %x scale(%s) bias(%b) {dims = 1 : i64, epsilon = -1.0 : f64}
    : (tensor<2x3x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @layer_norm_c4_nan(%x: tensor<2x3x8xf32>, %s: tensor<8xf32>, %b: tensor<8xf32>) {
  // expected-error @+1 {{(C4) epsilon must be a finite number that is not negative: got nan}}
  %y = dchag.layer_norm %x scale(%s) bias(%b) {dims = 1 : i64, epsilon = 0x7FF8000000000000 : f64}
    : (tensor<2x3x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @rms_norm_c1(%x: tensor<2x3x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{(C1) dims must be from 1 to the rank of the input: got 4, rank 3}}
  %y = dchag.rms_norm %x scale(%s) {dims = 4 : i64, epsilon = 1.0e-5 : f64}
    : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @rms_norm_c1_scalar(%x: tensor<f32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{(C1) dims must be from 1 to the rank of the input: got 1, rank 0}}
  %y = dchag.rms_norm %x scale(%s) {dims = 1 : i64, epsilon = 1.0e-5 : f64}
    : (tensor<f32>, tensor<8xf32>) -> tensor<f32>
  return
}

// -----

func.func @rms_norm_c1_result(%x: tensor<2x3x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{(C1) result must be as the input: got 2x8, wanted 2x3x8}}
  %y = dchag.rms_norm %x scale(%s) {dims = 1 : i64, epsilon = 1.0e-5 : f64}
    : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @rms_norm_c2(%x: tensor<2x3x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{(C2) scale must be the last `dims` sizes of the input: got 8, wanted 3x8}}
  %y = dchag.rms_norm %x scale(%s) {dims = 2 : i64, epsilon = 1.0e-5 : f64}
    : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @rms_norm_c3(%x: tensor<2x3x8xf32>, %s: tensor<8xf64>) {
  // expected-error @+1 {{(C3) operand 1 must have the element type of operand 0: got 'f64', wanted 'f32'}}
  %y = dchag.rms_norm %x scale(%s) {dims = 1 : i64, epsilon = 1.0e-5 : f64}
    : (tensor<2x3x8xf32>, tensor<8xf64>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @rms_norm_c4(%x: tensor<2x3x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{(C4) epsilon must be a finite number that is not negative: got -1}}
  %y = dchag.rms_norm %x scale(%s) {dims = 1 : i64, epsilon = -1.0 : f64}
    : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @rms_norm_c4_nan(%x: tensor<2x3x8xf32>, %s: tensor<8xf32>) {
  // expected-error @+1 {{(C4) epsilon must be a finite number that is not negative: got nan}}
  %y = dchag.rms_norm %x scale(%s) {dims = 1 : i64, epsilon = 0x7FF8000000000000 : f64}
    : (tensor<2x3x8xf32>, tensor<8xf32>) -> tensor<2x3x8xf32>
  return
}

// -----

func.func @softmax_c1(%x: tensor<2x3x5xf32>) {
  // expected-error @+1 {{(C1) dim must be at least 0 and below the rank: got 3, rank 3}}
  %y = dchag.softmax %x {dim = 3 : i64} : tensor<2x3x5xf32>
  return
}

// -----

func.func @softmax_c1_scalar(%x: tensor<f32>) {
  // expected-error @+1 {{(C1) dim must be at least 0 and below the rank: got 0, rank 0}}
  %y = dchag.softmax %x {dim = 0 : i64} : tensor<f32>
  return
}
