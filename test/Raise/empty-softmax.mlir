// RUN: dchag-opt %s --raise-aggregate --raise-attention --absorb-layout | FileCheck %s
// RUN: dchag-opt %s --check-equal='func.func(raise-aggregate,raise-attention)'

// A softmax of a graph is NaN where it has no key: row 1. What an exporter or an operator makes 0 of
// is 0 afterwards, too.
// CHECK-LABEL: func.func @plain(
// CHECK:         dchag.attention %{{.+}} mask(%{{.+}}) {nan_when_empty, scale
func.func @plain(%q: tensor<2x3x4xf64>, %k: tensor<2x3x4xf64>, %v: tensor<2x3x5xf64>) -> tensor<2x3x5xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<2x3x3xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<2x3x3xf64>) -> tensor<2x3x3xf64>
  %p = linalg.contract indexing_maps = [affine_map<(b, n, m, d) -> (b, n, d)>, affine_map<(b, n, m, d) -> (b, m, d)>, affine_map<(b, n, m, d) -> (b, n, m)>]
    ins(%q, %k : tensor<2x3x4xf64>, tensor<2x3x4xf64>) outs(%is : tensor<2x3x3xf64>) -> tensor<2x3x3xf64>
  %row = arith.constant dense<[[0.0, 0.0, 0xFFF0000000000000], [0xFFF0000000000000, 0xFFF0000000000000, 0xFFF0000000000000], [0.0, 0xFFF0000000000000, 0.0]]> : tensor<3x3xf64>
  %rows = linalg.broadcast ins(%row : tensor<3x3xf64>) outs(%es : tensor<2x3x3xf64>) dimensions = [0]
  %s = arith.addf %p, %rows : tensor<2x3x3xf64>
  %a = dchag.softmax %s {dim = 2} : tensor<2x3x3xf64>
  %ey = tensor.empty() : tensor<2x3x5xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<2x3x5xf64>) -> tensor<2x3x5xf64>
  %y = linalg.contract indexing_maps = [affine_map<(b, n, e, m) -> (b, n, m)>, affine_map<(b, n, e, m) -> (b, m, e)>, affine_map<(b, n, e, m) -> (b, n, e)>]
    ins(%a, %v : tensor<2x3x3xf64>, tensor<2x3x5xf64>) outs(%iy : tensor<2x3x5xf64>) -> tensor<2x3x5xf64>
  return %y : tensor<2x3x5xf64>
}

// The mask is no constant: a bias, which may be minus infinity.
// CHECK-LABEL: func.func @computed(
// CHECK:         dchag.attention %{{.+}} bias(%{{.+}}) {nan_when_empty, scale
func.func @computed(%q: tensor<2x3x4xf64>, %k: tensor<2x3x4xf64>, %v: tensor<2x3x5xf64>, %flags: tensor<2x3x3xf64>) -> tensor<2x3x5xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<2x3x3xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<2x3x3xf64>) -> tensor<2x3x3xf64>
  %p = linalg.contract indexing_maps = [affine_map<(b, n, m, d) -> (b, n, d)>, affine_map<(b, n, m, d) -> (b, m, d)>, affine_map<(b, n, m, d) -> (b, n, m)>]
    ins(%q, %k : tensor<2x3x4xf64>, tensor<2x3x4xf64>) outs(%is : tensor<2x3x3xf64>) -> tensor<2x3x3xf64>
  %row = arith.constant dense<[[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 1.0]]> : tensor<3x3xf64>
  %rows = linalg.broadcast ins(%row : tensor<3x3xf64>) outs(%es : tensor<2x3x3xf64>) dimensions = [0]
  %bias = math.log %rows : tensor<2x3x3xf64>
  %s = arith.addf %p, %bias : tensor<2x3x3xf64>
  %a = dchag.softmax %s {dim = 2} : tensor<2x3x3xf64>
  %ey = tensor.empty() : tensor<2x3x5xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<2x3x5xf64>) -> tensor<2x3x5xf64>
  %y = linalg.contract indexing_maps = [affine_map<(b, n, e, m) -> (b, n, m)>, affine_map<(b, n, e, m) -> (b, m, e)>, affine_map<(b, n, e, m) -> (b, n, e)>]
    ins(%a, %v : tensor<2x3x3xf64>, tensor<2x3x5xf64>) outs(%iy : tensor<2x3x5xf64>) -> tensor<2x3x5xf64>
  return %y : tensor<2x3x5xf64>
}

