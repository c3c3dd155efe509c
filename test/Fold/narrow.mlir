// RUN: dchag-opt %s --fold-aggregate=fold=full | FileCheck %s
// RUN: dchag-opt %s --check-equal='fold-aggregate{fold=keys}' --inputs=integers,normal --tolerance=1e-12
// RUN: dchag-opt %s --check-equal='fold-aggregate{fold=full}' --inputs=integers,normal --tolerance=1e-12

// Weights of a model of bf16 are folded in f32 and stay there; pixels do not change.
// CHECK-LABEL: func.func @norm(
// CHECK-DAG:     dchag.fold_norm {{.+}} -> (tensor<1x5x1x6x4xf32>, tensor<1x5x1x4x4xf32>)
// CHECK-DAG:     dchag.fold_query {{.+}} -> tensor<1x2x6xf32>
// CHECK:         %[[Y:.+]] = dchag.folded_aggregate {{.+}} : (tensor<2x1x5x6x4xbf16>, tensor<1x1x2x5x4xf32>, tensor<1x1x5x1x2xf32>, tensor<1x6x5x4xf32>, tensor<1x1x5x6xf32>, tensor<1x5x1x4x4xf32>, tensor<1x1x5x1x4xf32>, tensor<1x1x5x1xf32>) -> tensor<2x1x1x6x6xf32>
// CHECK:         arith.truncf %[[Y]] : tensor<2x1x1x6x6xf32> to tensor<2x1x1x6x6xbf16>
func.func @norm(%x: tensor<2x5x1x4x6xbf16>, %e: tensor<5x6x1x2x2xbf16> {dchag.role = "param"}, %b: tensor<5x6xbf16> {dchag.role = "param"}, %q: tensor<1x1x6xbf16> {dchag.role = "param"},
    %wk: tensor<1x6x6xbf16> {dchag.role = "param"}, %wv: tensor<1x6x6xbf16> {dchag.role = "param"}) -> tensor<2x1x1x6x6xbf16> {
  %t = dchag.tokenize %x weight(%e) bias(%b) : (tensor<2x5x1x4x6xbf16>, tensor<5x6x1x2x2xbf16>, tensor<5x6xbf16>) -> tensor<2x5x6x6xbf16>
  %n = dchag.layer_norm %t {dims = 1, epsilon = 1.0e-3} : (tensor<2x5x6x6xbf16>) -> tensor<2x5x6x6xbf16>
  %g = tensor.expand_shape %n [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xbf16> into tensor<2x1x5x6x6xbf16>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5} : (tensor<2x1x5x6x6xbf16>, tensor<1x1x6xbf16>, tensor<1x6x6xbf16>, tensor<1x6x6xbf16>) -> tensor<2x1x1x6x6xbf16>
  return %y : tensor<2x1x1x6x6xbf16>
}

// Parts of a softmax are f32 until they are merged.
// CHECK-LABEL: func.func @parts(
// CHECK:         dchag.folded_aggregate_partial {{.+}} -> (tensor<2x1x1x6x2xf32>, tensor<2x1x1x6x2xf32>, tensor<2x1x1x6x4xf32>)
// CHECK:         %[[Y:.+]] = dchag.merge_partials {{.+}} -> tensor<2x1x1x6x4xf32>
// CHECK:         arith.truncf %[[Y]] : tensor<2x1x1x6x4xf32> to tensor<2x1x1x6x4xbf16>
func.func @parts(%x: tensor<2x3x1x4x6xbf16>, %z: tensor<2x2x1x2x3xbf16>, %e: tensor<1x6x1x2x2xbf16> {dchag.role = "param"}, %f: tensor<2x6x1x1x1xbf16> {dchag.role = "param"},
    %q: tensor<1x1x6xbf16> {dchag.role = "param"}, %wk: tensor<1x6x6xbf16> {dchag.role = "param"}, %wv: tensor<1x4x6xbf16> {dchag.role = "param"}) -> tensor<2x1x1x6x4xbf16> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x3x1x4x6xbf16>, tensor<1x6x1x2x2xbf16>) -> tensor<2x3x6x6xbf16>
  %u = dchag.tokenize %z weight(%f) : (tensor<2x2x1x2x3xbf16>, tensor<2x6x1x1x1xbf16>) -> tensor<2x2x6x6xbf16>
  %j = tensor.concat dim(1) %t, %u : (tensor<2x3x6x6xbf16>, tensor<2x2x6x6xbf16>) -> tensor<2x5x6x6xbf16>
  %g = tensor.expand_shape %j [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xbf16> into tensor<2x1x5x6x6xbf16>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.1} : (tensor<2x1x5x6x6xbf16>, tensor<1x1x6xbf16>, tensor<1x6x6xbf16>, tensor<1x4x6xbf16>) -> tensor<2x1x1x6x4xbf16>
  return %y : tensor<2x1x1x6x4xbf16>
}

