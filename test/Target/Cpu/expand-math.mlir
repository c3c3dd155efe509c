// RUN: dchag-opt %s --expand-math | FileCheck %s

// CHECK-DAG: func.func private @dchag_math_exp2(f32) -> f32
// CHECK-DAG: func.func private @dchag_math_exp2_x16(vector<16xf32>) -> vector<16xf32>
// CHECK-DAG: func.func private @dchag_math_pow(f32, f32) -> f32

// CHECK-LABEL: func.func @scalar(
// CHECK-SAME:    %[[X:.+]]: f32
// CHECK:         call @dchag_math_exp2(%[[X]])
func.func @scalar(%x: f32) -> f32 {
  %y = math.exp2 %x : f32
  return %y : f32
}

// Computed in f32, rounded once.
// CHECK-LABEL: func.func @narrow(
// CHECK:         %[[W:.+]] = arith.extf
// CHECK:         %[[Y:.+]] = call @dchag_math_tanh(%[[W]])
// CHECK:         arith.truncf %[[Y]] : f32 to f16
func.func @narrow(%x: f16) -> f16 {
  %y = math.tanh %x : f16
  return %y : f16
}

// CHECK-LABEL: func.func @root(
// CHECK:         math.sqrt %{{.+}} : f32
// CHECK:         arith.truncf
func.func @root(%x: f16) -> f16 {
  %y = math.sqrt %x : f16
  return %y : f16
}

// CHECK-LABEL: func.func @power(
// CHECK:         call @dchag_math_pow(
func.func @power(%x: f32, %z: f32) -> f32 {
  %y = math.powf %x, %z : f32
  return %y : f32
}

// In pieces of 16, what is left one by one.
// CHECK-LABEL: func.func @vector(
// CHECK-COUNT-2: call @dchag_math_exp2_x16(
// CHECK-COUNT-2: call @dchag_math_exp2(
func.func @vector(%x: vector<34xf32>) -> vector<34xf32> {
  %y = math.exp2 %x : vector<34xf32>
  return %y : vector<34xf32>
}

// exp is a polynomial in place, for any number of lanes: no call, and no conversion of what may be NaN.
// CHECK-LABEL: func.func @exponential(
// CHECK-NOT:     call
// CHECK-NOT:     fptosi
// CHECK-COUNT-8: math.fma
// CHECK:         arith.bitcast %{{.+}} : vector<5xi32> to vector<5xf32>
// CHECK-NOT:     math.exp
// CHECK:         return
func.func @exponential(%x: vector<5xf32>) -> vector<5xf32> {
  %y = math.exp %x : vector<5xf32>
  return %y : vector<5xf32>
}

// Near the largest number the library is not accurate: f64 is.
// CHECK-LABEL: func.func @wide(
// CHECK:         math.sinh %{{.+}} : f64
// CHECK:         arith.truncf
func.func @wide(%x: f32) -> f32 {
  %y = math.sinh %x : f32
  return %y : f32
}

// CHECK-LABEL: func.func @log1p(
// CHECK-DAG:     call @dchag_math_log(
// CHECK-DAG:     call @dchag_math_log1p(
// CHECK:         arith.select
func.func @log1p(%x: f32) -> f32 {
  %y = math.log1p %x : f32
  return %y : f32
}

// The C library's.
// CHECK-LABEL: func.func @double(
// CHECK:         math.exp %{{.+}} : f64
func.func @double(%x: f64) -> f64 {
  %y = math.exp %x : f64
  return %y : f64
}

// f64 near 0: neither log(1 + x) nor exp(x) - 1.
// CHECK-LABEL: func.func @wide_near_zero(
// CHECK:         %[[Y:.+]] = call @dchag_math_log1p_f64(
// CHECK:         call @dchag_math_expm1_f64(%[[Y]])
func.func @wide_near_zero(%x: f64) -> f64 {
  %y = math.log1p %x : f64
  %z = math.expm1 %y : f64
  return %z : f64
}

// CHECK-LABEL: func.func @divide(
// CHECK-SAME:    %[[A:.+]]: i32, %[[B:.+]]: i32
// CHECK:         %[[IS:.+]] = arith.cmpi eq, %[[B]], %c-1_i32
// CHECK:         %[[D:.+]] = arith.select %[[IS]], %c1_i32, %[[B]]
// CHECK:         %[[Q:.+]] = arith.divsi %[[A]], %[[D]]
// CHECK:         arith.select %[[IS]], %{{.+}}, %[[Q]]
func.func @divide(%a: i32, %b: i32) -> i32 {
  %y = arith.divsi %a, %b : i32
  return %y : i32
}
