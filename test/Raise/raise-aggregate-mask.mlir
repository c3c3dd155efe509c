// RUN: dchag-opt %s --raise-aggregate --absorb-layout --verify-diagnostics | FileCheck %s
// RUN: dchag-opt %s --check-equal='func.func(raise-aggregate)' --allow-unchanged

// Tokens B x C x N x D; the score of a channel that a sample lacks is minus infinity. The mask is kept
// in its own shape, and negated there.
// CHECK-LABEL: func.func @filled(
// CHECK-SAME:    %[[T:[a-z0-9]+]]: tensor<2x5x4x7xf64>, %[[OUT:[a-z0-9]+]]: tensor<2x5xi1>
// CHECK-DAG:     %[[ALL:.+]] = arith.constant dense<true> : tensor<2x5xi1>
// CHECK:         %[[IN:.+]] = arith.xori %[[OUT]], %[[ALL]]
// CHECK:         %[[M:.+]] = tensor.expand_shape %[[IN]] {{.+}} into tensor<2x1x5xi1>
// CHECK:         dchag.aggregate %{{.+}}, %{{.+}} mask(%[[M]]) {heads = 1 : i64, nan_when_empty, scale = 5.000000e-01 : f64} : (tensor<2x1x5x4x7xf64>, tensor<1x1x7xf64>, tensor<2x1x5xi1>) -> tensor<2x1x1x4x7xf64>
func.func @filled(%t: tensor<2x5x4x7xf64>, %out: tensor<2x5xi1>, %q: tensor<7xf64> {dchag.role = "param"}) -> tensor<2x4x7xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<2x4x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<2x4x5xf64>) -> tensor<2x4x5xf64>
  %p = linalg.contract indexing_maps = [affine_map<(b, n, c, d) -> (d)>, affine_map<(b, n, c, d) -> (b, c, n, d)>, affine_map<(b, n, c, d) -> (b, n, c)>]
    ins(%q, %t : tensor<7xf64>, tensor<2x5x4x7xf64>) outs(%is : tensor<2x4x5xf64>) -> tensor<2x4x5xf64>
  %half = arith.constant dense<0.5> : tensor<2x4x5xf64>
  %s = arith.mulf %p, %half : tensor<2x4x5xf64>
  %em = tensor.empty() : tensor<2x4x5xi1>
  %m = linalg.broadcast ins(%out : tensor<2x5xi1>) outs(%em : tensor<2x4x5xi1>) dimensions = [1]
  %never = arith.constant dense<0xFFF0000000000000> : tensor<2x4x5xf64>
  %f = arith.select %m, %never, %s : tensor<2x4x5xi1>, tensor<2x4x5xf64>
  %a = dchag.softmax %f {dim = 2} : tensor<2x4x5xf64>
  %ey = tensor.empty() : tensor<2x4x7xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<2x4x7xf64>) -> tensor<2x4x7xf64>
  %y = linalg.contract indexing_maps = [affine_map<(b, n, d, c) -> (b, n, c)>, affine_map<(b, n, d, c) -> (b, c, n, d)>, affine_map<(b, n, d, c) -> (b, n, d)>]
    ins(%a, %t : tensor<2x4x5xf64>, tensor<2x5x4x7xf64>) outs(%iy : tensor<2x4x7xf64>) -> tensor<2x4x7xf64>
  return %y : tensor<2x4x7xf64>
}

