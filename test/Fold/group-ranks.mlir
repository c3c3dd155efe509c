// RUN: dchag-opt %s --check-ranks='fold-aggregate{fold=full mesh=tp=2 strategy=tp,replicate},distribute{mesh=tp=2 strategy=tp,replicate}' --check-ranks='fold-aggregate{fold=full mesh=tp=2 strategy=tp,gather},distribute{mesh=tp=2 strategy=tp,gather}' --check-ranks='fold-aggregate{fold=full mesh=tp=2 strategy=tp,hierarchical},distribute{mesh=tp=2 strategy=tp,hierarchical}' --check-ranks='fold-aggregate{fold=full mesh=tp=4 strategy=tp,hierarchical},distribute{mesh=tp=4 strategy=tp,hierarchical}' --check-ranks='fold-aggregate{fold=full mesh=dp=2,tp=2 strategy=dp,tp,hierarchical},distribute{mesh=dp=2,tp=2 strategy=dp,tp,hierarchical}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='fold-aggregate{fold=keys mesh=tp=2 strategy=tp,replicate},distribute{mesh=tp=2 strategy=tp,replicate}' --check-ranks='fold-aggregate{fold=keys mesh=tp=2 strategy=tp,gather},distribute{mesh=tp=2 strategy=tp,gather}' --check-ranks='fold-aggregate{fold=keys mesh=tp=2 strategy=tp,hierarchical},distribute{mesh=tp=2 strategy=tp,hierarchical}' --check-ranks='fold-aggregate{fold=keys mesh=tp=4 strategy=tp,hierarchical},distribute{mesh=tp=4 strategy=tp,hierarchical}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-ranks='fold-aggregate{fold=full mesh=tp=2 strategy=tp,replicate},prepare,extract-reads,distribute{mesh=tp=2 strategy=tp,replicate}' --check-ranks='fold-aggregate{fold=full mesh=tp=2 strategy=tp,gather},prepare,extract-reads,distribute{mesh=tp=2 strategy=tp,gather}' --check-ranks='fold-aggregate{fold=full mesh=tp=2 strategy=tp,hierarchical},prepare,extract-reads,distribute{mesh=tp=2 strategy=tp,hierarchical}' --check-ranks='fold-aggregate{fold=full mesh=tp=4 strategy=tp,hierarchical},prepare,extract-reads,distribute{mesh=tp=4 strategy=tp,hierarchical}' --inputs=integers,normal --tolerance=1e-12

