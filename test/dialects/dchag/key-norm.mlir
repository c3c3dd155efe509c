// RUN: dchag-opt %s --check-equal='decompose{evaluable}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --decompose | FileCheck %s

// Aggregations whose keys are normalised, with all that changes how they are formed: a projection with a
// bias, none, masked channels, one norm for both heads, values that are not normalised.

// Keys are formed even where the product of query and weight would be cheaper; mean and variance are two passes.
// CHECK-LABEL: func.func @layer(
// CHECK-SAME:    %[[T:[a-z0-9]+]]: tensor<2x2x3x5x4xf64>, %[[Q:[a-z0-9]+]]: tensor<2x1x6xf64>, %[[WK:[a-z0-9]+]]: tensor<2x6x4xf64>, %[[BK:[a-z0-9]+]]: tensor<2x6xf64>
// CHECK:         %[[K0:.+]] = linalg.contract {{.+}} ins(%[[T]], %[[WK]] : {{.+}} -> tensor<2x2x3x5x6xf64>
// CHECK:         %[[B:.+]] = linalg.broadcast ins(%[[BK]] :
// CHECK:         %[[K1:.+]] = arith.addf %[[K0]], %[[B]]
// CHECK:         %[[K2:.+]] = tensor.expand_shape %[[K1]] {{.+}} into tensor<2x2x3x5x2x3xf64>
// CHECK:         %[[SUM:.+]] = linalg.reduce ins(%[[K2]] : {{.+}} dimensions = [5]
// CHECK:         %[[MEAN:.+]] = arith.mulf %[[SUM]], %{{.+}} : tensor<2x2x3x5x2xf64>
// CHECK:         %[[MEANS:.+]] = linalg.broadcast ins(%[[MEAN]] :
// CHECK:         %[[C:.+]] = arith.subf %[[K2]], %[[MEANS]]
// CHECK:         %[[SQUARES:.+]] = arith.mulf %[[C]], %[[C]]
// CHECK:         linalg.reduce ins(%[[SQUARES]] : {{.+}} dimensions = [5]
// CHECK:         math.rsqrt
// CHECK:         %[[K:.+]] = arith.mulf %[[C]], %{{.+}}
// CHECK:         linalg.contract {{.+}} ins(%{{.+}}, %[[K]] :
func.func @layer(%t: tensor<2x2x3x5x4xf64>, %q: tensor<2x1x6xf64>, %wk: tensor<2x6x4xf64>, %bk: tensor<2x6xf64>) -> tensor<2x2x1x5x4xf64> {
  %y = dchag.aggregate %t, %q keys(%wk, %bk) {heads = 2, scale = 0.5, key_norm = #dchag.key_norm<layer, per_head, epsilon = 1.0e-5>}
    : (tensor<2x2x3x5x4xf64>, tensor<2x1x6xf64>, tensor<2x6x4xf64>, tensor<2x6xf64>) -> tensor<2x2x1x5x4xf64>
  return %y : tensor<2x2x1x5x4xf64>
}

// CHECK-LABEL: func.func @rms_of_tokens(
// CHECK-SAME:    %[[T:[a-z0-9]+]]: tensor<2x2x3x5x4xf64>
// CHECK:         %[[K:.+]] = tensor.expand_shape %[[T]] {{.+}} into tensor<2x2x3x5x2x2xf64>
// CHECK:         %[[SQUARES:.+]] = arith.mulf %[[K]], %[[K]]
// CHECK:         linalg.reduce ins(%[[SQUARES]] : {{.+}} dimensions = [4, 5]
func.func @rms_of_tokens(%t: tensor<2x2x3x5x4xf64>, %q: tensor<2x1x4xf64>, %wv: tensor<2x6x4xf64>, %m: tensor<2x2x3xi1>) -> tensor<2x2x1x5x6xf64> {
  %y = dchag.aggregate %t, %q values(%wv) mask(%m) {heads = 2, scale = 0.5, key_norm = #dchag.key_norm<rms, all_heads, epsilon = 1.0e-5>}
    : (tensor<2x2x3x5x4xf64>, tensor<2x1x4xf64>, tensor<2x6x4xf64>, tensor<2x2x3xi1>) -> tensor<2x2x1x5x6xf64>
  return %y : tensor<2x2x1x5x6xf64>
}

func.func @partial_layer(%t: tensor<2x2x3x5x4xf64>, %q: tensor<2x1x6xf64>, %wk: tensor<2x6x4xf64>, %m: tensor<2x2x3xi1>) -> (tensor<2x2x1x5x2xf64>, tensor<2x2x1x5x2xf64>, tensor<2x2x1x5x4xf64>) {
  %m0, %l, %u = dchag.aggregate_partial %t, %q keys(%wk) mask(%m) {heads = 2, scale = 0.5, key_norm = #dchag.key_norm<layer, all_heads, epsilon = 1.0e-5>, weighs_masked}
    : (tensor<2x2x3x5x4xf64>, tensor<2x1x6xf64>, tensor<2x6x4xf64>, tensor<2x2x3xi1>) -> (tensor<2x2x1x5x2xf64>, tensor<2x2x1x5x2xf64>, tensor<2x2x1x5x4xf64>)
  return %m0, %l, %u : tensor<2x2x1x5x2xf64>, tensor<2x2x1x5x2xf64>, tensor<2x2x1x5x4xf64>
}

func.func @partial_rms(%t: tensor<2x2x3x5x4xf64>, %q: tensor<2x1x4xf64>) -> (tensor<2x2x1x5x2xf64>, tensor<2x2x1x5x2xf64>, tensor<2x2x1x5x4xf64>) {
  %m0, %l, %u = dchag.aggregate_partial %t, %q {heads = 2, scale = 0.5, key_norm = #dchag.key_norm<rms, per_head, epsilon = 1.0e-5>}
    : (tensor<2x2x3x5x4xf64>, tensor<2x1x4xf64>) -> (tensor<2x2x1x5x2xf64>, tensor<2x2x1x5x2xf64>, tensor<2x2x1x5x4xf64>)
  return %m0, %l, %u : tensor<2x2x1x5x2xf64>, tensor<2x2x1x5x2xf64>, tensor<2x2x1x5x4xf64>
}
