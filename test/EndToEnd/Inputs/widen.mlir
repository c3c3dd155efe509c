// y = x x x, z = x x, side by side
module attributes {dchag.model = "widen"} {
  func.func @step(%x: tensor<2x6xf32> {dchag.role = "input", dchag.name = "x"})
      -> (tensor<2x18xf32> {dchag.name = "y"}, tensor<2x12xf32> {dchag.name = "z"}) {
    %y = tensor.concat dim(1) %x, %x, %x : (tensor<2x6xf32>, tensor<2x6xf32>, tensor<2x6xf32>) -> tensor<2x18xf32>
    %z = tensor.concat dim(1) %x, %x : (tensor<2x6xf32>, tensor<2x6xf32>) -> tensor<2x12xf32>
    return %y, %z : tensor<2x18xf32>, tensor<2x12xf32>
  }
}
