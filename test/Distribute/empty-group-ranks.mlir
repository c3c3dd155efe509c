// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=2 mode=split-softmax}' --check-ranks='distribute{mesh=tp=3 mode=split-softmax}' --inputs=integers,normal --tolerance=1e-12 | FileCheck %s
// CHECK: @step: 1 output equal on 2 ranks
// CHECK: @step: 1 output equal on 3 ranks

// The first sample has no channel at all, the second only some that one rank holds: no rank has a
// largest score to merge in the first case, and ranks without one must not spoil the second.
func.func @step(%x: tensor<3x5x1x4x4xf32> {dchag.role = "input", dchag.name = "x"},
                %e: tensor<5x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e"},
                %q: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q"},
                %wk: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "wk"},
                %wv: tensor<1x4x6xf32> {dchag.role = "param", dchag.name = "wv"}) -> (tensor<3x1x1x4x4xf32> {dchag.name = "y"}) {
  %mask = arith.constant dense<[[[false, false, false, false, false]], [[true, false, false, false, false]], [[true, true, false, true, true]]]> : tensor<3x1x5xi1>
  %t = dchag.tokenize %x weight(%e) : (tensor<3x5x1x4x4xf32>, tensor<5x6x1x2x2xf32>) -> tensor<3x5x4x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [3, 1, 5, 4, 6] : tensor<3x5x4x6xf32> into tensor<3x1x5x4x6xf32>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) mask(%mask) {heads = 2, scale = 0.5}
    : (tensor<3x1x5x4x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x4x6xf32>, tensor<3x1x5xi1>) -> tensor<3x1x1x4x4xf32>
  return %y : tensor<3x1x1x4x4xf32>
}
