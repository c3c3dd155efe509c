// RUN: dchag-opt %s --emit=run | FileCheck %s

// CHECK-LABEL: @integers
// CHECK-NEXT: result0: 3xi8 = [-126, 0, 4]
// CHECK-NEXT: result1: 3xi8 = [-64, -2, 2]
// CHECK-NEXT: result2: 3xi8 = [-63, -1, 3]
// CHECK-NEXT: result3: 3xi8 = [64, 126, 2]
// CHECK-NEXT: result4: 3xi8 = [-1, -1, 1]
// CHECK-NEXT: result5: 3xi8 = [1, 1, 1]
func.func @integers() -> (tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>) {
  %a = arith.constant dense<[-127, -3, 5]> : tensor<3xi8>
  %b = arith.constant dense<[1, 3, -1]> : tensor<3xi8>
  %two = arith.constant dense<2> : tensor<3xi8>
  %0 = arith.addi %a, %b : tensor<3xi8>
  %1 = arith.floordivsi %a, %two : tensor<3xi8>
  %2 = arith.ceildivsi %a, %two : tensor<3xi8>
  %3 = arith.divui %a, %two : tensor<3xi8>
  %4 = arith.remsi %a, %two : tensor<3xi8>
  %5 = arith.remui %a, %two : tensor<3xi8>
  return %0, %1, %2, %3, %4, %5 : tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>, tensor<3xi8>
}

// CHECK-LABEL: @unsigned_reading
// CHECK-NEXT: result0: 2xi8 = [-1, 1]
// CHECK-NEXT: result1: 2xi8 = [1, 1]
// CHECK-NEXT: result2: 2xi1 = [0, 1]
// CHECK-NEXT: result3: 2xi1 = [1, 1]
// CHECK-NEXT: result4: 2xf32 = [255, 1]
// CHECK-NEXT: result5: 2xi32 = [255, 1]
// CHECK-NEXT: result6: 2xi8 = [127, 0]
func.func @unsigned_reading() -> (tensor<2xi8>, tensor<2xi8>, tensor<2xi1>, tensor<2xi1>, tensor<2xf32>, tensor<2xi32>, tensor<2xi8>) {
  %a = arith.constant dense<[-1, 1]> : tensor<2xi8>
  %b = arith.constant dense<[1, -1]> : tensor<2xi8>
  %one = arith.constant dense<1> : tensor<2xi8>
  %0 = arith.maxui %a, %one : tensor<2xi8>
  %1 = arith.minui %a, %b : tensor<2xi8>
  %2 = arith.cmpi ult, %a, %b : tensor<2xi8>
  %3 = arith.cmpi uge, %b, %one : tensor<2xi8>
  %4 = arith.uitofp %a : tensor<2xi8> to tensor<2xf32>
  %5 = arith.extui %a : tensor<2xi8> to tensor<2xi32>
  %6 = arith.shrui %a, %one : tensor<2xi8>
  return %0, %1, %2, %3, %4, %5, %6 : tensor<2xi8>, tensor<2xi8>, tensor<2xi1>, tensor<2xi1>, tensor<2xf32>, tensor<2xi32>, tensor<2xi8>
}

// A true boolean is -1 when it is read as signed.
// CHECK-LABEL: @booleans
// CHECK-NEXT: result0: 2xi32 = [-1, 0]
// CHECK-NEXT: result1: 2xi32 = [1, 0]
// CHECK-NEXT: result2: 2xf32 = [-1, 0]
// CHECK-NEXT: result3: 2xi1 = [1, 0]
// CHECK-NEXT: result4: 2xi1 = [0, 1]
func.func @booleans() -> (tensor<2xi32>, tensor<2xi32>, tensor<2xf32>, tensor<2xi1>, tensor<2xi1>) {
  %a = arith.constant dense<[true, false]> : tensor<2xi1>
  %true = arith.constant dense<true> : tensor<2xi1>
  %0 = arith.extsi %a : tensor<2xi1> to tensor<2xi32>
  %1 = arith.extui %a : tensor<2xi1> to tensor<2xi32>
  %2 = arith.sitofp %a : tensor<2xi1> to tensor<2xf32>
  %c = arith.constant dense<[3, 2]> : tensor<2xi32>
  %3 = arith.trunci %c : tensor<2xi32> to tensor<2xi1>
  %4 = arith.xori %a, %true : tensor<2xi1>
  return %0, %1, %2, %3, %4 : tensor<2xi32>, tensor<2xi32>, tensor<2xf32>, tensor<2xi1>, tensor<2xi1>
}

