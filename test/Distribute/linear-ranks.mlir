// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 mode=gather}' --inputs=integers,normal
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=3 mode=gather}' --inputs=integers,normal
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=4 mode=gather}' --inputs=integers,normal
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 mode=hierarchical}' --inputs=integers,normal
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=3 mode=hierarchical}' --inputs=integers,normal
// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=4 mode=hierarchical}' --inputs=integers,normal
// Linear aggregations of D-CHAG: groups by rank, uneven over 3 ranks.

func.func @step(
    %x: tensor<2x8x1x4x4xf32> {dchag.role = "input", dchag.name = "x"},
    %e: tensor<8x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e"},
    %w: tensor<4x1x2xf32> {dchag.role = "param", dchag.name = "w"},
    %wb: tensor<4x1xf32> {dchag.role = "param", dchag.name = "wb"},
    %wl: tensor<1x1x4xf32> {dchag.role = "param", dchag.name = "wl"},
    %wlb: tensor<1x1xf32> {dchag.role = "param", dchag.name = "wlb"}) -> (tensor<2x4x6xf32> {dchag.name = "y"}) {
  %zero = arith.constant 0.0 : f32
  %t = dchag.tokenize %x weight(%e) : (tensor<2x8x1x4x4xf32>, tensor<8x6x1x2x2xf32>) -> tensor<2x8x4x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 4, 2, 4, 6] : tensor<2x8x4x6xf32> into tensor<2x4x2x4x6xf32>
  %m = dchag.aggregate_linear %g weight(%w) bias(%wb) : (tensor<2x4x2x4x6xf32>, tensor<4x1x2xf32>, tensor<4x1xf32>) -> tensor<2x4x1x4x6xf32>
  %l = tensor.collapse_shape %m [[0], [1, 2], [3], [4]] : tensor<2x4x1x4x6xf32> into tensor<2x4x4x6xf32>
  %g2 = tensor.expand_shape %l [[0], [1, 2], [3], [4]] output_shape [2, 1, 4, 4, 6] : tensor<2x4x4x6xf32> into tensor<2x1x4x4x6xf32>
  %m2 = dchag.aggregate_linear %g2 weight(%wl) bias(%wlb) : (tensor<2x1x4x4x6xf32>, tensor<1x1x4xf32>, tensor<1x1xf32>) -> tensor<2x1x1x4x6xf32>
  %y0 = tensor.collapse_shape %m2 [[0], [1, 2, 3], [4]] : tensor<2x1x1x4x6xf32> into tensor<2x4x6xf32>
  return %y0 : tensor<2x4x6xf32>
}
