// RUN: dchag-opt %s --split-input-file --verify-diagnostics

func.func @convolution_c1(%x: tensor<2x4xf32>, %w: tensor<6x2x2x3xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{(C1) input must be B x C x S1 x .. x Sk with k at least 1: got 2x4}}
  %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 3>, dilations = array<i64: 2, 1>, low = array<i64: 1, 0>, high = array<i64: 2, 1>, groups = 2 : i64}
    : (tensor<2x4xf32>, tensor<6x2x2x3xf32>, tensor<6xf32>) -> tensor<2x6x3x2xf32>
  return
}

// -----

func.func @convolution_c1_weight(%x: tensor<2x4x5x7xf32>, %w: tensor<f32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{(C1) weight must be F x C/g x k1 x .. x kk: got a scalar, wanted ?x?x?x?}}
  %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 3>, dilations = array<i64: 2, 1>, low = array<i64: 1, 0>, high = array<i64: 2, 1>, groups = 2 : i64}
    : (tensor<2x4x5x7xf32>, tensor<f32>, tensor<6xf32>) -> tensor<2x6x3x2xf32>
  return
}

// -----

func.func @convolution_c1_channels(%x: tensor<2x4x5x7xf32>, %w: tensor<6x4x2x3xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{(C1) weight must have C/g channels: got 4, wanted 2}}
  %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 3>, dilations = array<i64: 2, 1>, low = array<i64: 1, 0>, high = array<i64: 2, 1>, groups = 2 : i64}
    : (tensor<2x4x5x7xf32>, tensor<6x4x2x3xf32>, tensor<6xf32>) -> tensor<2x6x3x2xf32>
  return
}

// -----

func.func @convolution_c1_result(%x: tensor<2x4x5x7xf32>, %w: tensor<6x2x2x3xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{(C1) result must be B x F x T1 x .. x Tk: got 2x5x3x2, wanted 2x6x?x?}}
  %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 3>, dilations = array<i64: 2, 1>, low = array<i64: 1, 0>, high = array<i64: 2, 1>, groups = 2 : i64}
    : (tensor<2x4x5x7xf32>, tensor<6x2x2x3xf32>, tensor<6xf32>) -> tensor<2x5x3x2xf32>
  return
}

// -----

func.func @convolution_c2(%x: tensor<2x4x5x7xf32>, %w: tensor<6x2x2x3xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{(C2) strides must have an entry for each of the 2 spatial dimensions: got 1}}
  %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2>, dilations = array<i64: 2, 1>, low = array<i64: 1, 0>, high = array<i64: 2, 1>, groups = 2 : i64}
    : (tensor<2x4x5x7xf32>, tensor<6x2x2x3xf32>, tensor<6xf32>) -> tensor<2x6x3x2xf32>
  return
}

// -----

func.func @convolution_c2_empty(%x: tensor<2x4x5x7xf32>, %w: tensor<6x2x2x3xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{(C2) high must have an entry for each of the 2 spatial dimensions: got 0}}
  %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 3>, dilations = array<i64: 2, 1>, low = array<i64: 1, 0>, high = array<i64>, groups = 2 : i64}
    : (tensor<2x4x5x7xf32>, tensor<6x2x2x3xf32>, tensor<6xf32>) -> tensor<2x6x3x2xf32>
  return
}

// -----

func.func @convolution_c2_zero(%x: tensor<2x4x5x7xf32>, %w: tensor<6x2x2x3xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{(C2) dilations must be from 1 to 2^31 - 1: got 0}}
  %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 3>, dilations = array<i64: 2, 0>, low = array<i64: 1, 0>, high = array<i64: 2, 1>, groups = 2 : i64}
    : (tensor<2x4x5x7xf32>, tensor<6x2x2x3xf32>, tensor<6xf32>) -> tensor<2x6x3x2xf32>
  return
}

// -----

func.func @convolution_c2_negative(%x: tensor<2x4x5x7xf32>, %w: tensor<6x2x2x3xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{(C2) low must be from 0 to 2^31 - 1: got -1}}
  %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 3>, dilations = array<i64: 2, 1>, low = array<i64: -1, 0>, high = array<i64: 2, 1>, groups = 2 : i64}
    : (tensor<2x4x5x7xf32>, tensor<6x2x2x3xf32>, tensor<6xf32>) -> tensor<2x6x3x2xf32>
  return
}

