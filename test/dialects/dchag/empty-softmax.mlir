// RUN: dchag-opt %s --emit=run | FileCheck %s
// RUN: dchag-opt %s --check-equal='decompose{evaluable}' --tolerance=1e-15

// A query from which all keys are hidden yields 0, whether a mask, a bias or both hide them; also the
// lowest numbers together are no number. Row 1 has no key, the others have some.
// CHECK: @queries
// CHECK: result0: 1x1x3x2xf64 = {{\[\[\[\[}}1, 2], [0, 0], [5, 6]]]]
// CHECK-NEXT: result1: 1x1x3x2xf64 = {{\[\[\[\[}}1, 2], [0, 0], [5, 6]]]]
// CHECK-NEXT: result2: 1x1x3x2xf64 = {{\[\[\[\[}}1, 2], [0, 0], [5, 6]]]]
// CHECK-NEXT: result3: 1x1x3x2xf64 = {{\[\[\[\[}}1, 2], [nan, nan], [5, 6]]]]
// CHECK-NEXT: result4: 1x1x3x2xf64 = {{\[\[\[\[}}1, 2], [nan, nan], [5, 6]]]]
func.func @queries() -> (tensor<1x1x3x2xf64>, tensor<1x1x3x2xf64>, tensor<1x1x3x2xf64>, tensor<1x1x3x2xf64>, tensor<1x1x3x2xf64>) {
  %q = arith.constant dense<1.0> : tensor<1x1x3x4xf64>
  %k = arith.constant dense<0.0> : tensor<1x1x3x4xf64>
  %v = arith.constant dense<[[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]]]> : tensor<1x1x3x2xf64>
  %mask = arith.constant dense<[[[[true, false, false], [false, false, false], [false, false, true]]]]> : tensor<1x1x3x3xi1>
  %bias = arith.constant dense<[[[[0.0, 0xFFF0000000000000, 0xFFF0000000000000], [0xFFF0000000000000, 0xFFF0000000000000, 0xFFF0000000000000], [0xFFF0000000000000, 0xFFF0000000000000, 0.0]]]]> : tensor<1x1x3x3xf64>
  %most = arith.constant dense<[[[[true, true, false], [true, true, false], [false, true, true]]]]> : tensor<1x1x3x3xi1>
  %rest = arith.constant dense<[[[[0.0, 0xFFF0000000000000, 0.0], [0xFFF0000000000000, 0xFFF0000000000000, 0.0], [0.0, 0xFFF0000000000000, 0.0]]]]> : tensor<1x1x3x3xf64>
  %0 = dchag.attention %q, %k, %v mask(%mask) {scale = 1.0} : (tensor<1x1x3x4xf64>, tensor<1x1x3x4xf64>, tensor<1x1x3x2xf64>, tensor<1x1x3x3xi1>) -> tensor<1x1x3x2xf64>
  %1 = dchag.attention %q, %k, %v bias(%bias) {scale = 1.0} : (tensor<1x1x3x4xf64>, tensor<1x1x3x4xf64>, tensor<1x1x3x2xf64>, tensor<1x1x3x3xf64>) -> tensor<1x1x3x2xf64>
  %2 = dchag.attention %q, %k, %v bias(%rest) mask(%most) {scale = 1.0} : (tensor<1x1x3x4xf64>, tensor<1x1x3x4xf64>, tensor<1x1x3x2xf64>, tensor<1x1x3x3xf64>, tensor<1x1x3x3xi1>) -> tensor<1x1x3x2xf64>
  %3 = dchag.attention %q, %k, %v mask(%mask) {nan_when_empty, scale = 1.0} : (tensor<1x1x3x4xf64>, tensor<1x1x3x4xf64>, tensor<1x1x3x2xf64>, tensor<1x1x3x3xi1>) -> tensor<1x1x3x2xf64>
  %4 = dchag.attention %q, %k, %v bias(%rest) mask(%most) {nan_when_empty, scale = 1.0} : (tensor<1x1x3x4xf64>, tensor<1x1x3x4xf64>, tensor<1x1x3x2xf64>, tensor<1x1x3x3xf64>, tensor<1x1x3x3xi1>) -> tensor<1x1x3x2xf64>
  return %0, %1, %2, %3, %4 : tensor<1x1x3x2xf64>, tensor<1x1x3x2xf64>, tensor<1x1x3x2xf64>, tensor<1x1x3x2xf64>, tensor<1x1x3x2xf64>
}