// Flags are compared behind their broadcast, and so in front of it.
// CHECK-LABEL: func.func @compared(
// CHECK-SAME:    %[[T:[a-z0-9]+]]: tensor<2x5x4x7xf64>, %[[FLAGS:[a-z0-9]+]]: tensor<2x5xi32>
// CHECK:         arith.cmpi ne, %[[FLAGS]], %{{.+}} : tensor<2x5xi32>
// CHECK:         dchag.aggregate %{{.+}}, %{{.+}} mask(%{{.+}}) {heads = 1
func.func @compared(%t: tensor<2x5x4x7xf64>, %flags: tensor<2x5xi32>, %q: tensor<7xf64> {dchag.role = "param"}) -> tensor<2x4x7xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<2x4x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<2x4x5xf64>) -> tensor<2x4x5xf64>
  %p = linalg.contract indexing_maps = [affine_map<(b, n, c, d) -> (d)>, affine_map<(b, n, c, d) -> (b, c, n, d)>, affine_map<(b, n, c, d) -> (b, n, c)>]
    ins(%q, %t : tensor<7xf64>, tensor<2x5x4x7xf64>) outs(%is : tensor<2x4x5xf64>) -> tensor<2x4x5xf64>
  %half = arith.constant dense<0.5> : tensor<2x4x5xf64>
  %s = arith.mulf %p, %half : tensor<2x4x5xf64>
  %em = tensor.empty() : tensor<2x4x5xi32>
  %spread = linalg.broadcast ins(%flags : tensor<2x5xi32>) outs(%em : tensor<2x4x5xi32>) dimensions = [1]
  %none = arith.constant dense<0> : tensor<2x4x5xi32>
  %m = arith.cmpi ne, %spread, %none : tensor<2x4x5xi32>
  %never = arith.constant dense<0xFFF0000000000000> : tensor<2x4x5xf64>
  %f = arith.select %m, %never, %s : tensor<2x4x5xi1>, tensor<2x4x5xf64>
  %a = dchag.softmax %f {dim = 2} : tensor<2x4x5xf64>
  %ey = tensor.empty() : tensor<2x4x7xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<2x4x7xf64>) -> tensor<2x4x7xf64>
  %y = linalg.contract indexing_maps = [affine_map<(b, n, d, c) -> (b, n, c)>, affine_map<(b, n, d, c) -> (b, c, n, d)>, affine_map<(b, n, d, c) -> (b, n, d)>]
    ins(%a, %t : tensor<2x4x5xf64>, tensor<2x5x4x7xf64>) outs(%iy : tensor<2x4x7xf64>) -> tensor<2x4x7xf64>
  return %y : tensor<2x4x7xf64>
}

// Tokens (B N) x C x D: the mask says where the batch ends. It is added, with the lowest number, and
// a guard behind the softmax makes 0 of a sample without a channel.
// CHECK-LABEL: func.func @guarded(
// CHECK:         dchag.aggregate %{{.+}}, %{{.+}} mask(%{{.+}}) {heads = 1 : i64, scale = 1.000000e+00 : f64} : (tensor<2x1x5x4x7xf64>, tensor<1x1x7xf64>, tensor<2x1x5xi1>) -> tensor<2x1x1x4x7xf64>
func.func @guarded(%t: tensor<8x5x7xf64>, %in: tensor<2x5xi1>, %q: tensor<7xf64> {dchag.role = "param"}) -> tensor<8x7xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<8x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<8x5xf64>) -> tensor<8x5xf64>
  %p = linalg.contract indexing_maps = [affine_map<(n, c, d) -> (d)>, affine_map<(n, c, d) -> (n, c, d)>, affine_map<(n, c, d) -> (n, c)>]
    ins(%q, %t : tensor<7xf64>, tensor<8x5x7xf64>) outs(%is : tensor<8x5xf64>) -> tensor<8x5xf64>
  %em = tensor.empty() : tensor<2x4x5xi1>
  %m = linalg.broadcast ins(%in : tensor<2x5xi1>) outs(%em : tensor<2x4x5xi1>) dimensions = [1]
  %mc = tensor.collapse_shape %m [[0, 1], [2]] : tensor<2x4x5xi1> into tensor<8x5xi1>
  %none = arith.constant dense<0.0> : tensor<8x5xf64>
  %lowest = arith.constant dense<0xFFEFFFFFFFFFFFFF> : tensor<8x5xf64>
  %f = arith.select %mc, %none, %lowest : tensor<8x5xi1>, tensor<8x5xf64>
  %s = arith.addf %p, %f : tensor<8x5xf64>
  %a0 = dchag.softmax %s {dim = 1} : tensor<8x5xf64>
  %nan = arith.cmpf uno, %a0, %a0 : tensor<8x5xf64>
  %a = arith.select %nan, %none, %a0 : tensor<8x5xi1>, tensor<8x5xf64>
  %ey = tensor.empty() : tensor<8x7xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<8x7xf64>) -> tensor<8x7xf64>
  %y = linalg.contract indexing_maps = [affine_map<(n, d, c) -> (n, c)>, affine_map<(n, d, c) -> (n, c, d)>, affine_map<(n, d, c) -> (n, d)>]
    ins(%a, %t : tensor<8x5xf64>, tensor<8x5x7xf64>) outs(%iy : tensor<8x7xf64>) -> tensor<8x7xf64>
  return %y : tensor<8x7xf64>
}

