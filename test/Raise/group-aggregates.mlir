// RUN: dchag-opt %s --group-aggregates --absorb-layout | FileCheck %s
// RUN: dchag-opt %s --check-equal='func.func(group-aggregates,absorb-layout)' --allow-unchanged

// Two groups of three channels, given in the wrong order, and one over their tokens.
// CHECK-LABEL: func.func @two_groups(
// CHECK-SAME:    %[[T:[a-z0-9]+]]: tensor<2x6x4x5xf64>
// CHECK-DAG:     %[[Q:.+]] = tensor.concat dim(0) %{{.+}}, %{{.+}} : (tensor<1x1x5xf64>, tensor<1x1x5xf64>) -> tensor<2x1x5xf64>
// CHECK-DAG:     %[[TOKENS:.+]] = tensor.expand_shape %[[T]] {{\[\[}}0], [1, 2], [3], [4]]
// CHECK:         %[[G:.+]] = dchag.aggregate %[[TOKENS]], %[[Q]] {heads = 1 : i64, scale = 5.000000e-01 : f64} : (tensor<2x2x3x4x5xf64>, tensor<2x1x5xf64>) -> tensor<2x2x1x4x5xf64>
// CHECK-NOT:     tensor.concat
// CHECK:         dchag.aggregate %{{.+}}, %{{.+}} {heads = 1 : i64, scale = 5.000000e-01 : f64} : (tensor<2x1x2x4x5xf64>, tensor<1x1x5xf64>) -> tensor<2x1x1x4x5xf64>
func.func @two_groups(%t: tensor<2x6x4x5xf64>, %q0: tensor<1x1x5xf64> {dchag.role = "param"},
                      %q1: tensor<1x1x5xf64> {dchag.role = "param"}) -> tensor<2x1x1x4x5xf64> {
  %b = tensor.extract_slice %t[0, 3, 0, 0] [2, 3, 4, 5] [1, 1, 1, 1] : tensor<2x6x4x5xf64> to tensor<2x3x4x5xf64>
  %b1 = tensor.expand_shape %b [[0], [1, 2], [3], [4]] output_shape [2, 1, 3, 4, 5] : tensor<2x3x4x5xf64> into tensor<2x1x3x4x5xf64>
  %y1 = dchag.aggregate %b1, %q1 {heads = 1, scale = 0.5} : (tensor<2x1x3x4x5xf64>, tensor<1x1x5xf64>) -> tensor<2x1x1x4x5xf64>
  %a = tensor.extract_slice %t[0, 0, 0, 0] [2, 3, 4, 5] [1, 1, 1, 1] : tensor<2x6x4x5xf64> to tensor<2x3x4x5xf64>
  %a1 = tensor.expand_shape %a [[0], [1, 2], [3], [4]] output_shape [2, 1, 3, 4, 5] : tensor<2x3x4x5xf64> into tensor<2x1x3x4x5xf64>
  %y0 = dchag.aggregate %a1, %q0 {heads = 1, scale = 0.5} : (tensor<2x1x3x4x5xf64>, tensor<1x1x5xf64>) -> tensor<2x1x1x4x5xf64>
  %s = tensor.concat dim(2) %y0, %y1 : (tensor<2x1x1x4x5xf64>, tensor<2x1x1x4x5xf64>) -> tensor<2x1x2x4x5xf64>
  %y = dchag.aggregate %s, %q0 {heads = 1, scale = 0.5} : (tensor<2x1x2x4x5xf64>, tensor<1x1x5xf64>) -> tensor<2x1x1x4x5xf64>
  return %y : tensor<2x1x1x4x5xf64>
}