// A large negative number is a number: what is equally far away is averaged.
// CHECK: @numbers
// CHECK: result0: 1x1x2x1xf64 = {{\[\[\[\[}}1], [2]]]]
// CHECK-NEXT: result1: 1x1x2x1xf64 = {{\[\[\[\[}}1], [2]]]]
func.func @numbers() -> (tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>) {
  %q = arith.constant dense<1.0> : tensor<1x1x2x1xf64>
  %v = arith.constant dense<[[[[1.0], [3.0]]]]> : tensor<1x1x2x1xf64>
  %far = arith.constant dense<[[[[0.0, -1.0e9], [-1.0e9, -1.0e9]]]]> : tensor<1x1x2x2xf64>
  %lowest = arith.constant dense<[[[[0.0, 0xFFEFFFFFFFFFFFFF], [0xFFEFFFFFFFFFFFFF, 0xFFEFFFFFFFFFFFFF]]]]> : tensor<1x1x2x2xf64>
  %0 = dchag.attention %q, %q, %v bias(%far) {scale = 1.0} : (tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>, tensor<1x1x2x2xf64>) -> tensor<1x1x2x1xf64>
  %1 = dchag.attention %q, %q, %v bias(%lowest) {scale = 1.0} : (tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>, tensor<1x1x2x2xf64>) -> tensor<1x1x2x1xf64>
  return %0, %1 : tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>
}

// What is hidden may be anything: scores of a key of infinities, and values of a key that no query sees.
// CHECK: @anything
// CHECK: result0: 1x1x2x1xf64 = {{\[\[\[\[}}1], [1]]]]
// CHECK-NEXT: result1: 1x1x2x1xf64 = {{\[\[\[\[}}1], [0]]]]
func.func @anything() -> (tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>) {
  %q = arith.constant dense<1.0> : tensor<1x1x2x1xf64>
  %k = arith.constant dense<[[[[1.0], [0x7FF0000000000000]]]]> : tensor<1x1x2x1xf64>
  %nan = arith.constant dense<[[[[1.0], [0x7FF8000000000000]]]]> : tensor<1x1x2x1xf64>
  %v = arith.constant dense<[[[[1.0], [3.0]]]]> : tensor<1x1x2x1xf64>
  %first = arith.constant dense<[[[[true, false]]]]> : tensor<1x1x1x2xi1>
  %bias = arith.constant dense<[[[[0.0, 0xFFF0000000000000], [0xFFF0000000000000, 0xFFF0000000000000]]]]> : tensor<1x1x2x2xf64>
  %0 = dchag.attention %q, %k, %nan mask(%first) {scale = 1.0} : (tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>, tensor<1x1x1x2xi1>) -> tensor<1x1x2x1xf64>
  %1 = dchag.attention %q, %k, %v bias(%bias) {scale = 1.0} : (tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>, tensor<1x1x2x2xf64>) -> tensor<1x1x2x1xf64>
  return %0, %1 : tensor<1x1x2x1xf64>, tensor<1x1x2x1xf64>
}

