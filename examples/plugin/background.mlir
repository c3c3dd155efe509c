// Spectra without their background, the sum of all spectra before: state with the role of a plugin's dialect. Its old
// elements are read after the new ones are computed.
module attributes {dchag.model = "background"} {
  func.func @step(%x: tensor<2x6xf32> {dchag.name = "x", dchag.role = "input"},
                  %b: tensor<6xf32> {dchag.name = "sum", dchag.role = #spectral.background})
      -> (tensor<2x6xf32> {dchag.name = "y"}, tensor<6xf32> {dchag.name = "sum", dchag.role = #spectral.background}) {
    %zero = arith.constant 0.0 : f32
    %none = tensor.empty() : tensor<6xf32>
    %init = linalg.fill ins(%zero : f32) outs(%none : tensor<6xf32>) -> tensor<6xf32>
    %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x6xf32>) outs(%init : tensor<6xf32>) dimensions = [0]
    %new = arith.addf %b, %sum : tensor<6xf32>
    %empty = tensor.empty() : tensor<2x6xf32>
    %all = linalg.broadcast ins(%b : tensor<6xf32>) outs(%empty : tensor<2x6xf32>) dimensions = [0]
    %y = arith.subf %x, %all : tensor<2x6xf32>
    return %y, %new : tensor<2x6xf32>, tensor<6xf32>
  }
}
