// RUN: dchag-opt %s --check-ranks='propagate,insert-reshards,verify-shardings,partition,verify-partition,reshards-to-collectives,verify-partition'
// Each function lays its argument out anew on the way to its result. 5 and 7 are split unevenly.

module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  func.func @gather(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], []]>}) {
    return %x : tensor<5x7xf32>
  }
  func.func @slice(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], []]>})
      -> (tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) {
    return %x : tensor<5x7xf32>
  }
  func.func @move(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) {
    return %x : tensor<5x7xf32>
  }
  func.func @scatter_sum(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>})
      -> (tensor<5xf32> {dchag.sharding = #dchag.sharding<[["tp"]]>}) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<5xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<5xf32>) -> tensor<5xf32>
    %y = linalg.reduce { arith.addf } ins(%x : tensor<5x7xf32>) outs(%z : tensor<5xf32>) dimensions = [1]
    return %y : tensor<5xf32>
  }
  // The maximum over padding must be that of the elements: the padding becomes -inf.
  func.func @max(%x: tensor<5x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) -> tensor<5xf32> {
    %low = arith.constant 0xFF800000 : f32
    %e = tensor.empty() : tensor<5xf32>
    %z = linalg.fill ins(%low : f32) outs(%e : tensor<5xf32>) -> tensor<5xf32>
    %y = linalg.reduce { arith.maximumf } ins(%x : tensor<5x7xf32>) outs(%z : tensor<5xf32>) dimensions = [1]
    return %y : tensor<5xf32>
  }
}
