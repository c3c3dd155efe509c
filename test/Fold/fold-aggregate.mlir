// RUN: dchag-opt %s --fold-aggregate | FileCheck %s
// RUN: dchag-opt %s --fold-aggregate=fold=keys | FileCheck %s --check-prefix=KEYS
// RUN: dchag-opt %s --fold-aggregate=fold=off | FileCheck %s --check-prefix=OFF --implicit-check-not=folded
// RUN: dchag-opt %s --check-equal='fold-aggregate{fold=auto}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-equal='fold-aggregate{fold=keys}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-equal='fold-aggregate{fold=full}' --inputs=integers,normal --tolerance=1e-12

// Own tokenizers, biases everywhere: a weight of each channel for scores and for values. The bias of
// the keys adds the same to all channels and is not used.
// CHECK-LABEL: func.func @own(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x5x1x4x6xf32>
// CHECK-DAG:     %[[PATCHES:.+]] = dchag.channel_patches %[[X]] {patch = array<i64: 2, 2>} : (tensor<2x5x1x4x6xf32>) -> tensor<2x5x6x4xf32>
// CHECK-DAG:     %[[R:.+]] = dchag.fold_query %{{.+}} keys(%{{.+}}) {heads = 3 : i64, scale = 5.000000e-01 : f64} : (tensor<1x1x6xf32>, tensor<1x6x12xf32>) -> tensor<1x3x12xf32>
// CHECK-DAG:     dchag.fold_projection %[[R]] of %{{.+}} : (tensor<1x3x12xf32>, tensor<1x5x12x4xf32>) -> tensor<1x3x5x4xf32>
// CHECK-DAG:     dchag.fold_projection %{{.+}} of %{{.+}} : (tensor<1x9x12xf32>, tensor<1x5x12x4xf32>) -> tensor<1x9x5x4xf32>
// CHECK:         dchag.folded_aggregate %{{.+}} scores(%{{.+}}) score_bias(%{{.+}}) values(%{{.+}}) value_bias(%{{.+}}) {heads = 3 : i64, nan_when_empty}
// CHECK-SAME:      : (tensor<2x1x5x6x4xf32>, tensor<1x1x3x5x4xf32>, tensor<1x1x5x1x3xf32>, tensor<1x9x5x4xf32>, tensor<1x1x5x9xf32>) -> tensor<2x1x1x6x9xf32>
// CHECK-NOT:     tokenize
// With keys only, tokens are made for the values, and projected after their weighted sum.
// KEYS-LABEL:  func.func @own(
// KEYS:          %[[T:.+]] = dchag.tokenize
// KEYS:          %[[G:.+]] = tensor.expand_shape %[[T]]
// KEYS:          dchag.folded_aggregate %{{.+}} scores(%{{.+}}) score_bias(%{{.+}}) features(%[[G]]) values(%{{.+}}) value_bias(%{{.+}}) {heads = 3 : i64, nan_when_empty}
// KEYS-SAME:       tensor<1x9x1x12xf32>
// OFF-LABEL:   func.func @own(
// OFF:           dchag.aggregate
func.func @own(%x: tensor<2x5x1x4x6xf32>, %e: tensor<5x12x1x2x2xf32> {dchag.role = "param"}, %b: tensor<5x12xf32> {dchag.role = "param"},
    %c: tensor<5x12xf32> {dchag.role = "param"}, %q: tensor<1x1x6xf32> {dchag.role = "param"}, %wk: tensor<1x6x12xf32> {dchag.role = "param"}, %bk: tensor<1x6xf32> {dchag.role = "param"},
    %wv: tensor<1x9x12xf32> {dchag.role = "param"}, %bv: tensor<1x9xf32> {dchag.role = "param"}, %wo: tensor<1x7x9xf32> {dchag.role = "param"}, %bo: tensor<1x7xf32> {dchag.role = "param"}) -> tensor<2x1x1x6x7xf32> {
  %t = dchag.tokenize %x weight(%e) bias(%b) embedding(%c) : (tensor<2x5x1x4x6xf32>, tensor<5x12x1x2x2xf32>, tensor<5x12xf32>, tensor<5x12xf32>) -> tensor<2x5x6x12xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 12] : tensor<2x5x6x12xf32> into tensor<2x1x5x6x12xf32>
  %y = dchag.aggregate %g, %q keys(%wk, %bk) values(%wv, %bv) output(%wo, %bo) {heads = 3, scale = 0.5, nan_when_empty}
    : (tensor<2x1x5x6x12xf32>, tensor<1x1x6xf32>, tensor<1x6x12xf32>, tensor<1x6xf32>, tensor<1x9x12xf32>, tensor<1x9xf32>, tensor<1x7x9xf32>, tensor<1x7xf32>) -> tensor<2x1x1x6x7xf32>
  return %y : tensor<2x1x1x6x7xf32>
}

