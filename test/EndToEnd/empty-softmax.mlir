// The second query sees no key, by a mask, by a bias, and by both together: 0 from the operator, in f32
// and f16, on four ranks that have all of it or a head and two of the three rows; NaN from the softmax of a graph.
// RUN: rm -rf %t && mkdir %t
// RUN: python3 %S/Inputs/make_empty_softmax.py %t
// RUN: sed 's/HEADS/"tp"/; s/ROWS/"dp"/' %s > %t/sharded.mlir
// RUN: sed 's/HEADS//; s/ROWS//' %s > %t/whole.mlir
// RUN: for kind in whole sharded; do dchag-opt %t/$kind.mlir --mesh=dp=2,tp=2 --emit=exe -o %t/p || exit 1; \
// RUN:   %t/p --comm threads --input q=%t/q.npy --input k=%t/k.npy --input v=%t/v.npy --output %t/out || exit 1; \
// RUN:   for name in mask bias both half; do python3 %S/Inputs/compare.py %t/out/$name.npy %t/y.npy 1e-3 || exit 1; done; \
// RUN:   for name in graph graphbias; do python3 %S/Inputs/compare.py %t/out/$name.npy %t/nan.npy 0 || exit 1; done; done
// RUN: dchag-opt %t/sharded.mlir --distribute=mesh=dp=2,tp=2 | FileCheck %s
// CHECK: dchag.attention {{.+}} -> tensor<1x1x2x2xf32>

module attributes {dchag.model = "empty"} {
  func.func @step(%q: tensor<1x2x3x4xf32> {dchag.role = "input", dchag.name = "q", dchag.sharding = #dchag.sharding<[[], [HEADS], [ROWS], []]>},
                  %k: tensor<1x2x3x4xf32> {dchag.role = "input", dchag.name = "k", dchag.sharding = #dchag.sharding<[[], [HEADS], [], []]>},
                  %v: tensor<1x2x3x2xf32> {dchag.role = "input", dchag.name = "v", dchag.sharding = #dchag.sharding<[[], [HEADS], [], []]>})
      -> (tensor<1x2x3x2xf32> {dchag.name = "mask"}, tensor<1x2x3x2xf32> {dchag.name = "bias"}, tensor<1x2x3x2xf32> {dchag.name = "both"},
          tensor<1x2x3x2xf32> {dchag.name = "half"}, tensor<1x2x3x2xf32> {dchag.name = "graph"}, tensor<1x2x3x2xf32> {dchag.name = "graphbias"}) {
    %zero = arith.constant dense<0.0> : tensor<1x2x3x2xf32>
    %one = arith.constant dense<1.0> : tensor<1x2x3x2xf32>
    %mask = arith.constant dense<[[[[true, false, false], [false, false, false], [true, false, true]]]]> : tensor<1x1x3x3xi1>
    %bias = arith.constant dense<[[[[0.0, 0xFF800000, 0xFF800000], [0xFF800000, 0xFF800000, 0xFF800000], [0.0, 0xFF800000, 0.0]]]]> : tensor<1x1x3x3xf32>
    %left = arith.constant dense<[[[[true, true, false], [true, true, false], [true, true, true]]]]> : tensor<1x1x3x3xi1>
    %rest = arith.constant dense<[[[[0.0, 0xFF800000, 0.0], [0xFF800000, 0xFF800000, 0.0], [0.0, 0xFF800000, 0.0]]]]> : tensor<1x1x3x3xf32>
    %0 = dchag.attention %q, %k, %v mask(%mask) {scale = 0.5} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x2xf32>, tensor<1x1x3x3xi1>) -> tensor<1x2x3x2xf32>
    %1 = dchag.attention %q, %k, %v bias(%bias) {scale = 0.5} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x2xf32>, tensor<1x1x3x3xf32>) -> tensor<1x2x3x2xf32>
    %2 = dchag.attention %q, %k, %v bias(%rest) mask(%left) {scale = 0.5} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x2xf32>, tensor<1x1x3x3xf32>, tensor<1x1x3x3xi1>) -> tensor<1x2x3x2xf32>
    %hq = arith.truncf %q : tensor<1x2x3x4xf32> to tensor<1x2x3x4xf16>
    %hk = arith.truncf %k : tensor<1x2x3x4xf32> to tensor<1x2x3x4xf16>
    %hv = arith.truncf %v : tensor<1x2x3x2xf32> to tensor<1x2x3x2xf16>
    %hb = arith.truncf %rest : tensor<1x1x3x3xf32> to tensor<1x1x3x3xf16>
    %h = dchag.attention %hq, %hk, %hv bias(%hb) mask(%left) {scale = 0.5} : (tensor<1x2x3x4xf16>, tensor<1x2x3x4xf16>, tensor<1x2x3x2xf16>, tensor<1x1x3x3xf16>, tensor<1x1x3x3xi1>) -> tensor<1x2x3x2xf16>
    %3 = arith.extf %h : tensor<1x2x3x2xf16> to tensor<1x2x3x2xf32>
    %g = dchag.attention %q, %k, %v mask(%mask) {nan_when_empty, scale = 0.5} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x2xf32>, tensor<1x1x3x3xi1>) -> tensor<1x2x3x2xf32>
    %gn = arith.cmpf uno, %g, %g : tensor<1x2x3x2xf32>
    %4 = arith.select %gn, %one, %zero : tensor<1x2x3x2xi1>, tensor<1x2x3x2xf32>
    %b = dchag.attention %q, %k, %v bias(%bias) {nan_when_empty, scale = 0.5} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x2xf32>, tensor<1x1x3x3xf32>) -> tensor<1x2x3x2xf32>
    %bn = arith.cmpf uno, %b, %b : tensor<1x2x3x2xf32>
    %5 = arith.select %bn, %one, %zero : tensor<1x2x3x2xi1>, tensor<1x2x3x2xf32>
    return %0, %1, %2, %3, %4, %5 : tensor<1x2x3x2xf32>, tensor<1x2x3x2xf32>, tensor<1x2x3x2xf32>, tensor<1x2x3x2xf32>, tensor<1x2x3x2xf32>, tensor<1x2x3x2xf32>
  }
}
