// RUN: dchag-opt %s --decompose | FileCheck %s --implicit-check-not='= dchag.' --implicit-check-not=tensor.pad
// RUN: dchag-opt %s --decompose=evaluable | FileCheck %s --check-prefix=EVALUABLE
// RUN: dchag-opt %s --check-equal='decompose{evaluable}' --inputs=integers,normal --tolerance=1e-6 --allow-unchanged

// x / sqrt(mean(x^2) + epsilon), times the scale: what an op stands for, in the closed set.
// CHECK-LABEL: func.func @norm(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3xf32>, %[[S:[a-z0-9]+]]: tensor<3xf32>
// CHECK:         %[[SQUARE:.+]] = arith.mulf %[[X]], %[[X]]
// CHECK:         %[[SUM:.+]] = linalg.reduce ins(%[[SQUARE]] : tensor<2x3xf32>) {{.+}} dimensions = [1]
// CHECK:         %[[MEAN:.+]] = arith.mulf %[[SUM]], %{{.+}} : tensor<2xf32>
// CHECK:         %[[SHIFTED:.+]] = arith.addf %[[MEAN]], %{{.+}} : tensor<2xf32>
// CHECK:         %[[ROOT:.+]] = math.rsqrt %[[SHIFTED]]
// CHECK:         %[[ROOTS:.+]] = linalg.broadcast ins(%[[ROOT]] : tensor<2xf32>) {{.+}} dimensions = [1]
// CHECK:         %[[N:.+]] = arith.mulf %[[X]], %[[ROOTS]]
// CHECK:         %[[SCALES:.+]] = linalg.broadcast ins(%[[S]] : tensor<3xf32>) {{.+}} dimensions = [0]
// CHECK:         %[[Y:.+]] = arith.mulf %[[N]], %[[SCALES]]
// CHECK:         return %[[Y]]
// EVALUABLE-LABEL: func.func @norm(
// EVALUABLE-NOT:   dchag.rms_norm
// EVALUABLE:       linalg.reduce
func.func @norm(%x: tensor<2x3xf32>, %s: tensor<3xf32>) -> tensor<2x3xf32> {
  %y = dchag.rms_norm %x scale(%s) {dims = 1, epsilon = 1.0e-5} : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// What is computed in a wider type is rounded to that of the result, once.
// CHECK-LABEL: func.func @rounded(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3xbf16>
// CHECK:         %[[W:.+]] = arith.extf %[[X]] : tensor<2x3xbf16> to tensor<2x3xf32>
// CHECK:         math.erfc %{{.+}} : tensor<2x3xf32>
// CHECK-NOT:     to tensor<2x3xbf16>
// CHECK:         %[[Y:.+]] = arith.truncf %{{.+}} : tensor<2x3xf32> to tensor<2x3xbf16>
// CHECK-NEXT:    return %[[Y]]
func.func @rounded(%x: tensor<2x3xbf16>) -> tensor<2x3xbf16> {
  %y = dchag.gelu %x : tensor<2x3xbf16>
  return %y : tensor<2x3xbf16>
}

// Ops decompose into ops that decompose: the softmax of an attention is none in the end.
// CHECK-LABEL: func.func @twice(
// CHECK:         linalg.contract {{.+}} -> tensor<{{.*}}4x5xf32>
// CHECK:         arith.maximumf
// CHECK:         math.exp
// CHECK:         linalg.contract
// CHECK:         return
// EVALUABLE-LABEL: func.func @twice(
// EVALUABLE-NOT:   dchag.
// EVALUABLE:       math.exp
func.func @twice(%q: tensor<2x3x4x6xf32>, %k: tensor<2x3x5x6xf32>, %v: tensor<2x3x5x7xf32>) -> tensor<2x3x4x7xf32> {
  %y = dchag.attention %q, %k, %v {scale = 0.5} : (tensor<2x3x4x6xf32>, tensor<2x3x5x6xf32>, tensor<2x3x5x7xf32>) -> tensor<2x3x4x7xf32>
  return %y : tensor<2x3x4x7xf32>
}

// Padding is a part of a value that is filled. The interpreter executes the op itself.
// CHECK-LABEL: func.func @pad(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3xf32>
// CHECK:         %[[SEVEN:.+]] = arith.constant 7.000000e+00 : f32
// CHECK:         %[[E:.+]] = tensor.empty() : tensor<3x5xf32>
// CHECK:         %[[F:.+]] = linalg.fill ins(%[[SEVEN]] : f32) outs(%[[E]] : tensor<3x5xf32>)
// CHECK:         %[[Y:.+]] = tensor.insert_slice %[[X]] into %[[F]][1, 0] [2, 3] [1, 1]
// CHECK:         return %[[Y]]
// EVALUABLE-LABEL: func.func @pad(
// EVALUABLE:       tensor.pad %{{.+}} low[1, 0] high[0, 2]
func.func @pad(%x: tensor<2x3xf32>) -> tensor<3x5xf32> {
  %seven = arith.constant 7.0 : f32
  %y = tensor.pad %x low[1, 0] high[0, 2] {
  ^bb0(%i: index, %j: index):
    tensor.yield %seven : f32
  } : tensor<2x3xf32> to tensor<3x5xf32>
  return %y : tensor<3x5xf32>
}

// Elements that are found by index are a linalg.generic, which the interpreter does not execute.
// CHECK-LABEL: func.func @gather(
// CHECK-SAME:    %{{[a-z0-9]+}}: tensor<2x5x3xf32>, %[[I:[a-z0-9]+]]: tensor<2x4xi64>
// CHECK:         %[[Y:.+]] = linalg.generic {{.+}} ins(%[[I]] : tensor<2x4xi64>) outs(%{{.+}} : tensor<2x4x3xf32>)
// CHECK:         return %[[Y]]
// EVALUABLE-LABEL: func.func @gather(
// EVALUABLE-SAME:    %[[X:[a-z0-9]+]]: tensor<2x5x3xf32>, %[[I:[a-z0-9]+]]: tensor<2x4xi64>
// EVALUABLE-NEXT:    %[[Y:.+]] = dchag.gather %[[X]][%[[I]]]
// EVALUABLE-NEXT:    return %[[Y]]
func.func @gather(%x: tensor<2x5x3xf32>, %i: tensor<2x4xi64> {dchag.range = array<i64: 0, 5>}) -> tensor<2x4x3xf32> {
  %y = dchag.gather %x[%i] {batch = 1, dim = 1} : (tensor<2x5x3xf32>, tensor<2x4xi64>) -> tensor<2x4x3xf32>
  return %y : tensor<2x4x3xf32>
}

// Ops of the closed set stay.
// CHECK-LABEL: func.func @simple(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3xf32>
// CHECK-NEXT:    %[[Y:.+]] = math.erf %[[X]]
// CHECK-NEXT:    return %[[Y]]
func.func @simple(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %y = math.erf %x : tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
