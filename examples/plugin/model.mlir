// Two layers with a soft threshold between them as an exporter writes it, for the example plugin.
#left = affine_map<(i, j, k) -> (i, k)>
#right = affine_map<(i, j, k) -> (k, j)>
#out = affine_map<(i, j, k) -> (i, j)>
module attributes {dchag.model = "denoise"} {
  func.func @step(%x: tensor<5x12xf32> {dchag.role = "input", dchag.name = "x"},
                  %w: tensor<12x7xf32> {dchag.role = "param", dchag.name = "w"},
                  %v: tensor<7x3xf32> {dchag.role = "param", dchag.name = "v"})
      -> (tensor<5x3xf32> {dchag.name = "y"}) {
    %zero = arith.constant 0.0 : f32
    %empty = tensor.empty() : tensor<5x7xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<5x7xf32>) -> tensor<5x7xf32>
    %h = linalg.contract indexing_maps = [#left, #right, #out]
      ins(%x, %w : tensor<5x12xf32>, tensor<12x7xf32>) outs(%init : tensor<5x7xf32>) -> tensor<5x7xf32>
    %t = arith.constant dense<0.25> : tensor<5x7xf32>
    %zeros = arith.constant dense<0.0> : tensor<5x7xf32>
    %a = math.absf %h : tensor<5x7xf32>
    %s = arith.subf %a, %t : tensor<5x7xf32>
    %m = arith.maximumf %s, %zeros : tensor<5x7xf32>
    %d = math.copysign %m, %h : tensor<5x7xf32>
    %last = tensor.empty() : tensor<5x3xf32>
    %start = linalg.fill ins(%zero : f32) outs(%last : tensor<5x3xf32>) -> tensor<5x3xf32>
    %y = linalg.contract indexing_maps = [#left, #right, #out]
      ins(%d, %v : tensor<5x7xf32>, tensor<7x3xf32>) outs(%start : tensor<5x3xf32>) -> tensor<5x3xf32>
    return %y : tensor<5x3xf32>
  }
}
