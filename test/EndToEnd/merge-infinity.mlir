// Maxima of parts without channels are infinite where they were rounded to bf16: such parts count nothing, and
// a sample without channels in all parts is 0.
// RUN: rm -rf %t && mkdir %t
// RUN: dchag-opt %s --emit=exe -o %t/p && %t/p --output %t/out
// RUN: dchag-opt %s --emit=run --expect=y=%t/out/y.npy | FileCheck %s
// CHECK: y: 1x1x1x2x1xf32 = {{\[\[\[\[\[}}3], [0]]]]]

func.func @step() -> (tensor<1x1x1x2x1xf32> {dchag.name = "y"}) {
  %max = arith.constant dense<[[[[[[1.0], [0xFF80]]]]], [[[[[0xFF80], [0xFF80]]]]]]> : tensor<2x1x1x1x2x1xbf16>
  %sum = arith.constant dense<[[[[[[2.0], [0.0]]]]], [[[[[0.0], [0.0]]]]]]> : tensor<2x1x1x1x2x1xbf16>
  %acc = arith.constant dense<[[[[[[6.0], [0.0]]]]], [[[[[0.0], [0.0]]]]]]> : tensor<2x1x1x1x2x1xbf16>
  %y = dchag.merge_partials %max, %sum, %acc : (tensor<2x1x1x1x2x1xbf16>, tensor<2x1x1x1x2x1xbf16>, tensor<2x1x1x1x2x1xbf16>) -> tensor<1x1x1x2x1xf32>
  return %y : tensor<1x1x1x2x1xf32>
}
