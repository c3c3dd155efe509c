// RUN: dchag-opt %s --check-ranks='propagate,insert-reshards,verify-shardings,partition,verify-partition,reshards-to-collectives'

// The value that padding has is used inside of the op: on a rank it is that of the rank's program.
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  shard.grid @mesh(shape = 2)
  func.func @pad(%x: tensor<3x5xf32> {dchag.sharding = #dchag.sharding<[["tp"], []]>}) -> tensor<3x8xf32> {
    %value = arith.constant -2.0 : f32
    %y = tensor.pad %x low[0, 1] high[0, 2] {
    ^bb0(%i: index, %j: index):
      tensor.yield %value : f32
    } : tensor<3x5xf32> to tensor<3x8xf32>
    return %y : tensor<3x8xf32>
  }
}
