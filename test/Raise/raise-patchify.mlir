// RUN: dchag-opt %s --raise-patchify | FileCheck %s
// RUN: dchag-opt %s --check-equal='func.func(raise-patchify)' --allow-unchanged

// Features of a patch are pixels, then channels.
// CHECK-LABEL: func.func @channels_last(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x6x20xf32>)
// CHECK-NEXT:    %[[Y:.+]] = dchag.unpatchify %[[X]] {patch = array<i64: 2, 2>} : (tensor<2x6x20xf32>) -> tensor<2x5x4x6xf32>
// CHECK-NEXT:    return %[[Y]]
func.func @channels_last(%x: tensor<2x6x20xf32>) -> tensor<2x5x4x6xf32> {
  %0 = tensor.expand_shape %x [[0], [1, 2], [3, 4, 5]] output_shape [2, 2, 3, 2, 2, 5] : tensor<2x6x20xf32> into tensor<2x2x3x2x2x5xf32>
  %e = tensor.empty() : tensor<2x5x2x2x3x2xf32>
  %1 = linalg.transpose ins(%0 : tensor<2x2x3x2x2x5xf32>) outs(%e : tensor<2x5x2x2x3x2xf32>) permutation = [0, 5, 1, 3, 2, 4]
  %2 = tensor.collapse_shape %1 [[0], [1], [2, 3], [4, 5]] : tensor<2x5x2x2x3x2xf32> into tensor<2x5x4x6xf32>
  return %2 : tensor<2x5x4x6xf32>
}

// Channels first, and patches of other sizes along each dimension.
// CHECK-LABEL: func.func @channels_first(
// CHECK:         dchag.unpatchify %{{.+}} {layout = #dchag.patch_layout<channels_first>, patch = array<i64: 2, 3>} : (tensor<1x10x30xf32>) -> tensor<1x5x4x15xf32>
// CHECK-NOT:     linalg.transpose
func.func @channels_first(%x: tensor<1x10x30xf32>) -> tensor<1x5x4x15xf32> {
  %0 = tensor.expand_shape %x [[0], [1, 2], [3, 4, 5]] output_shape [1, 2, 5, 5, 2, 3] : tensor<1x10x30xf32> into tensor<1x2x5x5x2x3xf32>
  %e = tensor.empty() : tensor<1x5x2x2x5x3xf32>
  %1 = linalg.transpose ins(%0 : tensor<1x2x5x5x2x3xf32>) outs(%e : tensor<1x5x2x2x5x3xf32>) permutation = [0, 3, 1, 4, 2, 5]
  %2 = tensor.collapse_shape %1 [[0], [1], [2, 3], [4, 5]] : tensor<1x5x2x2x5x3xf32> into tensor<1x5x4x15xf32>
  return %2 : tensor<1x5x4x15xf32>
}

// The other way, as targets of masked autoencoders are made, in three dimensions.
// CHECK-LABEL: func.func @cut(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<1x2x4x6x9xf32>)
// CHECK-NEXT:    %[[Y:.+]] = dchag.patchify %[[X]] {patch = array<i64: 2, 2, 3>} : (tensor<1x2x4x6x9xf32>) -> tensor<1x18x24xf32>
// CHECK-NEXT:    return %[[Y]]
func.func @cut(%x: tensor<1x2x4x6x9xf32>) -> tensor<1x18x24xf32> {
  %0 = tensor.expand_shape %x [[0], [1], [2, 3], [4, 5], [6, 7]] output_shape [1, 2, 2, 2, 3, 2, 3, 3] : tensor<1x2x4x6x9xf32> into tensor<1x2x2x2x3x2x3x3xf32>
  %e = tensor.empty() : tensor<1x2x3x3x2x2x3x2xf32>
  %1 = linalg.transpose ins(%0 : tensor<1x2x2x2x3x2x3x3xf32>) outs(%e : tensor<1x2x3x3x2x2x3x2xf32>) permutation = [0, 2, 4, 6, 3, 5, 7, 1]
  %2 = tensor.collapse_shape %1 [[0], [1, 2, 3], [4, 5, 6, 7]] : tensor<1x2x3x3x2x2x3x2xf32> into tensor<1x18x24xf32>
  return %2 : tensor<1x18x24xf32>
}



// Features cut into heads are no image, nor are pixels in another order than rows.
// CHECK-LABEL: func.func @heads(
// CHECK-NOT:     dchag.
// CHECK-LABEL: func.func @columns(
// CHECK-NOT:     dchag.
func.func @heads(%x: tensor<2x6x20xf32>) -> tensor<2x4x6x5xf32> {
  %0 = tensor.expand_shape %x [[0], [1], [2, 3]] output_shape [2, 6, 4, 5] : tensor<2x6x20xf32> into tensor<2x6x4x5xf32>
  %e = tensor.empty() : tensor<2x4x6x5xf32>
  %1 = linalg.transpose ins(%0 : tensor<2x6x4x5xf32>) outs(%e : tensor<2x4x6x5xf32>) permutation = [0, 2, 1, 3]
  return %1 : tensor<2x4x6x5xf32>
}

func.func @columns(%x: tensor<2x6x20xf32>) -> tensor<2x5x4x6xf32> {
  %0 = tensor.expand_shape %x [[0], [1, 2], [3, 4, 5]] output_shape [2, 2, 3, 2, 2, 5] : tensor<2x6x20xf32> into tensor<2x2x3x2x2x5xf32>
  %e = tensor.empty() : tensor<2x5x2x2x3x2xf32>
  %1 = linalg.transpose ins(%0 : tensor<2x2x3x2x2x5xf32>) outs(%e : tensor<2x5x2x2x3x2xf32>) permutation = [0, 5, 1, 4, 2, 3]
  %2 = tensor.collapse_shape %1 [[0], [1], [2, 3], [4, 5]] : tensor<2x5x2x2x3x2xf32> into tensor<2x5x4x6xf32>
  return %2 : tensor<2x5x4x6xf32>
}
