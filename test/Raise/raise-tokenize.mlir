// RUN: dchag-opt %s --raise-tokenize --absorb-layout | FileCheck %s
// RUN: dchag-opt %s --check-equal='func.func(raise-tokenize,absorb-layout)' --allow-unchanged

// A convolution for each variable, flattened, transposed and stacked; variable embedding.
// CHECK-LABEL: func.func @stacked(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3x4x6xf64>, %[[W0:[a-z0-9]+]]: tensor<5x1x2x3xf64>
// CHECK-NOT:     dchag.convolution
// CHECK-DAG:     %[[IMAGE:.+]] = tensor.expand_shape %[[X]] {{.+}} into tensor<2x3x1x4x6xf64>
// CHECK:         %[[Y:.+]] = dchag.tokenize %[[IMAGE]] weight(%{{.+}}) bias(%{{.+}}) embedding(%{{.+}}) : (tensor<2x3x1x4x6xf64>, tensor<3x5x1x2x3xf64>, tensor<3x5xf64>, tensor<3x5xf64>) -> tensor<2x3x4x5xf64>
// CHECK-NEXT:    return %[[Y]]
func.func @stacked(%x: tensor<2x3x4x6xf64>,
    %w0: tensor<5x1x2x3xf64> {dchag.role = "param"}, %w1: tensor<5x1x2x3xf64> {dchag.role = "param"},
    %w2: tensor<5x1x2x3xf64> {dchag.role = "param"}, %b0: tensor<5xf64> {dchag.role = "param"},
    %b1: tensor<5xf64> {dchag.role = "param"}, %b2: tensor<5xf64> {dchag.role = "param"},
    %e: tensor<1x3x5xf64> {dchag.role = "param"}) -> tensor<2x3x4x5xf64> {
  %x0 = tensor.extract_slice %x[0, 0, 0, 0] [2, 1, 4, 6] [1, 1, 1, 1] : tensor<2x3x4x6xf64> to tensor<2x1x4x6xf64>
  %x1 = tensor.extract_slice %x[0, 1, 0, 0] [2, 1, 4, 6] [1, 1, 1, 1] : tensor<2x3x4x6xf64> to tensor<2x1x4x6xf64>
  %x2 = tensor.extract_slice %x[0, 2, 0, 0] [2, 1, 4, 6] [1, 1, 1, 1] : tensor<2x3x4x6xf64> to tensor<2x1x4x6xf64>
  %c0 = dchag.convolution %x0 weight(%w0) bias(%b0) {strides = array<i64: 2, 3>, dilations = array<i64: 1, 1>, low = array<i64: 0, 0>, high = array<i64: 0, 0>, groups = 1 : i64} : (tensor<2x1x4x6xf64>, tensor<5x1x2x3xf64>, tensor<5xf64>) -> tensor<2x5x2x2xf64>
  %c1 = dchag.convolution %x1 weight(%w1) bias(%b1) {strides = array<i64: 2, 3>, dilations = array<i64: 1, 1>, low = array<i64: 0, 0>, high = array<i64: 0, 0>, groups = 1 : i64} : (tensor<2x1x4x6xf64>, tensor<5x1x2x3xf64>, tensor<5xf64>) -> tensor<2x5x2x2xf64>
  %c2 = dchag.convolution %x2 weight(%w2) bias(%b2) {strides = array<i64: 2, 3>, dilations = array<i64: 1, 1>, low = array<i64: 0, 0>, high = array<i64: 0, 0>, groups = 1 : i64} : (tensor<2x1x4x6xf64>, tensor<5x1x2x3xf64>, tensor<5xf64>) -> tensor<2x5x2x2xf64>
  %f0 = tensor.collapse_shape %c0 [[0], [1], [2, 3]] : tensor<2x5x2x2xf64> into tensor<2x5x4xf64>
  %f1 = tensor.collapse_shape %c1 [[0], [1], [2, 3]] : tensor<2x5x2x2xf64> into tensor<2x5x4xf64>
  %f2 = tensor.collapse_shape %c2 [[0], [1], [2, 3]] : tensor<2x5x2x2xf64> into tensor<2x5x4xf64>
  %i = tensor.empty() : tensor<2x4x5xf64>
  %t0 = linalg.transpose ins(%f0 : tensor<2x5x4xf64>) outs(%i : tensor<2x4x5xf64>) permutation = [0, 2, 1]
  %t1 = linalg.transpose ins(%f1 : tensor<2x5x4xf64>) outs(%i : tensor<2x4x5xf64>) permutation = [0, 2, 1]
  %t2 = linalg.transpose ins(%f2 : tensor<2x5x4xf64>) outs(%i : tensor<2x4x5xf64>) permutation = [0, 2, 1]
  %u0 = tensor.expand_shape %t0 [[0, 1], [2], [3]] output_shape [2, 1, 4, 5] : tensor<2x4x5xf64> into tensor<2x1x4x5xf64>
  %u1 = tensor.expand_shape %t1 [[0, 1], [2], [3]] output_shape [2, 1, 4, 5] : tensor<2x4x5xf64> into tensor<2x1x4x5xf64>
  %u2 = tensor.expand_shape %t2 [[0, 1], [2], [3]] output_shape [2, 1, 4, 5] : tensor<2x4x5xf64> into tensor<2x1x4x5xf64>
  %s = tensor.concat dim(1) %u0, %u1, %u2 : (tensor<2x1x4x5xf64>, tensor<2x1x4x5xf64>, tensor<2x1x4x5xf64>) -> tensor<2x3x4x5xf64>
  %e1 = tensor.collapse_shape %e [[0, 1], [2]] : tensor<1x3x5xf64> into tensor<3x5xf64>
  %i4 = tensor.empty() : tensor<2x3x4x5xf64>
  %e2 = linalg.broadcast ins(%e1 : tensor<3x5xf64>) outs(%i4 : tensor<2x3x4x5xf64>) dimensions = [0, 2]
  %y = arith.addf %s, %e2 : tensor<2x3x4x5xf64>
  return %y : tensor<2x3x4x5xf64>
}