// Without the guard the lowest number is a number: a sample without a channel would average all.
// CHECK-LABEL: func.func @lowest_number(
// CHECK-NOT:     dchag.aggregate
// CHECK:         dchag.softmax
func.func @lowest_number(%t: tensor<8x5x7xf64>, %in: tensor<8x5xi1>, %q: tensor<7xf64> {dchag.role = "param"}) -> tensor<8x7xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<8x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<8x5xf64>) -> tensor<8x5xf64>
  %p = linalg.contract indexing_maps = [affine_map<(n, c, d) -> (d)>, affine_map<(n, c, d) -> (n, c, d)>, affine_map<(n, c, d) -> (n, c)>]
    ins(%q, %t : tensor<7xf64>, tensor<8x5x7xf64>) outs(%is : tensor<8x5xf64>) -> tensor<8x5xf64>
  %none = arith.constant dense<0.0> : tensor<8x5xf64>
  %lowest = arith.constant dense<0xFFEFFFFFFFFFFFFF> : tensor<8x5xf64>
  %f = arith.select %in, %none, %lowest : tensor<8x5xi1>, tensor<8x5xf64>
  %s = arith.addf %p, %f : tensor<8x5xf64>
  // expected-remark @+1 {{is not raised to dchag.aggregate: something is added to the scores}}
  %a = dchag.softmax %s {dim = 1} : tensor<8x5xf64>
  %ey = tensor.empty() : tensor<8x7xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<8x7xf64>) -> tensor<8x7xf64>
  %y = linalg.contract indexing_maps = [affine_map<(n, d, c) -> (n, c)>, affine_map<(n, d, c) -> (n, c, d)>, affine_map<(n, d, c) -> (n, d)>]
    ins(%a, %t : tensor<8x5xf64>, tensor<8x5x7xf64>) outs(%iy : tensor<8x7xf64>) -> tensor<8x7xf64>
  return %y : tensor<8x7xf64>
}

// CHECK-LABEL: func.func @mask_of_positions(
// CHECK-NOT:     dchag.aggregate
func.func @mask_of_positions(%t: tensor<2x5x4x7xf64>, %out: tensor<4x5xi1>, %q: tensor<7xf64> {dchag.role = "param"}) -> tensor<2x4x7xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<2x4x5xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<2x4x5xf64>) -> tensor<2x4x5xf64>
  %s = linalg.contract indexing_maps = [affine_map<(b, n, c, d) -> (d)>, affine_map<(b, n, c, d) -> (b, c, n, d)>, affine_map<(b, n, c, d) -> (b, n, c)>]
    ins(%q, %t : tensor<7xf64>, tensor<2x5x4x7xf64>) outs(%is : tensor<2x4x5xf64>) -> tensor<2x4x5xf64>
  %em = tensor.empty() : tensor<2x4x5xi1>
  %m = linalg.broadcast ins(%out : tensor<4x5xi1>) outs(%em : tensor<2x4x5xi1>) dimensions = [0]
  %never = arith.constant dense<0xFFF0000000000000> : tensor<2x4x5xf64>
  %f = arith.select %m, %never, %s : tensor<2x4x5xi1>, tensor<2x4x5xf64>
  // expected-remark @+1 {{is not raised to dchag.aggregate: the mask differs between positions}}
  %a = dchag.softmax %f {dim = 2} : tensor<2x4x5xf64>
  %ey = tensor.empty() : tensor<2x4x7xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<2x4x7xf64>) -> tensor<2x4x7xf64>
  %y = linalg.contract indexing_maps = [affine_map<(b, n, d, c) -> (b, n, c)>, affine_map<(b, n, d, c) -> (b, c, n, d)>, affine_map<(b, n, d, c) -> (b, n, d)>]
    ins(%a, %t : tensor<2x4x5xf64>, tensor<2x5x4x7xf64>) outs(%iy : tensor<2x4x7xf64>) -> tensor<2x4x7xf64>
  return %y : tensor<2x4x7xf64>
}