// Folded groups and trees, attended and linear, over as many ranks as groups and more, where the channels of each group
// are split, too.
func.func @step(
    %x: tensor<2x6x1x4x4xf32> {dchag.role = "input", dchag.name = "x"},
    %e0: tensor<6x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e0"},
    %c0: tensor<6x6xf32> {dchag.role = "param", dchag.name = "c0"},
    %q0: tensor<2x1x6xf32> {dchag.role = "param", dchag.name = "q0"},
    %k0: tensor<2x6x6xf32> {dchag.role = "param", dchag.name = "k0"},
    %kb0: tensor<2x6xf32> {dchag.role = "param", dchag.name = "kb0"},
    %v0: tensor<2x6x6xf32> {dchag.role = "param", dchag.name = "v0"},
    %q1: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q1"},
    %k1: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "k1"},
    %v1: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "v1"},
    %o1: tensor<1x7x6xf32> {dchag.role = "param", dchag.name = "o1"},
    %ob1: tensor<1x7xf32> {dchag.role = "param", dchag.name = "ob1"},
    %e2: tensor<1x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e2"},
    %c2: tensor<6x6xf32> {dchag.role = "param", dchag.name = "c2"},
    %q2: tensor<2x1x6xf32> {dchag.role = "param", dchag.name = "q2"},
    %k2: tensor<2x6x6xf32> {dchag.role = "param", dchag.name = "k2"},
    %v2: tensor<2x6x6xf32> {dchag.role = "param", dchag.name = "v2"},
    %q3: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q3"},
    %k3: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "k3"},
    %v3: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "v3"},
    %e4: tensor<6x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e4"},
    %c4: tensor<6x6xf32> {dchag.role = "param", dchag.name = "c4"},
    %w4: tensor<2x1x3xf32> {dchag.role = "param", dchag.name = "w4"},
    %wb4: tensor<2x1xf32> {dchag.role = "param", dchag.name = "wb4"},
    %e5: tensor<1x6x1x2x2xf32> {dchag.role = "param", dchag.name = "e5"},
    %c5: tensor<6x6xf32> {dchag.role = "param", dchag.name = "c5"},
    %w5: tensor<2x1x3xf32> {dchag.role = "param", dchag.name = "w5"},
    %wb5: tensor<2x1xf32> {dchag.role = "param", dchag.name = "wb5"},
    %q5: tensor<1x1x6xf32> {dchag.role = "param", dchag.name = "q5"},
    %k5: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "k5"},
    %v5: tensor<1x6x6xf32> {dchag.role = "param", dchag.name = "v5"}) -> (tensor<2x2x1x4x6xf32> {dchag.name = "y0"}, tensor<2x1x1x4x7xf32> {dchag.name = "y1"}, tensor<2x2x1x4x6xf32> {dchag.name = "y2"}, tensor<2x1x1x4x6xf32> {dchag.name = "y3"}, tensor<2x2x1x4x6xf32> {dchag.name = "y4"}, tensor<2x1x1x4x6xf32> {dchag.name = "y5"}) {
  %t0 = dchag.tokenize %x weight(%e0) embedding(%c0) : (tensor<2x6x1x4x4xf32>, tensor<6x6x1x2x2xf32>, tensor<6x6xf32>) -> tensor<2x6x4x6xf32>
  %g0 = tensor.expand_shape %t0 [[0], [1, 2], [3], [4]] output_shape [2, 2, 3, 4, 6] : tensor<2x6x4x6xf32> into tensor<2x2x3x4x6xf32>
  %y0 = dchag.aggregate %g0, %q0 keys(%k0, %kb0) values(%v0) {heads = 3, scale = 0.5, nan_when_empty} : (tensor<2x2x3x4x6xf32>, tensor<2x1x6xf32>, tensor<2x6x6xf32>, tensor<2x6xf32>, tensor<2x6x6xf32>) -> tensor<2x2x1x4x6xf32>
  %h1 = tensor.collapse_shape %y0 [[0], [1, 2], [3], [4]] : tensor<2x2x1x4x6xf32> into tensor<2x2x4x6xf32>
  %g1 = tensor.expand_shape %h1 [[0], [1, 2], [3], [4]] output_shape [2, 1, 2, 4, 6] : tensor<2x2x4x6xf32> into tensor<2x1x2x4x6xf32>
  %y1 = dchag.aggregate %g1, %q1 keys(%k1) values(%v1) output(%o1, %ob1) {heads = 3, scale = 0.5, nan_when_empty} : (tensor<2x1x2x4x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>, tensor<1x7x6xf32>, tensor<1x7xf32>) -> tensor<2x1x1x4x7xf32>
  %t2 = dchag.tokenize %x weight(%e2) embedding(%c2) : (tensor<2x6x1x4x4xf32>, tensor<1x6x1x2x2xf32>, tensor<6x6xf32>) -> tensor<2x6x4x6xf32>
  %g2 = tensor.expand_shape %t2 [[0], [1, 2], [3], [4]] output_shape [2, 2, 3, 4, 6] : tensor<2x6x4x6xf32> into tensor<2x2x3x4x6xf32>
  %y2 = dchag.aggregate %g2, %q2 keys(%k2) values(%v2) {heads = 3, scale = 0.5, nan_when_empty, key_norm = #dchag.key_norm<layer, per_head, epsilon = 1.0e-3>} : (tensor<2x2x3x4x6xf32>, tensor<2x1x6xf32>, tensor<2x6x6xf32>, tensor<2x6x6xf32>) -> tensor<2x2x1x4x6xf32>
  %h3 = tensor.collapse_shape %y2 [[0], [1, 2], [3], [4]] : tensor<2x2x1x4x6xf32> into tensor<2x2x4x6xf32>
  %g3 = tensor.expand_shape %h3 [[0], [1, 2], [3], [4]] output_shape [2, 1, 2, 4, 6] : tensor<2x2x4x6xf32> into tensor<2x1x2x4x6xf32>
  %y3 = dchag.aggregate %g3, %q3 keys(%k3) values(%v3) {heads = 3, scale = 0.5, nan_when_empty} : (tensor<2x1x2x4x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x4x6xf32>
  %t4 = dchag.tokenize %x weight(%e4) embedding(%c4) : (tensor<2x6x1x4x4xf32>, tensor<6x6x1x2x2xf32>, tensor<6x6xf32>) -> tensor<2x6x4x6xf32>
  %g4 = tensor.expand_shape %t4 [[0], [1, 2], [3], [4]] output_shape [2, 2, 3, 4, 6] : tensor<2x6x4x6xf32> into tensor<2x2x3x4x6xf32>
  %l4 = dchag.aggregate_linear %g4 weight(%w4) bias(%wb4) : (tensor<2x2x3x4x6xf32>, tensor<2x1x3xf32>, tensor<2x1xf32>) -> tensor<2x2x1x4x6xf32>
  %t5 = dchag.tokenize %x weight(%e5) embedding(%c5) : (tensor<2x6x1x4x4xf32>, tensor<1x6x1x2x2xf32>, tensor<6x6xf32>) -> tensor<2x6x4x6xf32>
  %g5 = tensor.expand_shape %t5 [[0], [1, 2], [3], [4]] output_shape [2, 2, 3, 4, 6] : tensor<2x6x4x6xf32> into tensor<2x2x3x4x6xf32>
  %l5 = dchag.aggregate_linear %g5 weight(%w5) bias(%wb5) : (tensor<2x2x3x4x6xf32>, tensor<2x1x3xf32>, tensor<2x1xf32>) -> tensor<2x2x1x4x6xf32>
  %hu5 = tensor.collapse_shape %l5 [[0], [1, 2], [3], [4]] : tensor<2x2x1x4x6xf32> into tensor<2x2x4x6xf32>
  %gu5 = tensor.expand_shape %hu5 [[0], [1, 2], [3], [4]] output_shape [2, 1, 2, 4, 6] : tensor<2x2x4x6xf32> into tensor<2x1x2x4x6xf32>
  %y5 = dchag.aggregate %gu5, %q5 keys(%k5) values(%v5) {heads = 3, scale = 0.5, nan_when_empty} : (tensor<2x1x2x4x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<2x1x1x4x6xf32>
  return %y0, %y1, %y2, %y3, %l4, %y5 : tensor<2x2x1x4x6xf32>, tensor<2x1x1x4x7xf32>, tensor<2x2x1x4x6xf32>, tensor<2x1x1x4x6xf32>, tensor<2x2x1x4x6xf32>, tensor<2x1x1x4x6xf32>
}
