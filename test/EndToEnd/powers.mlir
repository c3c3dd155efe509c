// Powers of integers of every width, with negative bases and exponents: modulo 2^width, and of negative
// exponents what is left towards zero. The program computes what the interpreter does.
// RUN: rm -rf %t && mkdir %t
// RUN: dchag-opt %s --emit=exe -o %t/program
// RUN: python3 -c 'import sys; sys.path.insert(0, "%S/Inputs"); import tensor_files as t; t.write_npy("%t/b.npy", (12,), [0, 1, 2, -3, 5, -1, -1, 2, 1, -1, -1, -2]); t.write_npy("%t/e.npy", (12,), [3, 9, 6, 3, 0, 5, 6, -1, -4, -3, -2, -5])'
// RUN: %t/program --comm threads --input b=%t/b.npy --input e=%t/e.npy --output %t/out
// RUN: python3 %S/Inputs/expect_all.py %s %t/out --input=b=%t/b.npy --input=e=%t/e.npy | FileCheck %s
// CHECK: y8: 12xi8 = [0, 1, 64, -27, 1, -1, 1, 0, 1, -1, 1, 0]
// CHECK: y16: 12xi16 = [0, 1, 64, -27, 1, -1, 1, 0, 1, -1, 1, 0]
// CHECK: y32: 12xi32 = [0, 1, 64, -27, 1, -1, 1, 0, 1, -1, 1, 0]
// CHECK: y64: 12xi64 = [0, 1, 64, -27, 1, -1, 1, 0, 1, -1, 1, 0]
// CHECK: wide: 3xi64 = [4052555153018976267, 2401, -9223372036854775808]
// CHECK: wrapped: 3xi8 = [-13, 0, -85]

module attributes {dchag.model = "powers"} {
  func.func @step(%b: tensor<12xf32> {dchag.role = "input", dchag.name = "b"},
                  %e: tensor<12xf32> {dchag.role = "input", dchag.name = "e"})
      -> (tensor<12xi8> {dchag.name = "y8"}, tensor<12xi16> {dchag.name = "y16"}, tensor<12xi32> {dchag.name = "y32"},
          tensor<12xi64> {dchag.name = "y64"}, tensor<3xi64> {dchag.name = "wide"}, tensor<3xi8> {dchag.name = "wrapped"}) {
    %b8 = arith.fptosi %b : tensor<12xf32> to tensor<12xi8>
    %e8 = arith.fptosi %e : tensor<12xf32> to tensor<12xi8>
    %y8 = math.ipowi %b8, %e8 : tensor<12xi8>
    %b16 = arith.fptosi %b : tensor<12xf32> to tensor<12xi16>
    %e16 = arith.fptosi %e : tensor<12xf32> to tensor<12xi16>
    %y16 = math.ipowi %b16, %e16 : tensor<12xi16>
    %b32 = arith.fptosi %b : tensor<12xf32> to tensor<12xi32>
    %e32 = arith.fptosi %e : tensor<12xf32> to tensor<12xi32>
    %y32 = math.ipowi %b32, %e32 : tensor<12xi32>
    %b64 = arith.fptosi %b : tensor<12xf32> to tensor<12xi64>
    %e64 = arith.fptosi %e : tensor<12xf32> to tensor<12xi64>
    %y64 = math.ipowi %b64, %e64 : tensor<12xi64>
    %bases = arith.constant dense<[3, -7, -2]> : tensor<3xi64>
    %exponents = arith.constant dense<[39, 4, 63]> : tensor<3xi64>
    %wide = math.ipowi %bases, %exponents : tensor<3xi64>
    %b3 = arith.constant dense<[3, 4, 3]> : tensor<3xi8>
    %e3 = arith.constant dense<[5, 4, 127]> : tensor<3xi8>
    %wrapped = math.ipowi %b3, %e3 : tensor<3xi8>
    return %y8, %y16, %y32, %y64, %wide, %wrapped : tensor<12xi8>, tensor<12xi16>, tensor<12xi32>, tensor<12xi64>, tensor<3xi64>, tensor<3xi8>
  }
}
