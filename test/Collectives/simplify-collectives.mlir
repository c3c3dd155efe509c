// RUN: dchag-opt %s --simplify-collectives | FileCheck %s
// RUN: dchag-opt %s --check-ranks=simplify-collectives --inputs=integers,normal --tolerance=1e-12

module attributes {dchag.mesh = #dchag.mesh<["dp" = 2, "tp" = 3]>} {
  shard.grid @mesh(shape = 2x3)

  // CHECK-LABEL: func.func @slice_gathered(
  // CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x4xf32>
  // CHECK-NEXT:    return %[[X]]
  func.func @slice_gathered(%x: tensor<2x4xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>, dchag.global = tensor<6x4xf32>})
      -> (tensor<2x4xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>, dchag.global = tensor<6x4xf32>}) {
    %0 = shard.all_gather %x on @mesh grid_axes = [1] gather_axis = 0 : tensor<2x4xf32> -> tensor<6x4xf32>
    %1 = shard.all_slice %0 on @mesh grid_axes = [1] slice_axis = 0 : tensor<6x4xf32> -> tensor<2x4xf32>
    return %1 : tensor<2x4xf32>
  }

  // CHECK-LABEL: func.func @gather_sliced(
  // CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<6x4xf32>
  // CHECK-NEXT:    return %[[X]]
  func.func @gather_sliced(%x: tensor<6x4xf32> {dchag.sharding = #dchag.sharding<[[], []]>, dchag.global = tensor<6x4xf32>})
      -> (tensor<6x4xf32> {dchag.sharding = #dchag.sharding<[[], []]>, dchag.global = tensor<6x4xf32>}) {
    %0 = shard.all_slice %x on @mesh grid_axes = [1] slice_axis = 0 : tensor<6x4xf32> -> tensor<2x4xf32>
    %1 = shard.all_gather %0 on @mesh grid_axes = [1] gather_axis = 0 : tensor<2x4xf32> -> tensor<6x4xf32>
    return %1 : tensor<6x4xf32>
  }

  // Over another axis, or along another dimension, it is a different value.
  // CHECK-LABEL: func.func @other_axis(
  // CHECK:         shard.all_gather
  // CHECK:         shard.all_slice
  func.func @other_axis(%x: tensor<6x4xf32> {dchag.sharding = #dchag.sharding<[["dp"], []]>, dchag.global = tensor<12x4xf32>})
      -> (tensor<4x4xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>, dchag.global = tensor<12x4xf32>}) {
    %0 = shard.all_gather %x on @mesh grid_axes = [0] gather_axis = 0 : tensor<6x4xf32> -> tensor<12x4xf32>
    %1 = shard.all_slice %0 on @mesh grid_axes = [1] slice_axis = 0 : tensor<12x4xf32> -> tensor<4x4xf32>
    return %1 : tensor<4x4xf32>
  }

  // A maximum twice over one axis: the second changes nothing. A sum would.
  // CHECK-LABEL: func.func @maximum_twice(
  // CHECK-COUNT-1: shard.all_reduce
  // CHECK-NOT:     shard.all_reduce
  // CHECK:         return
  func.func @maximum_twice(%x: tensor<2x4xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>, dchag.global = tensor<6x4xf32>})
      -> (tensor<2x4xf32> {dchag.sharding = #dchag.sharding<[[], []]>, dchag.global = tensor<2x4xf32>}) {
    %0 = shard.all_reduce %x on @mesh grid_axes = [1] reduction = max : tensor<2x4xf32> -> tensor<2x4xf32>
    %1 = arith.negf %0 : tensor<2x4xf32>
    %2 = shard.all_reduce %1 on @mesh grid_axes = [0, 1] reduction = min : tensor<2x4xf32> -> tensor<2x4xf32>
    return %2 : tensor<2x4xf32>
  }

  // CHECK-LABEL: func.func @sum_twice(
  // CHECK-COUNT-2: shard.all_reduce
  func.func @sum_twice(%x: tensor<2x4xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>, dchag.global = tensor<6x4xf32>})
      -> (tensor<2x4xf32> {dchag.sharding = #dchag.sharding<[[], []]>, dchag.global = tensor<2x4xf32>}) {
    %0 = shard.all_reduce %x on @mesh grid_axes = [1] : tensor<2x4xf32> -> tensor<2x4xf32>
    %1 = shard.all_reduce %0 on @mesh grid_axes = [1] : tensor<2x4xf32> -> tensor<2x4xf32>
    return %1 : tensor<2x4xf32>
  }

  // CHECK-LABEL: func.func @slice_of_sum(
  // CHECK:         shard.reduce_scatter %{{.+}} on @mesh grid_axes = [1] scatter_axis = 1 : tensor<2x6xf32> -> tensor<2x2xf32>
  // CHECK-NEXT:    return
  func.func @slice_of_sum(%x: tensor<2x6xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>, dchag.global = tensor<6x6xf32>})
      -> (tensor<2x2xf32> {dchag.sharding = #dchag.sharding<[[], ["tp"]]>, dchag.global = tensor<2x6xf32>}) {
    %0 = shard.all_reduce %x on @mesh grid_axes = [1] : tensor<2x6xf32> -> tensor<2x6xf32>
    %1 = shard.all_slice %0 on @mesh grid_axes = [1] slice_axis = 1 : tensor<2x6xf32> -> tensor<2x2xf32>
    return %1 : tensor<2x2xf32>
  }

  // CHECK-LABEL: func.func @gather_of_scattered(
  // CHECK:         shard.all_reduce %{{.+}} on @mesh grid_axes = [1] : tensor<2x6xf32> -> tensor<2x6xf32>
  // CHECK-NEXT:    return
  func.func @gather_of_scattered(%x: tensor<2x6xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>, dchag.global = tensor<6x6xf32>})
      -> (tensor<2x6xf32> {dchag.sharding = #dchag.sharding<[[], []]>, dchag.global = tensor<2x6xf32>}) {
    %0 = shard.reduce_scatter %x on @mesh grid_axes = [1] scatter_axis = 1 : tensor<2x6xf32> -> tensor<2x2xf32>
    %1 = shard.all_gather %0 on @mesh grid_axes = [1] gather_axis = 1 : tensor<2x2xf32> -> tensor<2x6xf32>
    return %1 : tensor<2x6xf32>
  }
}
