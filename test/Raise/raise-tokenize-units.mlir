// RUN: dchag-opt %s --raise-tokenize --absorb-layout --verify-diagnostics | FileCheck %s
// RUN: dchag-opt %s --check-equal='func.func(raise-tokenize,absorb-layout)' --allow-unchanged

// Levels are channels, with one weight, though the convolution has them in its batch.
// CHECK-LABEL: func.func @levels(
// CHECK:         dchag.tokenize %{{.+}} weight(%{{.+}}) embedding(%{{.+}}) : (tensor<2x3x4x4x6xf64>, tensor<1x5x4x2x3xf64>, tensor<3x5xf64>) -> tensor<2x3x4x5xf64>
// CHECK-NEXT:    return
func.func @levels(%x: tensor<2x4x3x4x6xf64>, %w: tensor<5x4x2x3xf64> {dchag.role = "param"},
                  %e: tensor<3x5xf64> {dchag.role = "param"}) -> tensor<2x3x4x5xf64> {
  %ex = tensor.empty() : tensor<2x3x4x4x6xf64>
  %xt = linalg.transpose ins(%x : tensor<2x4x3x4x6xf64>) outs(%ex : tensor<2x3x4x4x6xf64>) permutation = [0, 2, 1, 3, 4]
  %xb = tensor.collapse_shape %xt [[0, 1], [2], [3], [4]] : tensor<2x3x4x4x6xf64> into tensor<6x4x4x6xf64>
  %c = dchag.convolution %xb weight(%w) {strides = array<i64: 2, 3>, dilations = array<i64: 1, 1>, low = array<i64: 0, 0>, high = array<i64: 0, 0>, groups = 1 : i64} : (tensor<6x4x4x6xf64>, tensor<5x4x2x3xf64>) -> tensor<6x5x2x2xf64>
  %f = tensor.collapse_shape %c [[0], [1], [2, 3]] : tensor<6x5x2x2xf64> into tensor<6x5x4xf64>
  %s = tensor.expand_shape %f [[0, 1], [2], [3]] output_shape [2, 3, 5, 4] : tensor<6x5x4xf64> into tensor<2x3x5x4xf64>
  %et = tensor.empty() : tensor<2x3x4x5xf64>
  %t = linalg.transpose ins(%s : tensor<2x3x5x4xf64>) outs(%et : tensor<2x3x4x5xf64>) permutation = [0, 1, 3, 2]
  %all = linalg.broadcast ins(%e : tensor<3x5xf64>) outs(%et : tensor<2x3x4x5xf64>) dimensions = [0, 2]
  %y = arith.addf %t, %all : tensor<2x3x4x5xf64>
  return %y : tensor<2x3x4x5xf64>
}

// A batch that is one dimension of the input is a batch.
// CHECK-LABEL: func.func @batch(
// CHECK:         dchag.tokenize %{{.+}} weight(%{{.+}}) : (tensor<6x1x4x4x6xf64>, tensor<1x5x4x2x3xf64>) -> tensor<6x1x4x5xf64>
func.func @batch(%x: tensor<6x4x4x6xf64>, %w: tensor<5x4x2x3xf64> {dchag.role = "param"}) -> tensor<6x5x2x2xf64> {
  %c = dchag.convolution %x weight(%w) {strides = array<i64: 2, 3>, dilations = array<i64: 1, 1>, low = array<i64: 0, 0>, high = array<i64: 0, 0>, groups = 1 : i64} : (tensor<6x4x4x6xf64>, tensor<5x4x2x3xf64>) -> tensor<6x5x2x2xf64>
  return %c : tensor<6x5x2x2xf64>
}

// Channels as the first dimension of a volume, in patches of one.
// CHECK-LABEL: func.func @volume(
// CHECK:         dchag.tokenize %{{.+}} weight(%{{.+}}) bias(%{{.+}}) : (tensor<2x3x1x4x6xf64>, tensor<1x5x1x2x3xf64>, tensor<1x5xf64>) -> tensor<2x3x4x5xf64>
func.func @volume(%x: tensor<2x3x4x6xf64>, %w: tensor<5x1x1x2x3xf64> {dchag.role = "param"},
                  %b: tensor<5xf64> {dchag.role = "param"}) -> tensor<2x5x3x4xf64> {
  %v = tensor.expand_shape %x [[0], [1, 2], [3], [4]] output_shape [2, 1, 3, 4, 6] : tensor<2x3x4x6xf64> into tensor<2x1x3x4x6xf64>
  %c = dchag.convolution %v weight(%w) bias(%b) {strides = array<i64: 1, 2, 3>, dilations = array<i64: 1, 1, 1>, low = array<i64: 0, 0, 0>, high = array<i64: 0, 0, 0>, groups = 1 : i64} : (tensor<2x1x3x4x6xf64>, tensor<5x1x1x2x3xf64>, tensor<5xf64>) -> tensor<2x5x3x2x2xf64>
  %y = tensor.collapse_shape %c [[0], [1], [2], [3, 4]] : tensor<2x5x3x2x2xf64> into tensor<2x5x3x4xf64>
  return %y : tensor<2x5x3x4xf64>
}