// An operator of attention over channels, with three queries.
// CHECK-LABEL: func.func @attention(
// CHECK-NOT:     dchag.attention
// CHECK:         dchag.aggregate %{{.+}}, %{{.+}} mask(%{{.+}}) {heads = 2 : i64, scale = 5.000000e-01 : f64} : (tensor<2x1x5x4x6xf64>, tensor<1x3x6xf64>, tensor<2x1x5xi1>) -> tensor<2x1x3x4x6xf64>
func.func @attention(%t: tensor<8x5x6xf64>, %in: tensor<2x5xi1>, %q: tensor<3x6xf64> {dchag.role = "param"}) -> tensor<8x2x3x3xf64> {
  %eq = tensor.empty() : tensor<8x3x6xf64>
  %all = linalg.broadcast ins(%q : tensor<3x6xf64>) outs(%eq : tensor<8x3x6xf64>) dimensions = [0]
  %q4 = tensor.expand_shape %all [[0], [1], [2, 3]] output_shape [8, 3, 2, 3] : tensor<8x3x6xf64> into tensor<8x3x2x3xf64>
  %eqt = tensor.empty() : tensor<8x2x3x3xf64>
  %qt = linalg.transpose ins(%q4 : tensor<8x3x2x3xf64>) outs(%eqt : tensor<8x2x3x3xf64>) permutation = [0, 2, 1, 3]
  %k4 = tensor.expand_shape %t [[0], [1], [2, 3]] output_shape [8, 5, 2, 3] : tensor<8x5x6xf64> into tensor<8x5x2x3xf64>
  %ek = tensor.empty() : tensor<8x2x5x3xf64>
  %k = linalg.transpose ins(%k4 : tensor<8x5x2x3xf64>) outs(%ek : tensor<8x2x5x3xf64>) permutation = [0, 2, 1, 3]
  %em = tensor.empty() : tensor<2x4x5xi1>
  %m3 = linalg.broadcast ins(%in : tensor<2x5xi1>) outs(%em : tensor<2x4x5xi1>) dimensions = [1]
  %m2 = tensor.collapse_shape %m3 [[0, 1], [2]] : tensor<2x4x5xi1> into tensor<8x5xi1>
  %m = tensor.expand_shape %m2 [[0], [1, 2, 3]] output_shape [8, 1, 1, 5] : tensor<8x5xi1> into tensor<8x1x1x5xi1>
  %y = dchag.attention %qt, %k, %k mask(%m) {scale = 0.5} : (tensor<8x2x3x3xf64>, tensor<8x2x5x3xf64>, tensor<8x2x5x3xf64>, tensor<8x1x1x5xi1>) -> tensor<8x2x3x3xf64>
  return %y : tensor<8x2x3x3xf64>
}