// The first sample has no channel, the second one whose neighbour is NaN.
// CHECK: @groups
// CHECK: result0: 2x1x1x1x2xf64 = {{\[\[\[\[\[}}0, 0]]]], {{\[\[\[\[}}3, 4]]]]]
// CHECK-NEXT: result1: 2x1x1x1x2xf64 = {{\[\[\[\[\[}}7, 8]]]], {{\[\[\[\[}}10, 12]]]]]
// CHECK-NEXT: result2: 2x1x1x1x2xf64 = {{\[\[\[\[\[}}nan, nan]]]], {{\[\[\[\[}}3, 4]]]]]
// CHECK-NEXT: result3: 2x1x1x1x2xf64 = {{\[\[\[\[\[}}0, 0]]]], {{\[\[\[\[}}3, 4]]]]]
// CHECK-NEXT: result4: 2x1x1x1x2xf64 = {{\[\[\[\[\[}}nan, nan]]]], {{\[\[\[\[}}3, 4]]]]]
func.func @groups() -> (tensor<2x1x1x1x2xf64>, tensor<2x1x1x1x2xf64>, tensor<2x1x1x1x2xf64>, tensor<2x1x1x1x2xf64>, tensor<2x1x1x1x2xf64>) {
  %t = arith.constant dense<[[[[[1.0, 2.0]], [[3.0, 4.0]]]], [[[[0x7FF8000000000000, 0x7FF0000000000000]], [[3.0, 4.0]]]]]> : tensor<2x1x2x1x2xf64>
  %q = arith.constant dense<1.0> : tensor<1x1x2xf64>
  %w = arith.constant dense<[[[1.0, 0.0], [0.0, 1.0]]]> : tensor<1x2x2xf64>
  %bo = arith.constant dense<[[7.0, 8.0]]> : tensor<1x2xf64>
  %mask = arith.constant dense<[[[false, false]], [[false, true]]]> : tensor<2x1x2xi1>
  %0 = dchag.aggregate %t, %q mask(%mask) {heads = 1, scale = 1.0} : (tensor<2x1x2x1x2xf64>, tensor<1x1x2xf64>, tensor<2x1x2xi1>) -> tensor<2x1x1x1x2xf64>
  %1 = dchag.aggregate %t, %q keys(%w) values(%w) output(%w, %bo) mask(%mask) {heads = 1, scale = 1.0} : (tensor<2x1x2x1x2xf64>, tensor<1x1x2xf64>, tensor<1x2x2xf64>, tensor<1x2x2xf64>, tensor<1x2x2xf64>, tensor<1x2xf64>, tensor<2x1x2xi1>) -> tensor<2x1x1x1x2xf64>
  %finite = arith.constant dense<[[[[[1.0, 2.0]], [[3.0, 4.0]]]], [[[[5.0, 6.0]], [[3.0, 4.0]]]]]> : tensor<2x1x2x1x2xf64>
  %2 = dchag.aggregate %finite, %q mask(%mask) {heads = 1, nan_when_empty, scale = 1.0} : (tensor<2x1x2x1x2xf64>, tensor<1x1x2xf64>, tensor<2x1x2xi1>) -> tensor<2x1x1x1x2xf64>
  %m, %l, %u = dchag.aggregate_partial %t, %q mask(%mask) {heads = 1, scale = 1.0} : (tensor<2x1x2x1x2xf64>, tensor<1x1x2xf64>, tensor<2x1x2xi1>) -> (tensor<2x1x1x1x1xf64>, tensor<2x1x1x1x1xf64>, tensor<2x1x1x1x2xf64>)
  %pm = tensor.expand_shape %m [[0, 1], [2], [3], [4], [5]] output_shape [1, 2, 1, 1, 1, 1] : tensor<2x1x1x1x1xf64> into tensor<1x2x1x1x1x1xf64>
  %pl = tensor.expand_shape %l [[0, 1], [2], [3], [4], [5]] output_shape [1, 2, 1, 1, 1, 1] : tensor<2x1x1x1x1xf64> into tensor<1x2x1x1x1x1xf64>
  %pu = tensor.expand_shape %u [[0, 1], [2], [3], [4], [5]] output_shape [1, 2, 1, 1, 1, 2] : tensor<2x1x1x1x2xf64> into tensor<1x2x1x1x1x2xf64>
  %3 = dchag.merge_partials %pm, %pl, %pu : (tensor<1x2x1x1x1x1xf64>, tensor<1x2x1x1x1x1xf64>, tensor<1x2x1x1x1x2xf64>) -> tensor<2x1x1x1x2xf64>
  %4 = dchag.merge_partials %pm, %pl, %pu {nan_when_empty} : (tensor<1x2x1x1x1x1xf64>, tensor<1x2x1x1x1x1xf64>, tensor<1x2x1x1x1x2xf64>) -> tensor<2x1x1x1x2xf64>
  return %0, %1, %2, %3, %4 : tensor<2x1x1x1x2xf64>, tensor<2x1x1x1x2xf64>, tensor<2x1x1x1x2xf64>, tensor<2x1x1x1x2xf64>, tensor<2x1x1x1x2xf64>
}

// A graph weighs what it masks with 0: NaN stays what it is, in the second sample.
// CHECK: @weighed
// CHECK: result0: 2x1x1x1x1xf64 = {{\[\[\[\[\[}}3]]]], {{\[\[\[\[}}nan]]]]]
func.func @weighed() -> tensor<2x1x1x1x1xf64> {
  %t = arith.constant dense<[[[[[1.0]], [[3.0]]]], [[[[0x7FF8000000000000]], [[3.0]]]]]> : tensor<2x1x2x1x1xf64>
  %q = arith.constant dense<1.0> : tensor<1x1x1xf64>
  %mask = arith.constant dense<[[[false, true]]]> : tensor<1x1x2xi1>
  %0 = dchag.aggregate %t, %q mask(%mask) {heads = 1, nan_when_empty, scale = 1.0} : (tensor<2x1x2x1x1xf64>, tensor<1x1x1xf64>, tensor<1x1x2xi1>) -> tensor<2x1x1x1x1xf64>
  return %0 : tensor<2x1x1x1x1xf64>
}

// CHECK: @lines
// CHECK: result0: 2x2xf64 = {{\[\[}}1, 0], [nan, nan]]
// CHECK-NEXT: result1: 2x2xf64 = {{\[\[}}1, 0], [0, 0]]
func.func @lines() -> (tensor<2x2xf64>, tensor<2x2xf64>) {
  %x = arith.constant dense<[[0.0, 0xFFF0000000000000], [0xFFF0000000000000, 0xFFF0000000000000]]> : tensor<2x2xf64>
  %0 = dchag.softmax %x {dim = 1} : tensor<2x2xf64>
  %1 = dchag.softmax %x {dim = 1, zero_when_empty} : tensor<2x2xf64>
  return %0, %1 : tensor<2x2xf64>, tensor<2x2xf64>
}
