func.func @step(%x: tensor<6xf32> {dchag.name = "x"}, %w: tensor<6xf32> {dchag.role = "param", dchag.name = "w"}) -> (tensor<6xf32> {dchag.name = "y"}) {
  %r = tensor.extract_slice %w[5] [6] [-1] : tensor<6xf32> to tensor<6xf32>
  %y = arith.addf %x, %r : tensor<6xf32>
  return %y : tensor<6xf32>
}