// One tokenizer for all channels: pixels are summed over them before they are projected. A mask of each
// sample stays what it is, and so does a raw query.
// CHECK-LABEL: func.func @shared(
// CHECK:         dchag.folded_aggregate %{{.+}} scores(%{{.+}}) score_bias(%{{.+}}) values(%{{.+}}) value_bias(%{{.+}}) mask(%{{.+}}) {heads = 3 : i64}
// CHECK-SAME:      : (tensor<2x1x5x6x4xf32>, tensor<1x2x3x1x4xf32>, tensor<1x1x5x2x3xf32>, tensor<1x12x1x4xf32>, tensor<1x1x5x12xf32>, tensor<2x1x5xi1>) -> tensor<2x1x2x6x12xf32>
func.func @shared(%x: tensor<2x5x1x4x6xf32>, %m: tensor<2x1x5xi1>, %e: tensor<1x12x1x2x2xf32> {dchag.role = "param"},
    %c: tensor<5x12xf32> {dchag.role = "param"}, %q: tensor<1x2x12xf32> {dchag.role = "param"}, %wk: tensor<1x12x12xf32> {dchag.role = "param"}) -> tensor<2x1x2x6x12xf32> {
  %t = dchag.tokenize %x weight(%e) embedding(%c) : (tensor<2x5x1x4x6xf32>, tensor<1x12x1x2x2xf32>, tensor<5x12xf32>) -> tensor<2x5x6x12xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 12] : tensor<2x5x6x12xf32> into tensor<2x1x5x6x12xf32>
  %y = dchag.aggregate %g, %q keys(%wk) mask(%m) {heads = 3, scale = 0.3}
    : (tensor<2x1x5x6x12xf32>, tensor<1x2x12xf32>, tensor<1x12x12xf32>, tensor<2x1x5xi1>) -> tensor<2x1x2x6x12xf32>
  return %y : tensor<2x1x2x6x12xf32>
}

// Two groups of two channels each, then one aggregation of both tokens, which folds its query alone.
// CHECK-LABEL: func.func @tree(
// CHECK:         %[[Y:.+]] = dchag.folded_aggregate {{.+}} -> tensor<1x2x1x6x6xf32>
// CHECK:         dchag.folded_aggregate %[[TOKENS:.+]] scores(%{{.+}}) values(%{{.+}}) {heads = 2 : i64, nan_when_empty} : (tensor<1x1x2x6x6xf32>, tensor<1x1x2x1x6xf32>, tensor<1x6x1x6xf32>) -> tensor<1x1x1x6x6xf32>
func.func @tree(%x: tensor<1x4x1x4x6xf32>, %e: tensor<4x6x1x2x2xf32> {dchag.role = "param"}, %q: tensor<2x1x6xf32> {dchag.role = "param"}, %wk: tensor<2x6x6xf32> {dchag.role = "param"},
    %wv: tensor<2x6x6xf32> {dchag.role = "param"}, %q2: tensor<1x1x6xf32> {dchag.role = "param"}, %wk2: tensor<1x6x6xf32> {dchag.role = "param"}, %wv2: tensor<1x6x6xf32> {dchag.role = "param"}) -> tensor<1x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<1x4x1x4x6xf32>, tensor<4x6x1x2x2xf32>) -> tensor<1x4x6x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [1, 2, 2, 6, 6] : tensor<1x4x6x6xf32> into tensor<1x2x2x6x6xf32>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<1x2x2x6x6xf32>, tensor<2x1x6xf32>, tensor<2x6x6xf32>, tensor<2x6x6xf32>) -> tensor<1x2x1x6x6xf32>
  %c = tensor.collapse_shape %y [[0], [1, 2], [3], [4]] : tensor<1x2x1x6x6xf32> into tensor<1x2x6x6xf32>
  %u = tensor.expand_shape %c [[0], [1, 2], [3], [4]] output_shape [1, 1, 2, 6, 6] : tensor<1x2x6x6xf32> into tensor<1x1x2x6x6xf32>
  %z = dchag.aggregate %u, %q2 keys(%wk2) values(%wv2) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<1x1x2x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<1x1x1x6x6xf32>
  return %z : tensor<1x1x1x6x6xf32>
}

