// A tokenization of which slices without a common channel are used becomes one for each of them.
// RUN: dchag-opt %s --split-tokenize | FileCheck %s
// RUN: dchag-opt %s --check-equal='split-tokenize' --allow-unchanged --inputs=integers,normal --tolerance=0 | FileCheck %s --check-prefix=EQUAL
// EQUAL-COUNT-4: equal (max relative error 0)

// CHECK-LABEL: func.func @parts(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x5x1x4x6xf32>, %[[W:[a-z0-9]+]]: tensor<5x8x1x2x2xf32>, %[[B:[a-z0-9]+]]: tensor<5x8xf32>
// CHECK:         %[[XB:.+]] = tensor.extract_slice %[[X]][0, 0, 0, 0, 0] [2, 1, 1, 4, 6]
// CHECK:         %[[TB:.+]] = dchag.tokenize %[[XB]]
// CHECK:         %[[XA:.+]] = tensor.extract_slice %[[X]][0, 3, 0, 0, 0] [2, 2, 1, 4, 6]
// CHECK:         %[[WA:.+]] = tensor.extract_slice %[[W]][3, 0, 0, 0, 0] [2, 8, 1, 2, 2]
// CHECK:         %[[BA:.+]] = tensor.extract_slice %[[B]][3, 0] [2, 8]
// CHECK:         %[[A:.+]] = dchag.tokenize %[[XA]] weight(%[[WA]]) bias(%[[BA]])
// CHECK:         %[[C:.+]] = tensor.collapse_shape %[[TB]] {{\[}}[0], [1, 2], [3]] : tensor<2x1x6x8xf32> into tensor<2x6x8xf32>
// CHECK:         return %[[A]], %[[C]]
func.func @parts(%x: tensor<2x5x1x4x6xf32>, %w: tensor<5x8x1x2x2xf32>, %b: tensor<5x8xf32>) -> (tensor<2x2x6x8xf32>, tensor<2x6x8xf32>) {
  %t = dchag.tokenize %x weight(%w) bias(%b) : (tensor<2x5x1x4x6xf32>, tensor<5x8x1x2x2xf32>, tensor<5x8xf32>) -> tensor<2x5x6x8xf32>
  %last = tensor.extract_slice %t[0, 3, 0, 0] [2, 2, 6, 8] [1, 1, 1, 1] : tensor<2x5x6x8xf32> to tensor<2x2x6x8xf32>
  %first = tensor.extract_slice %t[0, 0, 0, 0] [2, 1, 6, 8] [1, 1, 1, 1] : tensor<2x5x6x8xf32> to tensor<2x6x8xf32>
  return %last, %first : tensor<2x2x6x8xf32>, tensor<2x6x8xf32>
}

// Weights of all channels stay; those that were put together of several are put together of fewer.
// CHECK-LABEL: func.func @shared(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<1x3x1x4x6xf32>, %[[W:[a-z0-9]+]]: tensor<1x8x1x2x2xf32>, %[[E:[a-z0-9]+]]: tensor<2x8xf32>, %[[F:[a-z0-9]+]]: tensor<1x8xf32>
// CHECK-NOT:     tensor.concat
// CHECK:         dchag.tokenize %{{.+}} weight(%[[W]]) embedding(%[[E]])
// CHECK:         dchag.tokenize %{{.+}} weight(%[[W]]) embedding(%[[F]])
func.func @shared(%x: tensor<1x3x1x4x6xf32>, %w: tensor<1x8x1x2x2xf32>, %e: tensor<2x8xf32>, %f: tensor<1x8xf32>) -> (tensor<1x2x6x8xf32>, tensor<1x1x6x8xf32>) {
  %embedding = tensor.concat dim(0) %e, %f : (tensor<2x8xf32>, tensor<1x8xf32>) -> tensor<3x8xf32>
  %t = dchag.tokenize %x weight(%w) embedding(%embedding) : (tensor<1x3x1x4x6xf32>, tensor<1x8x1x2x2xf32>, tensor<3x8xf32>) -> tensor<1x3x6x8xf32>
  %a = tensor.extract_slice %t[0, 0, 0, 0] [1, 2, 6, 8] [1, 1, 1, 1] : tensor<1x3x6x8xf32> to tensor<1x2x6x8xf32>
  %b = tensor.extract_slice %t[0, 2, 0, 0] [1, 1, 6, 8] [1, 1, 1, 1] : tensor<1x3x6x8xf32> to tensor<1x1x6x8xf32>
  return %a, %b : tensor<1x2x6x8xf32>, tensor<1x1x6x8xf32>
}

// A channel that is used twice would be computed twice.
// CHECK-LABEL: func.func @overlapping(
// CHECK-COUNT-1: dchag.tokenize
// CHECK-NOT:     dchag.tokenize
func.func @overlapping(%x: tensor<1x3x1x4x6xf32>, %w: tensor<3x8x1x2x2xf32>) -> (tensor<1x2x6x8xf32>, tensor<1x2x6x8xf32>) {
  %t = dchag.tokenize %x weight(%w) : (tensor<1x3x1x4x6xf32>, tensor<3x8x1x2x2xf32>) -> tensor<1x3x6x8xf32>
  %a = tensor.extract_slice %t[0, 0, 0, 0] [1, 2, 6, 8] [1, 1, 1, 1] : tensor<1x3x6x8xf32> to tensor<1x2x6x8xf32>
  %b = tensor.extract_slice %t[0, 1, 0, 0] [1, 2, 6, 8] [1, 1, 1, 1] : tensor<1x3x6x8xf32> to tensor<1x2x6x8xf32>
  return %a, %b : tensor<1x2x6x8xf32>, tensor<1x2x6x8xf32>
}

// So would those of which something else uses all.
// CHECK-LABEL: func.func @whole(
// CHECK-COUNT-1: dchag.tokenize
// CHECK-NOT:     dchag.tokenize
func.func @whole(%x: tensor<1x3x1x4x6xf32>, %w: tensor<3x8x1x2x2xf32>) -> (tensor<1x2x6x8xf32>, tensor<1x3x6x8xf32>) {
  %t = dchag.tokenize %x weight(%w) : (tensor<1x3x1x4x6xf32>, tensor<3x8x1x2x2xf32>) -> tensor<1x3x6x8xf32>
  %a = tensor.extract_slice %t[0, 0, 0, 0] [1, 2, 6, 8] [1, 1, 1, 1] : tensor<1x3x6x8xf32> to tensor<1x2x6x8xf32>
  return %a, %t : tensor<1x2x6x8xf32>, tensor<1x3x6x8xf32>
}
