// RUN: dchag-opt %s --drop-empty --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @reduced(
// CHECK:         %[[ZERO:.+]] = arith.constant dense<0.000000e+00> : tensor<3xf32>
// CHECK:         return %[[ZERO]]
func.func @reduced(%x: tensor<3x0xf32>) -> tensor<3xf32> {
  %zeros = arith.constant dense<0.0> : tensor<3xf32>
  %s = linalg.reduce ins(%x : tensor<3x0xf32>) outs(%zeros : tensor<3xf32>) dimensions = [1]
    (%a: f32, %b: f32) { %c = arith.addf %a, %b : f32 linalg.yield %c : f32 }
  return %s : tensor<3xf32>
}

// CHECK-LABEL: func.func @joined(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<4x3xf32>, %[[Y:[a-z0-9]+]]: tensor<2x3xf32>
// CHECK:         %[[BOTH:.+]] = tensor.concat dim(0) %[[X]], %[[Y]] :
// CHECK:         return %[[X]], %[[BOTH]], %[[X]]
func.func @joined(%x: tensor<4x3xf32>, %y: tensor<2x3xf32>, %none: tensor<0x3xf32>)
    -> (tensor<4x3xf32>, tensor<6x3xf32>, tensor<4x3xf32>) {
  %one = tensor.concat dim(0) %x, %none : (tensor<4x3xf32>, tensor<0x3xf32>) -> tensor<4x3xf32>
  %two = tensor.concat dim(0) %x, %none, %y : (tensor<4x3xf32>, tensor<0x3xf32>, tensor<2x3xf32>) -> tensor<6x3xf32>
  %inserted = tensor.insert_slice %none into %x[0, 0] [0, 3] [1, 1] : tensor<0x3xf32> into tensor<4x3xf32>
  return %one, %two, %inserted : tensor<4x3xf32>, tensor<6x3xf32>, tensor<4x3xf32>
}

// What has no elements is not computed, and padding of nothing is nothing but padding.
// CHECK-LABEL: func.func @padded(
// CHECK-NOT:     math.exp
// CHECK-DAG:     %[[SEVEN:.+]] = arith.constant 7.000000e+00 : f32
// CHECK-DAG:     %[[E:.+]] = tensor.empty() : tensor<0x3xf32>
// CHECK:         %[[FILLED:.+]] = linalg.fill ins(%[[SEVEN]] : f32) outs(%{{.+}} : tensor<2x4xf32>)
// CHECK:         return %[[E]], %[[FILLED]]
func.func @padded(%none: tensor<0x3xf32>) -> (tensor<0x3xf32>, tensor<2x4xf32>) {
  %seven = arith.constant 7.0 : f32
  %e = math.exp %none : tensor<0x3xf32>
  %p = tensor.pad %e low[2, 0] high[0, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %seven : f32
  } : tensor<0x3xf32> to tensor<2x4xf32>
  return %e, %p : tensor<0x3xf32>, tensor<2x4xf32>
}
