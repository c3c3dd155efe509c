// RUN: dchag-opt %s --extract-reads --split-input-file --verify-diagnostics

// expected-error @+1 {{has no function @prepare of one block: run --prepare first}}
module {
}

// -----

module {
  // expected-error @+1 {{argument 0 of @prepare is not a file parameter}}
  func.func @prepare(%w: tensor<2xf32> {dchag.name = "w", dchag.role = "loaded"}) -> tensor<2xf32> {
    return %w : tensor<2xf32>
  }
}
