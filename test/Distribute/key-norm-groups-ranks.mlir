// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 mode=replicate}' --check-ranks='distribute{mesh=tp=3 mode=replicate}' --check-ranks='distribute{mesh=tp=4 mode=replicate}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 mode=gather}' --check-ranks='distribute{mesh=tp=3 mode=gather}' --check-ranks='distribute{mesh=tp=4 mode=gather}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 mode=hierarchical}' --check-ranks='distribute{mesh=tp=3 mode=hierarchical}' --check-ranks='distribute{mesh=tp=4 mode=hierarchical}' --inputs=integers,normal --tolerance=1e-12

// Four groups of two channels, and one over their results, with normalised keys.
func.func @step(
    %x: tensor<2x8x1x4x4xf32> {dchag.role = "input", dchag.name = "x"},
    %e: tensor<8x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e"},
    %q: tensor<4x1x6xf32> {dchag.role = "param", dchag.name = "q"},
    %wk: tensor<4x6x6xf32> {dchag.role = "param", dchag.name = "wk"},
    %wv: tensor<4x4x6xf32> {dchag.role = "param", dchag.name = "wv"},
    %wo: tensor<4x6x4xf32> {dchag.role = "param", dchag.name = "wo"},
    %bo: tensor<4x6xf32> {dchag.role = "param", dchag.name = "bo"},
    %qq: tensor<1x1x8xf32> {dchag.role = "param", dchag.name = "qq"},
    %wkk: tensor<1x8x6xf32> {dchag.role = "param", dchag.name = "wkk"},
    %wvv: tensor<1x4x6xf32> {dchag.role = "param", dchag.name = "wvv"}) -> (tensor<2x1x1x4x4xf32> {dchag.name = "y"}) {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x8x1x4x4xf32>, tensor<8x6x1x2x2xf32>) -> tensor<2x8x4x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 4, 2, 4, 6] : tensor<2x8x4x6xf32> into tensor<2x4x2x4x6xf32>
  %m = dchag.aggregate %g, %q keys(%wk) values(%wv) output(%wo, %bo) {heads = 2, scale = 0.5, key_norm = #dchag.key_norm<rms, per_head, epsilon = 1.0e-5>}
    : (tensor<2x4x2x4x6xf32>, tensor<4x1x6xf32>, tensor<4x6x6xf32>, tensor<4x4x6xf32>, tensor<4x6x4xf32>, tensor<4x6xf32>) -> tensor<2x4x1x4x6xf32>
  %l = tensor.collapse_shape %m [[0], [1, 2], [3], [4]] : tensor<2x4x1x4x6xf32> into tensor<2x4x4x6xf32>
  %g2 = tensor.expand_shape %l [[0], [1, 2], [3], [4]] output_shape [2, 1, 4, 4, 6] : tensor<2x4x4x6xf32> into tensor<2x1x4x4x6xf32>
  %y = dchag.aggregate %g2, %qq keys(%wkk) values(%wvv) {heads = 4, scale = 0.5, key_norm = #dchag.key_norm<layer, all_heads, epsilon = 1.0e-5>}
    : (tensor<2x1x4x4x6xf32>, tensor<1x1x8xf32>, tensor<1x8x6xf32>, tensor<1x4x6xf32>) -> tensor<2x1x1x4x4xf32>
  return %y : tensor<2x1x1x4x4xf32>
}
