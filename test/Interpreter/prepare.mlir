// RUN: dchag-opt %s --emit=run --inputs=integers --run-function=step | FileCheck %s
// RUN: dchag-opt %s --check-equal=canonicalize | FileCheck %s --check-prefix=EQUAL

// @prepare reads w in reverse order; no read writes the second row.
// CHECK: read: 2x3xf64 = {{\[}}{{\[}}[[A:.+]], [[B:.+]], [[C:.+]]], [0, 0, 0]]
// CHECK: kept: 3xf64 = {{\[}}[[C]], [[B]], [[A]]]
// EQUAL: check-equal: @step: 2 outputs equal (max relative error 0)
module {
  func.func @prepare(
      %w: tensor<2x3xf64> {dchag.role = "loaded", dchag.name = "w_loaded", dchag.reads = [
        #dchag.read<"w", tensor<3xf64>, offset = 2, strides = [0, -1], at = [0, 0], sizes = [1, 3]>]},
      %v: tensor<3xf64> {dchag.role = "param", dchag.name = "w"})
      -> (tensor<3xf64> {dchag.name = "kept"}, tensor<2x3xf64> {dchag.name = "read"}) {
    return %v, %w : tensor<3xf64>, tensor<2x3xf64>
  }
  func.func @step(
      %r: tensor<2x3xf64> {dchag.role = "compiled", dchag.name = "read"},
      %k: tensor<3xf64> {dchag.role = "compiled", dchag.name = "kept"})
      -> (tensor<2x3xf64> {dchag.name = "read"}, tensor<3xf64> {dchag.name = "kept"}) {
    %zero = arith.constant dense<0> : tensor<3xi32>
    %none = arith.addi %zero, %zero : tensor<3xi32>
    return %r, %k : tensor<2x3xf64>, tensor<3xf64>
  }
}