// CHECK-LABEL: func.func @guarded(
// CHECK:         dchag.attention %{{.+}} mask(%{{.+}}) {scale
func.func @guarded(%q: tensor<2x3x4xf64>, %k: tensor<2x3x4xf64>, %v: tensor<2x3x5xf64>) -> tensor<2x3x5xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<2x3x3xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<2x3x3xf64>) -> tensor<2x3x3xf64>
  %p = linalg.contract indexing_maps = [affine_map<(b, n, m, d) -> (b, n, d)>, affine_map<(b, n, m, d) -> (b, m, d)>, affine_map<(b, n, m, d) -> (b, n, m)>]
    ins(%q, %k : tensor<2x3x4xf64>, tensor<2x3x4xf64>) outs(%is : tensor<2x3x3xf64>) -> tensor<2x3x3xf64>
  %row = arith.constant dense<[[true, true, false], [false, false, false], [true, false, true]]> : tensor<3x3xi1>
  %em = tensor.empty() : tensor<2x3x3xi1>
  %rows = linalg.broadcast ins(%row : tensor<3x3xi1>) outs(%em : tensor<2x3x3xi1>) dimensions = [0]
  %never = arith.constant dense<0xFFF0000000000000> : tensor<2x3x3xf64>
  %none = arith.constant dense<0.0> : tensor<2x3x3xf64>
  %s = arith.select %rows, %p, %never : tensor<2x3x3xi1>, tensor<2x3x3xf64>
  %a0 = dchag.softmax %s {dim = 2} : tensor<2x3x3xf64>
  %nan = arith.cmpf uno, %a0, %a0 : tensor<2x3x3xf64>
  %a = arith.select %nan, %none, %a0 : tensor<2x3x3xi1>, tensor<2x3x3xf64>
  %ey = tensor.empty() : tensor<2x3x5xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<2x3x5xf64>) -> tensor<2x3x5xf64>
  %y = linalg.contract indexing_maps = [affine_map<(b, n, e, m) -> (b, n, m)>, affine_map<(b, n, e, m) -> (b, m, e)>, affine_map<(b, n, e, m) -> (b, n, e)>]
    ins(%a, %v : tensor<2x3x3xf64>, tensor<2x3x5xf64>) outs(%iy : tensor<2x3x5xf64>) -> tensor<2x3x5xf64>
  return %y : tensor<2x3x5xf64>
}

// An aggregation of channels of which the first sample has none, written as a graph does.
// CHECK-LABEL: func.func @channels(
// CHECK:         dchag.aggregate %{{.+}} mask(%{{.+}}) {heads = 1 : i64, nan_when_empty, scale
func.func @channels(%t: tensor<2x5x4x7xf64>, %q: tensor<7xf64> {dchag.role = "param"}) -> tensor<2x4x7xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<2x4x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<2x4x5xf64>) -> tensor<2x4x5xf64>
  %p = linalg.contract indexing_maps = [affine_map<(b, n, c, d) -> (d)>, affine_map<(b, n, c, d) -> (b, c, n, d)>, affine_map<(b, n, c, d) -> (b, n, c)>]
    ins(%q, %t : tensor<7xf64>, tensor<2x5x4x7xf64>) outs(%is : tensor<2x4x5xf64>) -> tensor<2x4x5xf64>
  %out = arith.constant dense<[[true, true, true, true, true], [false, true, false, true, false]]> : tensor<2x5xi1>
  %em = tensor.empty() : tensor<2x4x5xi1>
  %m = linalg.broadcast ins(%out : tensor<2x5xi1>) outs(%em : tensor<2x4x5xi1>) dimensions = [1]
  %never = arith.constant dense<0xFFF0000000000000> : tensor<2x4x5xf64>
  %f = arith.select %m, %never, %p : tensor<2x4x5xi1>, tensor<2x4x5xf64>
  %a = dchag.softmax %f {dim = 2} : tensor<2x4x5xf64>
  %ey = tensor.empty() : tensor<2x4x7xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<2x4x7xf64>) -> tensor<2x4x7xf64>
  %y = linalg.contract indexing_maps = [affine_map<(b, n, d, c) -> (b, n, c)>, affine_map<(b, n, d, c) -> (b, c, n, d)>, affine_map<(b, n, d, c) -> (b, n, d)>]
    ins(%a, %t : tensor<2x4x5xf64>, tensor<2x5x4x7xf64>) outs(%iy : tensor<2x4x7xf64>) -> tensor<2x4x7xf64>
  return %y : tensor<2x4x7xf64>
}

// The operator of attention over channels yields 0 for a sample without one, as an aggregation.
// CHECK-LABEL: func.func @operator_over_channels(
// CHECK:         dchag.aggregate %{{.+}} mask(%{{.+}}) {heads = 2 : i64, scale
func.func @operator_over_channels(%t: tensor<3x5x6xf64>, %q: tensor<2x6xf64> {dchag.role = "param"}) -> tensor<3x2x2x3xf64> {
  %eq = tensor.empty() : tensor<3x2x6xf64>
  %all = linalg.broadcast ins(%q : tensor<2x6xf64>) outs(%eq : tensor<3x2x6xf64>) dimensions = [0]
  %q4 = tensor.expand_shape %all [[0], [1], [2, 3]] output_shape [3, 2, 2, 3] : tensor<3x2x6xf64> into tensor<3x2x2x3xf64>
  %eqt = tensor.empty() : tensor<3x2x2x3xf64>
  %qt = linalg.transpose ins(%q4 : tensor<3x2x2x3xf64>) outs(%eqt : tensor<3x2x2x3xf64>) permutation = [0, 2, 1, 3]
  %k4 = tensor.expand_shape %t [[0], [1], [2, 3]] output_shape [3, 5, 2, 3] : tensor<3x5x6xf64> into tensor<3x5x2x3xf64>
  %ek = tensor.empty() : tensor<3x2x5x3xf64>
  %k = linalg.transpose ins(%k4 : tensor<3x5x2x3xf64>) outs(%ek : tensor<3x2x5x3xf64>) permutation = [0, 2, 1, 3]
  %m = arith.constant dense<[[[[true, false, false, true, true]]], [[[false, false, false, false, false]]], [[[false, false, true, false, false]]]]> : tensor<3x1x1x5xi1>
  %y = dchag.attention %qt, %k, %k mask(%m) {scale = 0.5} : (tensor<3x2x2x3xf64>, tensor<3x2x5x3xf64>, tensor<3x2x5x3xf64>, tensor<3x1x1x5xi1>) -> tensor<3x2x2x3xf64>
  return %y : tensor<3x2x2x3xf64>
}
