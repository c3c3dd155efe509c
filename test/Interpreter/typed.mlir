// RUN: dchag-opt %s --emit=run | FileCheck %s --check-prefix=EXACT
// RUN: dchag-opt %s --emit=run --exec-mode=typed | FileCheck %s --check-prefix=TYPED

// EXACT: result0: f32 = 1
// EXACT-NEXT: result1: bf16 = 257
// TYPED: result0: f32 = 0
// TYPED-NEXT: result1: bf16 = 256
func.func @rounds() -> (f32, bf16) {
  %big = arith.constant 16777216.0 : f32
  %one = arith.constant 1.0 : f32
  %sum = arith.addf %big, %one : f32
  %rest = arith.subf %sum, %big : f32
  %c = arith.constant 257.0 : f32
  %t = arith.truncf %c : f32 to bf16
  return %rest, %t : f32, bf16
}