// CHECK-LABEL: @not_a_number
// CHECK-NEXT: result0: 3xf32 = [nan, nan, 2]
// CHECK-NEXT: result1: 3xf32 = [2, 1, 2]
// CHECK-NEXT: result2: 3xi1 = [0, 0, 1]
// CHECK-NEXT: result3: 3xi1 = [1, 1, 1]
// CHECK-NEXT: result4: 3xi1 = [1, 1, 0]
// CHECK-NEXT: result5: 3xf32 = [2, nan, 2]
// CHECK-NEXT: result6: 3xf32 = [nan, 1, 2]
func.func @not_a_number() -> (tensor<3xf32>, tensor<3xf32>, tensor<3xi1>, tensor<3xi1>, tensor<3xi1>, tensor<3xf32>, tensor<3xf32>) {
  %a = arith.constant dense<[0x7FC00000, 1.0, 2.0]> : tensor<3xf32>
  %b = arith.constant dense<[2.0, 0x7FC00000, 2.0]> : tensor<3xf32>
  %0 = arith.maximumf %a, %b : tensor<3xf32>
  %1 = arith.maxnumf %a, %b : tensor<3xf32>
  %2 = arith.cmpf oeq, %a, %b : tensor<3xf32>
  %3 = arith.cmpf ueq, %a, %b : tensor<3xf32>
  %4 = arith.cmpf uno, %a, %b : tensor<3xf32>
  %5 = arith.select %4, %b, %a : tensor<3xi1>, tensor<3xf32>
  %true = arith.constant true
  %6 = arith.select %true, %a, %b : tensor<3xf32>
  return %0, %1, %2, %3, %4, %5, %6 : tensor<3xf32>, tensor<3xf32>, tensor<3xi1>, tensor<3xi1>, tensor<3xi1>, tensor<3xf32>, tensor<3xf32>
}

// CHECK-LABEL: @to_integers
// CHECK-NEXT: result0: 4xi8 = [-1, 127, 0, -128]
// CHECK-NEXT: result1: 4xi8 = [0, -1, 0, 0]
func.func @to_integers() -> (tensor<4xi8>, tensor<4xi8>) {
  %a = arith.constant dense<[-1.5, 300.0, 0x7FC00000, -300.0]> : tensor<4xf32>
  %0 = arith.fptosi %a : tensor<4xf32> to tensor<4xi8>
  %1 = arith.fptoui %a : tensor<4xf32> to tensor<4xi8>
  return %0, %1 : tensor<4xi8>, tensor<4xi8>
}

// CHECK-LABEL: @extended
// CHECK-NEXT: result0: 2xi8 = [0, 1]
// CHECK-NEXT: result1: 2xi1 = [1, 0]
// CHECK-NEXT: result2: 2xi8 = [-1, 0]
// CHECK-NEXT: result3: 2xi8 = [-1, 0]
func.func @extended() -> (tensor<2xi8>, tensor<2xi1>, tensor<2xi8>, tensor<2xi8>) {
  %a = arith.constant dense<[-1, 0]> : tensor<2xi8>
  %b = arith.constant dense<[1, 1]> : tensor<2xi8>
  %0, %1 = arith.addui_extended %a, %b : tensor<2xi8>, tensor<2xi1>
  %2, %3 = arith.mulsi_extended %a, %b : tensor<2xi8>
  return %0, %1, %2, %3 : tensor<2xi8>, tensor<2xi1>, tensor<2xi8>, tensor<2xi8>
}