// Groups of other sizes stay apart.
// CHECK-LABEL: func.func @uneven(
// CHECK:         dchag.aggregate {{.+}} : (tensor<2x1x4x4x5xf64>
// CHECK:         dchag.aggregate {{.+}} : (tensor<2x1x2x4x5xf64>
func.func @uneven(%t: tensor<2x6x4x5xf64>, %q0: tensor<1x1x5xf64> {dchag.role = "param"},
                  %q1: tensor<1x1x5xf64> {dchag.role = "param"}) -> (tensor<2x1x1x4x5xf64>, tensor<2x1x1x4x5xf64>) {
  %a = tensor.extract_slice %t[0, 0, 0, 0] [2, 4, 4, 5] [1, 1, 1, 1] : tensor<2x6x4x5xf64> to tensor<2x4x4x5xf64>
  %a1 = tensor.expand_shape %a [[0], [1, 2], [3], [4]] output_shape [2, 1, 4, 4, 5] : tensor<2x4x4x5xf64> into tensor<2x1x4x4x5xf64>
  %y0 = dchag.aggregate %a1, %q0 {heads = 1, scale = 0.5} : (tensor<2x1x4x4x5xf64>, tensor<1x1x5xf64>) -> tensor<2x1x1x4x5xf64>
  %b = tensor.extract_slice %t[0, 4, 0, 0] [2, 2, 4, 5] [1, 1, 1, 1] : tensor<2x6x4x5xf64> to tensor<2x2x4x5xf64>
  %b1 = tensor.expand_shape %b [[0], [1, 2], [3], [4]] output_shape [2, 1, 2, 4, 5] : tensor<2x2x4x5xf64> into tensor<2x1x2x4x5xf64>
  %y1 = dchag.aggregate %b1, %q1 {heads = 1, scale = 0.5} : (tensor<2x1x2x4x5xf64>, tensor<1x1x5xf64>) -> tensor<2x1x1x4x5xf64>
  return %y0, %y1 : tensor<2x1x1x4x5xf64>, tensor<2x1x1x4x5xf64>
}

// Keys normalised alike, and not alike.
// CHECK-LABEL: func.func @normalised_keys(
// CHECK:         dchag.aggregate {{.+}} {heads = 1 : i64, key_norm = #dchag.key_norm<rms, per_head, epsilon = 1.000000e-05>, scale = 5.000000e-01 : f64} : (tensor<2x2x2x4x5xf64>
// CHECK:         dchag.aggregate {{.+}} {heads = 1 : i64, key_norm = #dchag.key_norm<rms, per_head, epsilon = 1.000000e-02>, scale = 5.000000e-01 : f64} : (tensor<2x1x2x4x5xf64>
func.func @normalised_keys(%t: tensor<2x6x4x5xf64>, %q0: tensor<1x1x5xf64> {dchag.role = "param"},
                  %q1: tensor<1x1x5xf64> {dchag.role = "param"}) -> (tensor<2x1x1x4x5xf64>, tensor<2x1x1x4x5xf64>, tensor<2x1x1x4x5xf64>) {
  %a = tensor.extract_slice %t[0, 0, 0, 0] [2, 2, 4, 5] [1, 1, 1, 1] : tensor<2x6x4x5xf64> to tensor<2x2x4x5xf64>
  %a1 = tensor.expand_shape %a [[0], [1, 2], [3], [4]] output_shape [2, 1, 2, 4, 5] : tensor<2x2x4x5xf64> into tensor<2x1x2x4x5xf64>
  %y0 = dchag.aggregate %a1, %q0 {heads = 1, scale = 0.5, key_norm = #dchag.key_norm<rms, per_head, epsilon = 1.0e-5>} : (tensor<2x1x2x4x5xf64>, tensor<1x1x5xf64>) -> tensor<2x1x1x4x5xf64>
  %b = tensor.extract_slice %t[0, 2, 0, 0] [2, 2, 4, 5] [1, 1, 1, 1] : tensor<2x6x4x5xf64> to tensor<2x2x4x5xf64>
  %b1 = tensor.expand_shape %b [[0], [1, 2], [3], [4]] output_shape [2, 1, 2, 4, 5] : tensor<2x2x4x5xf64> into tensor<2x1x2x4x5xf64>
  %y1 = dchag.aggregate %b1, %q1 {heads = 1, scale = 0.5, key_norm = #dchag.key_norm<rms, per_head, epsilon = 1.0e-5>} : (tensor<2x1x2x4x5xf64>, tensor<1x1x5xf64>) -> tensor<2x1x1x4x5xf64>
  %c = tensor.extract_slice %t[0, 4, 0, 0] [2, 2, 4, 5] [1, 1, 1, 1] : tensor<2x6x4x5xf64> to tensor<2x2x4x5xf64>
  %c1 = tensor.expand_shape %c [[0], [1, 2], [3], [4]] output_shape [2, 1, 2, 4, 5] : tensor<2x2x4x5xf64> into tensor<2x1x2x4x5xf64>
  %y2 = dchag.aggregate %c1, %q1 {heads = 1, scale = 0.5, key_norm = #dchag.key_norm<rms, per_head, epsilon = 1.0e-2>} : (tensor<2x1x2x4x5xf64>, tensor<1x1x5xf64>) -> tensor<2x1x1x4x5xf64>
  return %y0, %y1, %y2 : tensor<2x1x1x4x5xf64>, tensor<2x1x1x4x5xf64>, tensor<2x1x1x4x5xf64>
}
