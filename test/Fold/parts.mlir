// RUN: dchag-opt %s --fold-aggregate=fold=full | FileCheck %s
// RUN: dchag-opt %s --check-equal='fold-aggregate{fold=keys}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-equal='fold-aggregate{fold=full}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-equal='fold-aggregate{fold=auto}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-equal='fold-aggregate{fold=full},decompose{evaluable}' --inputs=integers,normal --tolerance=1e-6

// Tokens of two tokenizations are parts of one softmax. What is the same in all scores of one part (its bias,
// and positions embedded in it alone) is not the same in the other: it is added to the maximum of the part.
// The bias of the keys is left out of both.
// CHECK-LABEL: func.func @parts(
// CHECK-DAG:     %[[M:.+]], %{{.+}}, %{{.+}} = dchag.folded_aggregate_partial {{.+}} : (tensor<2x1x3x6x4xf32>
// CHECK-DAG:     arith.addf %[[M]], %{{.+}} : tensor<2x1x1x6x2xf32>
// CHECK:         dchag.merge_partials
func.func @parts(%x: tensor<2x3x1x4x6xf32>, %z: tensor<2x2x1x2x3xf32>, %e: tensor<1x6x1x2x2xf32> {dchag.role = "param"}, %b: tensor<1x6xf32> {dchag.role = "param"}, %p: tensor<6x6xf32> {dchag.role = "param"}, %f: tensor<2x6x1x1x1xf32> {dchag.role = "param"},
    %q: tensor<1x1x6xf32> {dchag.role = "param"}, %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %bk: tensor<1x6xf32> {dchag.role = "param"}, %wv: tensor<1x4x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x6x4xf32> {
  %t = dchag.tokenize %x weight(%e) bias(%b) : (tensor<2x3x1x4x6xf32>, tensor<1x6x1x2x2xf32>, tensor<1x6xf32>) -> tensor<2x3x6x6xf32>
  %pe = tensor.empty() : tensor<2x3x6x6xf32>
  %pb = linalg.broadcast ins(%p : tensor<6x6xf32>) outs(%pe : tensor<2x3x6x6xf32>) dimensions = [0, 1]
  %s = arith.addf %t, %pb : tensor<2x3x6x6xf32>
  %u = dchag.tokenize %z weight(%f) : (tensor<2x2x1x2x3xf32>, tensor<2x6x1x1x1xf32>) -> tensor<2x2x6x6xf32>
  %j = tensor.concat dim(1) %s, %u : (tensor<2x3x6x6xf32>, tensor<2x2x6x6xf32>) -> tensor<2x5x6x6xf32>
  %g = tensor.expand_shape %j [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xf32> into tensor<2x1x5x6x6xf32>
  %y = dchag.aggregate %g, %q keys(%wk, %bk) values(%wv) {heads = 2, scale = 0.1} : (tensor<2x1x5x6x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x6xf32>, tensor<1x4x6xf32>) -> tensor<2x1x1x6x4xf32>
  return %y : tensor<2x1x1x6x4xf32>
}

// The mean of keys over all heads has features of other heads than the one of the score.
// CHECK-LABEL: func.func @mean_of_all_heads(
// CHECK:         dchag.fold_norm %{{.+}} {centered, parts = 1 : i64}
func.func @mean_of_all_heads(%x: tensor<2x5x1x4x6xf32>, %e: tensor<5x6x1x2x2xf32> {dchag.role = "param"}, %q: tensor<1x2x4xf32> {dchag.role = "param"}, %wk: tensor<1x4x6xf32> {dchag.role = "param"}, %bk: tensor<1x4xf32> {dchag.role = "param"}) -> tensor<2x1x2x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x6xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x6x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xf32> into tensor<2x1x5x6x6xf32>
  %y = dchag.aggregate %g, %q keys(%wk, %bk) {heads = 2, scale = 0.5, key_norm = #dchag.key_norm<layer, all_heads, epsilon = 1.0>}
    : (tensor<2x1x5x6x6xf32>, tensor<1x2x4xf32>, tensor<1x4x6xf32>, tensor<1x4xf32>) -> tensor<2x1x2x6x6xf32>
  return %y : tensor<2x1x2x6x6xf32>
}

// The same without a projection.
// CHECK-LABEL: func.func @mean_of_tokens(
// CHECK:         dchag.fold_norm %{{.+}} {centered, parts = 1 : i64}
func.func @mean_of_tokens(%x: tensor<2x5x1x4x6xf32>, %e: tensor<5x6x1x2x2xf32> {dchag.role = "param"}, %q: tensor<1x1x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x6xf32>, tensor<5x6x1x2x2xf32>) -> tensor<2x5x6x6xf32>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xf32> into tensor<2x1x5x6x6xf32>
  %y = dchag.aggregate %g, %q {heads = 3, scale = 0.5, key_norm = #dchag.key_norm<layer, all_heads, epsilon = 1.0>} : (tensor<2x1x5x6x6xf32>, tensor<1x1x6xf32>) -> tensor<2x1x1x6x6xf32>
  return %y : tensor<2x1x1x6x6xf32>
}

// Positions of joined tokens are gathered from the pixels of each part.
// CHECK-LABEL: func.func @gathered_parts(
// CHECK-COUNT-2: dchag.gather
// CHECK-NOT:     dchag.tokenize
// CHECK:         dchag.merge_partials
func.func @gathered_parts(%x: tensor<2x3x1x4x6xf32>, %z: tensor<2x2x1x2x3xf32>, %i: tensor<2x4xi64> {dchag.range = array<i64: -7, 6>}, %e: tensor<1x6x1x2x2xf32> {dchag.role = "param"}, %b: tensor<1x6xf32> {dchag.role = "param"},
    %f: tensor<2x6x1x1x1xf32> {dchag.role = "param"}, %q: tensor<1x1x6xf32> {dchag.role = "param"}, %wk: tensor<1x6x6xf32> {dchag.role = "param"}, %wv: tensor<1x4x6xf32> {dchag.role = "param"}) -> tensor<2x1x1x4x4xf32> {
  %t = dchag.tokenize %x weight(%e) bias(%b) : (tensor<2x3x1x4x6xf32>, tensor<1x6x1x2x2xf32>, tensor<1x6xf32>) -> tensor<2x3x6x6xf32>
  %u = dchag.tokenize %z weight(%f) : (tensor<2x2x1x2x3xf32>, tensor<2x6x1x1x1xf32>) -> tensor<2x2x6x6xf32>
  %j = tensor.concat dim(1) %t, %u : (tensor<2x3x6x6xf32>, tensor<2x2x6x6xf32>) -> tensor<2x5x6x6xf32>
  %o = dchag.gather %j[%i] {batch = 1, dim = 2} : (tensor<2x5x6x6xf32>, tensor<2x4xi64>) -> tensor<2x5x4x6xf32>
  %g = tensor.expand_shape %o [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 4, 6] : tensor<2x5x4x6xf32> into tensor<2x1x5x4x6xf32>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.1} : (tensor<2x1x5x4x6xf32>, tensor<1x1x6xf32>, tensor<1x6x6xf32>, tensor<1x4x6xf32>) -> tensor<2x1x1x4x4xf32>
  return %y : tensor<2x1x1x4x4xf32>
}
