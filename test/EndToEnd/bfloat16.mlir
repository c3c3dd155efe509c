// bf16 and integers by programs: subnormal results stay, f64 and i32 are rounded once, on this CPU and in code for one
// without instructions for bf16; integer division wraps, and by 0 is one line.

// DEFINE: %{inputs} = --input a=a.npy --input b=b.npy --input d=d.npy --input i=i.npy --input n=n.npy --input m=m.npy
// RUN: rm -rf %t && mkdir %t && split-file %s %t && python3 %S/Inputs/bits.py --write %t
// RUN: cd %t && dchag-opt numbers.mlir --emit=exe -o native && ./native %{inputs} --output native.out
// RUN: cd %t && dchag-opt numbers.mlir --emit=exe --cpu=x86-64 -o plain && ./plain %{inputs} --output plain.out
// RUN: cd %t && diff -r native.out plain.out
// RUN: cd %t && python3 %S/Inputs/bits.py native.out/product.npy native.out/double.npy native.out/integer.npy native.out/quotient.npy native.out/rest.npy | FileCheck %s
// RUN: cd %t && ./plain --help | FileCheck %s --check-prefix=PLAIN --allow-empty

// 2^-130, 3 * 2^-133; 1 + 2^-8 + 2^-40 is above the tie that f32 makes of it.
// CHECK: product: 0x0008 0x0003
// CHECK: double: 0x3f81 0x3f80 0x7f80 0x7fc0
// CHECK: integer: 0x4b81
// CHECK: quotient: 0x80000000 0xfffffffd
// CHECK: rest: 0x00000000 0xffffffff
// PLAIN-NOT: avx

// RUN: cd %t && dchag-opt numbers.mlir --emit=exe -o zero
// RUN: cd %t && cp zeros.npy m.npy && not ./zero %{inputs} --output zero.out 2>&1 | FileCheck %s --check-prefix=ZERO
// RUN: cd %t && ls zero.out | count 0
// ZERO: m: rank 0 of 1, step 0, between collectives: an integer was divided by 0

//--- numbers.mlir
module @m {
  func.func @step(%a: tensor<2xbf16> {dchag.name = "a"}, %b: tensor<2xbf16> {dchag.name = "b"}, %d: tensor<4xf64> {dchag.name = "d"},
                  %i: tensor<1xi32> {dchag.name = "i"}, %n: tensor<2xi32> {dchag.name = "n"}, %m: tensor<2xi32> {dchag.name = "m"})
      -> (tensor<2xbf16> {dchag.name = "product"}, tensor<4xbf16> {dchag.name = "double"}, tensor<1xbf16> {dchag.name = "integer"},
          tensor<2xi32> {dchag.name = "quotient"}, tensor<2xi32> {dchag.name = "rest"}) {
    %product = arith.mulf %a, %b : tensor<2xbf16>
    %double = arith.truncf %d : tensor<4xf64> to tensor<4xbf16>
    %integer = arith.sitofp %i : tensor<1xi32> to tensor<1xbf16>
    %quotient = arith.divsi %n, %m : tensor<2xi32>
    %rest = arith.remsi %n, %m : tensor<2xi32>
    return %product, %double, %integer, %quotient, %rest : tensor<2xbf16>, tensor<4xbf16>, tensor<1xbf16>, tensor<2xi32>, tensor<2xi32>
  }
}
