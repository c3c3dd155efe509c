// RUN: dchag-opt %s --split-input-file --verify-diagnostics --verify-shardings

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @partial_dropped(%x: tensor<5x4xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>})
      -> (tensor<5xf32> {dchag.sharding = #dchag.sharding<[[]]>}) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<5xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<5xf32>) -> tensor<5xf32>
    // expected-error @+1 {{has shardings that its rule does not allow}}
    %y = linalg.reduce { arith.addf } ins(%x : tensor<5x4xf32>) outs(%z : tensor<5xf32>) dimensions = [1] {dchag.shardings = [#dchag.sharding<[[]]>]}
    return %y : tensor<5xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @partial_used(%x: tensor<5x4xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>})
      -> (tensor<5xf32> {dchag.sharding = #dchag.sharding<[[]]>}) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<5xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<5xf32>) -> tensor<5xf32>
    %y = linalg.reduce { arith.addf } ins(%x : tensor<5x4xf32>) outs(%z : tensor<5xf32>) dimensions = [1] {dchag.shardings = [#dchag.sharding<[[]], partial = ["tp" = sum]>]}
    // expected-error @+1 {{uses operand 0 before its partial results are combined}}
    %n = arith.negf %y : tensor<5xf32>
    return %n : tensor<5xf32>
  }
}

// -----

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @result(%x: tensor<4xf32> {dchag.sharding = #dchag.sharding<[["tp"]]>})
      -> (tensor<4xf32> {dchag.sharding = #dchag.sharding<[[]]>}) {
    // expected-error @+1 {{must return result 0 as the signature says}}
    return %x : tensor<4xf32>
  }
}
