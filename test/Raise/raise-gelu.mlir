// RUN: dchag-opt %s --raise-gelu | FileCheck %s
// RUN: dchag-opt %s --check-equal='func.func(raise-gelu)' --tolerance=1e-6 --allow-unchanged

// x * (1 + erf(x / sqrt 2)) * 0.5, as TorchScript writes it
// CHECK-LABEL: func.func @half_last(
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x3xf64>)
// CHECK-NEXT:    %[[Y:.+]] = dchag.gelu %[[X]] : tensor<2x3xf64>
// CHECK-NEXT:    return %[[Y]]
func.func @half_last(%x: tensor<2x3xf64>) -> tensor<2x3xf64> {
  %root = arith.constant dense<1.4142135381698608> : tensor<2x3xf64>
  %one = arith.constant dense<1.0> : tensor<2x3xf64>
  %half = arith.constant dense<0.5> : tensor<2x3xf64>
  %0 = arith.divf %x, %root : tensor<2x3xf64>
  %1 = math.erf %0 : tensor<2x3xf64>
  %2 = arith.addf %1, %one : tensor<2x3xf64>
  %3 = arith.mulf %x, %2 : tensor<2x3xf64>
  %4 = arith.mulf %3, %half : tensor<2x3xf64>
  return %4 : tensor<2x3xf64>
}

// (0.5 x) * (erf(0.7071 x) + 1)
// CHECK-LABEL: func.func @half_first(
// CHECK:         dchag.gelu %{{.+}} : tensor<2x3xf64>
// CHECK-NOT:     math.erf
func.func @half_first(%x: tensor<2x3xf64>) -> tensor<2x3xf64> {
  %root = arith.constant dense<0.7071067690849304> : tensor<2x3xf64>
  %one = arith.constant dense<1.0> : tensor<2x3xf64>
  %half = arith.constant dense<0.5> : tensor<2x3xf64>
  %0 = arith.mulf %root, %x : tensor<2x3xf64>
  %1 = math.erf %0 : tensor<2x3xf64>
  %2 = arith.addf %one, %1 : tensor<2x3xf64>
  %3 = arith.mulf %half, %x : tensor<2x3xf64>
  %4 = arith.mulf %3, %2 : tensor<2x3xf64>
  return %4 : tensor<2x3xf64>
}

// x * (0.5 (erf(..) + 1))
// CHECK-LABEL: func.func @half_of_the_gate(
// CHECK:         dchag.gelu %{{.+}} : tensor<2x3xf64>
func.func @half_of_the_gate(%x: tensor<2x3xf64>) -> tensor<2x3xf64> {
  %root = arith.constant dense<0.7071067690849304> : tensor<2x3xf64>
  %one = arith.constant dense<1.0> : tensor<2x3xf64>
  %half = arith.constant dense<0.5> : tensor<2x3xf64>
  %0 = arith.mulf %root, %x : tensor<2x3xf64>
  %1 = math.erf %0 : tensor<2x3xf64>
  %2 = arith.addf %one, %1 : tensor<2x3xf64>
  %3 = arith.mulf %half, %2 : tensor<2x3xf64>
  %4 = arith.mulf %x, %3 : tensor<2x3xf64>
  return %4 : tensor<2x3xf64>
}

// CHECK-LABEL: func.func @tanh(
// CHECK:         dchag.gelu %{{.+}} {form = #dchag.gelu_kind<tanh>} : tensor<2x3xf64>
// CHECK-NOT:     math.tanh
func.func @tanh(%x: tensor<2x3xf64>) -> tensor<2x3xf64> {
  %a = arith.constant dense<0.044715> : tensor<2x3xf64>
  %s = arith.constant dense<0.7978845608028654> : tensor<2x3xf64>
  %one = arith.constant dense<1.0> : tensor<2x3xf64>
  %half = arith.constant dense<0.5> : tensor<2x3xf64>
  %x2 = arith.mulf %x, %x : tensor<2x3xf64>
  %x3 = arith.mulf %x2, %x : tensor<2x3xf64>
  %0 = arith.mulf %a, %x3 : tensor<2x3xf64>
  %1 = arith.addf %x, %0 : tensor<2x3xf64>
  %2 = arith.mulf %s, %1 : tensor<2x3xf64>
  %3 = math.tanh %2 : tensor<2x3xf64>
  %4 = arith.addf %one, %3 : tensor<2x3xf64>
  %5 = arith.mulf %x, %4 : tensor<2x3xf64>
  %6 = arith.mulf %half, %5 : tensor<2x3xf64>
  return %6 : tensor<2x3xf64>
}

// The gate is of another value.
// CHECK-LABEL: func.func @other_gate(
// CHECK-NOT:     dchag.gelu
func.func @other_gate(%x: tensor<2x3xf64>, %y: tensor<2x3xf64>) -> tensor<2x3xf64> {
  %root = arith.constant dense<0.7071067690849304> : tensor<2x3xf64>
  %one = arith.constant dense<1.0> : tensor<2x3xf64>
  %half = arith.constant dense<0.5> : tensor<2x3xf64>
  %0 = arith.mulf %root, %y : tensor<2x3xf64>
  %1 = math.erf %0 : tensor<2x3xf64>
  %2 = arith.addf %one, %1 : tensor<2x3xf64>
  %3 = arith.mulf %half, %x : tensor<2x3xf64>
  %4 = arith.mulf %3, %2 : tensor<2x3xf64>
  return %4 : tensor<2x3xf64>
}

// x / 2 instead of x / sqrt 2
// CHECK-LABEL: func.func @other_width(
// CHECK-NOT:     dchag.gelu
func.func @other_width(%x: tensor<2x3xf64>) -> tensor<2x3xf64> {
  %one = arith.constant dense<1.0> : tensor<2x3xf64>
  %half = arith.constant dense<0.5> : tensor<2x3xf64>
  %0 = arith.mulf %half, %x : tensor<2x3xf64>
  %1 = math.erf %0 : tensor<2x3xf64>
  %2 = arith.addf %one, %1 : tensor<2x3xf64>
  %3 = arith.mulf %0, %2 : tensor<2x3xf64>
  return %3 : tensor<2x3xf64>
}