// -----

func.func @convolution_c2_large(%x: tensor<2x4x5x7xf32>, %w: tensor<6x2x2x3xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{(C2) strides must be from 1 to 2^31 - 1: got 9223372036854775807}}
  %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 9223372036854775807>, dilations = array<i64: 2, 1>, low = array<i64: 1, 0>, high = array<i64: 2, 1>, groups = 2 : i64}
    : (tensor<2x4x5x7xf32>, tensor<6x2x2x3xf32>, tensor<6xf32>) -> tensor<2x6x3x2xf32>
  return
}

// -----

func.func @convolution_c3(%x: tensor<2x4x5x7xf32>, %w: tensor<6x2x2x3xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{(C3) groups must divide channels and features: got 3 groups, 4 channels, 6 features}}
  %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 3>, dilations = array<i64: 2, 1>, low = array<i64: 1, 0>, high = array<i64: 2, 1>, groups = 3 : i64}
    : (tensor<2x4x5x7xf32>, tensor<6x2x2x3xf32>, tensor<6xf32>) -> tensor<2x6x3x2xf32>
  return
}

// -----

func.func @convolution_c4(%x: tensor<2x4x5x7xf32>, %w: tensor<6x2x2x3xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{(C4) size of the result in dimension 2 must be (8 - 3) / 2 + 1 = 3: got 4}}
  %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 3>, dilations = array<i64: 2, 1>, low = array<i64: 1, 0>, high = array<i64: 2, 1>, groups = 2 : i64}
    : (tensor<2x4x5x7xf32>, tensor<6x2x2x3xf32>, tensor<6xf32>) -> tensor<2x6x4x2xf32>
  return
}

// -----

func.func @convolution_c4_kernel(%x: tensor<2x4x5x7xf32>, %w: tensor<6x2x0x3xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{(C4) kernel sizes must be at least 1 and sizes below 2^31: got kernel 0 on size 5 in dimension 2}}
  %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 3>, dilations = array<i64: 2, 1>, low = array<i64: 1, 0>, high = array<i64: 2, 1>, groups = 2 : i64}
    : (tensor<2x4x5x7xf32>, tensor<6x2x0x3xf32>, tensor<6xf32>) -> tensor<2x6x3x2xf32>
  return
}

// -----

func.func @convolution_c4_too_large(%x: tensor<2x4x5x7xf32>, %w: tensor<6x2x2x9xf32>, %b: tensor<6xf32>) {
  // expected-error @+1 {{(C4) size of the result in dimension 3 must be (8 - 9) / 3 + 1 = 0: got 2}}
  %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 3>, dilations = array<i64: 2, 1>, low = array<i64: 1, 0>, high = array<i64: 2, 1>, groups = 2 : i64}
    : (tensor<2x4x5x7xf32>, tensor<6x2x2x9xf32>, tensor<6xf32>) -> tensor<2x6x3x2xf32>
  return
}

// -----

func.func @convolution_c5(%x: tensor<2x4x5x7xf32>, %w: tensor<6x2x2x3xf32>, %b: tensor<1x6xf32>) {
  // expected-error @+1 {{(C5) bias must be of F elements: got 1x6, wanted 6}}
  %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 3>, dilations = array<i64: 2, 1>, low = array<i64: 1, 0>, high = array<i64: 2, 1>, groups = 2 : i64}
    : (tensor<2x4x5x7xf32>, tensor<6x2x2x3xf32>, tensor<1x6xf32>) -> tensor<2x6x3x2xf32>
  return
}

// -----

func.func @convolution_c6(%x: tensor<2x4x5x7xf32>, %w: tensor<6x2x2x3xf32>, %b: tensor<6xbf16>) {
  // expected-error @+1 {{(C6) operand 2 must have the element type of operand 0: got 'bf16', wanted 'f32'}}
  %y = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 3>, dilations = array<i64: 2, 1>, low = array<i64: 1, 0>, high = array<i64: 2, 1>, groups = 2 : i64}
    : (tensor<2x4x5x7xf32>, tensor<6x2x2x3xf32>, tensor<6xbf16>) -> tensor<2x6x3x2xf32>
  return
}
