// RUN: dchag-opt %s --absorb-layout | FileCheck %s
// RUN: dchag-opt %s --check-equal='func.func(absorb-layout)' --inputs=integers,normal

// A transposed weight is read through the indexing maps.
// CHECK-LABEL: func.func @transposed_weight(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3xf64>, %[[W:[a-z0-9]+]]: tensor<5x3xf64>)
// CHECK-NOT:     linalg.transpose
// CHECK:         %[[Y:.+]] = linalg.contract {{.+}} ins(%[[X]], %[[W]] : tensor<2x3xf64>, tensor<5x3xf64>)
// CHECK:         return %[[Y]]
func.func @transposed_weight(%x: tensor<2x3xf64>, %w: tensor<5x3xf64>) -> tensor<2x5xf64> {
  %e = tensor.empty() : tensor<3x5xf64>
  %t = linalg.transpose ins(%w : tensor<5x3xf64>) outs(%e : tensor<3x5xf64>) permutation = [1, 0]
  %zero = arith.constant 0.0 : f64
  %f = tensor.empty() : tensor<2x5xf64>
  %init = linalg.fill ins(%zero : f64) outs(%f : tensor<2x5xf64>) -> tensor<2x5xf64>
  %y = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (k, j)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%x, %t : tensor<2x3xf64>, tensor<3x5xf64>) outs(%init : tensor<2x5xf64>) -> tensor<2x5xf64>
  return %y : tensor<2x5xf64>
}

// Behind the transpose, a reshape joins two dimensions: the contraction gets both.
// CHECK-LABEL: func.func @heads(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3x5xf64>, %[[W:[a-z0-9]+]]: tensor<7x6xf64>)
// CHECK-NOT:     linalg.transpose
// CHECK:         %[[V:.+]] = tensor.expand_shape %[[W]] {{.+}} : tensor<7x6xf64> into tensor<7x2x3xf64>
// CHECK:         linalg.contract {{.+}} ins(%[[X]], %[[V]] : tensor<2x3x5xf64>, tensor<7x2x3xf64>) {{.+}} -> tensor<5x7xf64>
func.func @heads(%x: tensor<2x3x5xf64>, %w: tensor<7x6xf64>) -> tensor<5x7xf64> {
  %e = tensor.empty() : tensor<5x2x3xf64>
  %t = linalg.transpose ins(%x : tensor<2x3x5xf64>) outs(%e : tensor<5x2x3xf64>) permutation = [2, 0, 1]
  %c = tensor.collapse_shape %t [[0], [1, 2]] : tensor<5x2x3xf64> into tensor<5x6xf64>
  %zero = arith.constant 0.0 : f64
  %f = tensor.empty() : tensor<5x7xf64>
  %init = linalg.fill ins(%zero : f64) outs(%f : tensor<5x7xf64>) -> tensor<5x7xf64>
  %y = linalg.contract indexing_maps = [affine_map<(i, j, k) -> (i, k)>, affine_map<(i, j, k) -> (j, k)>, affine_map<(i, j, k) -> (i, j)>]
    ins(%c, %w : tensor<5x6xf64>, tensor<7x6xf64>) outs(%init : tensor<5x7xf64>) -> tensor<5x7xf64>
  return %y : tensor<5x7xf64>
}

// A transpose and its inverse, through a reshape.
// CHECK-LABEL: func.func @there_and_back(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3x5xf64>)
// CHECK-NEXT:    return %[[X]]
func.func @there_and_back(%x: tensor<2x3x5xf64>) -> tensor<2x3x5xf64> {
  %a = tensor.collapse_shape %x [[0, 1], [2]] : tensor<2x3x5xf64> into tensor<6x5xf64>
  %e = tensor.empty() : tensor<5x6xf64>
  %t = linalg.transpose ins(%a : tensor<6x5xf64>) outs(%e : tensor<5x6xf64>) permutation = [1, 0]
  %b = tensor.expand_shape %t [[0], [1, 2]] output_shape [5, 2, 3] : tensor<5x6xf64> into tensor<5x2x3xf64>
  %f = tensor.empty() : tensor<2x3x5xf64>
  %u = linalg.transpose ins(%b : tensor<5x2x3xf64>) outs(%f : tensor<2x3x5xf64>) permutation = [1, 2, 0]
  return %u : tensor<2x3x5xf64>
}

