// 5 channels over 2 ranks, with an output projection.
module attributes {dchag.mesh = #dchag.mesh<["tp" = 2]>} {
  func.func @step(%x: tensor<2x5x1x4x6xf32> {dchag.name = "x"}, %w: tensor<5x8x1x2x3xf32> {dchag.role = "param", dchag.name = "w"},
      %q: tensor<1x3x8xf32> {dchag.role = "param", dchag.name = "q"}, %o: tensor<1x7x8xf32> {dchag.role = "param", dchag.name = "o"},
      %b: tensor<1x7xf32> {dchag.role = "param", dchag.name = "b"}) -> (tensor<2x1x3x4x7xf32> {dchag.name = "y"}) {
    %t = dchag.tokenize %x weight(%w) : (tensor<2x5x1x4x6xf32>, tensor<5x8x1x2x3xf32>) -> tensor<2x5x4x8xf32>
    %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 8] : tensor<2x5x4x8xf32> into tensor<2x1x5x4x8xf32>
    %y = dchag.aggregate %g, %q output(%o, %b) {heads = 2, scale = 0.5} : (tensor<2x1x5x4x8xf32>, tensor<1x3x8xf32>, tensor<1x7x8xf32>, tensor<1x7xf32>) -> tensor<2x1x3x4x7xf32>
    return %y : tensor<2x1x3x4x7xf32>
  }
}
