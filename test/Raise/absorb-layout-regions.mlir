// RUN: dchag-opt %s --absorb-layout | FileCheck %s
// RUN: dchag-opt %s --check-equal=absorb-layout --inputs=integers

// Slices of what an insertion wrote and of what it left are slices of its operands; one over the
// border of the inserted part is not.

// CHECK-LABEL: func.func @insertion(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3xf64>, %[[Y:[a-z0-9]+]]: tensor<7x3xf64>
// CHECK-DAG:     %[[I:.+]] = tensor.insert_slice %[[X]] into %[[Y]][2, 0] [2, 3] [1, 1]
// CHECK-DAG:     %[[A:.+]] = tensor.extract_slice %[[X]][1, 0] [1, 3] [1, 1]
// CHECK-DAG:     %[[B:.+]] = tensor.extract_slice %[[Y]][4, 0] [3, 3] [1, 1]
// CHECK-DAG:     %[[C:.+]] = tensor.extract_slice %[[I]][1, 0] [2, 3] [1, 1]
// CHECK:         return %[[A]], %[[B]], %[[C]]
func.func @insertion(%x: tensor<2x3xf64>, %y: tensor<7x3xf64>) -> (tensor<1x3xf64>, tensor<3x3xf64>, tensor<2x3xf64>) {
  %i = tensor.insert_slice %x into %y[2, 0] [2, 3] [1, 1] : tensor<2x3xf64> into tensor<7x3xf64>
  %a = tensor.extract_slice %i[3, 0] [1, 3] [1, 1] : tensor<7x3xf64> to tensor<1x3xf64>
  %b = tensor.extract_slice %i[4, 0] [3, 3] [1, 1] : tensor<7x3xf64> to tensor<3x3xf64>
  %c = tensor.extract_slice %i[1, 0] [2, 3] [1, 1] : tensor<7x3xf64> to tensor<2x3xf64>
  return %a, %b, %c : tensor<1x3xf64>, tensor<3x3xf64>, tensor<2x3xf64>
}

// The windows of a convolution stay slices of one padded value.

// CHECK-LABEL: func.func @padding(
// CHECK:         %[[P:.+]] = tensor.pad
// CHECK:         %[[A:.+]] = tensor.extract_slice %[[P]][0] [5] [1]
// CHECK:         %[[B:.+]] = tensor.extract_slice %[[P]][1] [5] [1]
// CHECK:         return %[[A]], %[[B]]
func.func @padding(%x: tensor<5xf64>) -> (tensor<5xf64>, tensor<5xf64>) {
  %zero = arith.constant 0.0 : f64
  %p = tensor.pad %x low[1] high[0] {
  ^bb0(%i: index):
    tensor.yield %zero : f64
  } : tensor<5xf64> to tensor<6xf64>
  %a = tensor.extract_slice %p[0] [5] [1] : tensor<6xf64> to tensor<5xf64>
  %b = tensor.extract_slice %p[1] [5] [1] : tensor<6xf64> to tensor<5xf64>
  return %a, %b : tensor<5xf64>, tensor<5xf64>
}
