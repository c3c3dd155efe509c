// RUN: dchag-opt %s --check-ranks='distribute{mesh=tp=3 mode=split-softmax},decompose{evaluable}' --check-ranks='distribute{mesh=tp=4 mode=split-softmax},decompose{evaluable}' \
// RUN:   --check-ranks='distribute{mesh=dp=2,tp=3 mode=split-softmax},decompose{evaluable}' --check-ranks='distribute{mesh=tp=3 mode=gather},decompose{evaluable}' --inputs=normal --tolerance=1e-12 | FileCheck %s
// CHECK-COUNT-8: 1 output equal on {{[346]}} ranks

// Channels normalised one by one, 5 of them on 3 and 4 ranks: where a channel is padding 0 is divided by
// 0, and what comes of that has no part in the aggregation, neither its score nor its value.
func.func @normalised(%x: tensor<2x5x1x4x4xf32> {dchag.role = "input", dchag.name = "x"},
                %mean: tensor<5xf32> {dchag.role = "param", dchag.name = "mean"},
                %std: tensor<5xi32> {dchag.role = "param", dchag.name = "std", dchag.range = array<i64: 1, 3>},
                %e: tensor<5x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e"},
                %q: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q"},
                %wk: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "wk"},
                %wv: tensor<1x4x6xf32> {dchag.role = "param", dchag.name = "wv"}) -> (tensor<2x1x1x4x4xf32> {dchag.name = "y"}) {
  %empty = tensor.empty() : tensor<2x5x1x4x4xf32>
  %means = linalg.broadcast ins(%mean : tensor<5xf32>) outs(%empty : tensor<2x5x1x4x4xf32>) dimensions = [0, 2, 3, 4]
  %stdf = arith.sitofp %std : tensor<5xi32> to tensor<5xf32>
  %stds = linalg.broadcast ins(%stdf : tensor<5xf32>) outs(%empty : tensor<2x5x1x4x4xf32>) dimensions = [0, 2, 3, 4]
  %c = arith.subf %x, %means : tensor<2x5x1x4x4xf32>
  %n = arith.divf %c, %stds : tensor<2x5x1x4x4xf32>
  %t = dchag.tokenize %n weight(%e) : (tensor<2x5x1x4x4xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x4x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 6] : tensor<2x5x4x6xf32> into tensor<2x1x5x4x6xf32>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5}
    : (tensor<2x1x5x4x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x4x6xf32>) -> tensor<2x1x1x4x4xf32>
  return %y : tensor<2x1x1x4x4xf32>
}

// The first sample lacks all channels of all ranks but one, the second all of them: the graph says NaN there.
func.func @lacking(%x: tensor<2x5x1x4x4xf32> {dchag.role = "input", dchag.name = "x"},
                   %e: tensor<5x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e"},
                   %q: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q"}) -> (tensor<2x1x1x4x6xf32> {dchag.name = "y"}) {
  %mask = arith.constant dense<[[[true, false, false, false, false]], [[false, false, false, false, false]]]> : tensor<2x1x5xi1>
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x4xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x4x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 6] : tensor<2x5x4x6xf32> into tensor<2x1x5x4x6xf32>
  %y = dchag.aggregate %g, %q mask(%mask) {heads = 2, nan_when_empty, scale = 0.5}
    : (tensor<2x1x5x4x6xf32>, tensor<1x1x6xf32>, tensor<2x1x5xi1>) -> tensor<2x1x1x4x6xf32>
  return %y : tensor<2x1x1x4x6xf32>
}
