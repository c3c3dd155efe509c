// RUN: dchag-opt %s --expand-bfloat16 | FileCheck %s

// Nothing is left to LLVM, whose conversions call a library or lose subnormal results.
// CHECK-LABEL: func.func @product(
// CHECK-SAME:    %[[A:.+]]: bf16, %[[B:.+]]: bf16
// CHECK:         %[[BITS:.+]] = arith.bitcast %[[A]] : bf16 to i16
// CHECK:         arith.extui %[[BITS]]
// CHECK:         %[[P:.+]] = arith.mulf %{{.+}}, %{{.+}} : f32
// CHECK:         arith.cmpf une, %[[P]], %[[P]]
// CHECK:         arith.bitcast %{{.+}} : i16 to bf16
// CHECK-NOT:     arith.truncf
func.func @product(%a: bf16, %b: bf16) -> bf16 {
  %y = arith.mulf %a, %b : bf16
  return %y : bf16
}

// f64 is rounded to odd in f32 before: rounding twice to even would be wrong at ties.
// CHECK-LABEL: func.func @double(
// CHECK-SAME:    %[[X:.+]]: vector<4xf64>
// CHECK:         %[[N:.+]] = arith.truncf %[[X]] : vector<4xf64> to vector<4xf32>
// CHECK:         %[[BACK:.+]] = arith.extf %[[N]]
// CHECK:         %[[INEXACT:.+]] = arith.cmpf one, %[[BACK]], %[[X]]
// CHECK:         %[[ODD:.+]] = arith.ori
// CHECK:         arith.select %[[INEXACT]], %[[ODD]]
func.func @double(%x: vector<4xf64>) -> vector<4xbf16> {
  %y = arith.truncf %x : vector<4xf64> to vector<4xbf16>
  return %y : vector<4xbf16>
}

// CHECK-LABEL: func.func @integer(
// CHECK:         arith.sitofp %{{.+}} : i32 to f64
func.func @integer(%x: i32) -> bf16 {
  %y = arith.sitofp %x : i32 to bf16
  return %y : bf16
}
