// RUN: dchag-opt %s --split-input-file --verify-diagnostics --verify-partition

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  // expected-error @+1 {{argument 0: must have the type of its part, 'tensor<3xf32>' of 'tensor<5xf32>'}}
  func.func @argument(%x: tensor<5xf32> {dchag.sharding = #dchag.sharding<[["tp"]]>, dchag.global = tensor<5xf32>}) {
    return
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  // expected-error @+1 {{must have dchag.sharding and dchag.global on argument 0}}
  func.func @nothing(%x: tensor<5xf32>) {
    return
  }
}
