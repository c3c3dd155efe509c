// RUN: dchag-opt %s --split-projections | FileCheck %s
// RUN: dchag-opt %S/Inputs/one-group.mlir --inputs=integers,normal --tolerance=1e-12 --check-equal=split-projections

// The output projection becomes a contraction, and its bias an addition behind it: heads are a parallel
// factor in front of it and a summed one in it, and the bias is added once.
// CHECK-LABEL: func.func @projection(
// CHECK-SAME:    %[[T:[a-z0-9]+]]: tensor<2x1x5x4x8xf32>, %[[Q:[a-z0-9]+]]: tensor<1x3x8xf32>, %[[O:[a-z0-9]+]]: tensor<1x7x8xf32>, %[[B:[a-z0-9]+]]: tensor<1x7xf32>
// CHECK:         %[[A:.+]] = dchag.aggregate %[[T]], %[[Q]] {heads = 2 : i64, scale = 5.000000e-01 : f64}
// CHECK:         %[[P:.+]] = linalg.contract {{.+}} ins(%[[A]], %[[O]] : tensor<2x1x3x4x8xf32>, tensor<1x7x8xf32>)
// CHECK:         %[[BIASES:.+]] = linalg.broadcast ins(%[[B]] : tensor<1x7xf32>) {{.+}} dimensions = [0, 2, 3]
// CHECK:         %[[Y:.+]] = arith.addf %[[P]], %[[BIASES]]
// CHECK:         return %[[Y]]
func.func @projection(%t: tensor<2x1x5x4x8xf32>, %q: tensor<1x3x8xf32>, %o: tensor<1x7x8xf32>, %b: tensor<1x7xf32>) -> tensor<2x1x3x4x7xf32> {
  %y = dchag.aggregate %t, %q output(%o, %b) {heads = 2, scale = 0.5} : (tensor<2x1x5x4x8xf32>, tensor<1x3x8xf32>, tensor<1x7x8xf32>, tensor<1x7xf32>) -> tensor<2x1x3x4x7xf32>
  return %y : tensor<2x1x3x4x7xf32>
}
