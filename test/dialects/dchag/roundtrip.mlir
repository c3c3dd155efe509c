// RUN: dchag-opt %s --verify-roundtrip | FileCheck %s

// Each op with all and with none of what may be left out.

// CHECK-LABEL: func.func @tokenize(
// CHECK:         dchag.tokenize %{{[a-z0-9]+}} weight(%{{[a-z0-9]+}}) bias(%{{[a-z0-9]+}}) embedding(%{{[a-z0-9]+}}) :
// CHECK:         dchag.tokenize %{{[a-z0-9]+}} weight(%{{[a-z0-9]+}}) embedding(%{{[a-z0-9]+}}) :
// CHECK:         dchag.tokenize %{{[a-z0-9]+}} weight(%{{[a-z0-9]+}}) :
func.func @tokenize(%x: tensor<2x3x1x4x6xf32>, %w: tensor<1x5x1x2x3xf32>, %b: tensor<1x5xf32>, %e: tensor<3x5xf32>) {
  %0 = dchag.tokenize %x weight(%w) bias(%b) embedding(%e)
    : (tensor<2x3x1x4x6xf32>, tensor<1x5x1x2x3xf32>, tensor<1x5xf32>, tensor<3x5xf32>) -> tensor<2x3x4x5xf32>
  %1 = dchag.tokenize %x weight(%w) embedding(%e)
    : (tensor<2x3x1x4x6xf32>, tensor<1x5x1x2x3xf32>, tensor<3x5xf32>) -> tensor<2x3x4x5xf32>
  %2 = dchag.tokenize %x weight(%w) : (tensor<2x3x1x4x6xf32>, tensor<1x5x1x2x3xf32>) -> tensor<2x3x4x5xf32>
  return
}

