// RUN: dchag-opt %s --distribute='mesh=tp=4 mode=hierarchical' | FileCheck %s
// RUN: dchag-opt %s --inputs=integers,normal --tolerance=1e-12 --check-ranks='distribute{mesh=tp=4 mode=hierarchical}'

// Fewer groups than ranks: the axis is made two once, for all entry points, and each splits its channels.
// CHECK: dchag.mesh = #dchag.mesh<["tp.groups" = 2, "tp.channels" = 2]>
// CHECK: func.func @step(
// CHECK:   dchag.aggregate_partial
// CHECK: func.func @evaluate(
// CHECK:   dchag.aggregate_partial
module {
  func.func @step(%x: tensor<2x6x1x4x6xf32> {dchag.name = "x"}, %w: tensor<6x8x1x2x3xf32> {dchag.role = "param", dchag.name = "w"},
      %q: tensor<2x1x8xf32> {dchag.role = "param", dchag.name = "q"}, %p: tensor<1x1x8xf32> {dchag.role = "param", dchag.name = "p"}) -> (tensor<2x1x1x4x8xf32> {dchag.name = "y"}) {
    %t = dchag.tokenize %x weight(%w) : (tensor<2x6x1x4x6xf32>, tensor<6x8x1x2x3xf32>) -> tensor<2x6x4x8xf32>
    %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 2, 3, 4, 8] : tensor<2x6x4x8xf32> into tensor<2x2x3x4x8xf32>
    %a = dchag.aggregate %g, %q {heads = 2, scale = 0.5} : (tensor<2x2x3x4x8xf32>, tensor<2x1x8xf32>) -> tensor<2x2x1x4x8xf32>
    %c = tensor.collapse_shape %a [[0], [1, 2], [3], [4]] : tensor<2x2x1x4x8xf32> into tensor<2x2x4x8xf32>
    %r = tensor.expand_shape %c [[0], [1, 2], [3], [4]] output_shape [2, 1, 2, 4, 8] : tensor<2x2x4x8xf32> into tensor<2x1x2x4x8xf32>
    %y = dchag.aggregate %r, %p {heads = 2, scale = 0.5} : (tensor<2x1x2x4x8xf32>, tensor<1x1x8xf32>) -> tensor<2x1x1x4x8xf32>
    return %y : tensor<2x1x1x4x8xf32>
  }
  func.func @evaluate(%x: tensor<2x6x1x4x6xf32> {dchag.name = "x"}, %w: tensor<6x8x1x2x3xf32> {dchag.role = "param", dchag.name = "w"},
      %q: tensor<2x1x8xf32> {dchag.role = "param", dchag.name = "q"}, %p: tensor<1x1x8xf32> {dchag.role = "param", dchag.name = "p"}) -> (tensor<2x1x1x4x8xf32> {dchag.name = "z"}) {
    %t = dchag.tokenize %x weight(%w) : (tensor<2x6x1x4x6xf32>, tensor<6x8x1x2x3xf32>) -> tensor<2x6x4x8xf32>
    %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 2, 3, 4, 8] : tensor<2x6x4x8xf32> into tensor<2x2x3x4x8xf32>
    %a = dchag.aggregate %g, %q {heads = 2, scale = 0.5} : (tensor<2x2x3x4x8xf32>, tensor<2x1x8xf32>) -> tensor<2x2x1x4x8xf32>
    %c = tensor.collapse_shape %a [[0], [1, 2], [3], [4]] : tensor<2x2x1x4x8xf32> into tensor<2x2x4x8xf32>
    %r = tensor.expand_shape %c [[0], [1, 2], [3], [4]] output_shape [2, 1, 2, 4, 8] : tensor<2x2x4x8xf32> into tensor<2x1x2x4x8xf32>
    %y = dchag.aggregate %r, %p {heads = 2, scale = 0.5} : (tensor<2x1x2x4x8xf32>, tensor<1x1x8xf32>) -> tensor<2x1x1x4x8xf32>
    return %y : tensor<2x1x1x4x8xf32>
  }
}
