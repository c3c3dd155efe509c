// RUN: dchag-opt %s --raise-attention --absorb-layout | FileCheck %s
// RUN: dchag-opt %s --check-equal='func.func(raise-attention)' --allow-unchanged

// One packed projection (q, k, v) x heads x width, scale split over queries and keys, a
// bias added to the scores.
// CHECK-LABEL: func.func @packed(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x5x4xf64>
// CHECK-NOT:     dchag.softmax
// CHECK-COUNT-3: linalg.contract {{.+}} -> tensor<{{.+}}x3x{{.+}}xf64>
// CHECK:         dchag.attention %{{.+}}, %{{.+}}, %{{.+}} bias(%{{.+}}) {nan_when_empty, scale = 2.500000e-01 : f64} : (tensor<2x3x5x2xf64>, tensor<2x3x5x2xf64>, tensor<2x3x5x2xf64>, tensor<1x1x5x5xf64>) -> tensor<2x3x5x2xf64>
func.func @packed(%x: tensor<2x5x4xf64>, %w: tensor<18x4xf64> {dchag.role = "param"},
                  %b: tensor<18xf64> {dchag.role = "param"},
                  %m: tensor<5x5xf64> {dchag.role = "param"}) -> tensor<2x5x6xf64> {
  %zero = arith.constant 0.0 : f64
  %half = arith.constant dense<0.5> : tensor<2x3x5x2xf64>
  %e = tensor.empty() : tensor<2x5x18xf64>
  %i = linalg.fill ins(%zero : f64) outs(%e : tensor<2x5x18xf64>) -> tensor<2x5x18xf64>
  %p = linalg.contract indexing_maps = [affine_map<(b, n, f, d) -> (b, n, d)>, affine_map<(b, n, f, d) -> (f, d)>, affine_map<(b, n, f, d) -> (b, n, f)>]
    ins(%x, %w : tensor<2x5x4xf64>, tensor<18x4xf64>) outs(%i : tensor<2x5x18xf64>) -> tensor<2x5x18xf64>
  %ba = linalg.broadcast ins(%b : tensor<18xf64>) outs(%e : tensor<2x5x18xf64>) dimensions = [0, 1]
  %pb = arith.addf %ba, %p : tensor<2x5x18xf64>
  %s = tensor.expand_shape %pb [[0], [1], [2, 3, 4]] output_shape [2, 5, 3, 3, 2] : tensor<2x5x18xf64> into tensor<2x5x3x3x2xf64>
  %te = tensor.empty() : tensor<3x2x3x5x2xf64>
  %t = linalg.transpose ins(%s : tensor<2x5x3x3x2xf64>) outs(%te : tensor<3x2x3x5x2xf64>) permutation = [2, 0, 3, 1, 4]
  %q0 = tensor.extract_slice %t[0, 0, 0, 0, 0] [1, 2, 3, 5, 2] [1, 1, 1, 1, 1] : tensor<3x2x3x5x2xf64> to tensor<2x3x5x2xf64>
  %k0 = tensor.extract_slice %t[1, 0, 0, 0, 0] [1, 2, 3, 5, 2] [1, 1, 1, 1, 1] : tensor<3x2x3x5x2xf64> to tensor<2x3x5x2xf64>
  %v = tensor.extract_slice %t[2, 0, 0, 0, 0] [1, 2, 3, 5, 2] [1, 1, 1, 1, 1] : tensor<3x2x3x5x2xf64> to tensor<2x3x5x2xf64>
  %q = arith.mulf %q0, %half : tensor<2x3x5x2xf64>
  %k = arith.mulf %half, %k0 : tensor<2x3x5x2xf64>
  %es = tensor.empty() : tensor<2x3x5x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<2x3x5x5xf64>) -> tensor<2x3x5x5xf64>
  %scores = linalg.contract indexing_maps = [affine_map<(b, h, n, m, d) -> (b, h, n, d)>, affine_map<(b, h, n, m, d) -> (b, h, m, d)>, affine_map<(b, h, n, m, d) -> (b, h, n, m)>]
    ins(%q, %k : tensor<2x3x5x2xf64>, tensor<2x3x5x2xf64>) outs(%is : tensor<2x3x5x5xf64>) -> tensor<2x3x5x5xf64>
  %ma = linalg.broadcast ins(%m : tensor<5x5xf64>) outs(%es : tensor<2x3x5x5xf64>) dimensions = [0, 1]
  %masked = arith.addf %scores, %ma : tensor<2x3x5x5xf64>
  %a = dchag.softmax %masked {dim = 3} : tensor<2x3x5x5xf64>
  %ey = tensor.empty() : tensor<2x3x5x2xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<2x3x5x2xf64>) -> tensor<2x3x5x2xf64>
  %y = linalg.contract indexing_maps = [affine_map<(b, h, n, d, m) -> (b, h, n, m)>, affine_map<(b, h, n, d, m) -> (b, h, m, d)>, affine_map<(b, h, n, d, m) -> (b, h, n, d)>]
    ins(%a, %v : tensor<2x3x5x5xf64>, tensor<2x3x5x2xf64>) outs(%iy : tensor<2x3x5x2xf64>) -> tensor<2x3x5x2xf64>
  %ye = tensor.empty() : tensor<2x5x3x2xf64>
  %yt = linalg.transpose ins(%y : tensor<2x3x5x2xf64>) outs(%ye : tensor<2x5x3x2xf64>) permutation = [0, 2, 1, 3]
  %r = tensor.collapse_shape %yt [[0], [1], [2, 3]] : tensor<2x5x3x2xf64> into tensor<2x5x6xf64>
  return %r : tensor<2x5x6xf64>
}

