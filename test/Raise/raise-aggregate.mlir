// RUN: dchag-opt %s --raise-aggregate --absorb-layout 2>&1 | FileCheck %s
// RUN: dchag-opt %s --check-equal='func.func(raise-aggregate)' --allow-unchanged

// Letters: b batch, c channel, n position, i query, j head, d and e width of a head, t width of a token. Each
// contraction has three maps: of its operands and of its result.
//
// One head, positions in front: scores are products of a query with the tokens, and their softmax weighs
// the tokens.
#score_query = affine_map<(n, c, d) -> (d)>
#score_query_of_position = affine_map<(n, c, d) -> (n, d)>
#score_key = affine_map<(n, c, d) -> (n, c, d)>
#score = affine_map<(n, c, d) -> (n, c)>
#sum_weight = affine_map<(n, d, c) -> (n, c)>
#sum_value = affine_map<(n, d, c) -> (n, c, d)>
#sum = affine_map<(n, d, c) -> (n, d)>

#project_token = affine_map<(b, c, n, j, d, t) -> (b, c, n, t)>
#project_weight = affine_map<(b, c, n, j, d, t) -> (j, d, t)>
#project = affine_map<(b, c, n, j, d, t) -> (b, c, n, j, d)>
#heads_score_query = affine_map<(b, n, j, c, d) -> (j, d)>
#heads_score_key = affine_map<(b, n, j, c, d) -> (b, c, n, j, d)>
#heads_score = affine_map<(b, n, j, c, d) -> (b, n, j, c)>
#heads_sum_weight = affine_map<(b, n, j, d, c) -> (b, n, j, c)>
#heads_sum_value = affine_map<(b, n, j, d, c) -> (b, c, n, j, d)>
#heads_sum = affine_map<(b, n, j, d, c) -> (b, n, j, d)>

