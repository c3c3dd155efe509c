// A part of a softmax in a small type is divided in f32 where there is nothing to merge it with.
// RUN: dchag-opt %s --check-equal='decompose{evaluable}' --inputs=integers,normal --tolerance=1e-6
// RUN: dchag-opt %s --decompose=evaluable | FileCheck %s

// CHECK-LABEL: func.func @f16(
// CHECK: arith.divf {{.*}} : tensor<{{.*}}xf32>
func.func @f16(%max: tensor<1x1x1x1x3x2xf16>, %sum: tensor<1x1x1x1x3x2xf16>, %acc: tensor<1x1x1x1x3x4xf16>) -> tensor<1x1x1x3x4xf16> {
  %0 = dchag.merge_partials %max, %sum, %acc : (tensor<1x1x1x1x3x2xf16>, tensor<1x1x1x1x3x2xf16>, tensor<1x1x1x1x3x4xf16>) -> tensor<1x1x1x3x4xf16>
  return %0 : tensor<1x1x1x3x4xf16>
}
