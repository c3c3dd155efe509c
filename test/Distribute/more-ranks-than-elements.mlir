// RUN: dchag-opt %s --check-ranks='propagate,insert-reshards,verify-shardings,partition,verify-partition,reshards-to-collectives'

// Two elements over four ranks, in front of another dimension: all axes belong to the first, though
// the first axis alone has a rank for each of its elements.
module attributes {dchag.mesh = #dchag.mesh<["a" = 2, "b" = 2]>} {
  shard.grid @mesh(shape = 2x2)
  func.func @collapse(%x: tensor<2x3xf32> {dchag.sharding = #dchag.sharding<[["a", "b"], []]>}) -> tensor<6xf32> {
    %y = tensor.collapse_shape %x [[0, 1]] : tensor<2x3xf32> into tensor<6xf32>
    return %y : tensor<6xf32>
  }
  func.func @expand(%x: tensor<6xf32>) -> (tensor<2x3xf32> {dchag.sharding = #dchag.sharding<[["a", "b"], []]>}) {
    %y = tensor.expand_shape %x [[0, 1]] output_shape [2, 3] : tensor<6xf32> into tensor<2x3xf32>
    return %y : tensor<2x3xf32>
  }
  func.func @groups(%x: tensor<1x3x2xf32>, %w: tensor<9x1x1xf32>)
      -> (tensor<1x9x2xf32> {dchag.sharding = #dchag.sharding<[[], ["a", "b"] block 3, []]>}) {
    %y = dchag.convolution %x weight(%w) {strides = array<i64: 1>, dilations = array<i64: 1>, low = array<i64: 0>, high = array<i64: 0>, groups = 3}
      : (tensor<1x3x2xf32>, tensor<9x1x1xf32>) -> tensor<1x9x2xf32>
    return %y : tensor<1x9x2xf32>
  }
}
