// Six bands in three groups, each merged by an op of a plugin's dialect: strategies for aggregations mark it, because it
// says which dimension of its tokens is which.
module attributes {dchag.model = "bands"} {
  func.func @step(%x: tensor<2x6x1x4x4xf32> {dchag.name = "x", dchag.role = "input"},
                  %w: tensor<6x5x1x2x2xf32> {dchag.name = "w", dchag.role = "param"})
      -> (tensor<2x3x4x5xf32> {dchag.name = "y"}) {
    %t = dchag.tokenize %x weight(%w) : (tensor<2x6x1x4x4xf32>, tensor<6x5x1x2x2xf32>) -> tensor<2x6x4x5xf32>
    %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 3, 2, 4, 5]
      : tensor<2x6x4x5xf32> into tensor<2x3x2x4x5xf32>
    %m = spectral.merge_bands %g : (tensor<2x3x2x4x5xf32>) -> tensor<2x3x1x4x5xf32>
    %y = tensor.collapse_shape %m [[0], [1, 2], [3], [4]] : tensor<2x3x1x4x5xf32> into tensor<2x3x4x5xf32>
    return %y : tensor<2x3x4x5xf32>
  }
}