// Consecutive slices put together again.
// CHECK-LABEL: func.func @concat_of_slices(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x7x3xf64>)
// CHECK-NEXT:    return %[[X]]
func.func @concat_of_slices(%x: tensor<2x7x3xf64>) -> tensor<2x7x3xf64> {
  %a = tensor.extract_slice %x[0, 0, 0] [2, 4, 3] [1, 1, 1] : tensor<2x7x3xf64> to tensor<2x4x3xf64>
  %b = tensor.extract_slice %x[0, 4, 0] [2, 1, 3] [1, 1, 1] : tensor<2x7x3xf64> to tensor<2x3xf64>
  %c = tensor.expand_shape %b [[0, 1], [2]] output_shape [2, 1, 3] : tensor<2x3xf64> into tensor<2x1x3xf64>
  %d = tensor.extract_slice %x[0, 5, 0] [2, 2, 3] [1, 1, 1] : tensor<2x7x3xf64> to tensor<2x2x3xf64>
  %y = tensor.concat dim(1) %a, %c, %d : (tensor<2x4x3xf64>, tensor<2x1x3xf64>, tensor<2x2x3xf64>) -> tensor<2x7x3xf64>
  return %y : tensor<2x7x3xf64>
}

// Not in their order: stays.
// CHECK-LABEL: func.func @swapped_slices(
// CHECK:         tensor.concat
func.func @swapped_slices(%x: tensor<2x7x3xf64>) -> tensor<2x7x3xf64> {
  %a = tensor.extract_slice %x[0, 0, 0] [2, 4, 3] [1, 1, 1] : tensor<2x7x3xf64> to tensor<2x4x3xf64>
  %b = tensor.extract_slice %x[0, 4, 0] [2, 3, 3] [1, 1, 1] : tensor<2x7x3xf64> to tensor<2x3x3xf64>
  %y = tensor.concat dim(1) %b, %a : (tensor<2x3x3xf64>, tensor<2x4x3xf64>) -> tensor<2x7x3xf64>
  return %y : tensor<2x7x3xf64>
}

// Halves stacked in a new dimension.
// CHECK-LABEL: func.func @stack(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<6x5xf64>)
// CHECK-NOT:     tensor.concat
// CHECK:         tensor.expand_shape %[[X]]
func.func @stack(%x: tensor<6x5xf64>) -> tensor<2x3x5xf64> {
  %a = tensor.extract_slice %x[0, 0] [3, 5] [1, 1] : tensor<6x5xf64> to tensor<3x5xf64>
  %b = tensor.extract_slice %x[3, 0] [3, 5] [1, 1] : tensor<6x5xf64> to tensor<3x5xf64>
  %c = tensor.expand_shape %a [[0, 1], [2]] output_shape [1, 3, 5] : tensor<3x5xf64> into tensor<1x3x5xf64>
  %d = tensor.expand_shape %b [[0, 1], [2]] output_shape [1, 3, 5] : tensor<3x5xf64> into tensor<1x3x5xf64>
  %y = tensor.concat dim(0) %c, %d : (tensor<1x3x5xf64>, tensor<1x3x5xf64>) -> tensor<2x3x5xf64>
  return %y : tensor<2x3x5xf64>
}

// The first part comes twice.
// CHECK-LABEL: func.func @first_again(
// CHECK:         tensor.concat
func.func @first_again(%x: tensor<2x3xf64>) -> tensor<3x3xf64> {
  %a = tensor.extract_slice %x[0, 0] [1, 3] [1, 1] : tensor<2x3xf64> to tensor<1x3xf64>
  %b = tensor.extract_slice %x[1, 0] [1, 3] [1, 1] : tensor<2x3xf64> to tensor<1x3xf64>
  %y = tensor.concat dim(0) %a, %b, %a : (tensor<1x3xf64>, tensor<1x3xf64>, tensor<1x3xf64>) -> tensor<3x3xf64>
  return %y : tensor<3x3xf64>
}

// The rows are repeated, not consecutive.
// CHECK-LABEL: func.func @repeated_rows(
// CHECK:         tensor.concat
func.func @repeated_rows(%x: tensor<6x5xf64>) -> tensor<6x5xf64> {
  %a = tensor.extract_slice %x[0, 0] [1, 5] [1, 1] : tensor<6x5xf64> to tensor<5xf64>
  %b = tensor.extract_slice %x[3, 0] [1, 5] [1, 1] : tensor<6x5xf64> to tensor<5xf64>
  %e = tensor.empty() : tensor<3x5xf64>
  %c = linalg.broadcast ins(%a : tensor<5xf64>) outs(%e : tensor<3x5xf64>) dimensions = [0]
  %d = linalg.broadcast ins(%b : tensor<5xf64>) outs(%e : tensor<3x5xf64>) dimensions = [0]
  %y = tensor.concat dim(0) %c, %d : (tensor<3x5xf64>, tensor<3x5xf64>) -> tensor<6x5xf64>
  return %y : tensor<6x5xf64>
}