// One convolution with a group for each variable.
// CHECK-LABEL: func.func @grouped(
// CHECK-NOT:     dchag.convolution
// CHECK:         %[[Y:.+]] = dchag.tokenize %{{.+}} weight(%{{.+}}) bias(%{{.+}}) : (tensor<2x3x1x4x6xf64>, tensor<3x5x1x2x3xf64>, tensor<3x5xf64>) -> tensor<2x3x4x5xf64>
// CHECK-NEXT:    return %[[Y]]
func.func @grouped(%x: tensor<2x3x4x6xf64>, %w: tensor<15x1x2x3xf64> {dchag.role = "param"},
                   %b: tensor<15xf64> {dchag.role = "param"}) -> tensor<2x3x4x5xf64> {
  %c = dchag.convolution %x weight(%w) bias(%b) {strides = array<i64: 2, 3>, dilations = array<i64: 1, 1>, low = array<i64: 0, 0>, high = array<i64: 0, 0>, groups = 3 : i64} : (tensor<2x3x4x6xf64>, tensor<15x1x2x3xf64>, tensor<15xf64>) -> tensor<2x15x2x2xf64>
  %f = tensor.collapse_shape %c [[0], [1], [2, 3]] : tensor<2x15x2x2xf64> into tensor<2x15x4xf64>
  %u = tensor.expand_shape %f [[0], [1, 2], [3]] output_shape [2, 3, 5, 4] : tensor<2x15x4xf64> into tensor<2x3x5x4xf64>
  %i = tensor.empty() : tensor<2x3x4x5xf64>
  %y = linalg.transpose ins(%u : tensor<2x3x5x4xf64>) outs(%i : tensor<2x3x4x5xf64>) permutation = [0, 1, 3, 2]
  return %y : tensor<2x3x4x5xf64>
}

// One tokenizer for both variables, joined as channels; no bias.
// CHECK-LABEL: func.func @shared(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x2x4x6xf64>, %[[W:[a-z0-9]+]]: tensor<5x1x2x3xf64>
// CHECK:         dchag.tokenize %{{.+}} weight(%{{.+}}) : (tensor<2x2x1x4x6xf64>, tensor<1x5x1x2x3xf64>) -> tensor<2x2x4x5xf64>
func.func @shared(%x: tensor<2x2x4x6xf64>, %w: tensor<5x1x2x3xf64> {dchag.role = "param"}) -> tensor<2x10x2x2xf64> {
  %x0 = tensor.extract_slice %x[0, 0, 0, 0] [2, 1, 4, 6] [1, 1, 1, 1] : tensor<2x2x4x6xf64> to tensor<2x1x4x6xf64>
  %x1 = tensor.extract_slice %x[0, 1, 0, 0] [2, 1, 4, 6] [1, 1, 1, 1] : tensor<2x2x4x6xf64> to tensor<2x1x4x6xf64>
  %c0 = dchag.convolution %x0 weight(%w) {strides = array<i64: 2, 3>, dilations = array<i64: 1, 1>, low = array<i64: 0, 0>, high = array<i64: 0, 0>, groups = 1 : i64} : (tensor<2x1x4x6xf64>, tensor<5x1x2x3xf64>) -> tensor<2x5x2x2xf64>
  %c1 = dchag.convolution %x1 weight(%w) {strides = array<i64: 2, 3>, dilations = array<i64: 1, 1>, low = array<i64: 0, 0>, high = array<i64: 0, 0>, groups = 1 : i64} : (tensor<2x1x4x6xf64>, tensor<5x1x2x3xf64>) -> tensor<2x5x2x2xf64>
  %y = tensor.concat dim(1) %c0, %c1 : (tensor<2x5x2x2xf64>, tensor<2x5x2x2xf64>) -> tensor<2x10x2x2xf64>
  return %y : tensor<2x10x2x2xf64>
}

