// RUN: dchag-opt %s --split-input-file --verify-diagnostics

func.func @gelu_type(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{requires the same type for all operands and results}}
  %y = "dchag.gelu"(%x) : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return
}

// -----

func.func @gelu_form(%x: tensor<2x3xf32>) {
  // expected-error @+1 {{attribute 'form' failed to satisfy constraint: form of the Gaussian error linear unit}}
  %y = "dchag.gelu"(%x) {form = 2 : i32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @gelu_dynamic(%x: tensor<?x3xf32>) {
  // expected-error @+1 {{operand #0 must be statically shaped tensor of floating-point values}}
  %y = dchag.gelu %x : tensor<?x3xf32>
  return
}
