// A program that a pipeline changes: folding constants rounds to f32, exact execution does not.
// RUN: not dchag-opt %s --check-equal=canonicalize 2>&1 | FileCheck %s
// RUN: dchag-opt %s --check-equal=canonicalize --exec-mode=typed | FileCheck %s --check-prefix=TYPED
// RUN: dchag-opt %s --check-equal=canonicalize --tolerance=1 | FileCheck %s --check-prefix=LOOSE
// RUN: not dchag-opt %s --check-equal='symbol-privatize,symbol-dce' 2>&1 | FileCheck %s --check-prefix=GONE
// RUN: not dchag-opt %s --check-ranks=canonicalize 2>&1 | FileCheck %s --check-prefix=RANKS

// CHECK: error: check-equal: output 'rest' of @folded after 'canonicalize' on integers differs at [1]: got 0, wanted 1 (1 of 3 elements differ, max relative error 1, allowed 1e-12 by --tolerance)
// TYPED: check-equal: @folded: 1 output equal (max relative error 0)
// LOOSE: check-equal: @folded: 1 output equal (max relative error 1)
// GONE: error: check-equal: the pipeline 'symbol-privatize,symbol-dce' leaves no @folded to compare with
// RANKS: error: check-ranks: output 'rest' of @folded after 'canonicalize' on integers differs at [1]: got 0, wanted 1

module attributes {dchag.mesh = #dchag.mesh<["tp" = 3]>} {
  shard.grid @mesh(shape = 3)
  func.func @folded() -> (tensor<3xf32> {dchag.name = "rest"}) {
    %big = arith.constant dense<[0.0, 16777216.0, 1.0]> : tensor<3xf32>
    %small = arith.constant dense<[0.0, 1.0, 0.0]> : tensor<3xf32>
    %sum = arith.addf %big, %small : tensor<3xf32>
    %rest = arith.subf %sum, %big : tensor<3xf32>
    return %rest : tensor<3xf32>
  }
}