// The patch embedding of a plain ViT: one channel whose inputs are all variables.
// CHECK-LABEL: func.func @one_channel(
// CHECK:         dchag.tokenize %{{.+}} weight(%{{.+}}) : (tensor<2x1x3x4x6xf64>, tensor<1x5x3x2x3xf64>) -> tensor<2x1x4x5xf64>
func.func @one_channel(%x: tensor<2x3x4x6xf64>, %w: tensor<5x3x2x3xf64> {dchag.role = "param"}) -> tensor<2x5x2x2xf64> {
  %y = dchag.convolution %x weight(%w) {strides = array<i64: 2, 3>, dilations = array<i64: 1, 1>, low = array<i64: 0, 0>, high = array<i64: 0, 0>, groups = 1 : i64} : (tensor<2x3x4x6xf64>, tensor<5x3x2x3xf64>) -> tensor<2x5x2x2xf64>
  return %y : tensor<2x5x2x2xf64>
}

// Patches overlap.
// CHECK-LABEL: func.func @stride_is_not_kernel(
// CHECK:         dchag.convolution
// CHECK-NOT:     dchag.tokenize
func.func @stride_is_not_kernel(%x: tensor<2x3x4x6xf64>, %w: tensor<5x3x2x2xf64> {dchag.role = "param"}) -> tensor<2x5x3x5xf64> {
  %y = dchag.convolution %x weight(%w) {strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, low = array<i64: 0, 0>, high = array<i64: 0, 0>, groups = 1 : i64} : (tensor<2x3x4x6xf64>, tensor<5x3x2x2xf64>) -> tensor<2x5x3x5xf64>
  return %y : tensor<2x5x3x5xf64>
}

// DOFA: the patches are padded.
// CHECK-LABEL: func.func @padded(
// CHECK:         dchag.convolution
// CHECK-NOT:     dchag.tokenize
func.func @padded(%x: tensor<2x3x4x6xf64>, %w: tensor<5x3x2x2xf64> {dchag.role = "param"}) -> tensor<2x5x3x4xf64> {
  %y = dchag.convolution %x weight(%w) {strides = array<i64: 2, 2>, dilations = array<i64: 1, 1>, low = array<i64: 1, 1>, high = array<i64: 1, 1>, groups = 1 : i64} : (tensor<2x3x4x6xf64>, tensor<5x3x2x2xf64>) -> tensor<2x5x3x4xf64>
  return %y : tensor<2x5x3x4xf64>
}

// The embedding depends on the position: it is no channel embedding.
// CHECK-LABEL: func.func @position_embedding(
// CHECK:         dchag.tokenize
// CHECK-NOT:     embedding(
// CHECK:         arith.addf
func.func @position_embedding(%x: tensor<2x3x4x6xf64>, %w: tensor<5x3x2x3xf64> {dchag.role = "param"},
                              %p: tensor<5x2x2xf64> {dchag.role = "param"}) -> tensor<2x5x2x2xf64> {
  %c = dchag.convolution %x weight(%w) {strides = array<i64: 2, 3>, dilations = array<i64: 1, 1>, low = array<i64: 0, 0>, high = array<i64: 0, 0>, groups = 1 : i64} : (tensor<2x3x4x6xf64>, tensor<5x3x2x3xf64>) -> tensor<2x5x2x2xf64>
  %e = tensor.empty() : tensor<2x5x2x2xf64>
  %q = linalg.broadcast ins(%p : tensor<5x2x2xf64>) outs(%e : tensor<2x5x2x2xf64>) dimensions = [0]
  %y = arith.addf %q, %c : tensor<2x5x2x2xf64>
  return %y : tensor<2x5x2x2xf64>
}
