// RUN: dchag-opt %s --raise-aggregate --absorb-layout --verify-diagnostics | FileCheck %s
// RUN: dchag-opt %s --check-equal='func.func(raise-aggregate)' --allow-unchanged --inputs=integers,normal --tolerance=1e-12

// Attentions of 8 positions over 5 channels with 2 heads of width 3, whose keys are normalised.
#project_token = affine_map<(n, c, f, t) -> (n, c, t)>
#project_weight = affine_map<(n, c, f, t) -> (f, t)>
#project = affine_map<(n, c, f, t) -> (n, c, f)>

// LayerNorm of each head, of queries too, which are repeated for every position before that. The norm of the
// query stays, once; the scale of the keys becomes a factor of it, and their bias, the same for all
// channels, has no effect.
// CHECK-LABEL: func.func @each_head(
// CHECK-SAME:    %[[SQ:[a-z0-9]+]]: tensor<3xf64> {dchag.role = "param"}, %[[SK:[a-z0-9]+]]: tensor<3xf64> {dchag.role = "param"}, %[[BK:[a-z0-9]+]]: tensor<3xf64>
// CHECK-NOT:     %[[BK]]
// CHECK:         %[[N:.+]] = dchag.layer_norm %{{.+}} scale(%[[SQ]]) {dims = 1 : i64, epsilon = 1.000000e-03 : f64} : (tensor<2x3xf64>, tensor<3xf64>) -> tensor<2x3xf64>
// CHECK:         %[[Q0:.+]] = tensor.collapse_shape %[[N]]
// CHECK:         %[[Q1:.+]] = tensor.expand_shape %[[Q0]] {{.+}} into tensor<1x1x6xf64>
// CHECK:         %[[S:.+]] = linalg.broadcast ins(%[[SK]] : tensor<3xf64>) outs(%{{.+}} : tensor<2x3xf64>) dimensions = [0]
// CHECK:         %[[S0:.+]] = tensor.collapse_shape %[[S]]
// CHECK:         %[[S1:.+]] = tensor.expand_shape %[[S0]] {{.+}} into tensor<1x1x6xf64>
// CHECK:         %[[Q:.+]] = arith.mulf %[[Q1]], %[[S1]] : tensor<1x1x6xf64>
// CHECK:         dchag.aggregate %{{.+}}, %[[Q]] keys(%{{.+}}) values(%{{.+}}) {heads = 2 : i64, key_norm = #dchag.key_norm<layer, per_head, epsilon = 1.000000e-05>, scale = 5.000000e-01 : f64}
// CHECK-SAME:      : (tensor<1x1x5x8x7xf64>, tensor<1x1x6xf64>, tensor<1x6x7xf64>, tensor<1x6x7xf64>) -> tensor<1x1x1x8x6xf64>
func.func @each_head(%t: tensor<8x5x7xf64>, %q: tensor<2x1x3xf64> {dchag.role = "param"}, %wk: tensor<6x7xf64> {dchag.role = "param"}, %wv: tensor<6x7xf64> {dchag.role = "param"},
    %sq: tensor<3xf64> {dchag.role = "param"}, %sk: tensor<3xf64> {dchag.role = "param"}, %bk: tensor<3xf64> {dchag.role = "param"}) -> tensor<8x2x1x3xf64> {
  %qe = tensor.empty() : tensor<8x2x1x3xf64>
  %q8 = linalg.broadcast ins(%q : tensor<2x1x3xf64>) outs(%qe : tensor<8x2x1x3xf64>) dimensions = [0]
  %qn = dchag.layer_norm %q8 scale(%sq) {dims = 1, epsilon = 1.0e-3} : (tensor<8x2x1x3xf64>, tensor<3xf64>) -> tensor<8x2x1x3xf64>
  %zk0 = arith.constant dense<0.0> : tensor<8x5x6xf64>
  %k0 = linalg.contract indexing_maps = [#project_token, #project_weight, #project]
    ins(%t, %wk : tensor<8x5x7xf64>, tensor<6x7xf64>) outs(%zk0 : tensor<8x5x6xf64>) -> tensor<8x5x6xf64>
  %k1h = tensor.expand_shape %k0 [[0], [1], [2, 3]] output_shape [8, 5, 2, 3] : tensor<8x5x6xf64> into tensor<8x5x2x3xf64>
  %k2 = dchag.layer_norm %k1h scale(%sk) bias(%bk) {dims = 1, epsilon = 1.0e-5} : (tensor<8x5x2x3xf64>, tensor<3xf64>, tensor<3xf64>) -> tensor<8x5x2x3xf64>
  %ke = tensor.empty() : tensor<8x2x5x3xf64>
  %k = linalg.transpose ins(%k2 : tensor<8x5x2x3xf64>) outs(%ke : tensor<8x2x5x3xf64>) permutation = [0, 2, 1, 3]
  %zv0 = arith.constant dense<0.0> : tensor<8x5x6xf64>
  %v0 = linalg.contract indexing_maps = [#project_token, #project_weight, #project]
    ins(%t, %wv : tensor<8x5x7xf64>, tensor<6x7xf64>) outs(%zv0 : tensor<8x5x6xf64>) -> tensor<8x5x6xf64>
  %v1h = tensor.expand_shape %v0 [[0], [1], [2, 3]] output_shape [8, 5, 2, 3] : tensor<8x5x6xf64> into tensor<8x5x2x3xf64>
  %ve = tensor.empty() : tensor<8x2x5x3xf64>
  %v = linalg.transpose ins(%v1h : tensor<8x5x2x3xf64>) outs(%ve : tensor<8x2x5x3xf64>) permutation = [0, 2, 1, 3]
  %y = dchag.attention %qn, %k, %v {scale = 0.5} : (tensor<8x2x1x3xf64>, tensor<8x2x5x3xf64>, tensor<8x2x5x3xf64>) -> tensor<8x2x1x3xf64>
  return %y : tensor<8x2x1x3xf64>
}

// RMS norm of all heads at once, before the reshape to heads; the scale differs between heads.
// CHECK-LABEL: func.func @all_heads(
// CHECK:         dchag.rms_norm %{{.+}} {dims = 1 : i64, {{.+}} : (tensor<2x3xf64>
// CHECK:         %[[Q:.+]] = arith.mulf %{{.+}}, %{{.+}} : tensor<1x1x6xf64>
// CHECK:         dchag.aggregate %{{.+}}, %[[Q]] keys(%{{[^,]+}}, %{{[^,]+}}) values(%{{.+}}) {heads = 2 : i64, key_norm = #dchag.key_norm<rms, all_heads, epsilon = 1.000000e-02>, scale = 5.000000e-01 : f64}
func.func @all_heads(%t: tensor<8x5x7xf64>, %q: tensor<2x1x3xf64> {dchag.role = "param"}, %wk: tensor<6x7xf64> {dchag.role = "param"}, %bk: tensor<6xf64> {dchag.role = "param"},
    %wv: tensor<6x7xf64> {dchag.role = "param"}, %sk: tensor<6xf64> {dchag.role = "param"}) -> tensor<8x2x1x3xf64> {
  %qe = tensor.empty() : tensor<8x2x1x3xf64>
  %q8 = linalg.broadcast ins(%q : tensor<2x1x3xf64>) outs(%qe : tensor<8x2x1x3xf64>) dimensions = [0]
  %qn = dchag.rms_norm %q8 {dims = 1, epsilon = 1.0e-2} : (tensor<8x2x1x3xf64>) -> tensor<8x2x1x3xf64>
  %zk0 = arith.constant dense<0.0> : tensor<8x5x6xf64>
  %k0 = linalg.contract indexing_maps = [#project_token, #project_weight, #project]
    ins(%t, %wk : tensor<8x5x7xf64>, tensor<6x7xf64>) outs(%zk0 : tensor<8x5x6xf64>) -> tensor<8x5x6xf64>
  %b8e = tensor.empty() : tensor<8x5x6xf64>
  %b8 = linalg.broadcast ins(%bk : tensor<6xf64>) outs(%b8e : tensor<8x5x6xf64>) dimensions = [0, 1]
  %kb = arith.addf %k0, %b8 : tensor<8x5x6xf64>
  %k1 = dchag.rms_norm %kb scale(%sk) {dims = 1, epsilon = 1.0e-2} : (tensor<8x5x6xf64>, tensor<6xf64>) -> tensor<8x5x6xf64>
  %k2h = tensor.expand_shape %k1 [[0], [1], [2, 3]] output_shape [8, 5, 2, 3] : tensor<8x5x6xf64> into tensor<8x5x2x3xf64>
  %ke = tensor.empty() : tensor<8x2x5x3xf64>
  %k = linalg.transpose ins(%k2h : tensor<8x5x2x3xf64>) outs(%ke : tensor<8x2x5x3xf64>) permutation = [0, 2, 1, 3]
  %zv0 = arith.constant dense<0.0> : tensor<8x5x6xf64>
  %v0 = linalg.contract indexing_maps = [#project_token, #project_weight, #project]
    ins(%t, %wv : tensor<8x5x7xf64>, tensor<6x7xf64>) outs(%zv0 : tensor<8x5x6xf64>) -> tensor<8x5x6xf64>
  %v1h = tensor.expand_shape %v0 [[0], [1], [2, 3]] output_shape [8, 5, 2, 3] : tensor<8x5x6xf64> into tensor<8x5x2x3xf64>
  %ve = tensor.empty() : tensor<8x2x5x3xf64>
  %v = linalg.transpose ins(%v1h : tensor<8x5x2x3xf64>) outs(%ve : tensor<8x2x5x3xf64>) permutation = [0, 2, 1, 3]
  %y = dchag.attention %qn, %k, %v {scale = 0.5} : (tensor<8x2x1x3xf64>, tensor<8x2x5x3xf64>, tensor<8x2x5x3xf64>) -> tensor<8x2x1x3xf64>
  return %y : tensor<8x2x1x3xf64>
}

// Tokens are keys and values without a projection, normalised as keys only; the norm follows the transpose,
// and a parameter for each head is the scale.
// CHECK-LABEL: func.func @heads_of_tokens(
// CHECK:         %[[Q:.+]] = arith.mulf %{{.+}}, %{{.+}} : tensor<1x1x6xf64>
// CHECK-NOT:     dchag.{{.*}}norm %
// CHECK:         dchag.aggregate %{{.+}}, %[[Q]] {heads = 2 : i64, key_norm = #dchag.key_norm<rms, per_head, epsilon = 1.000000e-05>, scale = 5.000000e-01 : f64} : (tensor<1x1x5x8x6xf64>,
func.func @heads_of_tokens(%t: tensor<8x5x6xf64>, %q: tensor<2x1x3xf64> {dchag.role = "param"}, %s: tensor<2x3xf64> {dchag.role = "param"}, %o: tensor<2x3xf64> {dchag.role = "param"}) -> tensor<8x2x1x3xf64> {
  %qe = tensor.empty() : tensor<8x2x1x3xf64>
  %q8 = linalg.broadcast ins(%q : tensor<2x1x3xf64>) outs(%qe : tensor<8x2x1x3xf64>) dimensions = [0]
  %t1h = tensor.expand_shape %t [[0], [1], [2, 3]] output_shape [8, 5, 2, 3] : tensor<8x5x6xf64> into tensor<8x5x2x3xf64>
  %ve = tensor.empty() : tensor<8x2x5x3xf64>
  %v = linalg.transpose ins(%t1h : tensor<8x5x2x3xf64>) outs(%ve : tensor<8x2x5x3xf64>) permutation = [0, 2, 1, 3]
  %k0 = dchag.rms_norm %v {dims = 1, epsilon = 1.0e-5} : (tensor<8x2x5x3xf64>) -> tensor<8x2x5x3xf64>
  %s8 = linalg.broadcast ins(%s : tensor<2x3xf64>) outs(%ve : tensor<8x2x5x3xf64>) dimensions = [0, 2]
  %o8 = linalg.broadcast ins(%o : tensor<2x3xf64>) outs(%ve : tensor<8x2x5x3xf64>) dimensions = [0, 2]
  %k1 = arith.mulf %s8, %k0 : tensor<8x2x5x3xf64>
  %k = arith.addf %k1, %o8 : tensor<8x2x5x3xf64>
  %y = dchag.attention %q8, %k, %v {scale = 0.5} : (tensor<8x2x1x3xf64>, tensor<8x2x5x3xf64>, tensor<8x2x5x3xf64>) -> tensor<8x2x1x3xf64>
  return %y : tensor<8x2x1x3xf64>
}

// The norm of all heads runs over two dimensions; the query is the same for both heads, the scale is not.
// CHECK-LABEL: func.func @two_dimensions(
// CHECK:         %[[Q:.+]] = arith.mulf %{{.+}}, %{{.+}} : tensor<1x1x6xf64>
// CHECK:         dchag.aggregate %{{.+}}, %[[Q]] {heads = 2 : i64, key_norm = #dchag.key_norm<layer, all_heads, epsilon = 1.000000e-05>, scale = 5.000000e-01 : f64} : (tensor<1x1x5x8x6xf64>,
func.func @two_dimensions(%t: tensor<8x5x6xf64>, %q: tensor<3xf64> {dchag.role = "param"}, %s: tensor<2x3xf64> {dchag.role = "param"}) -> tensor<8x2x1x3xf64> {
  %qe = tensor.empty() : tensor<8x2x1x3xf64>
  %q8 = linalg.broadcast ins(%q : tensor<3xf64>) outs(%qe : tensor<8x2x1x3xf64>) dimensions = [0, 1, 2]
  %t1h = tensor.expand_shape %t [[0], [1], [2, 3]] output_shape [8, 5, 2, 3] : tensor<8x5x6xf64> into tensor<8x5x2x3xf64>
  %n = dchag.layer_norm %t1h scale(%s) {dims = 2, epsilon = 1.0e-5} : (tensor<8x5x2x3xf64>, tensor<2x3xf64>) -> tensor<8x5x2x3xf64>
  %ve = tensor.empty() : tensor<8x2x5x3xf64>
  %v = linalg.transpose ins(%t1h : tensor<8x5x2x3xf64>) outs(%ve : tensor<8x2x5x3xf64>) permutation = [0, 2, 1, 3]
  %k = linalg.transpose ins(%n : tensor<8x5x2x3xf64>) outs(%ve : tensor<8x2x5x3xf64>) permutation = [0, 2, 1, 3]
  %y = dchag.attention %q8, %k, %v {scale = 0.5} : (tensor<8x2x1x3xf64>, tensor<8x2x5x3xf64>, tensor<8x2x5x3xf64>) -> tensor<8x2x1x3xf64>
  return %y : tensor<8x2x1x3xf64>
}

// Tokens that are normalised before they become keys and values are tokens.
// CHECK-LABEL: func.func @normalised_tokens(
// CHECK:         %[[T:.+]] = dchag.layer_norm
// CHECK:         dchag.aggregate %{{.+}}, %{{.+}} {heads = 2 : i64, scale = 5.000000e-01 : f64}
func.func @normalised_tokens(%t: tensor<8x5x6xf64>, %q: tensor<2x1x3xf64> {dchag.role = "param"}, %s: tensor<6xf64> {dchag.role = "param"}) -> tensor<8x2x1x3xf64> {
  %qe = tensor.empty() : tensor<8x2x1x3xf64>
  %q8 = linalg.broadcast ins(%q : tensor<2x1x3xf64>) outs(%qe : tensor<8x2x1x3xf64>) dimensions = [0]
  %n = dchag.layer_norm %t scale(%s) {dims = 1, epsilon = 1.0e-5} : (tensor<8x5x6xf64>, tensor<6xf64>) -> tensor<8x5x6xf64>
  %t1h = tensor.expand_shape %n [[0], [1], [2, 3]] output_shape [8, 5, 2, 3] : tensor<8x5x6xf64> into tensor<8x5x2x3xf64>
  %ke = tensor.empty() : tensor<8x2x5x3xf64>
  %k = linalg.transpose ins(%t1h : tensor<8x5x2x3xf64>) outs(%ke : tensor<8x2x5x3xf64>) permutation = [0, 2, 1, 3]
  %y = dchag.attention %q8, %k, %k {scale = 0.5} : (tensor<8x2x1x3xf64>, tensor<8x2x5x3xf64>, tensor<8x2x5x3xf64>) -> tensor<8x2x1x3xf64>
  return %y : tensor<8x2x1x3xf64>
}

// Features of different heads are normalised together.
// CHECK-LABEL: func.func @across_heads(
// CHECK-NOT:     dchag.aggregate
// CHECK:         dchag.attention
func.func @across_heads(%t: tensor<8x5x6xf64>, %q: tensor<2x1x3xf64> {dchag.role = "param"}) -> tensor<8x2x1x3xf64> {
  %qe = tensor.empty() : tensor<8x2x1x3xf64>
  %q8 = linalg.broadcast ins(%q : tensor<2x1x3xf64>) outs(%qe : tensor<8x2x1x3xf64>) dimensions = [0]
  %t1h = tensor.expand_shape %t [[0], [1], [2, 3]] output_shape [8, 5, 2, 3] : tensor<8x5x6xf64> into tensor<8x5x2x3xf64>
  %ve = tensor.empty() : tensor<8x2x5x3xf64>
  %v = linalg.transpose ins(%t1h : tensor<8x5x2x3xf64>) outs(%ve : tensor<8x2x5x3xf64>) permutation = [0, 2, 1, 3]
  %pe = tensor.empty() : tensor<8x5x3x2xf64>
  %p = linalg.transpose ins(%t1h : tensor<8x5x2x3xf64>) outs(%pe : tensor<8x5x3x2xf64>) permutation = [0, 1, 3, 2]
  %n = dchag.layer_norm %p {dims = 1, epsilon = 1.0e-5} : (tensor<8x5x3x2xf64>) -> tensor<8x5x3x2xf64>
  %k = linalg.transpose ins(%n : tensor<8x5x3x2xf64>) outs(%ve : tensor<8x2x5x3xf64>) permutation = [0, 3, 1, 2]
  // expected-remark @+1 {{is not raised to dchag.aggregate: keys are normalised over something else than the features of one head or of all}}
  %y = dchag.attention %q8, %k, %v {scale = 0.5} : (tensor<8x2x1x3xf64>, tensor<8x2x5x3xf64>, tensor<8x2x5x3xf64>) -> tensor<8x2x1x3xf64>
  return %y : tensor<8x2x1x3xf64>
}

// CHECK-LABEL: func.func @offset_of_each_channel(
// CHECK-NOT:     dchag.aggregate
// CHECK:         dchag.attention
func.func @offset_of_each_channel(%t: tensor<8x5x6xf64>, %q: tensor<2x1x3xf64> {dchag.role = "param"}, %o: tensor<5x3xf64> {dchag.role = "param"}) -> tensor<8x2x1x3xf64> {
  %qe = tensor.empty() : tensor<8x2x1x3xf64>
  %q8 = linalg.broadcast ins(%q : tensor<2x1x3xf64>) outs(%qe : tensor<8x2x1x3xf64>) dimensions = [0]
  %t1h = tensor.expand_shape %t [[0], [1], [2, 3]] output_shape [8, 5, 2, 3] : tensor<8x5x6xf64> into tensor<8x5x2x3xf64>
  %ve = tensor.empty() : tensor<8x2x5x3xf64>
  %v = linalg.transpose ins(%t1h : tensor<8x5x2x3xf64>) outs(%ve : tensor<8x2x5x3xf64>) permutation = [0, 2, 1, 3]
  %n = dchag.layer_norm %v {dims = 1, epsilon = 1.0e-5} : (tensor<8x2x5x3xf64>) -> tensor<8x2x5x3xf64>
  %o8 = linalg.broadcast ins(%o : tensor<5x3xf64>) outs(%ve : tensor<8x2x5x3xf64>) dimensions = [0, 1]
  %k = arith.addf %n, %o8 : tensor<8x2x5x3xf64>
  // expected-remark @+1 {{is not raised to dchag.aggregate: what is added to the normalised keys differs between channels}}
  %y = dchag.attention %q8, %k, %v {scale = 0.5} : (tensor<8x2x1x3xf64>, tensor<8x2x5x3xf64>, tensor<8x2x5x3xf64>) -> tensor<8x2x1x3xf64>
  return %y : tensor<8x2x1x3xf64>
}

// CHECK-LABEL: func.func @scale_of_each_channel(
// CHECK-NOT:     dchag.aggregate
// CHECK:         dchag.attention
func.func @scale_of_each_channel(%t: tensor<8x5x6xf64>, %q: tensor<2x1x3xf64> {dchag.role = "param"}, %s: tensor<5x3xf64> {dchag.role = "param"}) -> tensor<8x2x1x3xf64> {
  %qe = tensor.empty() : tensor<8x2x1x3xf64>
  %q8 = linalg.broadcast ins(%q : tensor<2x1x3xf64>) outs(%qe : tensor<8x2x1x3xf64>) dimensions = [0]
  %t1h = tensor.expand_shape %t [[0], [1], [2, 3]] output_shape [8, 5, 2, 3] : tensor<8x5x6xf64> into tensor<8x5x2x3xf64>
  %ve = tensor.empty() : tensor<8x2x5x3xf64>
  %v = linalg.transpose ins(%t1h : tensor<8x5x2x3xf64>) outs(%ve : tensor<8x2x5x3xf64>) permutation = [0, 2, 1, 3]
  %n = dchag.layer_norm %v {dims = 1, epsilon = 1.0e-5} : (tensor<8x2x5x3xf64>) -> tensor<8x2x5x3xf64>
  %s8 = linalg.broadcast ins(%s : tensor<5x3xf64>) outs(%ve : tensor<8x2x5x3xf64>) dimensions = [0, 1]
  %k = arith.mulf %n, %s8 : tensor<8x2x5x3xf64>
  // expected-remark @+1 {{is not raised to dchag.aggregate: the query or a weight differs between positions or channels}}
  %y = dchag.attention %q8, %k, %v {scale = 0.5} : (tensor<8x2x1x3xf64>, tensor<8x2x5x3xf64>, tensor<8x2x5x3xf64>) -> tensor<8x2x1x3xf64>
  return %y : tensor<8x2x1x3xf64>
}
