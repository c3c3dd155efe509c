// RUN: dchag-opt %s --split-input-file --prepare --extract-reads | FileCheck %s
// RUN: dchag-opt %s --split-input-file --verify-diagnostics --verify-global
// RUN: dchag-opt %S/Inputs/backwards.mlir --check-equal=prepare,extract-reads

// A slice that goes backwards, or stays, is no strided read: it is computed.
// CHECK-LABEL: func.func @prepare(
// CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<6xf32>
// CHECK:         tensor.extract_slice %[[W]][5] [6] [-1]
func.func @step(%x: tensor<6xf32> {dchag.name = "x"}, %w: tensor<6xf32> {dchag.role = "param", dchag.name = "w"}) -> (tensor<6xf32> {dchag.name = "y"}) {
  %r = tensor.extract_slice %w[5] [6] [-1] : tensor<6xf32> to tensor<6xf32>
  %y = arith.addf %x, %r : tensor<6xf32>
  return %y : tensor<6xf32>
}

// -----

// CHECK-LABEL: func.func @prepare(
// CHECK-SAME:    %[[W:[a-z0-9]+]]: tensor<6xf32>
// CHECK:         tensor.extract_slice %[[W]][2] [3] [0]
func.func @step(%x: tensor<3xf32> {dchag.name = "x"}, %w: tensor<6xf32> {dchag.role = "param", dchag.name = "w"}) -> (tensor<3xf32> {dchag.name = "y"}) {
  %r = tensor.extract_slice %w[2] [3] [0] : tensor<6xf32> to tensor<3xf32>
  %y = arith.addf %x, %r : tensor<3xf32>
  return %y : tensor<3xf32>
}