// The softmax runs over the queries: no attention.
// CHECK-LABEL: func.func @softmax_over_queries(
// CHECK:         dchag.softmax
// CHECK-NOT:     dchag.attention
func.func @softmax_over_queries(%q: tensor<2x3x4xf64>, %k: tensor<2x3x4xf64>, %v: tensor<2x3x5xf64>) -> tensor<2x3x5xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<2x3x3xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<2x3x3xf64>) -> tensor<2x3x3xf64>
  %s = linalg.contract indexing_maps = [affine_map<(b, n, m, d) -> (b, n, d)>, affine_map<(b, n, m, d) -> (b, m, d)>, affine_map<(b, n, m, d) -> (b, n, m)>]
    ins(%q, %k : tensor<2x3x4xf64>, tensor<2x3x4xf64>) outs(%is : tensor<2x3x3xf64>) -> tensor<2x3x3xf64>
  %a = dchag.softmax %s {dim = 1} : tensor<2x3x3xf64>
  %ey = tensor.empty() : tensor<2x3x5xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<2x3x5xf64>) -> tensor<2x3x5xf64>
  %y = linalg.contract indexing_maps = [affine_map<(b, n, e, m) -> (b, n, m)>, affine_map<(b, n, e, m) -> (b, m, e)>, affine_map<(b, n, e, m) -> (b, n, e)>]
    ins(%a, %v : tensor<2x3x3xf64>, tensor<2x3x5xf64>) outs(%iy : tensor<2x3x5xf64>) -> tensor<2x3x5xf64>
  return %y : tensor<2x3x5xf64>
}

