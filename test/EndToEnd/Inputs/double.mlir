// y = 2 x, z = 3 x
module attributes {dchag.model = "double"} {
  func.func @step(%x: tensor<2x6xf32> {dchag.role = "input", dchag.name = "x"})
      -> (tensor<2x6xf32> {dchag.name = "y"}, tensor<2x6xf32> {dchag.name = "z"}) {
    %y = arith.addf %x, %x : tensor<2x6xf32>
    %z = arith.addf %y, %x : tensor<2x6xf32>
    return %y, %z : tensor<2x6xf32>, tensor<2x6xf32>
  }
}
