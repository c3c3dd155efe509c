// RUN: dchag-opt %s --bufferize-program --verify-diagnostics

// An op that does not say how it is computed on buffers: it should have been decomposed.
func.func @gelu(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @+1 {{op was not bufferized}}
  %y = dchag.gelu %x : tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
