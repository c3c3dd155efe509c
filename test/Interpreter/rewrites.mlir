// RUN: dchag-opt %s --check-equal=canonicalize --check-equal='builtin.module(func.func(canonicalize),cse)' --inputs=integers,normal | FileCheck %s
// RUN: not dchag-opt %s --check-equal=cse 2>&1 | FileCheck %s --check-prefix=NOTHING
// RUN: dchag-opt %s --check-equal=cse --allow-unchanged | FileCheck %s --check-prefix=ALLOWED
// RUN: not dchag-opt %s --check-equal=no-such-pass 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: not dchag-opt %s --check-equal=canonicalize --inputs=zeros 2>&1 | FileCheck %s --check-prefix=KIND
// RUN: not dchag-opt %s --check-ranks=canonicalize 2>&1 | FileCheck %s --check-prefix=RANKS

// CHECK-COUNT-2: check-equal: @sum: 2 outputs equal (max relative error 0)
// NOTHING: error: check-equal: the pipeline 'cse' rewrote nothing
// ALLOWED: check-equal: @sum: 2 outputs equal
// UNKNOWN: error: check-equal: cannot parse the pipeline 'no-such-pass'
// KIND: error: unknown kind of inputs 'zeros': wanted integers or normal
// RANKS: error: 'func.func' op cannot be executed on ranks: its module has no dchag.mesh

func.func @sum(%x: tensor<2x3xf32>, %y: tensor<2x3xi32>) -> (tensor<2x3xf32>, tensor<2x3xi32>) {
  %zero = arith.constant dense<0> : tensor<2x3xi32>
  %0 = arith.addf %x, %x : tensor<2x3xf32>
  %1 = arith.addi %zero, %y : tensor<2x3xi32>
  return %0, %1 : tensor<2x3xf32>, tensor<2x3xi32>
}
