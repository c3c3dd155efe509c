// Spectra times the square of a gain, to which each step adds what it saw: a parameter of the file that is updated, and
// what is prepared from it and from another parameter.
module attributes {dchag.model = "gain"} {
  func.func @step(%x: tensor<2x6xf32> {dchag.name = "x", dchag.role = "input"},
                  %g: tensor<6xf32> {dchag.name = "gain", dchag.role = #spectral.gain},
                  %o: tensor<1x6xf32> {dchag.name = "offset", dchag.role = "param"})
      -> (tensor<2x6xf32> {dchag.name = "y"}, tensor<6xf32> {dchag.name = "gain", dchag.role = #spectral.gain}) {
    %square = arith.mulf %g, %g : tensor<6xf32>
    %flat = tensor.collapse_shape %o [[0, 1]] : tensor<1x6xf32> into tensor<6xf32>
    %factor = arith.addf %square, %flat : tensor<6xf32>
    %empty = tensor.empty() : tensor<2x6xf32>
    %all = linalg.broadcast ins(%factor : tensor<6xf32>) outs(%empty : tensor<2x6xf32>) dimensions = [0]
    %y = arith.mulf %x, %all : tensor<2x6xf32>
    %zero = arith.constant 0.0 : f32
    %none = tensor.empty() : tensor<6xf32>
    %init = linalg.fill ins(%zero : f32) outs(%none : tensor<6xf32>) -> tensor<6xf32>
    %sum = linalg.reduce { arith.addf } ins(%x : tensor<2x6xf32>) outs(%init : tensor<6xf32>) dimensions = [0]
    %new = arith.addf %g, %sum : tensor<6xf32>
    return %y, %new : tensor<2x6xf32>, tensor<6xf32>
  }
}