// An operator of attention over keys that are normalised.
// CHECK-LABEL: func.func @normalised_keys(
// CHECK-NOT:     dchag.layer_norm
// CHECK:         dchag.aggregate %{{.+}}, %{{.+}} keys(%{{.+}}) {heads = 1 : i64, key_norm = #dchag.key_norm<layer, per_head, epsilon = 1.000000e-05>, scale = 5.000000e-01 : f64}
func.func @normalised_keys(%t: tensor<4x5x6xf64>, %q: tensor<6xf64> {dchag.role = "param"},
    %wk: tensor<6x6xf64> {dchag.role = "param"}, %s: tensor<6xf64> {dchag.role = "param"}) -> tensor<4x1x1x6xf64> {
  %zero = arith.constant 0.0 : f64
  %ek = tensor.empty() : tensor<4x5x6xf64>
  %ik = linalg.fill ins(%zero : f64) outs(%ek : tensor<4x5x6xf64>) -> tensor<4x5x6xf64>
  %k0 = linalg.contract indexing_maps = [affine_map<(n, c, f, d) -> (n, c, d)>, affine_map<(n, c, f, d) -> (f, d)>, affine_map<(n, c, f, d) -> (n, c, f)>]
    ins(%t, %wk : tensor<4x5x6xf64>, tensor<6x6xf64>) outs(%ik : tensor<4x5x6xf64>) -> tensor<4x5x6xf64>
  %k1 = dchag.layer_norm %k0 scale(%s) {dims = 1 : i64, epsilon = 1.0e-5 : f64} : (tensor<4x5x6xf64>, tensor<6xf64>) -> tensor<4x5x6xf64>
  %k = tensor.expand_shape %k1 [[0], [1, 2], [3]] output_shape [4, 1, 5, 6] : tensor<4x5x6xf64> into tensor<4x1x5x6xf64>
  %v = tensor.expand_shape %t [[0], [1, 2], [3]] output_shape [4, 1, 5, 6] : tensor<4x5x6xf64> into tensor<4x1x5x6xf64>
  %eq = tensor.empty() : tensor<4x6xf64>
  %q2 = linalg.broadcast ins(%q : tensor<6xf64>) outs(%eq : tensor<4x6xf64>) dimensions = [0]
  %q4 = tensor.expand_shape %q2 [[0], [1, 2, 3]] output_shape [4, 1, 1, 6] : tensor<4x6xf64> into tensor<4x1x1x6xf64>
  %y = dchag.attention %q4, %k, %v {scale = 0.5} : (tensor<4x1x1x6xf64>, tensor<4x1x5x6xf64>, tensor<4x1x5x6xf64>) -> tensor<4x1x1x6xf64>
  return %y : tensor<4x1x1x6xf64>
}

// A known mask, broadcast by the import's folding, is one for each channel.
// CHECK-LABEL: func.func @known(
// CHECK:         %[[C:.+]] = arith.constant dense<[true, false, true]> : tensor<3xi1>
// CHECK:         %[[M:.+]] = tensor.expand_shape %[[C]] {{.+}} into tensor<1x1x3xi1>
// CHECK:         dchag.aggregate %{{.+}}, %{{.+}} mask(%[[M]]) {heads = 1 : i64, nan_when_empty, scale = 1.000000e+00 : f64} : (tensor<1x1x3x2x7xf64>, tensor<1x1x7xf64>, tensor<1x1x3xi1>) -> tensor<1x1x1x2x7xf64>
func.func @known(%t: tensor<2x3x7xf64>, %q: tensor<7xf64> {dchag.role = "param"}) -> tensor<2x7xf64> {
  %zero = arith.constant 0.0 : f64
  %es = tensor.empty() : tensor<2x3xf64>
  %is = linalg.fill ins(%zero : f64) outs(%es : tensor<2x3xf64>) -> tensor<2x3xf64>
  %p = linalg.contract indexing_maps = [affine_map<(n, c, d) -> (d)>, affine_map<(n, c, d) -> (n, c, d)>, affine_map<(n, c, d) -> (n, c)>]
    ins(%q, %t : tensor<7xf64>, tensor<2x3x7xf64>) outs(%is : tensor<2x3xf64>) -> tensor<2x3xf64>
  %m = arith.constant dense<[[0.0, 0xFFF0000000000000, 0.0], [0.0, 0xFFF0000000000000, 0.0]]> : tensor<2x3xf64>
  %s = arith.addf %p, %m : tensor<2x3xf64>
  %a = dchag.softmax %s {dim = 1} : tensor<2x3xf64>
  %ey = tensor.empty() : tensor<2x7xf64>
  %iy = linalg.fill ins(%zero : f64) outs(%ey : tensor<2x7xf64>) -> tensor<2x7xf64>
  %y = linalg.contract indexing_maps = [affine_map<(n, d, c) -> (n, c)>, affine_map<(n, d, c) -> (n, c, d)>, affine_map<(n, d, c) -> (n, d)>]
    ins(%a, %t : tensor<2x3xf64>, tensor<2x3x7xf64>) outs(%iy : tensor<2x7xf64>) -> tensor<2x7xf64>
  return %y : tensor<2x7xf64>
}