// CHECK-LABEL: func.func @aggregate(
// CHECK:         dchag.aggregate %{{[a-z0-9]+}}, %{{[a-z0-9]+}} {heads = 2 : i64, scale = 1.000000e+00 : f64} :
// CHECK:         dchag.aggregate %{{[a-z0-9]+}}, %{{[a-z0-9]+}} values(%{{[a-z0-9]+}}) mask(%{{[a-z0-9]+}}) {
// CHECK:         dchag.aggregate_partial %{{[a-z0-9]+}}, %{{[a-z0-9]+}} {
// CHECK:         dchag.aggregate_partial %{{[a-z0-9]+}}, %{{[a-z0-9]+}} keys(%{{[a-z0-9]+}}) mask(%{{[a-z0-9]+}}) {
// CHECK:         dchag.aggregate_linear %{{[a-z0-9]+}} weight(%{{[a-z0-9]+}}) :
// CHECK:         key_norm = #dchag.key_norm<layer, per_head, epsilon = 1.000000e-05>
// CHECK:         key_norm = #dchag.key_norm<rms, all_heads, epsilon = 0.000000e+00>
func.func @aggregate(%t: tensor<1x2x3x5x4xf32>, %q: tensor<2x1x4xf32>, %w: tensor<2x4x4xf32>, %m: tensor<1x2x3xi1>, %l: tensor<2x7x3xf32>) {
  %0 = dchag.aggregate %t, %q {heads = 2, scale = 1.0} : (tensor<1x2x3x5x4xf32>, tensor<2x1x4xf32>) -> tensor<1x2x1x5x4xf32>
  %1 = dchag.aggregate %t, %q values(%w) mask(%m) {heads = 2, scale = 1.0}
    : (tensor<1x2x3x5x4xf32>, tensor<2x1x4xf32>, tensor<2x4x4xf32>, tensor<1x2x3xi1>) -> tensor<1x2x1x5x4xf32>
  %2:3 = dchag.aggregate_partial %t, %q {heads = 2, scale = 1.0}
    : (tensor<1x2x3x5x4xf32>, tensor<2x1x4xf32>) -> (tensor<1x2x1x5x2xf32>, tensor<1x2x1x5x2xf32>, tensor<1x2x1x5x4xf32>)
  %3:3 = dchag.aggregate_partial %t, %q keys(%w) mask(%m) {heads = 2, scale = 1.0}
    : (tensor<1x2x3x5x4xf32>, tensor<2x1x4xf32>, tensor<2x4x4xf32>, tensor<1x2x3xi1>)
    -> (tensor<1x2x1x5x2xf32>, tensor<1x2x1x5x2xf32>, tensor<1x2x1x5x4xf32>)
  %4 = dchag.aggregate_linear %t weight(%l) : (tensor<1x2x3x5x4xf32>, tensor<2x7x3xf32>) -> tensor<1x2x7x5x4xf32>
  %5 = dchag.aggregate %t, %q {heads = 2, key_norm = #dchag.key_norm<layer, per_head, epsilon = 1.0e-5>, scale = 1.0}
    : (tensor<1x2x3x5x4xf32>, tensor<2x1x4xf32>) -> tensor<1x2x1x5x4xf32>
  %6:3 = dchag.aggregate_partial %t, %q {heads = 2, key_norm = #dchag.key_norm<rms, all_heads, epsilon = 0.0>, scale = 1.0}
    : (tensor<1x2x3x5x4xf32>, tensor<2x1x4xf32>) -> (tensor<1x2x1x5x2xf32>, tensor<1x2x1x5x2xf32>, tensor<1x2x1x5x4xf32>)
  return
}

// CHECK-LABEL: func.func @attention(
// CHECK:         dchag.attention %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} {scale
// CHECK:         dchag.attention %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} bias(%{{[a-z0-9]+}}) mask(%{{[a-z0-9]+}}) {scale
func.func @attention(%q: tensor<2x3x4x5xbf16>, %b: tensor<1x3x4x1xbf16>, %m: tensor<2x1x1x4xi1>) {
  %0 = dchag.attention %q, %q, %q {scale = 1.0} : (tensor<2x3x4x5xbf16>, tensor<2x3x4x5xbf16>, tensor<2x3x4x5xbf16>) -> tensor<2x3x4x5xbf16>
  %1 = dchag.attention %q, %q, %q bias(%b) mask(%m) {scale = 1.0}
    : (tensor<2x3x4x5xbf16>, tensor<2x3x4x5xbf16>, tensor<2x3x4x5xbf16>, tensor<1x3x4x1xbf16>, tensor<2x1x1x4xi1>) -> tensor<2x3x4x5xbf16>
  return
}

// CHECK-LABEL: func.func @norms(
// CHECK:         dchag.layer_norm %{{[a-z0-9]+}} {dims
// CHECK:         dchag.layer_norm %{{[a-z0-9]+}} bias(%{{[a-z0-9]+}}) {dims
// CHECK:         dchag.rms_norm %{{[a-z0-9]+}} {dims
// CHECK:         dchag.softmax %{{[a-z0-9]+}} {dim = 0
func.func @norms(%x: tensor<2x3xf64>, %b: tensor<3xf64>) {
  %0 = dchag.layer_norm %x {dims = 2, epsilon = 0.0} : (tensor<2x3xf64>) -> tensor<2x3xf64>
  %1 = dchag.layer_norm %x bias(%b) {dims = 1, epsilon = 0.0} : (tensor<2x3xf64>, tensor<3xf64>) -> tensor<2x3xf64>
  %2 = dchag.rms_norm %x {dims = 1, epsilon = 0.0} : (tensor<2x3xf64>) -> tensor<2x3xf64>
  %3 = dchag.softmax %x {dim = 0} : tensor<2x3xf64>
  return
}

// CHECK-LABEL: func.func @moves(
// CHECK:         dchag.gather %{{[a-z0-9]+}}[%{{[a-z0-9]+}}] {dim = 0 : i64} : (tensor<5xi1>, tensor<i32>) -> tensor<i1>
// CHECK:         dchag.scatter %{{[a-z0-9]+}}[%{{[a-z0-9]+}}], %{{[a-z0-9]+}} {dim = 0
// CHECK:         dchag.gather %{{[a-z0-9]+}}[%{{[a-z0-9]+}}] {batch = 2 : i64, dim = 2
// CHECK:         dchag.scatter %{{[a-z0-9]+}}[%{{[a-z0-9]+}}], %{{[a-z0-9]+}} {batch = 1 : i64, dim = 2 : i64, kind = #dchag.scatter_kind<min>}
// CHECK:         dchag.patchify %{{[a-z0-9]+}} {layout = #dchag.patch_layout<channels_first>, patch = array<i64: 3>}
// CHECK:         dchag.unpatchify %{{[a-z0-9]+}} {patch = array<i64: 3>}
func.func @moves(%x: tensor<5xi1>, %i: tensor<i32>, %list: tensor<2xindex>, %u: tensor<2xi1>, %s: tensor<2x4x6xi64>, %each: tensor<2x4x3xi32>, %some: tensor<2x3xi32>, %v: tensor<2x4x3xi64>) {
  %0 = dchag.gather %x[%i] {dim = 0} : (tensor<5xi1>, tensor<i32>) -> tensor<i1>
  %1 = dchag.scatter %x[%list], %u {dim = 0} : (tensor<5xi1>, tensor<2xindex>, tensor<2xi1>) -> tensor<5xi1>
  %4 = dchag.gather %s[%each] {dim = 2, batch = 2} : (tensor<2x4x6xi64>, tensor<2x4x3xi32>) -> tensor<2x4x3xi64>
  %5 = dchag.scatter %s[%some], %v {dim = 2, batch = 1, kind = #dchag.scatter_kind<min>} : (tensor<2x4x6xi64>, tensor<2x3xi32>, tensor<2x4x3xi64>) -> tensor<2x4x6xi64>
  %2 = dchag.patchify %s {patch = array<i64: 3>, layout = #dchag.patch_layout<channels_first>} : (tensor<2x4x6xi64>) -> tensor<2x2x12xi64>
  %3 = dchag.unpatchify %2 {patch = array<i64: 3>} : (tensor<2x2x12xi64>) -> tensor<2x4x6xi64>
  return
}

// CHECK-LABEL: func.func @convolution(
// CHECK:         dchag.convolution %{{[a-z0-9]+}} weight(%{{[a-z0-9]+}}) {dilations
func.func @convolution(%x: tensor<2x4x5xf16>, %w: tensor<3x4x2xf16>) {
  %0 = dchag.convolution %x weight(%w) {strides = array<i64: 1>, dilations = array<i64: 1>, low = array<i64: 0>, high = array<i64: 0>, groups = 1}
    : (tensor<2x4x5xf16>, tensor<3x4x2xf16>) -> tensor<2x3x4xf16>
  return
}