// Linear groups are part of the tokenizers of the aggregation above them: three channels of four pixels
// are twelve pixels of a group.
// CHECK-LABEL: func.func @linear_tree(
// CHECK:         dchag.folded_aggregate %{{.+}} scores(%{{.+}}) score_bias(%{{.+}}) values(%{{.+}}) value_bias(%{{.+}}) {heads = 2 : i64, nan_when_empty} : (tensor<1x1x2x6x12xf32>, tensor<1x1x2x2x12xf32>, tensor<1x1x2x1x2xf32>, tensor<1x6x2x12xf32>,
// CHECK-NOT:     linear
func.func @linear_tree(%x: tensor<1x6x1x4x6xf32>, %e: tensor<6x6x1x2x2xf32> {dchag.role = "param"}, %c: tensor<6x6xf32> {dchag.role = "param"}, %w: tensor<2x1x3xf32> {dchag.role = "param"}, %b: tensor<2x1xf32> {dchag.role = "param"},
    %q: tensor<1x1x6xf32> {dchag.role = "param"}, %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x6x6xf32> {dchag.role = "param"}) -> tensor<1x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) embedding(%c) : (tensor<1x6x1x4x6xf32>, tensor<6x6x1x2x2xf32>, tensor<6x6xf32>) -> tensor<1x6x6x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [1, 2, 3, 6, 6] : tensor<1x6x6x6xf32> into tensor<1x2x3x6x6xf32>
  %l = dchag.aggregate_linear %g weight(%w) bias(%b) : (tensor<1x2x3x6x6xf32>, tensor<2x1x3xf32>, tensor<2x1xf32>) -> tensor<1x2x1x6x6xf32>
  %k = tensor.collapse_shape %l [[0], [1, 2], [3], [4]] : tensor<1x2x1x6x6xf32> into tensor<1x2x6x6xf32>
  %u = tensor.expand_shape %k [[0], [1, 2], [3], [4]] output_shape [1, 1, 2, 6, 6] : tensor<1x2x6x6xf32> into tensor<1x1x2x6x6xf32>
  %z = dchag.aggregate %u, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<1x1x2x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6x6xf32>) -> tensor<1x1x1x6x6xf32>
  return %z : tensor<1x1x1x6x6xf32>
}

// A linear aggregation alone: the weights of the channels times the tokenizers.
// CHECK-LABEL: func.func @linear(
// CHECK:         dchag.folded_linear %{{.+}} weight(%{{.+}}) : (tensor<1x2x3x6x4xf32>, tensor<2x2x6x3x4xf32>) -> tensor<1x2x2x6x6xf32>
// KEYS-LABEL:  func.func @linear(
// KEYS:          dchag.aggregate_linear
func.func @linear(%x: tensor<1x6x1x4x6xf32>, %e: tensor<6x6x1x2x2xf32> {dchag.role = "param"}, %c: tensor<6x6xf32> {dchag.role = "param"}, %w: tensor<2x2x3xf32> {dchag.role = "param"}, %b: tensor<2x2xf32> {dchag.role = "param"},
    %p: tensor<6x6xf32> {dchag.role = "param"}) -> tensor<1x2x2x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) embedding(%c) : (tensor<1x6x1x4x6xf32>, tensor<6x6x1x2x2xf32>, tensor<6x6xf32>) -> tensor<1x6x6x6xf32>
  %pe = tensor.empty() : tensor<1x6x6x6xf32>
  %pb = linalg.broadcast ins(%p : tensor<6x6xf32>) outs(%pe : tensor<1x6x6x6xf32>) dimensions = [0, 1]
  %s = arith.addf %t, %pb : tensor<1x6x6x6xf32>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [1, 2, 3, 6, 6] : tensor<1x6x6x6xf32> into tensor<1x2x3x6x6xf32>
  %l = dchag.aggregate_linear %g weight(%w) bias(%b) : (tensor<1x2x3x6x6xf32>, tensor<2x2x3xf32>, tensor<2x2xf32>) -> tensor<1x2x2x6x6xf32>
  return %l : tensor<1x2x2x6x6xf32>
}

// With one tokenizer for all channels, pixels are aggregated and projected afterwards.
// CHECK-LABEL: func.func @linear_shared(
// CHECK:         %[[S:.+]] = dchag.aggregate_linear %{{.+}} weight(%{{.+}}) : (tensor<1x2x3x6x4xf32>, tensor<2x1x3xf32>) -> tensor<1x2x1x6x4xf32>
// CHECK:         linalg.contract {{.+}} ins(%[[S]], %{{.+}} : tensor<1x2x1x6x4xf32>, tensor<2x6x4xf32>)
func.func @linear_shared(%x: tensor<1x6x1x4x6xf32>, %e: tensor<1x6x1x2x2xf32> {dchag.role = "param"}, %w: tensor<2x1x3xf32> {dchag.role = "param"}) -> tensor<1x2x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<1x6x1x4x6xf32>, tensor<1x6x1x2x2xf32>) -> tensor<1x6x6x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [1, 2, 3, 6, 6] : tensor<1x6x6x6xf32> into tensor<1x2x3x6x6xf32>
  %l = dchag.aggregate_linear %g weight(%w) : (tensor<1x2x3x6x6xf32>, tensor<2x1x3xf32>) -> tensor<1x2x1x6x6xf32>
  return %l : tensor<1x2x1x6x6xf32>
}
