// RUN: dchag-opt %s --emit=run | FileCheck %s

// CHECK-LABEL: @slices
// CHECK-NEXT: result0: 2x2xi32 = {{\[}}[1, 3], [7, 9]]
// CHECK-NEXT: result1: 3xi32 = [4, 5, 6]
// CHECK-NEXT: result2: 3x3xi32 = {{\[}}[1, 2, 3], [4, 10, 20], [7, 8, 9]]
func.func @slices() -> (tensor<2x2xi32>, tensor<3xi32>, tensor<3x3xi32>) {
  %a = arith.constant dense<[[1, 2, 3], [4, 5, 6], [7, 8, 9]]> : tensor<3x3xi32>
  %0 = tensor.extract_slice %a[0, 0] [2, 2] [2, 2] : tensor<3x3xi32> to tensor<2x2xi32>
  %1 = tensor.extract_slice %a[1, 0] [1, 3] [1, 1] : tensor<3x3xi32> to tensor<3xi32>
  %b = arith.constant dense<[10, 20]> : tensor<2xi32>
  %2 = tensor.insert_slice %b into %a[1, 1] [1, 2] [1, 1] : tensor<2xi32> into tensor<3x3xi32>
  return %0, %1, %2 : tensor<2x2xi32>, tensor<3xi32>, tensor<3x3xi32>
}

// CHECK-LABEL: @shapes
// CHECK-NEXT: result0: 2x1x3xi32 = {{\[}}{{\[}}[1, 2, 3]], {{\[}}[4, 5, 6]]]
// CHECK-NEXT: result1: 6xi32 = [1, 2, 3, 4, 5, 6]
// CHECK-NEXT: result2: 2x5xi32 = {{\[}}[1, 2, 3, 7, 8], [4, 5, 6, 9, 10]]
// CHECK-NEXT: result3: 3x6xi32 = {{\[}}[-1, 1, 2, 3, -1, -1], [-1, 4, 5, 6, -1, -1], [-1, -1, -1, -1, -1, -1]]
// CHECK-NEXT: result4: 2x3xi32 = {{\[}}[9, 9, 9], [9, 9, 9]]
func.func @shapes() -> (tensor<2x1x3xi32>, tensor<6xi32>, tensor<2x5xi32>, tensor<3x6xi32>, tensor<2x3xi32>) {
  %a = arith.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi32>
  %0 = tensor.expand_shape %a [[0, 1], [2]] output_shape [2, 1, 3] : tensor<2x3xi32> into tensor<2x1x3xi32>
  %1 = tensor.collapse_shape %a [[0, 1]] : tensor<2x3xi32> into tensor<6xi32>
  %b = arith.constant dense<[[7, 8], [9, 10]]> : tensor<2x2xi32>
  %2 = tensor.concat dim(1) %a, %b : (tensor<2x3xi32>, tensor<2x2xi32>) -> tensor<2x5xi32>
  %pad = arith.constant -1 : i32
  %3 = tensor.pad %a low[0, 1] high[1, 2] {
  ^bb0(%i: index, %j: index):
    tensor.yield %pad : i32
  } : tensor<2x3xi32> to tensor<3x6xi32>
  %nine = arith.constant 9 : i32
  %4 = tensor.splat %nine : tensor<2x3xi32>
  return %0, %1, %2, %3, %4 : tensor<2x1x3xi32>, tensor<6xi32>, tensor<2x5xi32>, tensor<3x6xi32>, tensor<2x3xi32>
}

// CHECK-LABEL: @resources
// CHECK-NEXT: result0: 3xf32 = [1, 2, -0.5]
// CHECK-NEXT: result1: 2xi16 = [-1, 258]
func.func @resources() -> (tensor<3xf32>, tensor<2xi16>) {
  %0 = arith.constant dense_resource<floats> : tensor<3xf32>
  %1 = arith.constant dense_resource<ints> : tensor<2xi16>
  return %0, %1 : tensor<3xf32>, tensor<2xi16>
}

{-#
  dialect_resources: {
    builtin: {
      floats: "0x040000000000803f00000040000000bf",
      ints: "0x02000000ffff0201"
    }
  }
#-}
