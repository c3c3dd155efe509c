// RUN: dchag-opt %s --set-machine=file=%S/../../bench/machines/bytes.machine --partition --reshards-to-collectives | FileCheck %s

// Sequences that send fewer bytes than the obvious ones, on a machine without latency;
// bench/reshard_matrix compares all, and test/Cost has those that latency decides.
module attributes {dchag.mesh = #dchag.mesh<["a" = 2, "b" = 4]>} {
  shard.grid @mesh(shape = 2x4)

  // Ranks along "a" hold the same: each scatters half of the sum, 32 elements instead of 48.
  // CHECK-LABEL: func.func @shared_sum(
  // CHECK: %[[S:.+]] = shard.all_slice %{{.+}} on @mesh grid_axes = [0]
  // CHECK: %[[R:.+]] = shard.reduce_scatter %[[S]] on @mesh grid_axes = [1]
  // CHECK: shard.all_gather %[[R]] on @mesh grid_axes = [0]
  func.func @shared_sum(%x: tensor<8x8xf32> {dchag.sharding = #dchag.sharding<[[], []], partial = ["b" = sum]>})
      -> (tensor<8x8xf32> {dchag.sharding = #dchag.sharding<[["b"], []]>}) {
    %y = dchag.reshard %x from <[[], []], partial = ["b" = sum]> to <[["b"], []]> global tensor<8x8xf32>
      {dchag.shardings = [#dchag.sharding<[["b"], []]>]} : tensor<8x8xf32> -> tensor<8x8xf32>
    return %y : tensor<8x8xf32>
  }

  // A change of block size: by way of the other dimension, 16 elements instead of 24.
  // CHECK-LABEL: func.func @block_sizes(
  // CHECK-NOT: shard.all_gather
  // CHECK: shard.all_to_all
  // CHECK: shard.all_to_all
  func.func @block_sizes(%x: tensor<7x6xf32> {dchag.sharding = #dchag.sharding<[["b"] block 3, []]>})
      -> (tensor<7x6xf32> {dchag.sharding = #dchag.sharding<[["a", "b"], []]>}) {
    %y = dchag.reshard %x from <[["b"] block 3, []]> to <[["a", "b"], []]> global tensor<7x6xf32>
      {dchag.shardings = [#dchag.sharding<[["a", "b"], []]>]} : tensor<7x6xf32> -> tensor<7x6xf32>
    return %y : tensor<7x6xf32>
  }
}
