// RUN: dchag-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @mask_that_holds(
// CHECK-SAME:    %[[T:[a-z0-9]+]]: {{.+}}, %[[Q:[a-z0-9]+]]:
// CHECK-NOT:     mask(
// CHECK:         dchag.aggregate %[[T]], %[[Q]] {heads = 2
func.func @mask_that_holds(%t: tensor<2x1x3x5x4xf32>, %q: tensor<1x1x4xf32>)
    -> tensor<2x1x1x5x4xf32> {
  %m = arith.constant dense<true> : tensor<1x1x3xi1>
  %y = dchag.aggregate %t, %q mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<2x1x3x5x4xf32>, tensor<1x1x4xf32>, tensor<1x1x3xi1>) -> tensor<2x1x1x5x4xf32>
  return %y : tensor<2x1x1x5x4xf32>
}

// -----

// CHECK-LABEL: func.func @mask_that_does_not_hold(
// CHECK-COUNT-2: dchag.aggregate {{.+}} mask(
func.func @mask_that_does_not_hold(%t: tensor<2x1x3x5x4xf32>, %q: tensor<1x1x4xf32>)
    -> (tensor<2x1x1x5x4xf32>, tensor<2x1x1x5x4xf32>) {
  %never = arith.constant dense<false> : tensor<1x1x3xi1>
  %some = arith.constant dense<[[[true, false, true]]]> : tensor<1x1x3xi1>
  %y = dchag.aggregate %t, %q mask(%never) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<2x1x3x5x4xf32>, tensor<1x1x4xf32>, tensor<1x1x3xi1>) -> tensor<2x1x1x5x4xf32>
  %z = dchag.aggregate %t, %q mask(%some) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<2x1x3x5x4xf32>, tensor<1x1x4xf32>, tensor<1x1x3xi1>) -> tensor<2x1x1x5x4xf32>
  return %y, %z : tensor<2x1x1x5x4xf32>, tensor<2x1x1x5x4xf32>
}

// -----

// CHECK-LABEL: func.func @attention(
// CHECK:         dchag.attention %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} {scale
// CHECK:         dchag.attention %{{[a-z0-9]+}}, %{{[a-z0-9]+}}, %{{[a-z0-9]+}} bias(
func.func @attention(%q: tensor<2x3x4x5xf32>, %k: tensor<2x3x7x5xf32>)
    -> (tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32>) {
  %m = arith.constant dense<true> : tensor<1x1x4x7xi1>
  %zeros = arith.constant dense<0.0> : tensor<1x3x1x7xf32>
  %ones = arith.constant dense<1.0> : tensor<1x3x1x7xf32>
  %y = dchag.attention %q, %k, %k bias(%zeros) mask(%m) {scale = 0.5 : f64}
    : (tensor<2x3x4x5xf32>, tensor<2x3x7x5xf32>, tensor<2x3x7x5xf32>, tensor<1x3x1x7xf32>, tensor<1x1x4x7xi1>) -> tensor<2x3x4x5xf32>
  %z = dchag.attention %q, %k, %k bias(%ones) mask(%m) {scale = 0.5 : f64}
    : (tensor<2x3x4x5xf32>, tensor<2x3x7x5xf32>, tensor<2x3x7x5xf32>, tensor<1x3x1x7xf32>, tensor<1x1x4x7xi1>) -> tensor<2x3x4x5xf32>
  return %y, %z : tensor<2x3x4x5xf32>, tensor<2x3x4x5xf32>
}

// -----