// A position embedding is added to the result in f32.
// CHECK-LABEL: func.func @position(
// CHECK:         %[[Y:.+]] = dchag.folded_aggregate {{.+}} -> tensor<2x1x1x6x6xf32>
// CHECK:         %[[S:.+]] = arith.addf %[[Y]], {{.+}} : tensor<2x1x1x6x6xf32>
// CHECK:         arith.truncf %[[S]]
func.func @position(%x: tensor<2x5x1x4x6xbf16>, %e: tensor<5x6x1x2x2xbf16> {dchag.role = "param"}, %p: tensor<6x6xbf16> {dchag.role = "param"}, %q: tensor<1x1x6xbf16> {dchag.role = "param"},
    %wk: tensor<1x6x6xbf16> {dchag.role = "param"}, %wv: tensor<1x6x6xbf16> {dchag.role = "param"}) -> tensor<2x1x1x6x6xbf16> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x6xbf16>, tensor<5x6x1x2x2xbf16>) -> tensor<2x5x6x6xbf16>
  %pe = tensor.empty() : tensor<2x5x6x6xbf16>
  %pb = linalg.broadcast ins(%p : tensor<6x6xbf16>) outs(%pe : tensor<2x5x6x6xbf16>) dimensions = [0, 1]
  %s = arith.addf %t, %pb : tensor<2x5x6x6xbf16>
  %g = tensor.expand_shape %s [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xbf16> into tensor<2x1x5x6x6xbf16>
  %y = dchag.aggregate %g, %q keys(%wk) values(%wv) {heads = 2, scale = 0.5, nan_when_empty} : (tensor<2x1x5x6x6xbf16>, tensor<1x1x6xbf16>, tensor<1x6x6xbf16>, tensor<1x6x6xbf16>) -> tensor<2x1x1x6x6xbf16>
  return %y : tensor<2x1x1x6x6xbf16>
}

// CHECK-LABEL: func.func @linear(
// CHECK:         dchag.folded_linear {{.+}} : (tensor<2x1x5x6x4xbf16>, tensor<1x2x6x5x4xf32>) -> tensor<2x1x2x6x6xf32>
// CHECK:         arith.addf
// CHECK:         arith.truncf
func.func @linear(%x: tensor<2x5x1x4x6xbf16>, %e: tensor<5x6x1x2x2xbf16> {dchag.role = "param"}, %b: tensor<5x6xbf16> {dchag.role = "param"}, %w: tensor<1x2x5xbf16> {dchag.role = "param"}) -> tensor<2x1x2x6x6xbf16> {
  %t = dchag.tokenize %x weight(%e) bias(%b) : (tensor<2x5x1x4x6xbf16>, tensor<5x6x1x2x2xbf16>, tensor<5x6xbf16>) -> tensor<2x5x6x6xbf16>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xbf16> into tensor<2x1x5x6x6xbf16>
  %y = dchag.aggregate_linear %g weight(%w) : (tensor<2x1x5x6x6xbf16>, tensor<1x2x5xbf16>) -> tensor<2x1x2x6x6xbf16>
  return %y : tensor<2x1x2x6x6xbf16>
}

// With one tokenizer for all channels pixels are summed over the channels in f32.
// CHECK-LABEL: func.func @linear_shared(
// CHECK:         %[[X:.+]] = arith.extf {{.+}} : tensor<2x1x5x6x4xbf16> to tensor<2x1x5x6x4xf32>
// CHECK:         dchag.aggregate_linear %[[X]] {{.+}} -> tensor<2x1x2x6x4xf32>
// CHECK:         linalg.contract
func.func @linear_shared(%x: tensor<2x5x1x4x6xbf16>, %e: tensor<1x6x1x2x2xbf16> {dchag.role = "param"}, %w: tensor<1x2x5xbf16> {dchag.role = "param"}) -> tensor<2x1x2x6x6xbf16> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x6xbf16>, tensor<1x6x1x2x2xbf16>) -> tensor<2x5x6x6xbf16>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xbf16> into tensor<2x1x5x6x6xbf16>
  %y = dchag.aggregate_linear %g weight(%w) : (tensor<2x1x5x6x6xbf16>, tensor<1x2x5xbf16>) -> tensor<2x1x2x6x6xbf16>
  return %y : tensor<2x1x2x6x6xbf16>
}

// A result that is not rounded.
// CHECK-LABEL: func.func @wide_result(
// CHECK:         %[[Y:.+]] = dchag.folded_aggregate {{.+}} -> tensor<2x1x1x6x6xf32>
// CHECK:         return %[[Y]]
func.func @wide_result(%x: tensor<2x5x1x4x6xbf16>, %e: tensor<5x6x1x2x2xbf16> {dchag.role = "param"}, %q: tensor<1x1x6xbf16> {dchag.role = "param"}) -> tensor<2x1x1x6x6xf32> {
  %t = dchag.tokenize %x weight(%e) : (tensor<2x5x1x4x6xbf16>, tensor<5x6x1x2x2xbf16>) -> tensor<2x5x6x6xbf16>
  %g = tensor.expand_shape %t [[0], [1, 2], [3], [4]] output_shape [2, 1, 5, 6, 6] : tensor<2x5x6x6xbf16> into tensor<2x1x5x6x6xbf16>
  %y = dchag.aggregate %g, %q {heads = 2, scale = 0.5} : (tensor<2x1x5x6x6xbf16>, tensor<1x1x6xbf16>) -> tensor<2x1x1x6x6xf32>
  return %y : tensor<2x1x1x6x6xf32>
}
