// RUN: dchag-opt %s --prepare --split-input-file --verify-diagnostics

// expected-error @+1 {{has no function @step to prepare}}
module {
  func.func @model(%x: tensor<2xf32>) -> tensor<2xf32> {
    return %x : tensor<2xf32>
  }
}

// -----

module {
  // expected-error @+1 {{is there already: the module was prepared before}}
  func.func @prepare() {
    return
  }
  func.func @step(%x: tensor<2xf32>) -> tensor<2xf32> {
    return %x : tensor<2xf32>
  }
}
