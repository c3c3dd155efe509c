// RUN: dchag-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{(K1) has an argument of the type 'memref<?xf32>': sizes must be static}}
dchag_rt.kernel @kernel_k1_static(%x: memref<?xf32>) {
  dchag_rt.return
}

// -----

// expected-error @+1 {{(K1) has arguments in memory and 1 results: it writes into its last arguments instead}}
dchag_rt.kernel @kernel_k1_results(%x: memref<2xf32>) -> f32 {
  %c = arith.constant 0.0 : f32
  dchag_rt.return %c : f32
}

// -----

dchag_rt.kernel @return_r1(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{(R1) has operands of the types (), but kernel @return_r1 has the results ('tensor<2xf32>')}}
  dchag_rt.return
}

// -----

func.func @launch_l1_missing(%x: memref<2xf32>) {
  // expected-error @+1 {{(L1) launches @none, which is no dchag_rt.kernel}}
  dchag_rt.launch @none outs(%x : memref<2xf32>)
  return
}

// -----

dchag_rt.kernel @kernel(%x: memref<2xf32>) {
  dchag_rt.return
}
func.func @launch_l1_types(%x: memref<3xf32>) {
  // expected-error @+1 {{(L1) has operands of the types ('memref<3xf32>'), but kernel @kernel takes ('memref<2xf32>')}}
  dchag_rt.launch @kernel outs(%x : memref<3xf32>)
  return
}

// -----

dchag_rt.kernel @kernel(%x: tensor<2xf32>) -> tensor<2xf32> {
  dchag_rt.return %x : tensor<2xf32>
}
func.func @launch_l2_results(%x: tensor<2xf32>) {
  // expected-error @+1 {{(L2) has results of the types (), wanted those of what it writes ('tensor<2xf32>')}}
  dchag_rt.launch @kernel inouts(%x : tensor<2xf32>)
  return
}

// -----

dchag_rt.kernel @kernel(%x: tensor<2xf32>, %y: memref<2xf32>) {
  dchag_rt.return
}
func.func @launch_l2_mixture(%x: tensor<2xf32>, %y: memref<2xf32>) {
  // expected-error @+1 {{(L2) writes tensors and buffers: it must be one or the other}}
  dchag_rt.launch @kernel outs(%x, %y : tensor<2xf32>, memref<2xf32>)
  return
}