// Windows (B W) x n: a bias of each head, and one of each window, added after the windows were split
// from the batch; conditions leave keys out.
// CHECK-LABEL: func.func @windows(
// CHECK-NOT:     dchag.softmax
// CHECK-DAG:     %[[BIAS:.+]] = arith.addf {{.+}} : tensor<6x2x4x4xf64>
// CHECK:         dchag.attention %{{.+}}, %{{.+}}, %{{.+}} bias(%[[BIAS]]) mask(%{{.+}}) {nan_when_empty, scale = 5.000000e-01 : f64} : (tensor<6x2x4x5xf64>, tensor<6x2x4x5xf64>, tensor<6x2x4x3xf64>, tensor<6x2x4x4xf64>, tensor<6x1x1x4xi1>) -> tensor<6x2x4x3xf64>
func.func @windows(%q: tensor<6x2x4x5xf64>, %k: tensor<6x2x4x5xf64>, %v: tensor<6x2x4x3xf64>, %out: tensor<2x4xi1>,
                   %heads: tensor<2x4x4xf64> {dchag.role = "param"}, %shift: tensor<3x4x4xf64> {dchag.role = "param"}) -> tensor<6x2x4x3xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<6x2x4x4xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<6x2x4x4xf64>) -> tensor<6x2x4x4xf64>
  %half = arith.constant dense<0.5> : tensor<6x2x4x5xf64>
  %qs = arith.mulf %q, %half : tensor<6x2x4x5xf64>
  %s0 = linalg.contract indexing_maps = [affine_map<(b, h, n, m, d) -> (b, h, n, d)>, affine_map<(b, h, n, m, d) -> (b, h, m, d)>, affine_map<(b, h, n, m, d) -> (b, h, n, m)>]
    ins(%qs, %k : tensor<6x2x4x5xf64>, tensor<6x2x4x5xf64>) outs(%is : tensor<6x2x4x4xf64>) -> tensor<6x2x4x4xf64>
  %hs = linalg.broadcast ins(%heads : tensor<2x4x4xf64>) outs(%es : tensor<6x2x4x4xf64>) dimensions = [0]
  %s1 = arith.addf %s0, %hs : tensor<6x2x4x4xf64>
  %s2 = tensor.expand_shape %s1 [[0, 1], [2], [3], [4]] output_shape [2, 3, 2, 4, 4] : tensor<6x2x4x4xf64> into tensor<2x3x2x4x4xf64>
  %e5 = tensor.empty() : tensor<2x3x2x4x4xf64>
  %ws = linalg.broadcast ins(%shift : tensor<3x4x4xf64>) outs(%e5 : tensor<2x3x2x4x4xf64>) dimensions = [0, 2]
  %s3 = arith.addf %s2, %ws : tensor<2x3x2x4x4xf64>
  %em = tensor.empty() : tensor<2x3x2x4x4xi1>
  %m = linalg.broadcast ins(%out : tensor<2x4xi1>) outs(%em : tensor<2x3x2x4x4xi1>) dimensions = [1, 2, 3]
  %never = arith.constant dense<0xFFF0000000000000> : tensor<2x3x2x4x4xf64>
  %s4 = arith.select %m, %never, %s3 : tensor<2x3x2x4x4xi1>, tensor<2x3x2x4x4xf64>
  %s = tensor.collapse_shape %s4 [[0, 1], [2], [3], [4]] : tensor<2x3x2x4x4xf64> into tensor<6x2x4x4xf64>
  %a = dchag.softmax %s {dim = 3} : tensor<6x2x4x4xf64>
  %ey = tensor.empty() : tensor<6x2x4x3xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<6x2x4x3xf64>) -> tensor<6x2x4x3xf64>
  %y = linalg.contract indexing_maps = [affine_map<(b, h, n, e, m) -> (b, h, n, m)>, affine_map<(b, h, n, e, m) -> (b, h, m, e)>, affine_map<(b, h, n, e, m) -> (b, h, n, e)>]
    ins(%a, %v : tensor<6x2x4x4xf64>, tensor<6x2x4x3xf64>) outs(%iy : tensor<6x2x4x3xf64>) -> tensor<6x2x4x3xf64>
  return %y : tensor<6x2x4x3xf64>
}

