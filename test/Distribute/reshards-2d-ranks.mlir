// RUN: dchag-opt %s --check-ranks='propagate,insert-reshards,verify-shardings,partition,verify-partition,reshards-to-collectives,verify-partition'

// Layouts over two axes, one after the other in one dimension, swapped and moved.
module attributes {dchag.mesh = #dchag.mesh<["dp" = 2, "tp" = 3]>} {
  shard.grid @mesh(shape = 2x3)
  func.func @from_0_to_1(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_0_to_2(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_0_to_3(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_0_to_4(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_0_to_5(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_0_to_6(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_0_to_7(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_0_to_8(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_1_to_0(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_1_to_2(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_1_to_3(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_1_to_4(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_1_to_5(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_1_to_6(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_1_to_7(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_1_to_8(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_2_to_0(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_2_to_1(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_2_to_3(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_2_to_4(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_2_to_5(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_2_to_6(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_2_to_7(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_2_to_8(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_3_to_0(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_3_to_1(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_3_to_2(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_3_to_4(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_3_to_5(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_3_to_6(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_3_to_7(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_3_to_8(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_4_to_0(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_4_to_1(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_4_to_2(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_4_to_3(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_4_to_5(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_4_to_6(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_4_to_7(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_4_to_8(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_5_to_0(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_5_to_1(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_5_to_2(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_5_to_3(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_5_to_4(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_5_to_6(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_5_to_7(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_5_to_8(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_6_to_0(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_6_to_1(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_6_to_2(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_6_to_3(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_6_to_4(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_6_to_5(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_6_to_7(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_6_to_8(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_7_to_0(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_7_to_1(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_7_to_2(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_7_to_3(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_7_to_4(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_7_to_5(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_7_to_6(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_7_to_8(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_8_to_0(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_8_to_1(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_8_to_2(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_8_to_3(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_8_to_4(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"], []]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_8_to_5(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_8_to_6(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], ["dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  func.func @from_8_to_7(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["tp"] block 2, []]>})
      -> (tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>}) {
    return %x : tensor<7x5xf32>
  }
  // Sums over one axis or both, wanted whole or split.
  func.func @sum_0(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>})
      -> (tensor<7xf32> {dchag.sharding = #dchag.sharding<[["dp"]]>}) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<7xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<7xf32>) -> tensor<7xf32>
    %y = linalg.reduce { arith.addf } ins(%x : tensor<7x5xf32>) outs(%z : tensor<7xf32>) dimensions = [1]
    return %y : tensor<7xf32>
  }
  func.func @sum_1(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>})
      -> (tensor<7xf32> {dchag.sharding = #dchag.sharding<[[]]>}) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<7xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<7xf32>) -> tensor<7xf32>
    %y = linalg.reduce { arith.addf } ins(%x : tensor<7x5xf32>) outs(%z : tensor<7xf32>) dimensions = [1]
    return %y : tensor<7xf32>
  }
  func.func @sum_2(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[["dp"], ["tp"]]>})
      -> (tensor<7xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"]]>}) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<7xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<7xf32>) -> tensor<7xf32>
    %y = linalg.reduce { arith.addf } ins(%x : tensor<7x5xf32>) outs(%z : tensor<7xf32>) dimensions = [1]
    return %y : tensor<7xf32>
  }
  func.func @sum_3(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["dp", "tp"]]>})
      -> (tensor<7xf32> {dchag.sharding = #dchag.sharding<[["tp"]]>}) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<7xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<7xf32>) -> tensor<7xf32>
    %y = linalg.reduce { arith.addf } ins(%x : tensor<7x5xf32>) outs(%z : tensor<7xf32>) dimensions = [1]
    return %y : tensor<7xf32>
  }
  func.func @sum_4(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["tp", "dp"]]>})
      -> (tensor<7xf32> {dchag.sharding = #dchag.sharding<[["dp", "tp"]]>}) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<7xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<7xf32>) -> tensor<7xf32>
    %y = linalg.reduce { arith.addf } ins(%x : tensor<7x5xf32>) outs(%z : tensor<7xf32>) dimensions = [1]
    return %y : tensor<7xf32>
  }
  func.func @sum_5(%x: tensor<7x5xf32> {dchag.sharding = #dchag.sharding<[[], ["dp"]]>})
      -> (tensor<7xf32> {dchag.sharding = #dchag.sharding<[["tp", "dp"]]>}) {
    %zero = arith.constant 0.0 : f32
    %e = tensor.empty() : tensor<7xf32>
    %z = linalg.fill ins(%zero : f32) outs(%e : tensor<7xf32>) -> tensor<7xf32>
    %y = linalg.reduce { arith.addf } ins(%x : tensor<7x5xf32>) outs(%z : tensor<7xf32>) dimensions = [1]
    return %y : tensor<7xf32>
  }
}
