// RUN: dchag-opt %s --emit=run | FileCheck %s

// CHECK: result0: 3xf64 = [0, 1, 2]
// CHECK-NEXT: result1: 3xf64 = [1, 0.5, 0.25]
// CHECK-NEXT: result2: 3xf64 = [-2, 2, 2]
// CHECK-NEXT: result3: 3xf64 = [-3, 1, 3]
// CHECK-NEXT: result4: 3xf64 = [8, 4, 1]
// CHECK-NEXT: result5: 3xf64 = [0, 1, 1]
// CHECK-NEXT: result6: 3xi1 = [0, 1, 0]
// CHECK-NEXT: result7: 3xi8 = [0, 7, 8]
// CHECK-NEXT: result8: 3xi8 = [-8, 1, 0]
func.func @functions() -> (tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xi1>, tensor<3xi8>, tensor<3xi8>) {
  %a = arith.constant dense<[0.0, 1.0, 4.0]> : tensor<3xf64>
  %0 = math.sqrt %a : tensor<3xf64>
  %b = arith.constant dense<[1.0, 4.0, 16.0]> : tensor<3xf64>
  %1 = math.rsqrt %b : tensor<3xf64>
  %c = arith.constant dense<[-2.5, 1.5, 2.5]> : tensor<3xf64>
  %2 = math.roundeven %c : tensor<3xf64>
  %d = arith.constant dense<[-2.5, 1.4, 2.5]> : tensor<3xf64>
  %3 = math.round %d : tensor<3xf64>
  %e = arith.constant dense<[3.0, 2.0, 0.0]> : tensor<3xf64>
  %two = arith.constant dense<2.0> : tensor<3xf64>
  %4 = math.powf %two, %e : tensor<3xf64>
  %low = arith.constant dense<0.0> : tensor<3xf64>
  %high = arith.constant dense<1.0> : tensor<3xf64>
  %5 = math.clampf %c to [%low, %high] : tensor<3xf64>
  %f = arith.constant dense<[0x7FF0000000000000, 0x7FF8000000000000, 1.0]> : tensor<3xf64>
  %6 = math.isnan %f : tensor<3xf64>
  %g = arith.constant dense<[-1, 1, 0]> : tensor<3xi8>
  %7 = math.ctlz %g : tensor<3xi8>
  %base = arith.constant dense<[-2, 5, 0]> : tensor<3xi8>
  %power = arith.constant dense<[3, 0, 2]> : tensor<3xi8>
  %8 = math.ipowi %base, %power : tensor<3xi8>
  return %0, %1, %2, %3, %4, %5, %6, %7, %8 : tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xf64>, tensor<3xi1>, tensor<3xi8>, tensor<3xi8>
}
