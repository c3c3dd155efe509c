// Programs of moves, sums, products and comparisons are compared bit for bit on integers. Folding rounds the sum to f16,
// exact execution does not.
// RUN: not dchag-opt %s --check-equal=canonicalize 2>&1 | FileCheck %s
// RUN: sed 's/0.0009765625/0.0009/' %s > %t.mlir
// RUN: not dchag-opt %t.mlir --check-equal=canonicalize 2>&1 | FileCheck %s --check-prefix=BITS

// CHECK: differs at [0, 1, 0]: got 1023, wanted 1023.0009765625 (1 of 4 elements differ, max relative error 9.55e-07, allowed 0 by --tolerance)
// A constant of many bits: sums may depend on their order.
// BITS: allowed 1e-12 by --tolerance
func.func @folded() -> (tensor<1x2x2xf16> {dchag.name = "y"}) {
  %big = arith.constant dense<[[[[2.0, 3.0], [1023.0, 4.0]]]]> : tensor<1x1x2x2xf16>
  %small = arith.constant dense<[[[[0.0, 0.0], [0.0009765625, 0.0]]]]> : tensor<1x1x2x2xf16>
  %sum = arith.addf %big, %small : tensor<1x1x2x2xf16>
  %y = dchag.patchify %sum {patch = array<i64: 1, 2>} : (tensor<1x1x2x2xf16>) -> tensor<1x2x2xf16>
  return %y : tensor<1x2x2xf16>
}
