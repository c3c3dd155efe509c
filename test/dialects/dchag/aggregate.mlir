// RUN: dchag-opt %s --verify-roundtrip | FileCheck %s

// CHECK-LABEL: func.func @all_operands(
// CHECK: dchag.aggregate {{.+}} keys({{.+}}) values({{.+}}) output({{.+}}) mask({{.+}}) {heads = 2 : i64, scale = 5.000000e-01 : f64}
func.func @all_operands(%t: tensor<1x2x3x4x8xf32>, %q: tensor<2x1x6xf32>, %wk: tensor<2x6x8xf32>, %bk: tensor<2x6xf32>,
    %wv: tensor<2x4x8xf32>, %bv: tensor<2x4xf32>, %wo: tensor<2x5x4xf32>, %bo: tensor<2x5xf32>,
    %m: tensor<1x2x3xi1>) -> tensor<1x2x1x4x5xf32> {
  %y = dchag.aggregate %t, %q keys(%wk, %bk) values(%wv, %bv) output(%wo, %bo) mask(%m) {heads = 2 : i64, scale = 0.5 : f64}
    : (tensor<1x2x3x4x8xf32>, tensor<2x1x6xf32>, tensor<2x6x8xf32>, tensor<2x6xf32>, tensor<2x4x8xf32>,
       tensor<2x4xf32>, tensor<2x5x4xf32>, tensor<2x5xf32>, tensor<1x2x3xi1>) -> tensor<1x2x1x4x5xf32>
  return %y : tensor<1x2x1x4x5xf32>
}