// Two channels in patches of 2 x 3 and one in patches of 4 x 6: the two become one tokenization.
// CHECK-LABEL: func.func @two_sensors(
// CHECK-DAG:     dchag.tokenize %{{.+}} : (tensor<2x2x1x4x6xf64>, tensor<2x5x1x2x3xf64>) -> tensor<2x2x4x5xf64>
// CHECK-DAG:     dchag.tokenize %{{.+}} : (tensor<2x1x1x8x12xf64>, tensor<1x5x1x4x6xf64>) -> tensor<2x1x4x5xf64>
// CHECK:         tensor.concat dim(1) %{{.+}}, %{{.+}} : (tensor<2x2x5x2x2xf64>, tensor<2x1x5x2x2xf64>)
func.func @two_sensors(%x: tensor<2x2x4x6xf64>, %z: tensor<2x1x8x12xf64>, %w0: tensor<5x1x2x3xf64> {dchag.role = "param"},
    %w1: tensor<5x1x2x3xf64> {dchag.role = "param"}, %w2: tensor<5x1x4x6xf64> {dchag.role = "param"}) -> tensor<2x3x4x5xf64> {
  %x0 = tensor.extract_slice %x[0, 0, 0, 0] [2, 1, 4, 6] [1, 1, 1, 1] : tensor<2x2x4x6xf64> to tensor<2x1x4x6xf64>
  %x1 = tensor.extract_slice %x[0, 1, 0, 0] [2, 1, 4, 6] [1, 1, 1, 1] : tensor<2x2x4x6xf64> to tensor<2x1x4x6xf64>
  %c0 = dchag.convolution %x0 weight(%w0) {strides = array<i64: 2, 3>, dilations = array<i64: 1, 1>, low = array<i64: 0, 0>, high = array<i64: 0, 0>, groups = 1 : i64} : (tensor<2x1x4x6xf64>, tensor<5x1x2x3xf64>) -> tensor<2x5x2x2xf64>
  %c1 = dchag.convolution %x1 weight(%w1) {strides = array<i64: 2, 3>, dilations = array<i64: 1, 1>, low = array<i64: 0, 0>, high = array<i64: 0, 0>, groups = 1 : i64} : (tensor<2x1x4x6xf64>, tensor<5x1x2x3xf64>) -> tensor<2x5x2x2xf64>
  %c2 = dchag.convolution %z weight(%w2) {strides = array<i64: 4, 6>, dilations = array<i64: 1, 1>, low = array<i64: 0, 0>, high = array<i64: 0, 0>, groups = 1 : i64} : (tensor<2x1x8x12xf64>, tensor<5x1x4x6xf64>) -> tensor<2x5x2x2xf64>
  %f0 = tensor.expand_shape %c0 [[0, 1], [2], [3], [4]] output_shape [2, 1, 5, 2, 2] : tensor<2x5x2x2xf64> into tensor<2x1x5x2x2xf64>
  %f1 = tensor.expand_shape %c1 [[0, 1], [2], [3], [4]] output_shape [2, 1, 5, 2, 2] : tensor<2x5x2x2xf64> into tensor<2x1x5x2x2xf64>
  %f2 = tensor.expand_shape %c2 [[0, 1], [2], [3], [4]] output_shape [2, 1, 5, 2, 2] : tensor<2x5x2x2xf64> into tensor<2x1x5x2x2xf64>
  %s = tensor.concat dim(1) %f0, %f1, %f2 : (tensor<2x1x5x2x2xf64>, tensor<2x1x5x2x2xf64>, tensor<2x1x5x2x2xf64>) -> tensor<2x3x5x2x2xf64>
  %f = tensor.collapse_shape %s [[0], [1], [2], [3, 4]] : tensor<2x3x5x2x2xf64> into tensor<2x3x5x4xf64>
  %e = tensor.empty() : tensor<2x3x4x5xf64>
  %t = linalg.transpose ins(%f : tensor<2x3x5x4xf64>) outs(%e : tensor<2x3x4x5xf64>) permutation = [0, 1, 3, 2]
  return %t : tensor<2x3x4x5xf64>
}

// CHECK-LABEL: func.func @overlapping(
// CHECK:         dchag.convolution
func.func @overlapping(%x: tensor<2x1x4x6xf64>, %w: tensor<5x1x3x3xf64> {dchag.role = "param"}) -> tensor<2x5x2x3xf64> {
  // expected-remark @+1 {{is not raised to dchag.tokenize: its patches overlap, have gaps or padding, or do not make up the image}}
  %c = dchag.convolution %x weight(%w) {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, low = array<i64: 1, 1>, high = array<i64: 1, 1>, groups = 1 : i64} : (tensor<2x1x4x6xf64>, tensor<5x1x3x3xf64>) -> tensor<2x5x2x3xf64>
  return %c : tensor<2x5x2x3xf64>
}
