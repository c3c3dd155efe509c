// RUN: dchag-opt %s --extract-reads | FileCheck %s --implicit-check-not=tensor.pad
// RUN: dchag-opt %s --check-equal=extract-reads --inputs=integers

// A part that is padding alone is zeros, computed or returned, and reads no parameter.

// CHECK-LABEL: func.func @prepare() ->
// CHECK:         %[[A:.+]] = arith.constant dense<0.000000e+00> : tensor<2x3xf64>
// CHECK:         %[[N:.+]] = arith.negf %[[A]]
// CHECK:         %[[B:.+]] = arith.constant dense<0.000000e+00> : tensor<3x2xf64>
// CHECK:         return %[[N]], %[[B]]
module {
  func.func @prepare(%w: tensor<4x3xf64> {dchag.name = "w", dchag.role = "param"})
      -> (tensor<2x3xf64> {dchag.name = "negated"}, tensor<3x2xf64> {dchag.name = "padding"}) {
    %zero = arith.constant 0.0 : f64
    %padded = tensor.pad %w low[2, 0] high[0, 0] {
    ^bb0(%i: index, %j: index):
      tensor.yield %zero : f64
    } : tensor<4x3xf64> to tensor<6x3xf64>
    %padding = tensor.extract_slice %padded[0, 0] [2, 3] [1, 1] : tensor<6x3xf64> to tensor<2x3xf64>
    %negated = arith.negf %padding : tensor<2x3xf64>
    %e = tensor.empty() : tensor<3x2xf64>
    %t = linalg.transpose ins(%padding : tensor<2x3xf64>) outs(%e : tensor<3x2xf64>) permutation = [1, 0]
    return %negated, %t : tensor<2x3xf64>, tensor<3x2xf64>
  }
  func.func @step(%a: tensor<2x3xf64> {dchag.name = "negated", dchag.role = "compiled"},
                  %b: tensor<3x2xf64> {dchag.name = "padding", dchag.role = "compiled"})
      -> (tensor<2x3xf64>, tensor<3x2xf64>) {
    return %a, %b : tensor<2x3xf64>, tensor<3x2xf64>
  }
}
