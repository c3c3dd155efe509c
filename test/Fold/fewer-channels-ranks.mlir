// RUN: dchag-opt %s --inputs=normal --tolerance=1e-6 \
// RUN:   --check-ranks='fold-aggregate{fold=full mesh=tp=3 strategy=tp,split-softmax},prepare,extract-reads,distribute{mesh=tp=3 strategy=tp,split-softmax},decompose{evaluable}'

// Two channels over three ranks: the third one has padding, which the mask excludes, also in what an
// embedding of each sample adds to the values.
func.func @step(%x: tensor<3x2x1x4x6xf32> {dchag.role = "input", dchag.name = "x"}, %s: tensor<3x2x5xf32> {dchag.role = "input", dchag.name = "s"}, %m: tensor<3x1x2xi1> {dchag.role = "input", dchag.name = "m"},
    %e: tensor<2x5x1x2x2xf32> {dchag.role = "param", dchag.name = "e"}, %q: tensor<1x1x4xf32> {dchag.role = "param", dchag.name = "q"}, %wk: tensor<1x4x5xf32> {dchag.role = "param", dchag.name = "wk"},
    %wv: tensor<1x8x5xf32> {dchag.role = "param", dchag.name = "wv"}) -> (tensor<3x1x1x6x8xf32> {dchag.name = "y"}) {
  %t = dchag.tokenize %x weight(%e) : (tensor<3x2x1x4x6xf32>, tensor<2x5x1x2x2xf32>) -> tensor<3x2x6x5xf32>
  %se = tensor.empty() : tensor<3x2x6x5xf32>
  %sb = linalg.broadcast ins(%s : tensor<3x2x5xf32>) outs(%se : tensor<3x2x6x5xf32>) dimensions = [2]
  %u = arith.addf %t, %sb : tensor<3x2x6x5xf32>
  %g = tensor.expand_shape %u [[0], [1, 2], [3], [4]] output_shape [3, 1, 2, 6, 5] : tensor<3x2x6x5xf32> into tensor<3x1x2x6x5xf32>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) mask(%m) {heads = 2, scale = 0.5} : (tensor<3x1x2x6x5xf32>, tensor<1x1x4xf32>, tensor<1x4x5xf32>, tensor<1x8x5xf32>, tensor<3x1x2xi1>) -> tensor<3x1x1x6x8xf32>
  return %y : tensor<3x1x1x6x8xf32>
}
