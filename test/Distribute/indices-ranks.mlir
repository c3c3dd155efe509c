// RUN: dchag-opt %s --check-ranks='propagate,insert-reshards,verify-shardings,partition,verify-partition,reshards-to-collectives,verify-partition' --inputs=integers,normal
// RUN: sed 's/"tp" = 2/"tp" = 3/; s/shape = 2/shape = 3/' %s > %t.mlir
// RUN: dchag-opt %t.mlir --check-ranks='propagate,insert-reshards,verify-shardings,partition,verify-partition,reshards-to-collectives,verify-partition' --inputs=integers,normal
// RUN: dchag-opt %s --propagate --insert-reshards | FileCheck %s --implicit-check-not=dchag.reshard
// Moves by index split along batches, slices and indices, none of which the ranks divide, without a
// word to each other.

// CHECK-COUNT-4: dchag.gather
// CHECK-COUNT-3: dchag.scatter
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  func.func @gather_batch(%x: tensor<5x4x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], [], []]>},
                          %i: tensor<5x2xi64> {dchag.sharding = #dchag.sharding<[["tp"], []]>})
      -> (tensor<5x2x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], [], []]>}) {
    %y = dchag.gather %x[%i] {batch = 1, dim = 1} : (tensor<5x4x7xf32>, tensor<5x2xi64>) -> tensor<5x2x7xf32>
    return %y : tensor<5x2x7xf32>
  }
  func.func @gather_between(%x: tensor<2x5x4x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"], [], []]>}, %i: tensor<2x3xi64>)
      -> (tensor<2x5x3x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"], [], []]>}) {
    %y = dchag.gather %x[%i] {batch = 1, dim = 2} : (tensor<2x5x4x7xf32>, tensor<2x3xi64>) -> tensor<2x5x3x7xf32>
    return %y : tensor<2x5x3x7xf32>
  }
  func.func @gather_width(%x: tensor<5x4x7xf32> {dchag.sharding = #dchag.sharding<[[], [], ["tp"]]>}, %i: tensor<5x2xi64>)
      -> (tensor<5x2x7xf32> {dchag.sharding = #dchag.sharding<[[], [], ["tp"]]>}) {
    %y = dchag.gather %x[%i] {batch = 1, dim = 1} : (tensor<5x4x7xf32>, tensor<5x2xi64>) -> tensor<5x2x7xf32>
    return %y : tensor<5x2x7xf32>
  }
  func.func @gather_indices(%x: tensor<2x4x7xf32>, %i: tensor<2x5xi64> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>})
      -> (tensor<2x5x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"], []]>}) {
    %y = dchag.gather %x[%i] {batch = 1, dim = 1} : (tensor<2x4x7xf32>, tensor<2x5xi64>) -> tensor<2x5x7xf32>
    return %y : tensor<2x5x7xf32>
  }
  func.func @scatter_batch(%x: tensor<5x4x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], [], []]>},
                           %i: tensor<5x2xi64> {dchag.sharding = #dchag.sharding<[["tp"], []]>},
                           %u: tensor<5x2x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], [], []]>})
      -> (tensor<5x4x7xf32> {dchag.sharding = #dchag.sharding<[["tp"], [], []]>}) {
    %y = dchag.scatter %x[%i], %u {batch = 1, dim = 1, kind = #dchag.scatter_kind<add>} : (tensor<5x4x7xf32>, tensor<5x2xi64>, tensor<5x2x7xf32>) -> tensor<5x4x7xf32>
    return %y : tensor<5x4x7xf32>
  }
  func.func @scatter_between(%x: tensor<2x5x4x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"], [], []]>}, %i: tensor<2x3xi64>,
                             %u: tensor<2x5x3x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"], [], []]>})
      -> (tensor<2x5x4x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"], [], []]>}) {
    %y = dchag.scatter %x[%i], %u {batch = 1, dim = 2} : (tensor<2x5x4x7xf32>, tensor<2x3xi64>, tensor<2x5x3x7xf32>) -> tensor<2x5x4x7xf32>
    return %y : tensor<2x5x4x7xf32>
  }
  func.func @scatter_width(%x: tensor<4x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}, %i: tensor<6xi64>,
                           %u: tensor<6x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>})
      -> (tensor<4x7xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>}) {
    %y = dchag.scatter %x[%i], %u {dim = 0, kind = #dchag.scatter_kind<max>} : (tensor<4x7xf32>, tensor<6xi64>, tensor<6x7xf32>) -> tensor<4x7xf32>
    return %y : tensor<4x7xf32>
  }
}
