// A large parameter of which a step needs a small value only.
module attributes {dchag.model = "fold"} {
  func.func @step(%x: tensor<2x5xf32> {dchag.name = "x", dchag.role = "input"},
                  %w: tensor<5x3200000xf32> {dchag.name = "w", dchag.role = "param"}) -> (tensor<2x5xf32> {dchag.name = "y"}) {
    %zero = arith.constant 0.0 : f32
    %none = tensor.empty() : tensor<5xf32>
    %init = linalg.fill ins(%zero : f32) outs(%none : tensor<5xf32>) -> tensor<5xf32>
    %sum = linalg.reduce { arith.addf } ins(%w : tensor<5x3200000xf32>) outs(%init : tensor<5xf32>) dimensions = [1]
    %empty = tensor.empty() : tensor<2x5xf32>
    %all = linalg.broadcast ins(%sum : tensor<5xf32>) outs(%empty : tensor<2x5xf32>) dimensions = [0]
    %y = arith.addf %x, %all : tensor<2x5xf32>
    return %y : tensor<2x5xf32>
  }
}
