// RUN: dchag-opt %s --set-machine=file=%S/Inputs/small.machine --partition --reshards-to-collectives | FileCheck %s --check-prefixes=CHECK,LEVELS
// RUN: dchag-opt %s --partition --reshards-to-collectives | FileCheck %s --check-prefixes=CHECK,FLAT

// Ranks along "b" are in one node, those along "a" are not.
module attributes {dchag.mesh = #dchag.mesh<["a" = 2, "b" = 2]>} {
  shard.grid @mesh(shape = 2x2)

  // 4 MB on each rank. In two levels the inner half is gathered last, at the speed of the node, or
  // first: what crosses nodes is the same, but the inner gather of less is the faster one. In one
  // level both ways take as long, and one collective is simpler.
  // CHECK-LABEL: func.func @large(
  // LEVELS: shard.all_gather {{.*}} grid_axes = [1]
  // LEVELS: shard.all_gather {{.*}} grid_axes = [0]
  // FLAT: shard.all_gather {{.*}} grid_axes = [0, 1]
  func.func @large(%x: tensor<4194304xf32> {dchag.sharding = #dchag.sharding<[["a", "b"]]>})
      -> (tensor<4194304xf32> {dchag.sharding = #dchag.sharding<[[]]>}) {
    %y = dchag.reshard %x from <[["a", "b"]]> to <[[]]> global tensor<4194304xf32>
      {dchag.shardings = [#dchag.sharding<[[]]>]} : tensor<4194304xf32> -> tensor<4194304xf32>
    return %y : tensor<4194304xf32>
  }

  // Ranks along "a" hold the same. Of 8 MB each scatters half of the sum, and gathers the other half:
  // of 256 bytes latency counts, so the sum is scattered at once.
  // CHECK-LABEL: func.func @shared_sum(
  // CHECK-NOT: shard.all_slice
  // CHECK: shard.reduce_scatter {{.*}} grid_axes = [1]
  // CHECK-NOT: shard.all_gather
  // CHECK: return
  func.func @shared_sum(%x: tensor<8x8xf32> {dchag.sharding = #dchag.sharding<[[], []], partial = ["b" = sum]>})
      -> (tensor<8x8xf32> {dchag.sharding = #dchag.sharding<[["b"], []]>}) {
    %y = dchag.reshard %x from <[[], []], partial = ["b" = sum]> to <[["b"], []]> global tensor<8x8xf32>
      {dchag.shardings = [#dchag.sharding<[["b"], []]>]} : tensor<8x8xf32> -> tensor<8x8xf32>
    return %y : tensor<8x8xf32>
  }
}