// CHECK-LABEL: func.func @norms(
// CHECK-SAME:    %[[X:[a-z0-9]+]]:
// CHECK-DAG:     %[[ONES:.+]] = arith.constant dense<1.0
// CHECK-DAG:     %[[ZEROS:.+]] = arith.constant dense<0.0
// CHECK:         dchag.layer_norm %[[X]] {dims
// CHECK:         dchag.layer_norm %[[X]] scale(%[[ZEROS]]) bias(%[[ONES]]) {dims
// CHECK:         dchag.rms_norm %[[X]] {dims
func.func @norms(%x: tensor<2x3xf32>) -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %ones = arith.constant dense<1.0> : tensor<3xf32>
  %zeros = arith.constant dense<0.0> : tensor<3xf32>
  %y = dchag.layer_norm %x scale(%ones) bias(%zeros) {dims = 1 : i64, epsilon = 1.0e-5 : f64}
    : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %z = dchag.layer_norm %x scale(%zeros) bias(%ones) {dims = 1 : i64, epsilon = 1.0e-5 : f64}
    : (tensor<2x3xf32>, tensor<3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  %r = dchag.rms_norm %x scale(%ones) {dims = 1 : i64, epsilon = 1.0e-5 : f64}
    : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %y, %z, %r : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func.func @gather_all(
// CHECK-SAME:    %[[X:[a-z0-9]+]]:
// CHECK:         %[[SWAPPED:.+]] = dchag.gather
// CHECK:         %[[SOME:.+]] = dchag.gather
// CHECK:         return %[[X]], %[[X]], %[[SWAPPED]], %[[SOME]]
func.func @gather_all(%x: tensor<2x3xf32>)
    -> (tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>) {
  %all = arith.constant dense<[0, 1, 2]> : tensor<3xi64>
  %negative = arith.constant dense<[-3, 1, -1]> : tensor<3xi32>
  %other = arith.constant dense<[1, 0, 2]> : tensor<3xi64>
  %outside = arith.constant dense<[0, 1, 3]> : tensor<3xi64>
  %a = dchag.gather %x[%all] {dim = 1 : i64} : (tensor<2x3xf32>, tensor<3xi64>) -> tensor<2x3xf32>
  %b = dchag.gather %x[%negative] {dim = 1 : i64} : (tensor<2x3xf32>, tensor<3xi32>) -> tensor<2x3xf32>
  %c = dchag.gather %x[%other] {dim = 1 : i64} : (tensor<2x3xf32>, tensor<3xi64>) -> tensor<2x3xf32>
  %d = dchag.gather %x[%outside] {dim = 1 : i64} : (tensor<2x3xf32>, tensor<3xi64>) -> tensor<2x3xf32>
  return %a, %b, %c, %d : tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>
}

// -----

// CHECK-LABEL: func.func @there_and_back(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: {{.+}}, %[[P:[a-z0-9]+]]:
// CHECK:         %[[OTHER:.+]] = dchag.unpatchify
// CHECK:         return %[[X]], %[[P]], %[[OTHER]]
func.func @there_and_back(%x: tensor<1x3x4x6xf32>, %p: tensor<1x6x12xf32>)
    -> (tensor<1x3x4x6xf32>, tensor<1x6x12xf32>, tensor<1x3x4x6xf32>) {
  %cut = dchag.patchify %x {patch = array<i64: 2, 2>} : (tensor<1x3x4x6xf32>) -> tensor<1x6x12xf32>
  %back = dchag.unpatchify %cut {patch = array<i64: 2, 2>} : (tensor<1x6x12xf32>) -> tensor<1x3x4x6xf32>
  %image = dchag.unpatchify %p {patch = array<i64: 2, 2>} : (tensor<1x6x12xf32>) -> tensor<1x3x4x6xf32>
  %patches = dchag.patchify %image {patch = array<i64: 2, 2>} : (tensor<1x3x4x6xf32>) -> tensor<1x6x12xf32>
  %other = dchag.unpatchify %cut {patch = array<i64: 2, 2>, layout = #dchag.patch_layout<channels_first>}
    : (tensor<1x6x12xf32>) -> tensor<1x3x4x6xf32>
  return %back, %patches, %other : tensor<1x3x4x6xf32>, tensor<1x6x12xf32>, tensor<1x3x4x6xf32>
}
