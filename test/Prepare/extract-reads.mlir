// RUN: dchag-opt %s --extract-reads | FileCheck %s
// RUN: dchag-opt %s --check-equal=extract-reads --inputs=integers

// Padding with zeros, an insertion into zeros, a broadcast, and a transposed, collapsed
// matrix, which is cut into its rows.

// CHECK-LABEL: func.func @prepare(
// CHECK-SAME:    tensor<3x4xf64> {dchag.name = "padded", dchag.reads = [#dchag.read<"w", tensor<2x3xf64>, offset = 0, strides = [3, 1], at = [1, 0], sizes = [2, 3]>]
// CHECK-SAME:    tensor<4x3xf64> {dchag.name = "inserted", dchag.reads = [#dchag.read<"w", tensor<2x3xf64>, offset = 0, strides = [3, 1], at = [1, 0], sizes = [2, 3]>]
// CHECK-SAME:    tensor<2x5x3xf64> {dchag.name = "spread", dchag.reads = [#dchag.read<"w", tensor<2x3xf64>, offset = 0, strides = [3, 0, 1], at = [0, 0, 0], sizes = [2, 5, 3]>]
// CHECK-SAME:    tensor<6xf64> {dchag.name = "rows", dchag.reads = [#dchag.read<"w", tensor<2x3xf64>, offset = 0, strides = [3], at = [0], sizes = [2]>, #dchag.read<"w", tensor<2x3xf64>, offset = 1, strides = [3], at = [2], sizes = [2]>, #dchag.read<"w", tensor<2x3xf64>, offset = 2, strides = [3], at = [4], sizes = [2]>]
// CHECK-NEXT:    return
module {
  func.func @prepare(%w: tensor<2x3xf64> {dchag.name = "w", dchag.role = "param"})
      -> (tensor<3x4xf64> {dchag.name = "padded"}, tensor<4x3xf64> {dchag.name = "inserted"},
          tensor<2x5x3xf64> {dchag.name = "spread"}, tensor<6xf64> {dchag.name = "rows"}) {
    %zero = arith.constant 0.0 : f64
    %padded = tensor.pad %w low[1, 0] high[0, 1] {
    ^bb0(%i: index, %j: index):
      tensor.yield %zero : f64
    } : tensor<2x3xf64> to tensor<3x4xf64>
    %e = tensor.empty() : tensor<4x3xf64>
    %f = linalg.fill ins(%zero : f64) outs(%e : tensor<4x3xf64>) -> tensor<4x3xf64>
    %inserted = tensor.insert_slice %w into %f[1, 0] [2, 3] [1, 1] : tensor<2x3xf64> into tensor<4x3xf64>
    %g = tensor.empty() : tensor<2x5x3xf64>
    %spread = linalg.broadcast ins(%w : tensor<2x3xf64>) outs(%g : tensor<2x5x3xf64>) dimensions = [1]
    %h = tensor.empty() : tensor<3x2xf64>
    %t = linalg.transpose ins(%w : tensor<2x3xf64>) outs(%h : tensor<3x2xf64>) permutation = [1, 0]
    %rows = tensor.collapse_shape %t [[0, 1]] : tensor<3x2xf64> into tensor<6xf64>
    return %padded, %inserted, %spread, %rows : tensor<3x4xf64>, tensor<4x3xf64>, tensor<2x5x3xf64>, tensor<6xf64>
  }
  func.func @step(%a: tensor<3x4xf64> {dchag.name = "padded", dchag.role = "compiled"},
                  %b: tensor<4x3xf64> {dchag.name = "inserted", dchag.role = "compiled"},
                  %c: tensor<2x5x3xf64> {dchag.name = "spread", dchag.role = "compiled"},
                  %d: tensor<6xf64> {dchag.name = "rows", dchag.role = "compiled"})
      -> (tensor<3x4xf64>, tensor<4x3xf64>, tensor<2x5x3xf64>, tensor<6xf64>) {
    return %a, %b, %c, %d : tensor<3x4xf64>, tensor<4x3xf64>, tensor<2x5x3xf64>, tensor<6xf64>
  }
}