// The query is projected, scaled by 1/2 and the same at all positions; tokens are
// batch x channels x positions x width with two heads of width 3 packed in one dimension.
// CHECK-LABEL: func.func @four_dimensions(
// CHECK-SAME:    %[[T:[a-z0-9]+]]: tensor<2x5x4x7xf64>
// CHECK-NOT:     dchag.softmax
// CHECK:         %[[TOKENS:.+]] = tensor.expand_shape %[[T]] {{.+}} into tensor<2x1x5x4x7xf64>
// CHECK:         dchag.aggregate %[[TOKENS]], %{{.+}} keys(%{{.+}}) values(%{{.+}}, %{{.+}}) {heads = 2 : i64, scale = 5.000000e-01 : f64}
// CHECK-SAME:      : (tensor<2x1x5x4x7xf64>, tensor<1x1x6xf64>, tensor<1x6x7xf64>, tensor<1x6x7xf64>, tensor<1x6xf64>) -> tensor<2x1x1x4x6xf64>
func.func @four_dimensions(%t: tensor<2x5x4x7xf64>, %q: tensor<2x3xf64> {dchag.role = "param"},
    %wk: tensor<2x3x7xf64> {dchag.role = "param"}, %wv: tensor<2x3x7xf64> {dchag.role = "param"},
    %bv: tensor<2x3xf64> {dchag.role = "param"}) -> tensor<2x4x2x3xf64> {
  %zero = arith.constant 0.0 : f64
  %ek = tensor.empty() : tensor<2x5x4x2x3xf64>
  %ik = linalg.fill ins(%zero : f64) outs(%ek : tensor<2x5x4x2x3xf64>) -> tensor<2x5x4x2x3xf64>
  %k = linalg.contract indexing_maps = [#project_token, #project_weight, #project]
    ins(%t, %wk : tensor<2x5x4x7xf64>, tensor<2x3x7xf64>) outs(%ik : tensor<2x5x4x2x3xf64>) -> tensor<2x5x4x2x3xf64>
  %v0 = linalg.contract indexing_maps = [#project_token, #project_weight, #project]
    ins(%t, %wv : tensor<2x5x4x7xf64>, tensor<2x3x7xf64>) outs(%ik : tensor<2x5x4x2x3xf64>) -> tensor<2x5x4x2x3xf64>
  %bva = linalg.broadcast ins(%bv : tensor<2x3xf64>) outs(%ek : tensor<2x5x4x2x3xf64>) dimensions = [0, 1, 2]
  %v = arith.addf %v0, %bva : tensor<2x5x4x2x3xf64>
  %es = tensor.empty() : tensor<2x4x2x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<2x4x2x5xf64>) -> tensor<2x4x2x5xf64>
  %s = linalg.contract indexing_maps = [#heads_score_query, #heads_score_key, #heads_score]
    ins(%q, %k : tensor<2x3xf64>, tensor<2x5x4x2x3xf64>) outs(%is : tensor<2x4x2x5xf64>) -> tensor<2x4x2x5xf64>
  %half = arith.constant dense<0.5> : tensor<2x4x2x5xf64>
  %s2 = arith.mulf %half, %s : tensor<2x4x2x5xf64>
  %a = dchag.softmax %s2 {dim = 3} : tensor<2x4x2x5xf64>
  %ey = tensor.empty() : tensor<2x4x2x3xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<2x4x2x3xf64>) -> tensor<2x4x2x3xf64>
  %y = linalg.contract indexing_maps = [#heads_sum_weight, #heads_sum_value, #heads_sum]
    ins(%a, %v : tensor<2x4x2x5xf64>, tensor<2x5x4x2x3xf64>) outs(%iy : tensor<2x4x2x3xf64>) -> tensor<2x4x2x3xf64>
  return %y : tensor<2x4x2x3xf64>
}

#queries_score_query = affine_map<(n, i, c, d) -> (i, d)>
#queries_score_key = affine_map<(n, i, c, d) -> (c, n, d)>
#queries_score = affine_map<(n, i, c, d) -> (n, i, c)>
#queries_sum_weight = affine_map<(n, i, d, c) -> (n, i, c)>
#queries_sum_value = affine_map<(n, i, d, c) -> (c, n, d)>
#queries_sum = affine_map<(n, i, d, c) -> (n, i, d)>

// Raw query, keys and values are the tokens themselves, one head, 1/4 as two halves on
// query and keys, channels in front.
// CHECK-LABEL: func.func @no_projections(
// CHECK-NOT:     dchag.softmax
// CHECK:         dchag.aggregate %{{.+}}, %{{.+}} {heads = 1 : i64, scale = 2.500000e-01 : f64}
// CHECK-SAME:      : (tensor<1x1x5x4x7xf64>, tensor<1x3x7xf64>) -> tensor<1x1x3x4x7xf64>
func.func @no_projections(%t: tensor<5x4x7xf64>, %q: tensor<3x7xf64> {dchag.role = "param"}) -> tensor<4x3x7xf64> {
  %zero = arith.constant 0.0 : f64
  %hq = arith.constant dense<0.5> : tensor<3x7xf64>
  %two = arith.constant dense<2.0> : tensor<5x4x7xf64>
  %q2 = arith.mulf %q, %hq : tensor<3x7xf64>
  %k = arith.divf %t, %two : tensor<5x4x7xf64>
  %es = tensor.empty() : tensor<4x3x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<4x3x5xf64>) -> tensor<4x3x5xf64>
  %s = linalg.contract indexing_maps = [#queries_score_query, #queries_score_key, #queries_score]
    ins(%q2, %k : tensor<3x7xf64>, tensor<5x4x7xf64>) outs(%is : tensor<4x3x5xf64>) -> tensor<4x3x5xf64>
  %a = dchag.softmax %s {dim = 2} : tensor<4x3x5xf64>
  %ey = tensor.empty() : tensor<4x3x7xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<4x3x7xf64>) -> tensor<4x3x7xf64>
  %y = linalg.contract indexing_maps = [#queries_sum_weight, #queries_sum_value, #queries_sum]
    ins(%a, %t : tensor<4x3x5xf64>, tensor<5x4x7xf64>) outs(%iy : tensor<4x3x7xf64>) -> tensor<4x3x7xf64>
  return %y : tensor<4x3x7xf64>
}

#project_query = affine_map<(n, d, e) -> (n, e)>
#query_weight = affine_map<(n, d, e) -> (d, e)>
#projected_query = affine_map<(n, d, e) -> (n, d)>
#project_sum = affine_map<(n, e, d) -> (n, d)>
#output_weight = affine_map<(n, e, d) -> (e, d)>
#output = affine_map<(n, e, d) -> (n, e)>

// The query is broadcast to all positions and projected there; an output projection with a
// bias follows.
// CHECK-LABEL: func.func @expanded_query(
// CHECK-NOT:     dchag.softmax
// CHECK:         dchag.aggregate %{{.+}}, %{{.+}} output(%{{.+}}, %{{.+}}) {heads = 1 : i64, scale = 1.000000e+00 : f64}
// CHECK-SAME:      : (tensor<1x1x5x4x7xf64>, tensor<1x1x7xf64>, tensor<1x3x7xf64>, tensor<1x3xf64>) -> tensor<1x1x1x4x3xf64>
func.func @expanded_query(%t: tensor<4x5x7xf64>, %q: tensor<2xf64> {dchag.role = "param"},
    %wq: tensor<7x2xf64> {dchag.role = "param"}, %wo: tensor<3x7xf64> {dchag.role = "param"},
    %bo: tensor<3xf64> {dchag.role = "param"}) -> tensor<4x3xf64> {
  %zero = arith.constant 0.0 : f64
  %eq = tensor.empty() : tensor<4x2xf64>
  %qa = linalg.broadcast ins(%q : tensor<2xf64>) outs(%eq : tensor<4x2xf64>) dimensions = [0]
  %ep = tensor.empty() : tensor<4x7xf64>
  %ip = linalg.fill ins(%zero : f64) outs(%ep : tensor<4x7xf64>) -> tensor<4x7xf64>
  %qp = linalg.contract indexing_maps = [#project_query, #query_weight, #projected_query]
    ins(%qa, %wq : tensor<4x2xf64>, tensor<7x2xf64>) outs(%ip : tensor<4x7xf64>) -> tensor<4x7xf64>
  %es = tensor.empty() : tensor<4x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<4x5xf64>) -> tensor<4x5xf64>
  %s = linalg.contract indexing_maps = [#score_query_of_position, #score_key, #score]
    ins(%qp, %t : tensor<4x7xf64>, tensor<4x5x7xf64>) outs(%is : tensor<4x5xf64>) -> tensor<4x5xf64>
  %a = dchag.softmax %s {dim = 1} : tensor<4x5xf64>
  %u = linalg.contract indexing_maps = [#sum_weight, #sum_value, #sum]
    ins(%a, %t : tensor<4x5xf64>, tensor<4x5x7xf64>) outs(%ip : tensor<4x7xf64>) -> tensor<4x7xf64>
  %eo = tensor.empty() : tensor<4x3xf64>
  %io = linalg.fill ins(%zero : f64) outs(%eo : tensor<4x3xf64>) -> tensor<4x3xf64>
  %o = linalg.contract indexing_maps = [#project_sum, #output_weight, #output]
    ins(%u, %wo : tensor<4x7xf64>, tensor<3x7xf64>) outs(%io : tensor<4x3xf64>) -> tensor<4x3xf64>
  %boa = linalg.broadcast ins(%bo : tensor<3xf64>) outs(%eo : tensor<4x3xf64>) dimensions = [0]
  %y = arith.addf %boa, %o : tensor<4x3xf64>
  return %y : tensor<4x3xf64>
}

// CHECK-LABEL: func.func @query_from_input(
// CHECK:         dchag.softmax
// CHECK-NOT:     dchag.aggregate
func.func @query_from_input(%t: tensor<4x5x7xf64>, %q: tensor<7xf64>) -> tensor<4x7xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<4x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<4x5xf64>) -> tensor<4x5xf64>
  %s = linalg.contract indexing_maps = [#score_query, #score_key, #score]
    ins(%q, %t : tensor<7xf64>, tensor<4x5x7xf64>) outs(%is : tensor<4x5xf64>) -> tensor<4x5xf64>
  %a = dchag.softmax %s {dim = 1} : tensor<4x5xf64>
  %ep = tensor.empty() : tensor<4x7xf64>
  %ip = linalg.fill ins(%zero : f64) outs(%ep : tensor<4x7xf64>) -> tensor<4x7xf64>
  %y = linalg.contract indexing_maps = [#sum_weight, #sum_value, #sum]
    ins(%a, %t : tensor<4x5xf64>, tensor<4x5x7xf64>) outs(%ip : tensor<4x7xf64>) -> tensor<4x7xf64>
  return %y : tensor<4x7xf64>
}

// The softmax runs over positions, the product over channels.
// CHECK-LABEL: func.func @softmax_over_positions(
// CHECK:         dchag.softmax
// CHECK-NOT:     dchag.aggregate
func.func @softmax_over_positions(%t: tensor<4x5x7xf64>, %q: tensor<7xf64> {dchag.role = "param"}) -> tensor<4x7xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<4x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<4x5xf64>) -> tensor<4x5xf64>
  %s = linalg.contract indexing_maps = [#score_query, #score_key, #score]
    ins(%q, %t : tensor<7xf64>, tensor<4x5x7xf64>) outs(%is : tensor<4x5xf64>) -> tensor<4x5xf64>
  %a = dchag.softmax %s {dim = 0} : tensor<4x5xf64>
  %ep = tensor.empty() : tensor<4x7xf64>
  %ip = linalg.fill ins(%zero : f64) outs(%ep : tensor<4x7xf64>) -> tensor<4x7xf64>
  %y = linalg.contract indexing_maps = [#sum_weight, #sum_value, #sum]
    ins(%a, %t : tensor<4x5xf64>, tensor<4x5x7xf64>) outs(%ip : tensor<4x7xf64>) -> tensor<4x7xf64>
  return %y : tensor<4x7xf64>
}

// CHECK-LABEL: func.func @query_of_each_position(
// CHECK:         dchag.softmax
// CHECK-NOT:     dchag.aggregate
func.func @query_of_each_position(%t: tensor<4x5x7xf64>, %q: tensor<4x7xf64> {dchag.role = "param"}) -> tensor<4x7xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<4x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<4x5xf64>) -> tensor<4x5xf64>
  %s = linalg.contract indexing_maps = [#score_query_of_position, #score_key, #score]
    ins(%q, %t : tensor<4x7xf64>, tensor<4x5x7xf64>) outs(%is : tensor<4x5xf64>) -> tensor<4x5xf64>
  %a = dchag.softmax %s {dim = 1} : tensor<4x5xf64>
  %ep = tensor.empty() : tensor<4x7xf64>
  %ip = linalg.fill ins(%zero : f64) outs(%ep : tensor<4x7xf64>) -> tensor<4x7xf64>
  %y = linalg.contract indexing_maps = [#sum_weight, #sum_value, #sum]
    ins(%a, %t : tensor<4x5xf64>, tensor<4x5x7xf64>) outs(%ip : tensor<4x7xf64>) -> tensor<4x7xf64>
  return %y : tensor<4x7xf64>
}

// Keys and values of different tokens.
// CHECK-LABEL: func.func @other_values(
// CHECK:         dchag.softmax
// CHECK-NOT:     dchag.aggregate
func.func @other_values(%t: tensor<4x5x7xf64>, %v: tensor<4x5x7xf64>, %q: tensor<7xf64> {dchag.role = "param"}) -> tensor<4x7xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<4x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<4x5xf64>) -> tensor<4x5xf64>
  %s = linalg.contract indexing_maps = [#score_query, #score_key, #score]
    ins(%q, %t : tensor<7xf64>, tensor<4x5x7xf64>) outs(%is : tensor<4x5xf64>) -> tensor<4x5xf64>
  %a = dchag.softmax %s {dim = 1} : tensor<4x5xf64>
  %ep = tensor.empty() : tensor<4x7xf64>
  %ip = linalg.fill ins(%zero : f64) outs(%ep : tensor<4x7xf64>) -> tensor<4x7xf64>
  %y = linalg.contract indexing_maps = [#sum_weight, #sum_value, #sum]
    ins(%a, %v : tensor<4x5xf64>, tensor<4x5x7xf64>) outs(%ip : tensor<4x7xf64>) -> tensor<4x7xf64>
  return %y : tensor<4x7xf64>
}

#linear_token = affine_map<(b, n, d, i, c) -> (b, c, n, d)>
#linear_weight = affine_map<(b, n, d, i, c) -> (c, i)>
#linear = affine_map<(b, n, d, i, c) -> (b, n, d, i)>

// The linear aggregation of D-CHAG.
// CHECK-LABEL: func.func @linear(
// CHECK:         dchag.aggregate_linear %{{.+}} weight(%{{.+}}) : (tensor<2x1x3x4x5xf64>, tensor<1x2x3xf64>) -> tensor<2x1x2x4x5xf64>
func.func @linear(%x: tensor<2x3x1x4x6xf64>, %w: tensor<3x5x1x2x3xf64> {dchag.role = "param"},
                  %m: tensor<3x2xf64> {dchag.role = "param"}) -> tensor<2x4x5x2xf64> {
  %t = dchag.tokenize %x weight(%w) : (tensor<2x3x1x4x6xf64>, tensor<3x5x1x2x3xf64>) -> tensor<2x3x4x5xf64>
  %zero = arith.constant 0.0 : f64
  %e = tensor.empty() : tensor<2x4x5x2xf64>
  %i = linalg.fill ins(%zero : f64) outs(%e : tensor<2x4x5x2xf64>) -> tensor<2x4x5x2xf64>
  %y = linalg.contract indexing_maps = [#linear_token, #linear_weight, #linear]
    ins(%t, %m : tensor<2x3x4x5xf64>, tensor<3x2xf64>) outs(%i : tensor<2x4x5x2xf64>) -> tensor<2x4x5x2xf64>
  return %y : tensor<2x4x5x2xf64>
}

#channels_token = affine_map<(c, n, j, d, t) -> (c, n, t)>
#channels_weight = affine_map<(c, n, j, d, t) -> (j, d, t)>
#channels = affine_map<(c, n, j, d, t) -> (c, n, j, d)>
#values_token = affine_map<(c, n, j, e, t) -> (c, n, t)>
#values_weight = affine_map<(c, n, j, e, t) -> (e, j, t)>
#values = affine_map<(c, n, j, e, t) -> (c, n, j, e)>
#channels_score_query = affine_map<(n, j, c, d) -> (j, d)>
#channels_score_key = affine_map<(n, j, c, d) -> (c, n, j, d)>
#channels_score = affine_map<(n, j, c, d) -> (n, j, c)>
#channels_sum_weight = affine_map<(n, j, e, c) -> (n, j, c)>
#channels_sum_value = affine_map<(n, j, e, c) -> (c, n, j, e)>
#channels_sum = affine_map<(n, j, e, c) -> (j, e, n)>

// The heads of the values are the fast dimension of their weight, and the result is heads
// x width x positions.
// CHECK-LABEL: func.func @interleaved_heads(
// CHECK-NOT:     dchag.softmax
// CHECK:         linalg.transpose ins(%{{.+}} : tensor<3x2x7xf64>) outs(%{{.+}} : tensor<2x3x7xf64>) permutation = [1, 0, 2]
// CHECK:         dchag.aggregate %{{.+}}, %{{.+}} keys(%{{.+}}) values(%{{.+}}) {heads = 2 : i64, scale = 1.000000e+00 : f64}
// CHECK-SAME:      : (tensor<1x1x5x4x7xf64>, tensor<1x1x6xf64>, tensor<1x6x7xf64>, tensor<1x6x7xf64>) -> tensor<1x1x1x4x6xf64>
func.func @interleaved_heads(%t: tensor<5x4x7xf64>, %q: tensor<2x3xf64> {dchag.role = "param"},
    %wk: tensor<2x3x7xf64> {dchag.role = "param"}, %wv: tensor<3x2x7xf64> {dchag.role = "param"}) -> tensor<2x3x4xf64> {
  %zero = arith.constant 0.0 : f64
  %ek = tensor.empty() : tensor<5x4x2x3xf64>
  %ik = linalg.fill ins(%zero : f64) outs(%ek : tensor<5x4x2x3xf64>) -> tensor<5x4x2x3xf64>
  %k = linalg.contract indexing_maps = [#channels_token, #channels_weight, #channels]
    ins(%t, %wk : tensor<5x4x7xf64>, tensor<2x3x7xf64>) outs(%ik : tensor<5x4x2x3xf64>) -> tensor<5x4x2x3xf64>
  %v = linalg.contract indexing_maps = [#values_token, #values_weight, #values]
    ins(%t, %wv : tensor<5x4x7xf64>, tensor<3x2x7xf64>) outs(%ik : tensor<5x4x2x3xf64>) -> tensor<5x4x2x3xf64>
  %es = tensor.empty() : tensor<4x2x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<4x2x5xf64>) -> tensor<4x2x5xf64>
  %s = linalg.contract indexing_maps = [#channels_score_query, #channels_score_key, #channels_score]
    ins(%q, %k : tensor<2x3xf64>, tensor<5x4x2x3xf64>) outs(%is : tensor<4x2x5xf64>) -> tensor<4x2x5xf64>
  %a = dchag.softmax %s {dim = 2} : tensor<4x2x5xf64>
  %ey = tensor.empty() : tensor<2x3x4xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<2x3x4xf64>) -> tensor<2x3x4xf64>
  %y = linalg.contract indexing_maps = [#channels_sum_weight, #channels_sum_value, #channels_sum]
    ins(%a, %v : tensor<4x2x5xf64>, tensor<5x4x2x3xf64>) outs(%iy : tensor<2x3x4xf64>) -> tensor<2x3x4xf64>
  return %y : tensor<2x3x4xf64>
}

#each_token = affine_map<(n, c, d, t) -> (n, c, t)>
#each_weight = affine_map<(n, c, d, t) -> (c, d, t)>
#each = affine_map<(n, c, d, t) -> (n, c, d)>

// The weight of the keys is another one for each channel.
// CHECK-LABEL: func.func @weight_of_each_channel(
// CHECK:         dchag.softmax
// CHECK-NOT:     dchag.aggregate
func.func @weight_of_each_channel(%t: tensor<4x5x7xf64>, %q: tensor<3xf64> {dchag.role = "param"},
                               %wk: tensor<5x3x7xf64> {dchag.role = "param"}) -> tensor<4x7xf64> {
  %zero = arith.constant 0.0 : f64
  %ek = tensor.empty() : tensor<4x5x3xf64>
  %ik = linalg.fill ins(%zero : f64) outs(%ek : tensor<4x5x3xf64>) -> tensor<4x5x3xf64>
  %k = linalg.contract indexing_maps = [#each_token, #each_weight, #each]
    ins(%t, %wk : tensor<4x5x7xf64>, tensor<5x3x7xf64>) outs(%ik : tensor<4x5x3xf64>) -> tensor<4x5x3xf64>
  %es = tensor.empty() : tensor<4x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<4x5xf64>) -> tensor<4x5xf64>
  %s = linalg.contract indexing_maps = [#score_query, #score_key, #score]
    ins(%q, %k : tensor<3xf64>, tensor<4x5x3xf64>) outs(%is : tensor<4x5xf64>) -> tensor<4x5xf64>
  %a = dchag.softmax %s {dim = 1} : tensor<4x5xf64>
  %ep = tensor.empty() : tensor<4x7xf64>
  %ip = linalg.fill ins(%zero : f64) outs(%ep : tensor<4x7xf64>) -> tensor<4x7xf64>
  %y = linalg.contract indexing_maps = [#sum_weight, #sum_value, #sum]
    ins(%a, %t : tensor<4x5xf64>, tensor<4x5x7xf64>) outs(%ip : tensor<4x7xf64>) -> tensor<4x7xf64>
  return %y : tensor<4x7xf64>
}