// A factor behind the sum multiplies the bias too.
// CHECK-LABEL: func.func @scaled_sum(
// CHECK-NOT:     dchag.attention
func.func @scaled_sum(%q: tensor<2x3x4xf64>, %k: tensor<2x3x4xf64>, %v: tensor<2x3x5xf64>, %bias: tensor<2x3x3xf64>) -> tensor<2x3x5xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<2x3x3xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<2x3x3xf64>) -> tensor<2x3x3xf64>
  %p = linalg.contract indexing_maps = [affine_map<(b, n, m, d) -> (b, n, d)>, affine_map<(b, n, m, d) -> (b, m, d)>, affine_map<(b, n, m, d) -> (b, n, m)>]
    ins(%q, %k : tensor<2x3x4xf64>, tensor<2x3x4xf64>) outs(%is : tensor<2x3x3xf64>) -> tensor<2x3x3xf64>
  %sum = arith.addf %p, %bias : tensor<2x3x3xf64>
  %half = arith.constant dense<0.5> : tensor<2x3x3xf64>
  %s = arith.mulf %sum, %half : tensor<2x3x3xf64>
  %a = dchag.softmax %s {dim = 2} : tensor<2x3x3xf64>
  %ey = tensor.empty() : tensor<2x3x5xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<2x3x5xf64>) -> tensor<2x3x5xf64>
  %y = linalg.contract indexing_maps = [affine_map<(b, n, e, m) -> (b, n, m)>, affine_map<(b, n, e, m) -> (b, m, e)>, affine_map<(b, n, e, m) -> (b, n, e)>]
    ins(%a, %v : tensor<2x3x3xf64>, tensor<2x3x5xf64>) outs(%iy : tensor<2x3x5xf64>) -> tensor<2x3x5xf64>
  return %y : tensor<2x3x5xf64>
}

// A known condition, the same for all samples: queries see keys before them and their own.
// CHECK-LABEL: func.func @causal(
// CHECK:         %[[C:.+]] = arith.constant dense<{{\[\[}}true, false, false], [true, true, false], [true, true, true]]> : tensor<3x3xi1>
// CHECK:         %[[M:.+]] = tensor.expand_shape %[[C]] {{.+}} into tensor<1x1x3x3xi1>
// CHECK:         dchag.attention %{{.+}}, %{{.+}}, %{{.+}} mask(%[[M]]) {nan_when_empty, scale = 1.000000e+00 : f64}
func.func @causal(%q: tensor<2x3x4xf64>, %k: tensor<2x3x4xf64>, %v: tensor<2x3x5xf64>) -> tensor<2x3x5xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<2x3x3xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<2x3x3xf64>) -> tensor<2x3x3xf64>
  %p = linalg.contract indexing_maps = [affine_map<(b, n, m, d) -> (b, n, d)>, affine_map<(b, n, m, d) -> (b, m, d)>, affine_map<(b, n, m, d) -> (b, n, m)>]
    ins(%q, %k : tensor<2x3x4xf64>, tensor<2x3x4xf64>) outs(%is : tensor<2x3x3xf64>) -> tensor<2x3x3xf64>
  %sees = arith.constant dense<[[[true, false, false], [true, true, false], [true, true, true]], [[true, false, false], [true, true, false], [true, true, true]]]> : tensor<2x3x3xi1>
  %never = arith.constant dense<0xFFF0000000000000> : tensor<2x3x3xf64>
  %s = arith.select %sees, %p, %never : tensor<2x3x3xi1>, tensor<2x3x3xf64>
  %a = dchag.softmax %s {dim = 2} : tensor<2x3x3xf64>
  %ey = tensor.empty() : tensor<2x3x5xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<2x3x5xf64>) -> tensor<2x3x5xf64>
  %y = linalg.contract indexing_maps = [affine_map<(b, n, e, m) -> (b, n, m)>, affine_map<(b, n, e, m) -> (b, m, e)>, affine_map<(b, n, e, m) -> (b, n, e)>]
    ins(%a, %v : tensor<2x3x3xf64>, tensor<2x3x5xf64>) outs(%iy : tensor<2x3x5xf64>) -> tensor<2x3x5xf64>
  return %y : tensor<2x3x5xf64>
}
